// The functions of the module cocoon1_tensor.
import { Graph, KIND_TENSOR, Is, Ref, TAG_BLOCKER, Tensor, Value, Window } from "../../as/index";
import { bytes, done, floats, gives, ints, tensor } from "./args";

const windows: Window[] = [];

function opened(w: Window): Value {
  if (w.err) return Value.int(w.err);
  windows.push(w);
  return Value.tag(TAG_BLOCKER, Value.int(windows.length - 1));
}

function window(v: Value): Window {
  return windows[<i32>v.list[0].asInt()];
}

function plain(t: Tensor): Value {
  return gives(KIND_TENSOR, t.id);
}

function info(t: Tensor): Value {
  const i = t.info();
  if (i.err) return Value.int(i.err);
  const shape = Value.of([]);
  for (let k = 0; k < i.shape.length; k++) shape.list.push(Value.int(i.shape[k]));
  return Value.map().set("dtype", Value.int(i.dtype)).set("shape", shape).set("bytes", Value.int(i.bytes)).set("kind", Value.int(i.kind))
    .set("contiguous", Value.bool(i.contiguous));
}

/** The values of numbers, which count the inputs first and then the results. */
function picked(refs: Ref[], numbers: Value): Ref[] {
  const out: Ref[] = [];
  for (let i = 0; i < numbers.length; i++) out.push(refs[<i32>numbers.at(i).asInt()]);
  return out;
}

/** Takes inputs, instructions [kind, arguments, integers, floats, shape or null] and outputs. */
function graph(inputs: Value, instrs: Value, outputs: Value): Value {
  const g = new Graph(), refs: Ref[] = [];
  for (let i = 0; i < inputs.length; i++) refs.push(g.input(tensor(inputs.at(i))));
  for (let i = 0; i < instrs.length; i++) {
    const x = instrs.at(i), shape = x.at(4);
    refs.push(g.op(<u16>x.at(0).asInt(), picked(refs, x.at(1)), ints(x.at(2)), floats(x.at(3)), shape.is == Is.List ? ints(shape) : null));
  }
  const all = g.run(picked(refs, outputs));
  const out = Value.of([]);
  for (let i = 0; i < all.length; i++) {
    if (all[i].id < 0) return Value.int(all[i].id);
    out.list.push(plain(all[i]));
  }
  return out;
}

function readRect(t: Tensor, r: StaticArray<i64>, n: i32): Value {
  const b = new ArrayBuffer(n);
  return bytes(b, t.readRect(b, <u32>r[0], <u32>r[1], <u32>r[2], <u32>r[3], <u32>r[4]));
}

function writeRect(t: Tensor, r: StaticArray<i64>, b: ArrayBuffer): Value {
  return done(t.writeRect(b, <u32>r[0], <u32>r[1], <u32>r[2], <u32>r[3], <u32>r[4]));
}

function readWindow(w: Window): Value {
  const b = new ArrayBuffer(4 * w.length);
  for (let i = 0; i < w.length; i++) store<f32>(changetype<usize>(b) + 4 * i, w[i]);
  return Value.bytes(b);
}

function writeWindow(w: Window, b: ArrayBuffer): Value {
  for (let i = 0; i < b.byteLength / 4; i++) w[i] = load<f32>(changetype<usize>(b) + 4 * i);
  return Value.nothing();
}

function order(v: Value): StaticArray<u32> {
  const out = new StaticArray<u32>(v.length);
  for (let i = 0; i < v.length; i++) out[i] = <u32>v.at(i).asInt();
  return out;
}

export function tensorOp(op: string, a: Value[]): Value | null {
  if (op == "t_new") return plain(Tensor.make(<u32>a[0].asInt(), ints(a[1]), a[2].asFloat()));
  if (op == "t_info") return info(tensor(a[0]));
  if (op == "t_cast") return plain(tensor(a[0]).cast(<u32>a[1].asInt()));
  if (op == "t_slice") return plain(tensor(a[0]).slice(<u32>a[1].asInt(), a[2].asInt(), a[3].asInt()));
  if (op == "t_permute") return plain(tensor(a[0]).permute(order(a[1])));
  if (op == "t_reshape") return plain(tensor(a[0]).reshape(ints(a[1])));
  if (op == "t_graph") return graph(a[0], a[1], a[2]);
  if (op == "t_read") {
    const b = new ArrayBuffer(<i32>a[2].asInt());
    return bytes(b, tensor(a[0]).read(b, a[1].asInt()));
  }
  if (op == "t_write") return done(tensor(a[0]).write(a[2].asBytes(), a[1].asInt()));
  if (op == "t_read_rect") return readRect(tensor(a[0]), ints(a[1]), <i32>a[2].asInt());
  if (op == "t_write_rect") return writeRect(tensor(a[0]), ints(a[1]), a[2].asBytes());
  if (op == "t_map") return opened(tensor(a[0]).map());
  if (op == "t_map_out") return opened(Window.make(ints(a[0])));
  if (op == "w_read") return readWindow(window(a[0]));
  if (op == "w_write") return writeWindow(window(a[0]), a[1].asBytes());
  if (op == "t_commit") return plain(window(a[0]).commit());
  if (op == "t_unmap") {
    window(a[0]).close();
    return done(0);
  }
  return null;
}
