// What every extension may do, and what needs a capability besides tensors.

import {
  host_asset_open, host_asset_read, host_asset_save, host_asset_size, host_deadline_ms, host_fail, host_feature, host_fuel_left, host_h_drop,
  host_http_fetch, host_input, host_kv_cas, host_kv_delete, host_kv_get, host_kv_list, host_kv_put, host_log, host_msg_post, host_msg_wait, host_node_call,
  host_now_ms, host_preview, host_progress, host_progress_state, host_progress_text, host_progress_text_all, host_random, host_sleep_ms, host_take,
  host_ws_send, TAG_RAISE,
} from "./bind";
import { decode, utf8, Value } from "./cbor";
import { Tensor } from "./tensor";

// @ts-ignore: decorator
@inline
export function at(b: ArrayBuffer): u32 {
  return <u32>changetype<usize>(b);
}

/** What the last function of this module that gives a message or bytes got: its length, or a negative errno. */
export let last: i64 = 0;

/** The room for what most host functions give. */
export const ROOM = 16384;

/** Gives the bytes that a host function left: n is what it gave, of ROOM bytes in b. */
export function fetched(b: ArrayBuffer, n: i64): ArrayBuffer {
  last = n;
  if (n < 0) return new ArrayBuffer(0);
  if (n <= ROOM) return b.slice(0, <i32>n);
  const all = new ArrayBuffer(<i32>n);
  host_take(at(all), <u32>n);
  return all;
}

/** The message in b; null when there is none. */
export function message(b: ArrayBuffer): Value {
  return b.byteLength ? decode(changetype<usize>(b), b.byteLength) : Value.nothing();
}

/** Says why the call cannot be done; return afterwards. */
export function fail(code: i64, text: string): void {
  const b = utf8(text);
  host_fail(<i32>code, at(b), b.byteLength);
  failed = <i32>code;
}

/** Ends the call with an error that has a name for its kind, such as ValueError; return afterwards. */
export function raise(kind: string, text: string): void {
  raised = Value.tag(TAG_RAISE, Value.texts([kind, text]));
}

/** What raise was given. */
export let raised: Value | null = null;

/** The errno of the failure; 0 for none. */
export let failed: i32 = 0;

/** Writes a line to the extension's log; levels 0 debug, 1 info, 2 warning, 3 error. */
export function log(level: i32, text: string): void {
  const b = utf8(text);
  host_log(level, at(b), b.byteLength);
}

/** Says how far the node is. True when the call is being cancelled: return soon. */
export function progress(value: f64, max: f64): bool {
  return host_progress(value, max) == 1;
}

/** Shows a line on the node. */
export function progressText(text: string): void {
  const b = utf8(text);
  host_progress_text(at(b), b.byteLength);
}

/** As progress, for clients that follow the state of all nodes: it makes no event of its own. */
export function progressState(value: f64, max: f64): bool {
  return host_progress_state(value, max) == 1;
}

/** As progressText, for every client of the tenant. */
export function progressTextAll(text: string): void {
  const b = utf8(text);
  host_progress_text_all(at(b), b.byteLength);
}

/** Shows an image on the node while it runs, no side longer than maxSide, 0 for its own size: 0, 1 when the call is being
 * cancelled, or an errno. */
export function preview(image: Tensor, maxSide: u32, png: bool = false): i32 {
  return image.id < 0 ? <i32>image.id : host_preview(image.id, maxSide, png ? 1 : 0, 0);
}

/** Says how far the node is and shows an image with it, no side longer than maxSide, 0 for its own size: 0, 1 when the call is being
 * cancelled, or an errno. */
export function progressWith(value: f64, max: f64, image: Tensor, maxSide: u32, png: bool = false): i32 {
  const n = image.id < 0 ? <i32>image.id : host_preview(image.id, maxSide, png ? 1 : 0, 1);
  return n < 0 ? n : progress(value, max) ? 1 : 0;
}

/** Instructions that the call may still execute. */
export function fuelLeft(): i64 {
  return host_fuel_left();
}

/** Milliseconds that the call may still run. */
export function deadline(): i64 {
  return host_deadline_ms();
}

/** Waits. False when the call is being cancelled. */
export function sleep(ms: u32): bool {
  return host_sleep_ms(ms) == 0;
}

/** Milliseconds since 1970; without the capability real_clock the start of the call. */
export function now(): i64 {
  return host_now_ms();
}

/** Random bytes: equal ones in equal calls, unless secure_random is granted. last is an errno or 0. */
export function random(n: i32): ArrayBuffer {
  const b = new ArrayBuffer(n);
  last = host_random(at(b), n);
  return b;
}

/** Whether the host has a feature: one of the FEATURE numbers. */
export function feature(id: u32): bool {
  return host_feature(id) == 1;
}

/** Runs a granted built-in node and gives its outputs; last is an errno or not negative. */
export function nodeCall(classID: string, inputs: Value): Value {
  const b = Value.map().set("class", Value.text(classID)).set("inputs", inputs).encode();
  const out = new ArrayBuffer(ROOM);
  return message(fetched(out, host_node_call(at(b), b.byteLength, at(out), ROOM))).get("outputs");
}

/** Sends a request: a map of method, url, headers and body. The result has status, headers and body. */
export function httpFetch(request: Value): Value {
  const b = request.encode();
  const out = new ArrayBuffer(ROOM);
  return message(fetched(out, host_http_fetch(at(b), b.byteLength, at(out), ROOM)));
}

/** Waits for an input of the running node that a link leads to, such as a lazy one that needs did not name, while the server computes it;
 * last is an errno or not negative. The node needs the flag async, else it is EUNSUP; ENOENT says that nothing is linked there. A manifest
 * of an extension that calls it asks for cocoon1>=1.1. */
export function pull(name: string): Value {
  const n = utf8(name);
  const out = new ArrayBuffer(ROOM);
  return message(fetched(out, host_input(at(n), n.byteLength, at(out), ROOM)));
}

/** Waits for a message to this node; last is an errno or its length. */
export function msgWait(topic: string, timeoutMs: u32): ArrayBuffer {
  const t = utf8(topic);
  const out = new ArrayBuffer(ROOM);
  return fetched(out, host_msg_wait(at(t), t.byteLength, timeoutMs, at(out), ROOM));
}

/** Leaves a message for a node of a prompt of the caller's tenant: 1 when a node took it, 0 when it is kept, or an errno. */
export function msgPost(prompt: string, node: string, topic: string, data: ArrayBuffer): i32 {
  const p = utf8(prompt), n = utf8(node), t = utf8(topic);
  return host_msg_post(at(p), p.byteLength, at(n), n.byteLength, at(t), t.byteLength, at(data), data.byteLength);
}

/** Sends a JSON object to the client that asked, as the event ext.<id>.<name>: 0 or an errno. */
export function wsSend(name: string, json: string): i32 {
  const n = utf8(name), j = utf8(json);
  return host_ws_send(at(n), n.byteLength, at(j), j.byteLength);
}

/** Saves a file in the output folder and says where: a map of type, subfolder and filename. */
export function assetSave(name: string, data: ArrayBuffer): Value {
  const n = utf8(name);
  const out = new ArrayBuffer(ROOM);
  return message(fetched(out, host_asset_save(at(n), n.byteLength, at(data), data.byteLength, at(out), ROOM)));
}

/** An open file; a negative id stands for an errno. */
export class Asset {
  constructor(public id: i64) {}

  /** Opens a file for reading: a map of type, subfolder and filename names it. */
  static open(file: Value): Asset {
    const b = file.encode();
    return new Asset(host_asset_open(at(b), b.byteLength));
  }

  /** Opens a file as widgets name it: "folder/name.png [output]", without a type in the input folder. */
  static chosen(name: string): Asset {
    return Asset.open(Value.map().set("name", Value.text(name)));
  }

  /** How many bytes it has, or an errno. */
  size(): i64 {
    return this.id < 0 ? this.id : host_asset_size(this.id);
  }

  /** Up to n bytes from an offset on; last is an errno or how many. */
  read(offset: i64, n: i32): ArrayBuffer {
    const b = new ArrayBuffer(n);
    last = this.id < 0 ? this.id : host_asset_read(this.id, offset, at(b), n);
    return last < 0 ? new ArrayBuffer(0) : b.slice(0, <i32>last);
  }

  /** Gives the file back before the call ends. */
  close(): void {
    if (this.id >= 0) host_h_drop(this.id);
  }
}

/** Reads a whole file: a map of type, subfolder and filename names it. last is an errno or its length. */
export function assetRead(file: Value): ArrayBuffer {
  const f = Asset.open(file);
  last = f.size();
  if (last < 0) return new ArrayBuffer(0);
  const b = f.read(0, <i32>last);
  f.close();
  return b;
}

/** Small values that stay, kept apart by tenant and extension. Scope 0 is the tenant's, 1 the prompt's. */
export class KV {
  constructor(private scope: u32 = 0) {}

  /** A value; null when there is none, and then last says why. */
  get(key: string): ArrayBuffer | null {
    const k = utf8(key);
    const out = new ArrayBuffer(ROOM);
    const b = fetched(out, host_kv_get(this.scope, at(k), k.byteLength, at(out), ROOM));
    return last < 0 ? null : b;
  }

  /** Sets a value: 0 or an errno. ttlMs 0 keeps it. */
  put(key: string, value: ArrayBuffer, ttlMs: i64 = 0): i32 {
    const k = utf8(key);
    return host_kv_put(this.scope, at(k), k.byteLength, at(value), value.byteLength, ttlMs);
  }

  /** Sets a value if the present one is old; an absent one is empty. ECONFLICT otherwise. */
  cas(key: string, old: ArrayBuffer, value: ArrayBuffer): i32 {
    const k = utf8(key);
    return host_kv_cas(this.scope, at(k), k.byteLength, at(old), old.byteLength, at(value), value.byteLength);
  }

  /** Forgets a value: 0 or an errno. */
  delete(key: string): i32 {
    const k = utf8(key);
    return host_kv_delete(this.scope, at(k), k.byteLength);
  }

  /** The sorted keys that start with prefix; last is an errno or not negative. */
  list(prefix: string = ""): string[] {
    const p = utf8(prefix);
    const out = new ArrayBuffer(ROOM);
    const keys = message(fetched(out, host_kv_list(this.scope, at(p), p.byteLength, at(out), ROOM)));
    const all: string[] = [];
    for (let i = 0; i < keys.length; i++) all.push(keys.at(i).asText());
    return all;
  }
}
