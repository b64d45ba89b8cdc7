// Declarations of nodes.

import { Call } from "./call";
import { Is, Value } from "./cbor";

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

  /** A whole number over the whole range of u64, which the client changes after each run; Call.value(name).asUint() reads it. */
  seed(name: string, otherwise: u64 = 0): Node {
    this.widget(name, "INT", Value.uint(otherwise)).option("min", Value.int(0)).option("max", Value.uint(u64.MAX_VALUE));
    return this.option("control_after_generate", Value.bool(true));
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

  /** grow with names instead of a prefix. */
  growNamed(name: string, min: i64, names: string[], each: (n: Node) => void): Node {
    return this.forms(name, "COMFY_AUTOGROW_V3", Value.map().set("names", Value.texts(names)).set("min", Value.int(min)).set("max", Value.int(names.length))
      .set("template", nested(each)));
  }

  /** An input of a type that brings further inputs once it is linked. Its value is a map. */
  slot(name: string, type: string, inputs: (n: Node) => void): Node {
    return this.forms(name, "COMFY_DYNAMICSLOT_V3", Value.map().set("slot_type", Value.text(type)).set("template", nested(inputs)));
  }

  /** From min to max rows of the same inputs; label is what a row is called, "" for Group. */
  group(name: string, label: string, min: i64, max: i64, inputs: (n: Node) => void): Node {
    return this.forms(name, "COMFY_DYNAMICGROUP_V3", Value.map().set("group", Value.text(label)).set("min", Value.int(min)).set("max", Value.int(max))
      .set("template", nested(inputs)));
  }

  /** An input that takes what the other inputs and outputs of the template take, of the allowed types. */
  matching(name: string, template: string, allowed: string = "*"): Node {
    return this.link(name, "COMFY_MATCHTYPE_V3").option("template",
      Value.map().set("template_id", Value.text(template)).set("allowed_types", Value.text(allowed)));
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

  /** A number that is set by a slider. */
  slider(): Node {
    return this.option("display", Value.text("slider"));
  }

  /** A link, even though the type has a widget. */
  forceInput(): Node {
    return this.option("forceInput", Value.bool(true));
  }

  /** The node gets the link itself, a list of a node's id and an output's number, in the place of its value. */
  raw(): Node {
    return this.option("rawLink", Value.bool(true));
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

  /** What the client shows as a hint of the output that was declared last. */
  givesHint(text: string): Node {
    this.outputs[this.outputs.length - 1].set("help", Value.text(text));
    return this;
  }

  /** An output of the type that inputs of the template are linked to; see matching. */
  givesMatching(template: string, name: string = ""): Node {
    this.gives("COMFY_MATCHTYPE_V3", name);
    this.outputs[this.outputs.length - 1].set("match", Value.text(template));
    return this;
  }

  /** The lazy inputs that are not there yet: what a node without needs asks for. */
  missing(c: Call): string[] {
    const all: string[] = [];
    for (let i = 0; i < this.inputs.length; i++) {
      const name = this.inputs[i].get("name").asText();
      const is = c.value(name).is;
      if (this.inputs[i].get("options").get("lazy").asBool() && (is == Is.Absent || is == Is.Null)) all.push(name);
    }
    return all;
  }

  /** Of the contract's list: "output_node", "expands", "not_idempotent", … */
  flag(name: string): Node {
    this.flags.push(name);
    return this;
  }

  /** Names the lazy inputs that the node needs besides those it has; without it they are all that are not there. */
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
