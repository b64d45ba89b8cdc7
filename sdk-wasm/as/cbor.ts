// Messages: deterministic CBOR, as docs/abi.md describes it.

import { MAX_CBOR_DEPTH, TAG_HANDLE, TAG_LINK } from "./bind";

/** What a Value is. */
export enum Is {
  Absent,
  Null,
  Bool,
  Int,
  Uint,
  Float,
  Text,
  Bytes,
  List,
  Map,
  Handle,
  Tag,
}

/** A value of a message. Reading one as what it is not gives the default. */
export class Value {
  /** Bool, Int, Uint, and the tag of a Tag, the kind of a Handle. */
  n: i64 = 0;
  /** Float, and the id of a Handle as its bits. */
  f: f64 = 0;
  s: string = "";
  b: ArrayBuffer | null = null;
  /** The items of a List, the values of a Map, what a Tag stands before. */
  list: Value[] = [];
  keys: string[] = [];

  constructor(public is: Is) {}

  static nothing(): Value {
    return new Value(Is.Null);
  }

  static bool(v: bool): Value {
    const x = new Value(Is.Bool);
    x.n = v ? 1 : 0;
    return x;
  }

  static int(v: i64): Value {
    const x = new Value(Is.Int);
    x.n = v;
    return x;
  }

  static uint(v: u64): Value {
    const x = new Value(<i64>v < 0 ? Is.Uint : Is.Int);
    x.n = <i64>v;
    return x;
  }

  static float(v: f64): Value {
    const x = new Value(Is.Float);
    x.f = v;
    return x;
  }

  static text(v: string): Value {
    const x = new Value(Is.Text);
    x.s = v;
    return x;
  }

  static bytes(v: ArrayBuffer): Value {
    const x = new Value(Is.Bytes);
    x.b = v;
    return x;
  }

  static of(items: Value[]): Value {
    const x = new Value(Is.List);
    x.list = items;
    return x;
  }

  static texts(items: string[]): Value {
    const x = new Value(Is.List);
    for (let i = 0; i < items.length; i++) x.list.push(Value.text(items[i]));
    return x;
  }

  static map(): Value {
    return new Value(Is.Map);
  }

  static tag(tag: u64, v: Value): Value {
    const x = new Value(Is.Tag);
    x.n = <i64>tag;
    x.list.push(v);
    return x;
  }

  static handle(kind: u32, id: i64): Value {
    const x = new Value(Is.Handle);
    x.n = kind;
    x.f = reinterpret<f64>(id);
    return x;
  }

  /** A link to an output of a node of an expansion. */
  static link(node: string, output: u32 = 0): Value {
    return Value.tag(TAG_LINK, Value.of([Value.text(node), Value.int(output)]));
  }

  /** Sets an entry of a map. The order of its keys on the wire is seen to. */
  set(key: string, v: Value): Value {
    const i = this.keys.indexOf(key);
    if (i >= 0) {
      this.list[i] = v;
    } else {
      this.keys.push(key);
      this.list.push(v);
    }
    return this;
  }

  /** An entry of a map; an absent value where there is none. */
  get(key: string): Value {
    const i = this.is == Is.Map ? this.keys.indexOf(key) : -1;
    return i < 0 ? new Value(Is.Absent) : this.list[i];
  }

  has(key: string): bool {
    return this.is == Is.Map && this.keys.includes(key);
  }

  /** An item of an array; an absent value behind its end. */
  at(i: i32): Value {
    return this.is == Is.List && i >= 0 && i < this.list.length ? this.list[i] : new Value(Is.Absent);
  }

  get length(): i32 {
    return this.is == Is.List || this.is == Is.Map ? this.list.length : 0;
  }

  asText(otherwise: string = ""): string {
    return this.is == Is.Text ? this.s : otherwise;
  }

  asInt(otherwise: i64 = 0): i64 {
    return this.is == Is.Int ? this.n : otherwise;
  }

  /** A whole number that is not negative, also one above the range of asInt. */
  asUint(otherwise: u64 = 0): u64 {
    return this.is == Is.Uint || (this.is == Is.Int && this.n >= 0) ? <u64>this.n : otherwise;
  }

  asFloat(otherwise: f64 = 0): f64 {
    if (this.is == Is.Float) return this.f;
    if (this.is == Is.Int) return <f64>this.n;
    return this.is == Is.Uint ? <f64>(<u64>this.n) : otherwise;
  }

  asBool(otherwise: bool = false): bool {
    return this.is == Is.Bool ? this.n != 0 : otherwise;
  }

  asBytes(): ArrayBuffer {
    if (this.is == Is.Text) return String.UTF8.encode(this.s);
    return this.is == Is.Bytes ? this.b! : new ArrayBuffer(0);
  }

  /** The id of a handle; otherwise when it is none. */
  asHandle(otherwise: i64): i64 {
    return this.is == Is.Handle ? reinterpret<i64>(this.f) : otherwise;
  }

  /** The message of the value. */
  encode(): ArrayBuffer {
    const w = new Writer();
    w.value(this);
    return w.done();
  }
}

class Writer {
  private b: ArrayBuffer = new ArrayBuffer(1024);
  private n: i32 = 0;

  done(): ArrayBuffer {
    return this.b.slice(0, this.n);
  }

  private room(n: i32): usize {
    if (n > this.b.byteLength - this.n) {
      const more = new ArrayBuffer(this.b.byteLength * 2 + n);
      memory.copy(changetype<usize>(more), changetype<usize>(this.b), this.n);
      this.b = more;
    }
    this.n += n;
    return changetype<usize>(this.b) + this.n - n;
  }

  private head(major: u8, n: u64): void {
    const m = major << 5;
    if (n < 24) {
      store<u8>(this.room(1), m | <u8>n);
    } else if (n < 0x100) {
      const p = this.room(2);
      store<u8>(p, m | 24);
      store<u8>(p, <u8>n, 1);
    } else if (n < 0x10000) {
      const p = this.room(3);
      store<u8>(p, m | 25);
      store<u16>(p, bswap<u16>(<u16>n), 1);
    } else if (n <= 0xffffffff) {
      const p = this.room(5);
      store<u8>(p, m | 26);
      store<u32>(p, bswap<u32>(<u32>n), 1);
    } else {
      const p = this.room(9);
      store<u8>(p, m | 27);
      store<u64>(p, bswap<u64>(n), 1);
    }
  }

  private raw(major: u8, b: ArrayBuffer): void {
    this.head(major, b.byteLength);
    const p = this.room(b.byteLength);
    memory.copy(p, changetype<usize>(b), b.byteLength);
  }

  value(v: Value): void {
    switch (v.is) {
      case Is.Bool:
        store<u8>(this.room(1), v.n ? 0xf5 : 0xf4);
        break;
      case Is.Int:
        if (v.n < 0) this.head(1, <u64>(-1 - v.n));
        else this.head(0, <u64>v.n);
        break;
      case Is.Uint:
        this.head(0, <u64>v.n);
        break;
      case Is.Float: {
        const p = this.room(9);
        store<u8>(p, 0xfb);
        store<u64>(p, bswap<u64>(isNaN(v.f) ? 0x7ff8000000000000 : reinterpret<u64>(v.f)), 1);
        break;
      }
      case Is.Text:
        this.raw(3, utf8(v.s));
        break;
      case Is.Bytes:
        this.raw(2, v.b!);
        break;
      case Is.List:
        this.head(4, v.list.length);
        for (let i = 0; i < v.list.length; i++) this.value(v.list[i]);
        break;
      case Is.Map:
        this.map(v);
        break;
      case Is.Handle:
        this.head(6, TAG_HANDLE);
        this.head(4, 2);
        this.head(0, <u64>v.n);
        this.head(0, reinterpret<u64>(v.f));
        break;
      case Is.Tag:
        this.head(6, <u64>v.n);
        this.value(v.list[0]);
        break;
      default:
        store<u8>(this.room(1), 0xf6);
    }
  }

  private map(v: Value): void {
    const pairs: Pair[] = [];
    for (let i = 0; i < v.keys.length; i++) pairs.push(new Pair(utf8(v.keys[i]), v.list[i]));
    pairs.sort((a, b) => a.after(b));
    this.head(5, pairs.length);
    for (let i = 0; i < pairs.length; i++) {
      this.raw(3, pairs[i].key);
      this.value(pairs[i].val);
    }
  }
}

class Pair {
  constructor(public key: ArrayBuffer, public val: Value) {}

  /** Keys are ordered shorter ones first, then by bytes. */
  after(o: Pair): i32 {
    const n = this.key.byteLength;
    if (n != o.key.byteLength) return n - o.key.byteLength;
    return memory.compare(changetype<usize>(this.key), changetype<usize>(o.key), n);
  }
}

/** A text's bytes. Halves of surrogate pairs become U+FFFD. */
export function utf8(s: string): ArrayBuffer {
  return String.UTF8.encode(s, false, String.UTF8.ErrorMode.REPLACE);
}

/** Reads a message that the host wrote, at p. One that is broken ends the call. */
export function decode(p: usize, n: usize): Value {
  const r = new Reader(p, p + n);
  const v = r.value(MAX_CBOR_DEPTH);
  assert(r.p == r.end, "bytes after a message");
  return v;
}

class Reader {
  private info: u8 = 0;

  constructor(public p: usize, public end: usize) {}

  private take(n: u64): usize {
    assert(n <= <u64>(this.end - this.p), "a message is cut short");
    this.p += <usize>n;
    return this.p - <usize>n;
  }

  private number(first: u8): u64 {
    this.info = first & 31;
    switch (this.info) {
      case 24: return load<u8>(this.take(1));
      case 25: return bswap<u16>(load<u16>(this.take(2)));
      case 26: return bswap<u32>(load<u32>(this.take(4)));
      case 27: return bswap<u64>(load<u64>(this.take(8)));
    }
    assert(this.info < 24, "a message is broken");
    return this.info;
  }

  private text(n: u64): string {
    const at = this.take(n);
    return String.UTF8.decodeUnsafe(at, <usize>n);
  }

  value(depth: u32): Value {
    const first = load<u8>(this.take(1));
    const n = this.number(first);
    const info = this.info;
    switch (first >> 5) {
      case 0: return Value.uint(n);
      case 1: return Value.int(-1 - <i64>n);
      case 2: {
        const at = this.take(n);
        const b = new ArrayBuffer(<i32>n);
        memory.copy(changetype<usize>(b), at, <usize>n);
        return Value.bytes(b);
      }
      case 3: return Value.text(this.text(n));
      case 7:
        if (info == 27) return Value.float(reinterpret<f64>(n));
        if (info == 20 || info == 21) return Value.bool(info == 21);
        return Value.nothing();
    }
    assert(depth > 0 && n <= <u64>(this.end - this.p) + 0xffff, "a message is broken");
    if (first >> 5 == 6) return this.tagged(n, this.value(depth - 1));
    const v = new Value(first >> 5 == 4 ? Is.List : Is.Map);
    for (let i: u64 = 0; i < n; i++) {
      if (v.is == Is.Map) v.keys.push(this.value(0).asText());
      v.list.push(this.value(depth - 1));
    }
    return v;
  }

  private tagged(tag: u64, v: Value): Value {
    if (tag == TAG_HANDLE) return Value.handle(<u32>v.at(0).asInt(), v.at(1).asInt());
    return Value.tag(tag, v);
  }
}
