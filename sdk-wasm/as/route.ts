// Routes below /ext/<id>.

import { ENOENT, host_body_read, host_reply_head, host_reply_write, KIND_ASSET, KIND_IMAGE } from "./bind";
import { utf8, Value } from "./cbor";
import { Asset, at } from "./host";
import { Tensor } from "./tensor";

/** An HTTP request. */
export class Request {
  constructor(public value: Value) {}

  /** GET, POST, … */
  get method(): string {
    return this.value.get("method").asText();
  }

  /** The path below /ext/<id>. */
  get path(): string {
    return this.value.get("path").asText();
  }

  /** The files of a form. */
  get files(): FormFile[] {
    const list = this.value.get("files"), all: FormFile[] = [];
    for (let i = 0; i < list.length; i++) all.push(new FormFile(list.at(i)));
    return all;
  }

  /** The id of the last event that the client has seen, when it asks again; "" for none. */
  get lastEventID(): string {
    return this.header("last-event-id");
  }

  /** A parameter of the path. */
  param(name: string): string {
    return this.value.get("params").get(name).asText();
  }

  /** The first value of a query's parameter. */
  query(name: string): string {
    return this.value.get("query").get(name).at(0).asText();
  }

  /** The first value of a form's field. */
  form(name: string): string {
    return this.value.get("form").get(name).at(0).asText();
  }

  /** A header; the name in lower case. */
  header(name: string): string {
    return this.value.get("headers").get(name).asText();
  }

  /** The body of a request that is no form. */
  get body(): ArrayBuffer {
    return this.value.get("body").asBytes();
  }

  /** The body when it is too long to come with the request; its id is ENOENT when it is not. */
  get stream(): Body {
    return new Body(this.value.get("stream").asHandle(ENOENT));
  }

  /** Who asks. */
  get tenant(): string {
    return this.value.get("tenant").asText();
  }
}

/** A file of a form. */
export class FormFile {
  constructor(public value: Value) {}

  get field(): string {
    return this.value.get("field").asText();
  }

  /** What the client calls it. */
  get filename(): string {
    return this.value.get("filename").asText();
  }

  /** Its type, as the client says. */
  get type(): string {
    return this.value.get("type").asText();
  }

  /** What is in it; nothing for a long one. */
  get data(): ArrayBuffer {
    return this.value.get("data").asBytes();
  }

  /** A long file; its id is ENOENT when it came with the request. */
  get stream(): Body {
    return new Body(this.value.get("stream").asHandle(ENOENT));
  }
}

/** An answer of Server-Sent Events, which the host keeps alive while there are none. */
export class Events {
  /** Sends the head: 0 or an errno. */
  static begin(): i32 {
    return Answer.begin(200, "text/event-stream");
  }

  /** Sends an event; "" for the name of a plain message, and for no id. How many bytes, or an errno; ECANCEL when the client is gone. */
  static send(data: string, name: string = "", id: string = ""): i64 {
    let text = "";
    if (name.length) text += "event: " + name.replaceAll("\n", " ").replaceAll("\r", " ") + "\n";
    if (id.length) text += "id: " + id.replaceAll("\n", " ").replaceAll("\r", " ") + "\n";
    const lines = data.replaceAll("\r\n", "\n").replaceAll("\r", "\n").split("\n");
    for (let i = 0; i < lines.length; i++) text += "data: " + lines[i] + "\n";
    return Answer.write(utf8(text + "\n"));
  }
}

/** A body that is read piece by piece; store saves it without. */
export class Body {
  constructor(public id: i64) {}

  /** Waits for bytes: how many are in b, 0 at the end, or an errno. */
  read(b: ArrayBuffer): i64 {
    return this.id < 0 ? this.id : host_body_read(this.id, at(b), b.byteLength);
  }
}

/** An answer that is sent piece by piece. What the route gives does not count then. */
export class Answer {
  /** Sends the head: 0 or an errno. */
  static begin(status: i32, type: string): i32 {
    const b = Value.map().set("status", Value.int(status)).set("headers", Value.map().set("content-type", Value.text(type))).encode();
    return host_reply_head(at(b), b.byteLength);
  }

  /** Sends a piece: how many bytes, or an errno; ECANCEL when the client is gone. */
  static write(b: ArrayBuffer): i64 {
    return host_reply_write(at(b), b.byteLength);
  }
}

/** The answer to a Request. */
export class Response {
  private headers: Value = Value.map();
  private content: Value;

  constructor(private status: i32, type: string, body: ArrayBuffer) {
    this.content = Value.bytes(body);
    if (type.length) this.header("content-type", type);
  }

  /** An open file, of which no byte crosses. */
  static file(status: i32, type: string, file: Asset): Response {
    const r = new Response(status, type, new ArrayBuffer(0));
    r.content = Value.handle(KIND_ASSET, file.id);
    return r;
  }

  /** The first picture of a batch: format "png", "jpeg" or "webp". */
  static image(status: i32, image: Tensor, format: string = "png"): Response {
    const r = new Response(status, "", new ArrayBuffer(0));
    r.content = Value.map().set("image", Value.handle(KIND_IMAGE, image.id)).set("format", Value.text(format));
    return r;
  }

  static text(status: i32, text: string): Response {
    return new Response(status, "text/plain; charset=utf-8", utf8(text));
  }

  /** A page, self-contained: it runs in an origin of its own and reaches the extension's routes through the bridge. */
  static html(page: string): Response {
    return new Response(200, "text/html; charset=utf-8", utf8(page));
  }

  header(name: string, v: string): Response {
    this.headers.set(name, Value.text(v));
    return this;
  }

  reply(): Value {
    return Value.map().set("status", Value.int(this.status)).set("headers", this.headers).set("body", this.content);
  }
}

/** A route of the extension. */
export class Route {
  constructor(public method: string, public path: string, public run: (r: Request) => Response) {}

  describe(): Value {
    return Value.map().set("method", Value.text(this.method)).set("path", Value.text(this.path));
  }
}
