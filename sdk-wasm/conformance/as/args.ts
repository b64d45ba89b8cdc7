// Arguments and results of steps.
import { Tensor, Value } from "../../as/index";

/** The tensor of a handle. */
export function tensor(v: Value): Tensor {
  return new Tensor(v.asHandle(-1));
}

/** A list of whole numbers. */
export function ints(v: Value): StaticArray<i64> {
  const out = new StaticArray<i64>(v.length);
  for (let i = 0; i < v.length; i++) out[i] = v.at(i).asInt();
  return out;
}

/** A list of numbers. */
export function floats(v: Value): StaticArray<f64> {
  const out = new StaticArray<f64>(v.length);
  for (let i = 0; i < v.length; i++) out[i] = v.at(i).asFloat();
  return out;
}

/** The result of what gives a handle or an errno. */
export function gives(kind: u32, h: i64): Value {
  return h < 0 ? Value.int(h) : Value.handle(kind, h);
}

/** The result of what gives nothing but an errno. */
export function done(n: i64): Value {
  return Value.int(n < 0 ? n : 0);
}

/** The result of what gives bytes, or an errno in place of their number. */
export function bytes(b: ArrayBuffer, n: i64): Value {
  return n < 0 ? Value.int(n) : Value.bytes(b.slice(0, <i32>n));
}
