// Messages of clients.

import { Value } from "./cbor";

/** A message of a client's: what it sent over its WebSocket as {"type": "ext.<id>.<kind>", "data": {…}}. */
export class Incoming {
  constructor(public value: Value) {}

  /** What the client sent: a map. */
  get data(): Value {
    return this.value.get("data");
  }

  /** The client's id. */
  get client(): string {
    return this.value.get("client").asText();
  }

  /** Whose the client is. */
  get tenant(): string {
    return this.value.get("tenant").asText();
  }

  /** The prompt of this client in which a node of the extension runs; "" for none. */
  get prompt(): string {
    return this.value.get("prompt").asText();
  }
}

/** What takes messages of a kind. */
export class Message {
  constructor(public kind: string, public run: (m: Incoming) => void) {}
}
