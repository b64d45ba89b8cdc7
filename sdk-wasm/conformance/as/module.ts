// The AssemblyScript guest of the conformance kit: it interprets the steps of a case over the functions of the library.
import { EUNSUP, fail, failed, Is, onOther, OP_SELFTEST, TAG_BLOCKER, TAG_LINK, Value } from "../../as/index";
import { coreOp } from "./core";
import { mediaOp } from "./media";
import { declareMessages } from "./messages";
import { declareNodes } from "./nodes";
import { outsideOp } from "./outside";
import { streamOp } from "./stream";
import { tensorOp } from "./tensors";

/** What a step gave has a name, if the case gave it one. */
const named = new Map<string, Value>();

declareNodes();
declareMessages();
onOther(selftest);

function selftest(op: i32, request: Value): Value {
  if (op != OP_SELFTEST) {
    fail(EUNSUP, "the kit answers selftest only");
    return Value.nothing();
  }
  return doSteps(request.get("steps"), request.get("inputs"));
}

/** Does steps with named values and gives what the reply says of their results. */
export function doSteps(steps: Value, inputs: Value): Value {
  const out = Value.of([]);
  for (let i = 0; i < inputs.length; i++) named.set(inputs.keys[i], inputs.list[i]);
  for (let i = 0; i < steps.length && !failed; i++) out.list.push(step(steps.at(i).list));
  return out;
}

/** Does [op, name, hidden, arguments…] and gives what the reply says of its result. */
function step(s: Value[]): Value {
  const a: Value[] = [];
  for (let i = 3; i < s.length; i++) a.push(resolve(s[i]));
  const v = call(s[0].asText(), a);
  if (s[1].asText().length) named.set(s[1].asText(), v);
  return s[2].asBool() ? Value.nothing() : shown(v);
}

function call(op: string, a: Value[]): Value {
  let v = helper(op, a);
  if (!v) v = coreOp(op, a);
  if (!v) v = tensorOp(op, a);
  if (!v) v = outsideOp(op, a);
  if (!v) v = mediaOp(op, a);
  if (!v) v = streamOp(op, a);
  assert(v, "the kit has no op " + op);
  return v!;
}

/** Replaces references, which are links: a name, and which item of a list or a map. */
function resolve(v: Value): Value {
  if (v.is == Is.Tag && <u64>v.n == TAG_LINK) {
    const to = named.get(v.list[0].at(0).asText());
    const item = v.list[0].at(1);
    if (to.is == Is.Map && item.is == Is.Text) return to.get(item.asText());
    return to.is == Is.List ? to.at(<i32>item.asInt()) : to;
  }
  if (v.is != Is.List && v.is != Is.Map) return v;
  const out = new Value(v.is);
  out.keys = v.keys;
  for (let i = 0; i < v.list.length; i++) out.list.push(resolve(v.list[i]));
  return out;
}

/** A result as the reply has it. Windows are numbers under a tag that no other result has. */
function shown(v: Value): Value {
  if (v.is == Is.Handle) return Value.text("handle");
  if (v.is == Is.Tag && <u64>v.n == TAG_BLOCKER) return Value.text("window");
  if (v.is != Is.List && v.is != Is.Map) return v;
  const out = new Value(v.is);
  out.keys = v.keys;
  for (let i = 0; i < v.list.length; i++) out.list.push(shown(v.list[i]));
  return out;
}

function length(v: Value): Value {
  return Value.int(v.is == Is.List ? v.length : v.asBytes().byteLength);
}

function same(a: Value, b: Value): bool {
  const x = a.encode(), y = b.encode();
  return x.byteLength == y.byteLength && memory.compare(changetype<usize>(x), changetype<usize>(y), x.byteLength) == 0;
}

/** Does a step up to n times, until the host refuses it. */
function until(n: i64, op: string, a: Value[]): Value {
  for (let i: i64 = 0; i < n; i++) {
    const v = call(op, a);
    if (v.asInt() < 0) return v;
  }
  return Value.int(0);
}

function helper(op: string, a: Value[]): Value | null {
  if (op == "echo") return a[0];
  if (op == "len") return length(a[0]);
  if (op == "len_of") return length(a[0].get(a[1].asText()));
  if (op == "same") return Value.bool(same(a[0], a[1]));
  if (op == "less") return Value.bool(a[0].asInt() < a[1].asInt());
  if (op == "until") return until(a[0].asInt(), a[1].asText(), a.slice(2));
  return null;
}

export { cocoon_abi, cocoon_buf, cocoon_call } from "../../as/index";
