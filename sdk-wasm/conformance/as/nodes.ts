// The kit's nodes and routes.
import {
  Answer, Asset, Call, Case, decode, decodeImage, ECANCEL, ECONFLICT, fail, KIND_BODY, last, msgPost, msgWait, node, preview, progress, progressText, raise, Request, Response, route, utf8, Value,
} from "../../as/index";
import { declareMore } from "./declared";
import { doSteps } from "./module";

const CATEGORY = "conformance";

export function declareNodes(): void {
  node("KitValues", "Values", CATEGORY, "Gives its values.")
    .choice("mode", ["near", "far"]).hint("How far.").int("whole", 3).range(0, 10).float("number", 0.5).range(0, 1, 0.01)
    .string("text", "a").multiline().boolean("on", true).string("extra", "none").optional()
    .gives("STRING", "mode").gives("INT").gives("FLOAT").gives("STRING").gives("BOOLEAN").gives("STRING").does(values);
  node("KitLazy", "Lazy", CATEGORY, "Gives one of two texts.")
    .boolean("first", true).string("a").lazy().string("b").lazy().gives("STRING").needs(lazyNeeds).does(lazy);
  node("KitLists", "Lists", CATEGORY, "Multiplies each item.")
    .int("items", 0).int("factor", 2).gives("INT", "", true).gives("INT").flag("input_is_list").does(lists);
  node("KitExpand", "Expand", CATEGORY, "Becomes two nodes.").string("text").int("whole", 0).gives("STRING").flag("expands").does(expand);
  node("KitBlock", "Block", CATEGORY, "Blocks an output, or all.").choice("mode", ["say", "silent", "all"]).gives("STRING").gives("STRING").does(block);
  node("KitCheck", "Check", CATEGORY, "Takes even numbers.").int("n", 0).gives("INT").checks(checkN, ["n"]).does((c) => c.giveInt(c.int("n")));
  node("KitFingerprint", "Fingerprint", CATEGORY, "Depends on more than its inputs.")
    .string("key").gives("STRING").fingerprint(fingerprint).does((c) => c.giveText(c.text("key")));
  node("KitShow", "Show", CATEGORY, "Shows values of every sort.").string("key").flag("output_node").does(show);
  node("KitTell", "Tell", CATEGORY, "Tells how far it is.").link("image", "IMAGE").gives("INT").does(tell);
  node("KitWait", "Wait", CATEGORY, "Waits for a message.").gives("STRING").flag("async").flag("not_idempotent").does(wait);
  node("KitLater", "Later", CATEGORY, "Asks n times to be called again.").int("n", 2).gives("STRING").does(later);
  node("KitHidden", "Hidden", CATEGORY, "Gives what the server fills in.")
    .hidden("id", "UNIQUE_ID").hidden("prompt", "PROMPT").hidden("info", "EXTRA_PNGINFO").gives("STRING").gives("STRING").gives("STRING").does(hidden);
  node("KitHandles", "Handles", CATEGORY, "Passes on what stays with the host.")
    .link("image", "IMAGE").link("mask", "MASK").link("latent", "LATENT").link("model", "MODEL")
    .gives("IMAGE").gives("MASK").gives("LATENT").gives("MODEL").does(handles);
  node("KitFail", "Fail", CATEGORY, "Fails.").choice("mode", ["errno", "raise"]).gives("INT").does(failing);
  node("KitFlags", "Flags", CATEGORY, "Has every flag.")
    .flag("output_node").flag("not_idempotent").flag("async").flag("intermediate").flag("deprecated").flag("experimental").does((c) => {});
  node("KitGrow", "Grow", CATEGORY, "Adds up what there is.").flag("v3").more("aliases", Value.texts(["sum", "total"]))
    .grow("items", "n", 1, 4, (n) => { n.int("n", 0); })
    .cases("how", [new Case("plus", (n) => { n.int("by", 1); }), new Case("plain", (n) => {})]).gives("INT").does(grow);
  node("KitLoop", "Loop", CATEGORY, "Begins a loop.").more("loop", Value.text("start")).int("n", 2).gives("INT").gives("STRING").gives("*").does(loop);
  node("KitLinks", "Links", CATEGORY, "Takes anything but pictures.").link("x", "*").gives("INT").flag("validates_links").checks(checkLinks)
    .does((c) => c.giveInt(1));
  declareMore();
  route("GET", "/echo/:name", echo);
  route("POST", "/go", go);
  route("POST", "/steps", steps);
  route("GET", "/file/:name", (r: Request): Response => Response.file(200, "text/plain", opened(r.param("name"))));
  route("GET", "/picture/:name", (r: Request): Response => Response.image(200, decodeImage(opened(r.param("name")))));
  route("POST", "/body", (r: Request): Response => new Response(200, "application/x-kit", r.body));
}

function values(c: Call): void {
  c.giveText(c.text("mode"));
  c.giveInt(c.int("whole"));
  c.giveFloat(c.float("number"));
  c.giveText(c.text("text"));
  c.giveBool(c.bool("on"));
  c.giveText(c.value("extra").asText("none"));
}

function chosen(c: Call): string {
  return c.bool("first") ? "a" : "b";
}

function lazyNeeds(c: Call): string[] {
  return c.has(chosen(c)) ? [] : [chosen(c)];
}

function lazy(c: Call): void {
  c.giveText(c.text(chosen(c)));
}

function lists(c: Call): void {
  const items = c.list("items"), factor = c.list("factor")[0].asInt();
  const out: Value[] = [];
  for (let i = 0; i < items.length; i++) out.push(Value.int(items[i].asInt() * factor));
  c.giveList(out);
  c.giveInt(items.length);
}

function expand(c: Call): void {
  c.add("a", "KitValues").set("mode", Value.text("far")).set("whole", c.value("whole")).set("number", Value.float(0.25)).set("text", c.value("text"))
    .set("on", Value.bool(false));
  c.add("b", "KitLazy").set("first", Value.bool(true)).set("a", Value.link("a", 3));
  c.giveLink("b");
}

function block(c: Call): void {
  const mode = c.text("mode");
  if (mode == "all") return c.block("all blocked");
  c.giveText("x");
  c.giveBlocked(mode == "say" ? "no more" : "");
}

function checkN(c: Call): string {
  return c.int("n") % 2 ? "n is odd" : "";
}

function fingerprint(c: Call): Value {
  const list = Value.of([Value.bool(true), Value.nothing(), Value.float(0.5)]);
  return Value.map().set("n", Value.int(1)).set("list", list).set("key", c.value("key"));
}

function show(c: Call): void {
  c.showText(c.text("key"));
  c.show("values", [Value.int(1), Value.float(2.5), Value.bool(true), Value.nothing()]);
}

function tell(c: Call): void {
  if (progress(1, 2)) return fail(ECANCEL, "cancelled");
  progressText("half");
  const err = preview(c.tensor("image"), 4, true);
  if (err < 0) return fail(err, "there is no preview");
  progress(2, 2);
  c.giveInt(1);
}

function wait(c: Call): void {
  const b = msgWait("go", 20000);
  if (last < 0) return fail(last, "no message came");
  c.giveText(String.UTF8.decode(b));
}

function later(c: Call): void {
  const state = String.UTF8.decode(c.state);
  if (state.length && state.length >= c.int("n")) return c.giveText(state);
  c.later(1, utf8(state + "x"));
}

function hidden(c: Call): void {
  c.giveText(c.text("id"));
  c.giveText(c.text("prompt"));
  c.giveText(c.text("info"));
}

function handles(c: Call): void {
  c.give(c.value("image"));
  c.give(c.value("mask"));
  c.give(c.value("latent"));
  c.give(c.value("model"));
}

function failing(c: Call): void {
  if (c.text("mode") == "raise") raise("ValueError", "bad value");
  else fail(ECONFLICT, "moved on");
}

function grow(c: Call): void {
  const items = c.value("items");
  let sum = c.value("how").get("by").asInt();
  for (let i = 0; i < 4; i++) sum += items.get("n" + i.toString()).asInt();
  c.giveInt(sum);
}

function loop(c: Call): void {
  for (let i: i64 = 0; i < c.int("n"); i++) c.row([Value.int(i), Value.text("row " + i.toString())]);
  c.keep = true;
}

function checkLinks(c: Call): string {
  return c.linked("x") == "IMAGE" ? "no pictures" : "";
}

function echo(r: Request): Response {
  return Response.text(203, [r.param("name"), r.query("q"), r.header("accept"), r.tenant].join("|")).header("x-ext-kit", "yes");
}

/** Hands a message to a node that waits. */
function go(r: Request): Response {
  const n = msgPost("", r.form("node"), "go", utf8(r.form("message")));
  if (n < 0) fail(n, "the message cannot be left");
  return Response.text(200, n == 1 ? "taken" : "kept");
}

/** Reads a message that is written in hexadecimal. */
export function unhex(hex: string): Value {
  const n = hex.length / 2, b = new ArrayBuffer(n);
  for (let i = 0; i < n; i++) store<u8>(changetype<usize>(b) + i, <u8>parseInt(hex.substr(2 * i, 2), 16));
  return decode(changetype<usize>(b), n);
}

/** Does the steps of its query, which are a message in hexadecimal, and answers with what they gave: behind what they have written of
 * an answer, if they began one. A long body is named body. */
function steps(r: Request): Response {
  const named = Value.map();
  if (r.stream.id >= 0) named.set("body", Value.handle(KIND_BODY, r.stream.id));
  const out = doSteps(unhex(r.query("s")), named).encode();
  Answer.write(out); // where no answer began this does nothing
  return new Response(200, "application/cbor", out);
}

/** Opens a file of the input folder. */
function opened(name: string): Asset {
  return Asset.open(Value.map().set("type", Value.text("input")).set("filename", Value.text(name)));
}
