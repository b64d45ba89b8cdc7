// What takes the kit's messages of clients.
import { ECONFLICT, fail, failed, Incoming, message, msgPost, raise, Target, utf8 } from "../../as/index";
import { doSteps } from "./module";
import { unhex } from "./nodes";

export function declareMessages(): void {
  message("steps", stepsOf);
  message("go", go);
  message("fail", (m: Incoming) => fail(ECONFLICT, m.tenant.length ? "moved on" : "nobody"));
  message("raise", (m: Incoming) => raise("ValueError", "bad value"));
  message("silent", (m: Incoming) => {});
}

/** Does the steps that its data has in hexadecimal, with the request's parts as named values, and tells the client what they gave. */
function stepsOf(m: Incoming): void {
  const b = Uint8Array.wrap(doSteps(unhex(m.data.get("s").asText()), m.value).encode());
  if (failed) return;
  let hex = "";
  for (let i = 0; i < b.length; i++) hex += (b[i] >> 4).toString(16) + (b[i] & 15).toString(16);
  const err = Target.client(m.client).send("news", '{"got":"' + hex + '"}');
  if (err < 0) fail(err, "the client is not there");
}

/** Hands a message to a node that waits in the client's prompt. */
function go(m: Incoming): void {
  const n = msgPost(m.prompt, m.data.get("node").asText(), "go", utf8(m.data.get("text").asText()));
  if (n < 0) fail(n, "the message cannot be left");
}
