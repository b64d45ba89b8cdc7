// Nodes and HTTP routes for Cocoon in AssemblyScript. A module declares what it has, and exports what the host calls:
//
//   node("MyInvert", "Invert", "my nodes", "Turns light into dark.").link("image", "IMAGE").gives("IMAGE").does(c => { … });
//   export { cocoon_abi, cocoon_buf, cocoon_call } from "./cocoon/index";
//
// Every call of the host starts from the memory that the module had at first, and its memory is thrown away when it ends:
// nothing is collected, and nothing that a call writes is there in the next one. KV keeps what is to stay.

import { ENOENT, EUNSUP, host_log, host_reply, MAJOR, MINOR, OP_CHECK_LAZY, OP_DESCRIBE, OP_EXECUTE, OP_FINGERPRINT, OP_MIGRATE, OP_RESUME, OP_ROUTE, OP_SELFTEST, OP_VALIDATE, OP_WS } from "./bind";
import { Call } from "./call";
import { decode, utf8, Value } from "./cbor";
import { at, fail, failed, raised } from "./host";
import { Incoming, Message } from "./message";
import { Node } from "./node";
import { Request, Response, Route } from "./route";
import { beginCall } from "./tensor";

export * from "./bind";
export { Call, Step } from "./call";
export { decode, Is, utf8, Value } from "./cbor";
export {
  Asset, assetRead, assetSave, deadline, fail, failed, feature, fuelLeft, httpFetch, KV, last, log, msgPost, msgWait, nodeCall, now, preview, progress,
  progressState, progressText, progressTextAll, progressWith, pull, raise, random, sleep, wsSend,
} from "./host";
export { Exchange, Target, waitAny } from "./exchange";
export { build, decodeImage, decodeMask, Draft, imageSave, parts, store, typeOf } from "./media";
export { Incoming, Message } from "./message";
export { Case, Node } from "./node";
export { Answer, Body, Events, FormFile, Request, Response, Route } from "./route";
export { Graph, Info, Ref, Resize, Tensor, Window } from "./tensor";

const nodes: Node[] = [];
const routes: Route[] = [];
const messages: Message[] = [];

/** Declares a node: its class, title, category, and what it does in a sentence. */
export function node(id: string, name: string, category: string, help: string): Node {
  const n = new Node(id, name, category, help);
  nodes.push(n);
  return n;
}

/** Declares a route. Segments of the path that start with a colon are parameters. */
export function route(method: string, path: string, run: (r: Request) => Response): void {
  routes.push(new Route(method, path, run));
}

/** Declares what takes messages of clients of a kind; the capability ws receives it. Messages of one client come one after the other.
 * There is no answer: a Target tells clients something. What fail says reaches the client as the event ext.<id>.error. */
export function message(kind: string, run: (m: Incoming) => void): void {
  messages.push(new Message(kind, run));
}

/** What answers migrate and selftest. */
let other: ((op: i32, request: Value) => Value) | null = null;

/** Declares what answers the ops migrate and selftest. */
export function onOther(f: (op: i32, request: Value) => Value): void {
  other = f;
}

export function cocoon_abi(): i32 {
  return MAJOR << 16 | MINOR;
}

export function cocoon_buf(n: u32): u32 {
  beginCall();
  return <u32>heap.alloc(n);
}

export function cocoon_call(op: i32, ptr: u32, n: u32): i32 {
  const v = answer(op, decode(ptr, n));
  if (failed) return failed;
  const b = raised ? raised!.encode() : v.encode();
  host_reply(at(b), b.byteLength);
  return 0;
}

function answer(op: i32, request: Value): Value {
  if (op == OP_DESCRIBE) return describe();
  if (op == OP_ROUTE) return serve(request);
  if (op == OP_WS) return take(request);
  if (op == OP_MIGRATE || op == OP_SELFTEST) {
    if (other) return other!(op, request);
    fail(EUNSUP, "the extension does not know this op");
    return Value.nothing();
  }
  const id = request.get("class").asText();
  for (let i = 0; i < nodes.length; i++) {
    if (nodes[i].id == id) return onNode(nodes[i], op, new Call(request, op == OP_RESUME));
  }
  fail(ENOENT, "the extension has no such node");
  return Value.nothing();
}

function describe(): Value {
  const n = Value.of([]), r = Value.of([]), m: string[] = [];
  for (let i = 0; i < nodes.length; i++) n.list.push(nodes[i].describe());
  for (let i = 0; i < routes.length; i++) r.list.push(routes[i].describe());
  for (let i = 0; i < messages.length; i++) m.push(messages[i].kind);
  return Value.map().set("nodes", n).set("routes", r).set("messages", Value.texts(m));
}

function take(request: Value): Value {
  const kind = request.get("type").asText();
  for (let i = 0; i < messages.length; i++) {
    if (messages[i].kind != kind) continue;
    messages[i].run(new Incoming(request));
    return Value.nothing();
  }
  fail(ENOENT, "the extension takes no such messages");
  return Value.nothing();
}

function serve(request: Value): Value {
  const want = request.get("route").asText();
  for (let i = 0; i < routes.length; i++) {
    const r = routes[i];
    if (r.method + " " + r.path == want) return r.run(new Request(request)).reply();
  }
  fail(ENOENT, "the extension has no such route");
  return Value.nothing();
}

function onNode(n: Node, op: i32, c: Call): Value {
  if (op == OP_EXECUTE || op == OP_RESUME) {
    if (n.run) n.run!(c);
    return c.reply();
  }
  if (op == OP_CHECK_LAZY) return Value.texts(n.wants ? n.wants!(c) : n.missing(c));
  if (op == OP_VALIDATE) {
    const text = n.refuse ? n.refuse!(c) : "";
    return text.length ? Value.text(text) : Value.nothing();
  }
  if (op == OP_FINGERPRINT) return n.changed ? n.changed!(c) : Value.nothing();
  fail(EUNSUP, "the extension does not know this op");
  return Value.nothing();
}

/** What the compiler calls when an assertion fails: the extension's log says where. */
export function aborted(message: string | null, file: string | null, line: u32, column: u32): void {
  const b = utf8((message ? message : "aborted") + " at " + (file ? file : "?") + ":" + line.toString() + ":" + column.toString());
  host_log(3, at(b), b.byteLength);
  unreachable();
}
