// Notes keeps short texts by HTTP, apart for each tenant, and has a page to write them and a node that reads one.
import { Call, ELIMIT, ENOENT, Events, fail, KV, node, Request, Response, route, sleep, utf8 } from "../../../as/index";
import { PAGE } from "./page";

node("ExampleNoteAS", "Note (AS)", "examples/as", "Gives the text of a note.")
  .string("key")
  .gives("STRING")
  .flag("not_idempotent")
  .does(note);

route("GET", "/notes", list);
route("POST", "/notes", keep);
route("GET", "/notes/:key", get);
route("DELETE", "/notes/:key", forget);
route("GET", "/changes", changes);
route("GET", "/page", (r: Request): Response => Response.html(PAGE));

function note(c: Call): void {
  const text = new KV().get(c.text("key"));
  if (text) c.giveText(String.UTF8.decode(text));
  else fail(ENOENT, "there is no such note");
}

function names(): string {
  return "[" + new KV().list().map<string>((k) => '"' + k + '"').join(",") + "]";
}

function list(r: Request): Response {
  return new Response(200, "application/json", utf8(names()));
}

/**
 * Tells the names whenever they have changed, as Server-Sent Events, until the client is gone. A stream ends after some minutes,
 * and its reader asks again.
 */
function changes(r: Request): Response {
  let told = "";
  let going = Events.begin() == 0;
  for (let n = 0; n < 500 && going; n++) {
    const now = names();
    if (now != told) going = Events.send(now) >= 0;
    told = now;
    going = going && sleep(500);
  }
  return Response.text(200, "");
}

/** Letters, digits and hyphens need no quoting anywhere. */
function plain(key: string): bool {
  for (let i = 0; i < key.length; i++) {
    const c = key.charCodeAt(i);
    if (!((c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c == 45)) return false;
  }
  return key.length > 0 && key.length <= 64;
}

function keep(r: Request): Response {
  const key = r.form("key");
  if (!plain(key)) return Response.text(400, "a name is letters, digits and hyphens");
  const err = new KV().put(key, utf8(r.form("text")));
  if (err == ELIMIT) return Response.text(507, "there is no room for more notes");
  if (err) fail(err, "the note cannot be kept");
  return Response.text(201, "kept");
}

function get(r: Request): Response {
  const text = new KV().get(r.param("key"));
  return text ? new Response(200, "text/plain; charset=utf-8", text) : Response.text(404, "there is no such note");
}

function forget(r: Request): Response {
  const err = new KV().delete(r.param("key"));
  if (err) fail(err, "the note cannot be forgotten");
  return Response.text(200, "gone");
}

export { cocoon_abi, cocoon_buf, cocoon_call } from "../../../as/index";
