// Picker lets somebody choose one of the pictures of a batch while the workflow runs. Its node waits for a message, which a form posts to
// the extension's route: from its page, from another, or from a script:
//
//   curl -F message=2 -F node_id=7 http://127.0.0.1:8188/ext/example.picker-as/choose
import {
  Call, ELIMIT, ETIMEOUT, ETOOBIG, fail, Graph, KV, last, log, msgPost, msgWait, node, now, preview, progressText, Request, Resize, Response, route,
  Tensor, utf8, Value, Window, wsSend,
} from "../../../as/index";

const SIDE: i64 = 128; // pixels of a shown picture's longer side
const MOST: i64 = 64; // pictures that are shown; the others can be chosen by number
const PULSE: i64 = 5000; // milliseconds after which a node that waits says that it still does

node("PickImageAS", "Pick Image (AS)", "examples/as", "Waits until somebody chooses one of the pictures.")
  .link("images", "IMAGE")
  .int("seconds", 600).range(0, 3600).hint("How long it waits. Then it takes the first picture.")
  .gives("IMAGE", "image").gives("INT", "index").givesHint("Which one it was, counted from 0.")
  .fingerprint((c: Call): Value => Value.int(now())) // a choice is made anew in each prompt, whatever the pictures are
  .does(pick);
route("POST", "/choose", choose);
route("GET", "/pictures", waiting);
route("GET", "/pictures/:node/:index", picture);

function pick(c: Call): void {
  const images = c.tensor("images"), left = c.int("seconds") * 1000, id = c.nodeID, info = images.info();
  if (info.err) return fail(info.err, "the images cannot be read");
  const count = info.shape[0], err = show(images, info.shape, id, left + 60000);
  if (err < 0) return fail(err, "the pictures cannot be shown");
  const index = chosen(id, count, left);
  hide(id, count);
  if (index < 0) return fail(index, "no picture was chosen");
  c.giveImage(images.slice(0, index, index + 1));
  c.giveInt(index);
}

/** Waits for a message that names one of count pictures; 0 when none comes in time, or an errno. */
function chosen(id: string, count: i64, left: i64): i64 {
  if (count == 1) return 0;
  progressText("Choose a picture: " + count.toString() + " wait");
  do {
    const part = min(left, PULSE), message = msgWait("choice", <u32>part);
    if (last >= 0) {
      const index = number(String.UTF8.decode(message));
      if (index >= 0 && index < count) return index;
      log(2, "node " + id + " has no such picture: it waits on");
      continue;
    }
    if (last != ETIMEOUT) return last;
    left -= part;
    const err = stillWaits(id, count);
    if (err) return err;
  } while (left > 0);
  return 0;
}

/** Keeps small copies of the pictures for pages, and tells the one that is open: an errno, or not negative. */
function show(images: Tensor, s: StaticArray<i64>, id: string, ttl: i64): i64 {
  const longer = max(max(s[1], s[2]), SIDE), h = max<i64>(s[1] * SIDE / longer, 1), w = max<i64>(s[2] * SIDE / longer, 1);
  const g = new Graph();
  const px = g.one(g.clamp(g.resize(g.input(images), Resize.Area, [s[0], h, w, s[3]]), 0, 1)).map();
  let err = px.err;
  for (let i: i64 = 0; !err && i < min(s[0], MOST); i++) err = new KV().put(pictureKey(id, i), bitmap(px, <i32>(i * h * w * s[3]), <i32>h, <i32>w, <i32>s[3]), ttl);
  px.close();
  if (!err) err = stillWaits(id, s[0]);
  if (err) return err;
  tell("pictures", id);
  return preview(images, 512);
}

function hide(id: string, count: i64): void {
  const kv = new KV();
  kv.delete("count/" + id);
  for (let i: i64 = 0; i < min(count, MOST); i++) kv.delete(pictureKey(id, i));
  tell("chosen", id);
}

/** Keeps a node among those that wait, for a little longer than it takes to say so again: 0 or an errno. */
function stillWaits(id: string, count: i64): i32 {
  return new KV().put("count/" + id, utf8(count.toString()), 2 * PULSE);
}

/** Sends an event to the client whose prompt runs. It may be away, and events may not be granted: the page asks too. */
function tell(kind: string, id: string): void {
  wsSend(kind, '{"node":"' + id + '"}');
}

function pictureKey(id: string, index: i64): string {
  return "picture/" + id + "/" + index.toString();
}

/** A BMP file of the values of 0 to 1 that begin at a place of a window. */
function bitmap(px: Window, at: i32, h: i32, w: i32, ch: i32): ArrayBuffer {
  const row = (3 * w + 3) & ~3, size = 54 + row * h, b = new ArrayBuffer(size), v = new DataView(b);
  v.setUint16(0, 0x4d42, true);
  v.setUint32(2, size, true);
  v.setUint32(10, 54, true);
  v.setUint32(14, 40, true);
  v.setUint32(18, w, true);
  v.setInt32(22, -h, true); // from the top
  v.setUint16(26, 1, true);
  v.setUint16(28, 24, true);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      for (let k = 0; k < 3; k++) v.setUint8(54 + row * y + 3 * x + 2 - k, <u8>(px[at + (y * w + x) * ch + min(k, ch - 1)] * 255 + 0.5));
    }
  }
  return b;
}

/** The number of a picture; -1 for other texts. */
function number(s: string): i64 {
  for (let i = 0; i < s.length; i++) if (s.charCodeAt(i) < 48 || s.charCodeAt(i) > 57) return -1;
  return s.length > 0 && s.length < 10 ? I64.parseInt(s) : -1;
}

/** How many pictures a node waits with; 0 when it does not. */
function pictures(id: string): i64 {
  const b = new KV().get("count/" + id);
  return b ? max<i64>(number(String.UTF8.decode(b)), 0) : 0;
}

/** Whether a node's id needs no quoting anywhere. */
function plain(id: string): bool {
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    if (!((c >= 48 && c <= 58) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c == 45 || c == 46 || c == 95)) return false;
  }
  return id.length > 0 && id.length <= 64;
}

function says(status: i32, json: string): Response {
  return new Response(status, "application/json", utf8(json)).header("cache-control", "no-store");
}

/** Hands a choice to the node that waits for it, or will. */
function choose(r: Request): Response {
  const id = r.form("node_id"), index = number(r.form("message"));
  if (!plain(id) || index < 0) return says(400, '{"error":"post node_id, and as message the number of a picture, counted from 0"}');
  const count = pictures(id);
  if (count && index >= count) return says(400, '{"error":"there are ' + count.toString() + ' pictures, counted from 0"}');
  const taken = msgPost(r.form("prompt_id"), id, "choice", utf8(index.toString()));
  if (taken == ELIMIT || taken == ETOOBIG) return says(429, '{"error":"too many choices wait already"}');
  if (taken < 0) fail(taken, "the choice cannot be posted");
  return says(200, '{"index":' + index.toString() + ',"taken":' + (taken == 1 ? "true}" : "false}"));
}

/** Lists the nodes that wait: [{"node": "7", "count": 4, "shown": 4}]. */
function waiting(r: Request): Response {
  const keys = new KV().list("count/"), all: string[] = [];
  for (let i = 0; i < keys.length; i++) {
    const id = keys[i].slice(6), count = pictures(id);
    if (count) all.push('{"node":"' + id + '","count":' + count.toString() + ',"shown":' + min(count, MOST).toString() + "}");
  }
  return says(200, "[" + all.join(",") + "]");
}

/** Gives one of them. */
function picture(r: Request): Response {
  const index = number(r.param("index"));
  if (index < 0) return says(400, '{"error":"pictures are counted from 0"}');
  const file = new KV().get(pictureKey(r.param("node"), index));
  return file ? new Response(200, "image/bmp", file) : says(404, '{"error":"there is no such picture"}');
}

export { cocoon_abi, cocoon_buf, cocoon_call } from "../../../as/index";
