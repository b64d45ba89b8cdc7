// Nodes with what the others have not.
import { Call, ECANCEL, Events, fail, node, progressWith, raise, Request, Response, route, Value } from "../../as/index";

const CATEGORY = "conformance";

export function declareMore(): void {
  node("KitDeclared", "Declared", CATEGORY, "Has what the others have not.").flag("v3")
    .float("amount", 0.5).range(0, 1, 0.05).slider().seed("seed", 7).string("text").forceInput()
    .string("hint").option("placeholder", Value.text("say something"))
    .growNamed("named", 1, ["x", "y"], (n) => { n.int("n", 0); }).slot("slot", "IMAGE", (n) => { n.int("by", 1); })
    .group("rows", "Row", 1, 3, (n) => { n.int("n", 0); }).matching("same", "t", "INT,FLOAT").link("raw", "*").raw()
    .gives("KIT_THING", "thing").givesHint("What it is.").givesMatching("t").does(declared);
  node("KitTellWith", "Tell with", CATEGORY, "Tells how far it is, with a picture.").link("image", "IMAGE").gives("INT").does(tellWith);
  node("KitMissing", "Missing", CATEGORY, "Wants all lazy inputs.").string("a").lazy().string("b").lazy().gives("STRING")
    .does((c) => c.giveText(c.text("a") + c.text("b")));
  node("KitBroken", "Broken", CATEGORY, "Its check breaks.").int("n", 0).gives("INT").checks(breaks, ["n"]).does((c) => c.giveInt(c.int("n")));
  route("POST", "/events", events);
  node("KitElsewhere", "Elsewhere", CATEGORY, "Becomes a node that shows elsewhere.").string("text").gives("STRING").flag("expands").does(elsewhere);
}

function declared(c: Call): void {
  c.give(Value.map().set("seed", Value.uint(c.value("seed").asUint())).set("amount", c.value("amount")));
  c.give(c.value("same"));
}

function tellWith(c: Call): void {
  const n = progressWith(1, 2, c.tensor("image"), 4, true);
  if (n) return fail(n < 0 ? n : ECANCEL, "it does not go on");
  c.giveInt(1);
}

function breaks(c: Call): string {
  raise("ValueError", "bad value");
  return "";
}

function elsewhere(c: Call): void {
  c.add("a", "KitFingerprint").set("key", c.value("text")).display("3");
  c.giveLink("a");
}

/** Tells what it was sent, an event a file of the form. */
function events(r: Request): Response {
  Events.begin();
  Events.send("one\ntwo\r\nthree\rfour", "tick\ntock", "1");
  const files = r.files;
  for (let i = 0; i < files.length; i++) {
    const f = files[i];
    Events.send([r.method, f.field, f.filename, f.type, String.UTF8.decode(f.data)].join(" "));
  }
  return Response.text(200, "");
}
