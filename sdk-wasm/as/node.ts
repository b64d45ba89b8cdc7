// Nodes, and what a call of one has and gives.

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

  constructor(private request: Value) {
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
    this.nodes.push(Value.map().set("id", Value.text(id)).set("class", Value.text(classID)).set("inputs", inputs));
    return new Step(inputs);
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

/** One choice of a dynamic combo and the inputs that it brings. */
export class Case {
  constructor(public key: string, public inputs: (n: Node) => void) {}
}

/** The inputs that a function declares. */
function nested(declare: (n: Node) => void): Value {
  const n = new Node("", "", "", "");
  declare(n);
  return n.describe().get("inputs");
}

/** A node of an expansion. */
export class Step {
  constructor(private inputs: Value) {}

  set(name: string, v: Value): Step {
    this.inputs.list.push(Value.of([Value.text(name), v]));
    return this;
  }
}

/** A node that is being declared. Options hold for the input that was declared last. */
export class Node {
  private inputs: Value[] = [];
  private hiddens: Value[] = [];
  private checked: string[] = [];
  private extras: Value = Value.map();
  private outputs: Value[] = [];
  private flags: string[] = [];
  private options: Value = Value.map();
  run: ((c: Call) => void) | null = null;
  wants: ((c: Call) => string[]) | null = null;
  refuse: ((c: Call) => string) | null = null;
  changed: ((c: Call) => Value) | null = null;

  constructor(public id: string, private name: string, private category: string, private text: string) {}

  /** An input that other nodes fill. */
  link(name: string, type: string): Node {
    this.options = Value.map();
    this.inputs.push(Value.map().set("name", Value.text(name)).set("type", Value.text(type)));
    return this;
  }

  /** An input that the server fills in: "UNIQUE_ID", "PROMPT" or "EXTRA_PNGINFO". */
  hidden(name: string, kind: string): Node {
    this.hiddens.push(Value.map().set("name", Value.text(name)).set("kind", Value.text(kind)));
    return this;
  }

  private widget(name: string, type: string, otherwise: Value): Node {
    this.link(name, type);
    return this.option("default", otherwise);
  }

  float(name: string, otherwise: f64): Node {
    return this.widget(name, "FLOAT", Value.float(otherwise));
  }

  int(name: string, otherwise: i64): Node {
    return this.widget(name, "INT", Value.int(otherwise));
  }

  string(name: string, otherwise: string = ""): Node {
    return this.widget(name, "STRING", Value.text(otherwise));
  }

  boolean(name: string, otherwise: bool): Node {
    return this.widget(name, "BOOLEAN", Value.bool(otherwise));
  }

  choice(name: string, choices: string[]): Node {
    this.link(name, "COMBO");
    this.inputs[this.inputs.length - 1].set("choices", Value.texts(choices)).set("classic", Value.bool(true));
    return this;
  }

  option(key: string, v: Value): Node {
    this.options.set(key, v);
    this.inputs[this.inputs.length - 1].set("options", this.options);
    return this;
  }

  /** Inputs that grow: from min to max of them, each as each declares the one, named prefix and a number. Their value is a map by
   * those names. */
  grow(name: string, prefix: string, min: i64, max: i64, each: (n: Node) => void): Node {
    return this.forms(name, "COMFY_AUTOGROW_V3", Value.map().set("prefix", Value.text(prefix)).set("min", Value.int(min)).set("max", Value.int(max))
      .set("template", nested(each)));
  }

  /** A combo whose choice brings inputs. Its value is a map: the choice under the combo's name, and the inputs. */
  cases(name: string, all: Case[]): Node {
    const list = Value.of([]);
    for (let i = 0; i < all.length; i++) list.list.push(Value.map().set("key", Value.text(all[i].key)).set("inputs", nested(all[i].inputs)));
    return this.forms(name, "COMFY_DYNAMICCOMBO_V3", Value.map().set("cases", list));
  }

  private forms(name: string, type: string, forms: Value): Node {
    this.link(name, type);
    this.inputs[this.inputs.length - 1].set("forms", forms);
    return this;
  }

  /** What few nodes have: "aliases", "loop", "essentials", … */
  more(key: string, v: Value): Node {
    this.extras.set(key, v);
    return this;
  }

  /** The least, the most and the step of a number. */
  range(min: f64, max: f64, step: f64 = 0): Node {
    this.option("min", this.number(min)).option("max", this.number(max));
    return step ? this.option("step", this.number(step)) : this;
  }

  private number(v: f64): Value {
    return this.options.get("default").is == Is.Int ? Value.int(<i64>v) : Value.float(v);
  }

  /** What the client shows as a hint. */
  hint(text: string): Node {
    return this.option("tooltip", Value.text(text));
  }

  /** The input is computed only when the node needs it; see needs. */
  lazy(): Node {
    return this.option("lazy", Value.bool(true));
  }

  multiline(): Node {
    return this.option("multiline", Value.bool(true));
  }

  /** A prompt need not give the input. */
  optional(): Node {
    this.inputs[this.inputs.length - 1].set("optional", Value.bool(true));
    return this;
  }

  gives(type: string, name: string = "", list: bool = false): Node {
    this.outputs.push(Value.map().set("type", Value.text(type)).set("name", Value.text(name.length ? name : type)).set("list", Value.bool(list)));
    return this;
  }

  /** Of the contract's list: "output_node", "expands", "not_idempotent", … */
  flag(name: string): Node {
    this.flags.push(name);
    return this;
  }

  /** Names the lazy inputs that the node needs besides those it has. */
  needs(f: (c: Call) => string[]): Node {
    this.wants = f;
    return this;
  }

  /** Looks at constants before a prompt is queued: "" or why they will not do. names are the inputs that it looks at in place of
   * the server; none for all. */
  checks(f: (c: Call) => string, names: string[] = []): Node {
    this.refuse = f;
    this.checked = names;
    return this.flag("validates");
  }

  /** Says what the result depends on besides the inputs. */
  fingerprint(f: (c: Call) => Value): Node {
    this.changed = f;
    return this.flag("fingerprints");
  }

  /** Runs the node. A function that fails calls fail and returns. */
  does(f: (c: Call) => void): Node {
    this.run = f;
    return this;
  }

  describe(): Value {
    const v = Value.map().set("id", Value.text(this.id)).set("name", Value.text(this.name)).set("category", Value.text(this.category))
      .set("help", Value.text(this.text)).set("inputs", Value.of(this.inputs)).set("outputs", Value.of(this.outputs))
      .set("flags", Value.texts(this.flags)).set("hidden", Value.of(this.hiddens));
    if (this.checked.length) v.set("checks", Value.texts(this.checked));
    for (let i = 0; i < this.extras.length; i++) v.set(this.extras.keys[i], this.extras.list[i]);
    return v;
  }
}
