// check counts what holds and what does not, and ends the process with the result.
import { readFileSync } from "node:fs";

let passed = 0, failed = 0;
const name = process.argv[1].replace(/^.*\//, "").replace(/\.m?js$/, "");

/** check notes one fact. more is told when it does not hold. */
export function check(what, ok, more) {
  if (ok) passed++; else failed++;
  console.log(`${ok ? "ok  " : "FAIL"} ${name}: ${what}${ok || more === undefined ? "" : " — " + (typeof more === "string" ? more : JSON.stringify(more))?.slice(0, 600)}`);
  return ok;
}

/** step runs fn and notes that it did not throw; what it returns comes back. */
export async function step(what, fn) {
  try {
    const v = await fn();
    check(what, true);
    return v;
  } catch (e) {
    check(what, false, String(e?.stack ?? e));
  }
}

/** until waits for fn to give something true. */
export async function until(fn, ms = 20000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
    const v = await fn();
    if (v) return v;
  }
  throw new Error(`nothing came of ${fn} in ${ms} ms`);
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** finish prints the counts in the form that scripts/e2e-clients adds up. */
export function finish() {
  console.log(`COUNT ${passed} ${failed}`);
  process.exit(failed ? 1 : 0);
}

export const base = process.env.COCOON_URL ?? "http://127.0.0.1:8188";

/** graph is the example prompt, with changes by "node.input". */
export function graph(changes = {}) {
  const g = JSON.parse(readFileSync(new URL("../../examples/text-to-image.json", import.meta.url)));
  for (const [at, v] of Object.entries(changes)) {
    const [node, input] = at.split(".");
    g[node].inputs[input] = v;
  }
  return g;
}

/** slow is the example with so many steps that it can be caught while it runs. */
export const slow = (seed) => graph({ "5.steps": 2000, "5.seed": seed });

/** failing passes validation and fails in its node 5. */
export const failing = () => ({
  1: { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  2: { class_type: "VAEEncode", inputs: { pixels: ["1", 0], vae: ["3", 0] } },
  3: { class_type: "VAELoader", inputs: { vae_name: "pixel_space" } },
  4: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "papercut.safetensors" } },
  5: { class_type: "VAEDecode", inputs: { samples: ["2", 0], vae: ["4", 2] } },
  6: { class_type: "PreviewImage", inputs: { images: ["5", 0] } },
});

/** isPNG tells a PNG by its first bytes. */
export const isPNG = (b) => b?.[0] === 0x89 && b?.[1] === 0x50 && b?.[2] === 0x4e && b?.[3] === 0x47;

/** loadAndSave loads a picture of the input folder, inverts and saves it. */
export const loadAndSave = (image) => ({
  1: { class_type: "LoadImage", inputs: { image } },
  2: { class_type: "ImageInvert", inputs: { image: ["1", 0] } },
  3: { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "client" } },
});

/** picture is a small PNG as bytes, another one for each n. */
export async function picture(n = 0) {
  const { deflateSync, crc32 } = await import("node:zlib");
  const crc = crc32 ?? table();
  const w = 16, h = 16, raw = Buffer.alloc((w * 3 + 1) * h);
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) raw.set([x * 16, y * 16, n & 255], y * (w * 3 + 1) + 1 + x * 3);
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]), out = Buffer.alloc(8 + body.length);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body) >>> 0, 4 + body.length);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(w, 0); head.writeUInt32BE(h, 4); head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", deflateSync(raw)), chunk("IEND", Buffer.alloc(0))]);
}

/** table is the checksum of PNG for a Node.js without it. */
function table() {
  const t = Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n; });
  return (b) => { let c = ~0; for (const x of b) c = t[(c ^ x) & 255] ^ (c >>> 8); return ~c; };
}
