// Tensors stay with the host. One with a negative id stands for the errno of what should have given it; functions pass such
// ones on, so a chain of them needs one look at its end, which Call.image and the like take.

import {
  DTYPE_F32, ETOOBIG, EUNSUP, GRAPH_HEAD_SIZE, GRAPH_INSTR_SIZE, host_h_drop, host_h_get, host_h_make, host_t_cast, host_t_commit, host_t_graph,
  host_t_info, host_t_map, host_t_map_out, host_t_new, host_t_permute, host_t_read, host_t_read_rect, host_t_reshape, host_t_slice, host_t_unmap,
  host_t_write, host_t_write_rect, MAX_PAGE_BYTES, T_ADD, T_AFFINE, T_CLAMP, T_DIV, T_LERP, T_MUL, T_RESIZE, T_SUB, TENSOR_INFO_BYTES, TENSOR_INFO_DTYPE,
  TENSOR_INFO_FLAGS, TENSOR_INFO_KIND, TENSOR_INFO_RANK, TENSOR_INFO_SHAPE, TENSOR_INFO_SIZE,
} from "./bind";

function shapeAt(s: StaticArray<i64>): u32 {
  return <u32>changetype<usize>(s);
}

/** What is known of a tensor. */
export class Info {
  dtype: u32 = 0;
  bytes: i64 = 0;
  /** Sizes, outermost first. */
  shape: StaticArray<i64> = new StaticArray<i64>(0);
  /** One of the KIND numbers. */
  kind: u32 = 0;
  /** Whether the elements lie in order, not as a view of others. */
  contiguous: bool = false;
  /** Not 0 when the tensor is none. */
  err: i64 = 0;
}

export class Tensor {
  constructor(public id: i64) {}

  /** A tensor filled with one value. */
  static make(dtype: u32, shape: StaticArray<i64>, value: f64 = 0): Tensor {
    return new Tensor(host_t_new(dtype, shape.length, shapeAt(shape), value));
  }

  info(): Info {
    const i = new Info();
    if (this.id < 0) {
      i.err = this.id;
      return i;
    }
    const b = new StaticArray<u8>(<i32>TENSOR_INFO_SIZE);
    const p = changetype<usize>(b);
    i.err = host_t_info(this.id, <u32>p);
    if (i.err) return i;
    i.dtype = load<u32>(p + TENSOR_INFO_DTYPE);
    i.bytes = load<i64>(p + TENSOR_INFO_BYTES);
    i.kind = load<u32>(p + TENSOR_INFO_KIND);
    i.contiguous = (load<u32>(p + TENSOR_INFO_FLAGS) & 1) != 0;
    i.shape = new StaticArray<i64>(load<u32>(p + TENSOR_INFO_RANK));
    memory.copy(changetype<usize>(i.shape), p + TENSOR_INFO_SHAPE, i.shape.length * 8);
    return i;
  }

  cast(dtype: u32): Tensor {
    return this.id < 0 ? this : new Tensor(host_t_cast(this.id, dtype));
  }

  /** A view of a range of one dimension. */
  slice(axis: u32, from: i64, to: i64): Tensor {
    return this.id < 0 ? this : new Tensor(host_t_slice(this.id, axis, from, to));
  }

  /** A view with the dimensions in another order. */
  permute(order: StaticArray<u32>): Tensor {
    return this.id < 0 ? this : new Tensor(host_t_permute(this.id, <u32>changetype<usize>(order), order.length));
  }

  /** The elements under another shape. */
  reshape(shape: StaticArray<i64>): Tensor {
    return this.id < 0 ? this : new Tensor(host_t_reshape(this.id, shape.length, shapeAt(shape)));
  }

  /** A part of a latent: "samples" or "noise_mask". */
  part(key: string): Tensor {
    const k = String.UTF8.encode(key);
    return this.id < 0 ? this : new Tensor(host_h_get(this.id, <u32>changetype<usize>(k), k.byteLength));
  }

  /** The tensor as an image, a mask or a latent: one of the KIND numbers. */
  as(kind: u32): Tensor {
    return this.id < 0 ? this : new Tensor(host_h_make(kind, this.id));
  }

  /** Copies bytes from an offset on into b: how many, or an errno. */
  read(b: ArrayBuffer, offset: i64 = 0): i64 {
    return this.id < 0 ? this.id : host_t_read(this.id, offset, <u32>changetype<usize>(b), b.byteLength);
  }

  /** Copies bytes into a tensor of make that nothing else has seen: how many, or an errno. */
  write(b: ArrayBuffer, offset: i64 = 0): i64 {
    return this.id < 0 ? this.id : host_t_write(this.id, offset, <u32>changetype<usize>(b), b.byteLength);
  }

  /** Copies a rectangle of one picture of a batch into b: how many bytes, or an errno. */
  readRect(b: ArrayBuffer, item: u32, y: u32, x: u32, height: u32, width: u32): i64 {
    return this.id < 0 ? this.id : host_t_read_rect(this.id, item, y, x, height, width, <u32>changetype<usize>(b), b.byteLength);
  }

  /** The reverse of readRect, under the rule of write. */
  writeRect(b: ArrayBuffer, item: u32, y: u32, x: u32, height: u32, width: u32): i64 {
    return this.id < 0 ? this.id : host_t_write_rect(this.id, item, y, x, height, width, <u32>changetype<usize>(b), b.byteLength);
  }

  /** Gives the tensor back before the call ends. */
  drop(): void {
    if (this.id >= 0) host_h_drop(this.id);
  }

  /** Shows the elements, which must be F32, to be read. Nothing is copied where the host can share memory. */
  map(): Window {
    const i = this.info();
    if (i.err) return new Window(0, 0, 0, i.err);
    if (i.dtype != DTYPE_F32) return new Window(0, 0, 0, EUNSUP);
    const w = Window.room(i.bytes);
    const n = host_t_map(this.id, <u32>w.ptr, w.size);
    if (n < 0) w.err = n;
    return w;
  }
}

/** Where the memory ended when the call began: windows are behind it. */
let imageEnd: usize = 0;

/** Remembers where the memory ends; called before anything else of a call. */
export function beginCall(): void {
  if (!imageEnd) imageEnd = <usize>memory.size() << 16;
}

let spare: Window[] = [];

/** The F32 elements of a tensor in the module's memory. What a window of Tensor.map writes stays in the module. */
export class Window {
  constructor(public ptr: usize, public length: i32, public size: u32, public err: i64 = 0) {}

  /** Whole pages that nothing else uses. */
  static room(bytes: i64): Window {
    if (bytes < 0 || bytes > 0x7fff0000) return new Window(0, 0, 0, ETOOBIG);
    const page = <usize>MAX_PAGE_BYTES;
    const size = <usize>(max<i64>(bytes, 1) + page - 1) / page * page;
    for (let i = 0; i < spare.length; i++) {
      if (spare[i].size >= <u32>size) {
        const w = spare.splice(i, 1)[0];
        return new Window(w.ptr, <i32>(bytes / 4), w.size);
      }
    }
    let p = heap.alloc(size + page);
    if (p < imageEnd) {
      heap.alloc(imageEnd - p);
      p = heap.alloc(size + page);
    }
    return new Window((p + page - 1) / page * page, <i32>(bytes / 4), <u32>size);
  }

  /** The elements of a new F32 tensor, all 0, to be written; commit makes it a tensor. */
  static make(shape: StaticArray<i64>): Window {
    let n: i64 = 4;
    for (let i = 0; i < shape.length; i++) {
      if (shape[i] <= 0 || n > 0x7fff0000 / shape[i]) return new Window(0, 0, 0, ETOOBIG);
      n *= shape[i];
    }
    const w = Window.room(n);
    const got = host_t_map_out(DTYPE_F32, shape.length, shapeAt(shape), <u32>w.ptr, w.size);
    if (got < 0) w.err = got;
    return w;
  }

  // @ts-ignore: decorator
  @inline @operator("[]")
  private get(i: i32): f32 {
    assert(<u32>i < <u32>this.length);
    return load<f32>(this.ptr + (<usize>i << 2));
  }

  // @ts-ignore: decorator
  @inline @operator("[]=")
  private set(i: i32, v: f32): void {
    assert(<u32>i < <u32>this.length);
    store<f32>(this.ptr + (<usize>i << 2), v);
  }

  /** Copies another window's elements. */
  copy(from: Window): void {
    memory.copy(this.ptr, from.ptr, <usize>min(this.length, from.length) << 2);
  }

  /** Ends a window of make and gives the tensor. */
  commit(): Tensor {
    if (this.err) return new Tensor(this.err);
    const h = host_t_commit(<u32>this.ptr);
    this.gone();
    return new Tensor(h);
  }

  /** Ends the window and leaves nothing. */
  close(): void {
    if (this.err) return;
    host_t_unmap(<u32>this.ptr);
    this.gone();
  }

  private gone(): void {
    spare.push(new Window(this.ptr, 0, this.size));
    this.length = 0;
    this.err = EUNSUP;
  }
}

/** A value of a Graph: an input, or, with the highest bit, a result. */
export type Ref = u32;

const RESULT: u32 = 0x80000000;
const NO_INTS: StaticArray<i64> = new StaticArray<i64>(0);
const NO_FLOATS: StaticArray<f64> = new StaticArray<f64>(0);

/** Methods of Graph.resize. */
export enum Resize {
  Nearest,
  NearestExact,
  Bilinear,
  Bicubic,
  Area,
}

/** A small program over tensors that the host runs in one call: no pixel crosses. */
export class Graph {
  private inputs: i64[] = [];
  private kinds: u16[] = [];
  private places: u32[] = []; // seven numbers an instruction: args, args_at, ints, ints_at, floats, floats_at, rank
  private ints: i64[] = [];
  private floats: f64[] = [];
  private args: Ref[] = [];
  private err: i64 = 0;

  /** Makes a tensor a value of the graph. */
  input(t: Tensor): Ref {
    if (t.id < 0 && !this.err) this.err = t.id;
    this.inputs.push(t.id);
    return this.inputs.length - 1;
  }

  /** Adds an op: one of the T numbers, its arguments and constants, and the result's shape where it does not follow from them. */
  op(kind: u16, args: Ref[], ints: StaticArray<i64> = NO_INTS, floats: StaticArray<f64> = NO_FLOATS, shape: StaticArray<i64> | null = null): Ref {
    this.kinds.push(kind);
    const p: u32[] = [args.length, this.args.length, ints.length, this.ints.length, floats.length, this.floats.length, shape ? shape.length : 255];
    for (let i = 0; i < 7; i++) this.places.push(p[i]);
    for (let i = 0; i < args.length; i++) this.args.push(args[i]);
    for (let i = 0; i < ints.length; i++) this.ints.push(ints[i]);
    if (shape) for (let i = 0; i < shape.length; i++) this.ints.push(shape[i]);
    for (let i = 0; i < floats.length; i++) this.floats.push(floats[i]);
    return RESULT | (this.kinds.length - 1);
  }

  /** x*scale + add. */
  affine(x: Ref, scale: f64, add: f64): Ref {
    return this.op(T_AFFINE, [x], NO_INTS, [scale, add]);
  }

  /** x kept in low to high. */
  clamp(x: Ref, low: f64, high: f64): Ref {
    return this.op(T_CLAMP, [x], NO_INTS, [low, high]);
  }

  /** Pictures in another size; shape is the whole of it: batch, height, width, channels. */
  resize(x: Ref, method: Resize, shape: StaticArray<i64>): Ref {
    return this.op(T_RESIZE, [x], [<i64>method], NO_FLOATS, shape);
  }

  add(x: Ref, y: Ref): Ref {
    return this.op(T_ADD, [x, y]);
  }

  sub(x: Ref, y: Ref): Ref {
    return this.op(T_SUB, [x, y]);
  }

  mul(x: Ref, y: Ref): Ref {
    return this.op(T_MUL, [x, y]);
  }

  div(x: Ref, y: Ref): Ref {
    return this.op(T_DIV, [x, y]);
  }

  /** x + t*(y-x). */
  lerp(x: Ref, y: Ref, t: Ref): Ref {
    return this.op(T_LERP, [x, y, t]);
  }

  private number(r: Ref): u32 {
    return r & RESULT ? (r & ~RESULT) + this.inputs.length : r;
  }

  /** Runs the graph and gives the tensors of values. */
  run(outputs: Ref[]): Tensor[] {
    const handles = new StaticArray<i64>(outputs.length);
    let got = this.err;
    if (!got) {
      const b = this.encode(outputs);
      got = host_t_graph(<u32>changetype<usize>(b), b.length, <u32>changetype<usize>(handles), 8 * outputs.length);
    }
    const all: Tensor[] = [];
    for (let i = 0; i < outputs.length; i++) all.push(new Tensor(got < 0 ? got : handles[i]));
    return all;
  }

  /** Runs the graph for one value. */
  one(output: Ref): Tensor {
    return this.run([output])[0];
  }

  private encode(outputs: Ref[]): StaticArray<u8> {
    const words = this.inputs.length + this.ints.length + this.floats.length;
    const size = <i32>GRAPH_HEAD_SIZE + 8 * words + <i32>GRAPH_INSTR_SIZE * this.kinds.length + 4 * (this.args.length + outputs.length);
    const b = new StaticArray<u8>(size);
    let p = changetype<usize>(b);
    const head: i32[] = [1, this.inputs.length, this.kinds.length, this.ints.length, this.floats.length, this.args.length, outputs.length, 0];
    for (let i = 0; i < 8; i++, p += 4) store<u32>(p, head[i]);
    for (let i = 0; i < this.inputs.length; i++, p += 8) store<i64>(p, this.inputs[i]);
    for (let i = 0; i < this.kinds.length; i++, p += GRAPH_INSTR_SIZE) {
      const at = i * 7;
      store<u16>(p, this.kinds[i]);
      store<u8>(p, <u8>this.places[at], 2);
      store<u8>(p, <u8>this.places[at + 6], 3);
      store<u32>(p, this.places[at + 1], 4);
      store<u32>(p, this.places[at + 3], 8);
      store<u16>(p, <u16>this.places[at + 2], 12);
      store<u16>(p, <u16>this.places[at + 4], 14);
      store<u32>(p, this.places[at + 5], 16);
      store<u32>(p, this.places[at + 3] + this.places[at + 2], 20);
    }
    for (let i = 0; i < this.ints.length; i++, p += 8) store<i64>(p, this.ints[i]);
    for (let i = 0; i < this.floats.length; i++, p += 8) store<f64>(p, this.floats[i]);
    for (let i = 0; i < this.args.length; i++, p += 4) store<u32>(p, this.number(this.args[i]));
    for (let i = 0; i < outputs.length; i++, p += 4) store<u32>(p, this.number(outputs[i]));
    return b;
  }
}
