// What a call of a node has and gives.

import { ENOENT, KIND_IMAGE, KIND_LATENT, KIND_MASK, TAG_BLOCKER, TAG_LIST } from "./bind";
import { Is, Value } from "./cbor";
import { fail } from "./host";
import { Tensor } from "./tensor";

/** A call of a node: its inputs by name, and the outputs in the order of their declaration. */
export class Call {
  inputs: Value;
  /** That the node left for later; empty the first time. */
  state: ArrayBuffer;
  private outputs: Value[] = [];
  private ui: Value = Value.map();
  private nodes: Value[] = [];
  private other: Value | null = null;
  private rows: Value[] = [];
  /** Of the node that begins a loop: lets the cache keep what the loop's body gave. */
  keep: bool = false;

  /** resumed: whether the node goes on with what it left for later. */
  constructor(private request: Value, public resumed: bool = false) {
    this.inputs = request.get("inputs");
    this.state = request.get("state").asBytes();
  }

  get nodeID(): string {
    return this.request.get("node").asText();
  }

  get promptID(): string {
    return this.request.get("prompt").asText();
  }

  has(name: string): bool {
    return this.inputs.has(name);
  }

  value(name: string): Value {
    return this.inputs.get(name);
  }

  text(name: string): string {
    return this.inputs.get(name).asText();
  }

  int(name: string): i64 {
    return this.inputs.get(name).asInt();
  }

  float(name: string): f64 {
    return this.inputs.get(name).asFloat();
  }

  bool(name: string): bool {
    return this.inputs.get(name).asBool();
  }

  /** An input that stays with the host: an image, a mask, a latent. */
  tensor(name: string): Tensor {
    return new Tensor(this.inputs.get(name).asHandle(ENOENT));
  }

  /** All items of an input of a node that takes lists. */
  list(name: string): Value[] {
    const v = this.inputs.get(name);
    return v.is == Is.Tag && <u64>v.n == TAG_LIST ? v.list[0].list : [];
  }

  /** Nothing is given: consumers of all outputs do not run. A text tells the user why. */
  block(text: string = ""): void {
    this.other = Value.map().set("block", Value.text(text));
  }

  give(v: Value): void {
    this.outputs.push(v);
  }

  giveText(v: string): void {
    this.give(Value.text(v));
  }

  giveInt(v: i64): void {
    this.give(Value.int(v));
  }

  giveFloat(v: f64): void {
    this.give(Value.float(v));
  }

  giveBool(v: bool): void {
    this.give(Value.bool(v));
  }

  giveImage(t: Tensor): void {
    this.giveAs(KIND_IMAGE, t);
  }

  giveMask(t: Tensor): void {
    this.giveAs(KIND_MASK, t);
  }

  giveLatent(t: Tensor): void {
    this.giveAs(KIND_LATENT, t);
  }

  private giveAs(kind: u32, t: Tensor): void {
    const made = t.as(kind);
    if (made.id == ENOENT) fail(ENOENT, "a step works on an input that is not there: is its name the declared one?");
    else if (made.id < 0) fail(made.id, "the host refused a step; the extension's log says why");
    else this.give(Value.handle(kind, made.id));
  }

  /** Several values for one output that is declared as a list. */
  giveList(all: Value[]): void {
    this.give(Value.tag(TAG_LIST, Value.of(all)));
  }

  /** An output that is an output of a node of the expansion. */
  giveLink(node: string, output: u32 = 0): void {
    this.give(Value.link(node, output));
  }

  /** An output whose consumers do not run; a text tells the user why. */
  giveBlocked(text: string = ""): void {
    this.give(Value.tag(TAG_BLOCKER, text.length ? Value.text(text) : Value.nothing()));
  }

  /** Shows items of a kind on the node: "text", "images", … */
  show(kind: string, items: Value[]): void {
    this.ui.set(kind, Value.of(items));
  }

  showText(text: string): void {
    this.show("text", [Value.text(text)]);
  }

  /** Adds a node to the expansion; Step.set fills its inputs. */
  add(id: string, classID: string): Step {
    const inputs = Value.of([]);
    const node = Value.map().set("id", Value.text(id)).set("class", Value.text(classID)).set("inputs", inputs);
    this.nodes.push(node);
    return new Step(node, inputs);
  }

  /** No outputs yet: the node runs again in ms milliseconds with the state. */
  later(ms: i64, state: ArrayBuffer): void {
    this.other = Value.map().set("retry_after_ms", Value.int(ms)).set("state", Value.bytes(state));
  }

  /** An iteration of the loop that the node begins: its outputs but the last, which carries a value from one to the next. */
  row(outputs: Value[]): void {
    this.rows.push(Value.of(outputs));
  }

  /** The type that a linked input has; for checks of a node with the flag validates_links. */
  linked(name: string): string {
    return this.request.get("linked").get(name).asText();
  }

  reply(): Value {
    if (this.other) return this.other!;
    if (this.rows.length) {
      return Value.map().set("loop", Value.map().set("outputs", Value.of(this.rows)).set("keep", Value.bool(this.keep)));
    }
    const v = Value.map().set("outputs", Value.of(this.outputs));
    if (this.ui.length) v.set("ui", this.ui);
    if (this.nodes.length) v.set("expand", Value.map().set("nodes", Value.of(this.nodes)));
    return v;
  }
}

/** A node of an expansion. */
export class Step {
  constructor(private node: Value, private inputs: Value) {}

  /** The node that events name in the place of this one; without it, the one that expands. */
  display(node: string): Step {
    this.node.set("display", Value.text(node));
    return this;
  }

  set(name: string, v: Value): Step {
    this.inputs.list.push(Value.of([Value.text(name), v]));
    return this;
  }
}
