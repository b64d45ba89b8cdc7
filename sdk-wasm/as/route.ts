// Routes below /ext/<id>.

import { utf8, Value } from "./cbor";

/** An HTTP request. */
export class Request {
  constructor(public value: Value) {}

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

  /** Who asks. */
  get tenant(): string {
    return this.value.get("tenant").asText();
  }
}

/** The answer to a Request. */
export class Response {
  private headers: Value = Value.map();

  constructor(private status: i32, type: string, private body: ArrayBuffer) {
    this.header("content-type", type);
  }

  static text(status: i32, text: string): Response {
    return new Response(status, "text/plain; charset=utf-8", utf8(text));
  }

  header(name: string, v: string): Response {
    this.headers.set(name, Value.text(v));
    return this;
  }

  reply(): Value {
    return Value.map().set("status", Value.int(this.status)).set("headers", this.headers).set("body", Value.bytes(this.body));
  }
}

/** A route of the extension. */
export class Route {
  constructor(public method: string, public path: string, public run: (r: Request) => Response) {}

  describe(): Value {
    return Value.map().set("method", Value.text(this.method)).set("path", Value.text(this.path));
  }
}
