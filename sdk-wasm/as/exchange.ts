// Requests that go on beside the module, and events for clients.

import { host_h_drop, host_http_read, host_http_start, host_http_take, host_wait_any, host_ws_image, host_ws_post } from "./bind";
import { utf8, Value } from "./cbor";
import { at, fetched, message, ROOM } from "./host";
import { Tensor } from "./tensor";

/** A request that goes on beside the module; a negative id stands for an errno. */
export class Exchange {
  constructor(public id: i64) {}

  /** Begins a request: a map of method, url, headers, body and timeout_ms. body may also be a handle to a file or to the body of a
   * route's request. */
  static start(request: Value): Exchange {
    const b = request.encode();
    return new Exchange(host_http_start(at(b), b.byteLength));
  }

  /** Waits until the answer begins: a map of status, headers and length. last is an errno or not negative. */
  head(): Value {
    const out = new ArrayBuffer(ROOM);
    return message(fetched(out, this.id < 0 ? this.id : host_http_take(this.id, at(out), ROOM)));
  }

  /** Waits for bytes of the answer's body: how many are in b, 0 at the end, or an errno. */
  read(b: ArrayBuffer): i64 {
    return this.id < 0 ? this.id : host_http_read(this.id, at(b), b.byteLength);
  }

  /** Ends the exchange before the call does. */
  close(): void {
    if (this.id >= 0) host_h_drop(this.id);
  }
}

/** Waits until the answer of one of the exchanges begins, or will not, and gives its place, or an errno. */
export function waitAny(all: Exchange[], timeoutMs: u32): i64 {
  const ids = new StaticArray<i64>(all.length);
  for (let i = 0; i < all.length; i++) ids[i] = all[i].id;
  return host_wait_any(<u32>changetype<usize>(ids), ids.length, timeoutMs);
}

/** Whom an event is for. */
export class Target {
  constructor(private kind: u32, private id: string) {}

  /** The client of an id; for "" the one that asked. */
  static client(id: string = ""): Target {
    return new Target(0, id);
  }

  /** The client that asked for a prompt in which a node of the extension runs; for "" the one that runs now. */
  static prompt(id: string = ""): Target {
    return new Target(1, id);
  }

  /** All clients of the tenant. */
  static all(): Target {
    return new Target(2, "");
  }

  /** Sends a JSON object as the event ext.<id>.<name>: 0 or an errno. */
  send(name: string, json: string): i32 {
    const i = utf8(this.id), n = utf8(name), j = utf8(json);
    return host_ws_post(this.kind, at(i), i.byteLength, at(n), n.byteLength, at(j), j.byteLength);
  }

  /** Sends the first picture of a batch as a binary preview, no side longer than maxSide, 0 for its own size: 0 or an errno. */
  show(image: Tensor, maxSide: u32): i32 {
    const i = utf8(this.id);
    return image.id < 0 ? <i32>image.id : host_ws_image(this.kind, at(i), i.byteLength, image.id, maxSide, 0);
  }
}
