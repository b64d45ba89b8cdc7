import assert from "node:assert/strict";
import test from "node:test";
import { nameOf, newDraft, sameShape, values, withValue, withValues } from "../draft.js";
import { near, read, sentenceOf, show, stepBy, wrong } from "../form/checks.js";
import { draw, rolls } from "../form/seed.js";
import { weigh } from "../form/weigh.js";
import { parse, stringify } from "../json.js";
import { frame } from "../socket.js";
import { full, left, ordinal, seconds, sentence, words } from "../words.js";
import { wrap } from "../graph/node.js";
import { prompt } from "./info.mjs";

test("integers keep their digits", () => {
  for (const s of ['{"seed":18446744073709551615}', '{"a":[-9223372036854775807,1.5,"12345678901234567890"]}', '{"a":"\\"12345678901234567890"}', "9007199254740993", '{"x":1234567890123456}', "1e21", "null", '{"a":0.19999999999999998,"b":-1e-7,"c":12345678901234567.5}'.replace("12345678901234567.5", "1.2345678901234568e+30")]) {
    assert.equal(stringify(parse(s)).replace("1e+21", "1e21"), s);
  }
  assert.equal(parse("18446744073709551615"), 18446744073709551615n);
});

test("reading numbers", () => {
  for (const [text, whole, want] of [["12", true, 12], [" 12 ", true, 12], ["-3", true, -3], ["1.5", true, null], ["1,5", false, 1.5], ["", true, null], ["", false, null], ["1e3", false, 1000], ["x", false, null], ["18446744073709551615", true, 18446744073709551615n]]) assert.equal(read(text, whole), want);
});

test("steps leave no dust", () => {
  for (const [v, step, n, want] of [[0.1, 0.1, 2, 0.3], [7, 0.5, 1, 7.5], [1, 0.01, -10, 0.9], [128, 8, 10, 208], [18446744073709551615n, 1, -1, 18446744073709551614n], [1e-7, 1e-7, 1, 2e-7]]) assert.equal(stepBy(v, step, n), want);
  assert.equal(show(5, false), "5.0");
  assert.equal(show(5, true), "5");
});

test("out of range is said", () => {
  const steps = { label: "Steps", kind: "number", whole: true, min: 1, max: 10000 };
  assert.equal(wrong(steps, 0), "Steps must be 1 to 10000, it is 0");
  assert.equal(wrong(steps, 20), "");
  assert.equal(wrong(steps, "x"), "Steps must be a whole number");
  const seed = { label: "Seed", kind: "seed", whole: true, min: 0, max: 18446744073709551615n };
  assert.equal(wrong(seed, 18446744073709551615n), "");
  assert.equal(wrong(seed, -1), "Seed must be at least 0, it is -1");
});

test("missing files are kept, marked, and near names offered", () => {
  const f = { label: "Checkpoint", name: "ckpt_name", kind: "combo", options: ["papercut.safetensors", "sd15/dreamlike_v2.safetensors"] };
  assert.equal(wrong(f, "dream.safetensors"), "dream.safetensors is not here. Choose another, or put it into models/checkpoints.");
  assert.deepEqual(near("dreamlike.safetensors", f.options), ["sd15/dreamlike_v2.safetensors"]);
  assert.deepEqual(near("zzz", f.options), []);
});

test("the server's refusals in our words", () => {
  const config = ["INT", { min: 1, max: 10000 }];
  assert.equal(sentenceOf({ type: "value_smaller_than_min", extra_info: { input_config: config, received_value: 0 } }, "Steps"), "Steps must be 1 to 10000, it is 0");
  assert.equal(sentenceOf({ type: "required_input_missing", extra_info: {} }, "Images"), "Images is missing");
  assert.equal(sentenceOf({ type: "value_not_in_list", extra_info: { input_name: "lora_name", received_value: "a.safetensors" } }, "LoRA"), "a.safetensors is not here. Choose another, or put it into models/loras.");
  assert.equal(sentenceOf({ type: "new_kind", message: "It broke", details: "here" }, "Mode"), "Mode: It broke: here");
});

test("weights of words", () => {
  const at = (s, from, to, d) => weigh(s, from, to, d)?.text;
  assert.equal(at("a red balloon", 2, 5, 0.1), "a (red:1.1) balloon");
  assert.equal(at("a red balloon", 3, 3, 0.1), "a (red:1.1) balloon");
  assert.equal(at("a (red:1.1) balloon", 3, 6, 0.1), "a (red:1.2) balloon");
  assert.equal(at("a (red:1.1) balloon", 3, 6, -0.1), "a red balloon");
  assert.equal(at("a (red:1.1) balloon", 2, 11, -0.2), "a (red:0.9) balloon");
  assert.equal(at("a  b", 2, 2, 0.1), undefined);
  const w = weigh("a red balloon", 2, 5, 0.1);
  assert.equal(w.text.slice(w.from, w.to), "red");
});

test("seeds are drawn within their range", () => {
  assert.equal(draw({ min: 0, max: 18446744073709551615n }, () => 7), 7);
  assert.equal(draw({ min: -10, max: 10 }, () => 4294967295), 4294967295 % 11);
  assert.equal(rolls({ id: "a", control: true }, {}), true);
  assert.equal(rolls({ id: "a", control: "fixed" }, {}), false);
  assert.equal(rolls({ id: "a", control: true }, { a: "fixed" }), false);
});

test("a field changes one value, and an outdated workflow goes", () => {
  const draft = newDraft("x", prompt(), { workflow: { nodes: [] } }), next = withValue(draft, "5", "steps", 8);
  assert.equal(next.prompt["5"].inputs.steps, 8);
  assert.equal(draft.prompt["5"].inputs.steps, 20);
  assert.equal(next.workflow, null);
  assert.equal(withValue(draft, "5", "steps", 20), draft);
  assert.ok(sameShape(draft.prompt, next.prompt));
  assert.deepEqual(withValues(draft, values(next.prompt)).prompt, next.prompt);
  next.prompt["6"].inputs.samples = ["4", 0];
  assert.ok(!sameShape(prompt(), next.prompt));
  assert.equal(nameOf("two_pass-upscale.json"), "Two pass upscale");
});

test("binary frames", () => {
  const bytes = (...parts) => Uint8Array.from(parts.flatMap(p => typeof p === "number" ? [p >>> 24, p >>> 16 & 255, p >>> 8 & 255, p & 255] : [...new TextEncoder().encode(p)])).buffer;
  assert.equal(frame(bytes(1, 2, "png")).mime, "image/png");
  const meta = JSON.stringify({ prompt_id: "p", image_type: "image/jpeg" }), four = frame(bytes(4, meta.length, meta, "jpg"));
  assert.deepEqual([four.meta.prompt_id, new TextDecoder().decode(four.bytes)], ["p", "jpg"]);
  assert.deepEqual(frame(bytes(3, 1, "7", "50%")), { kind: "text", node: "7", text: "50%" });
  for (const bad of [bytes(4), bytes(4, 999, "x"), bytes(4, 1, "{"), bytes(9, 0), new ArrayBuffer(3)]) assert.equal(frame(bad), null);
});

test("words", () => {
  assert.equal(full(words.waiting(2)), "Waiting. 2 runs are ahead of this one.");
  assert.equal(full(words.running("KSampler", 12, 20, 1800)), "KSampler, step 12 of 20. About 2 s left.");
  assert.equal(full(words.done(2800, ["768 × 768", "seed 421788312", "cocoon_00012_.png"])), "Done in 2.8 s. 768 × 768 · seed 421788312 · cocoon_00012_.png.");
  assert.equal(full(words.cancelled(12, 20)), "Cancelled at step 12 of 20. Nothing was saved.");
  assert.equal(full(words.notStarted("Steps must be 1 to 10000, it is 0")), "Not started. Steps must be 1 to 10000, it is 0.");
  assert.equal(full(words.gone(4)), "The server does not answer. Your settings are safe. Trying again in 4 s.");
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 101].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "101st"]);
  assert.deepEqual([4, 50, 2400, 65000, 3_720_000].map(seconds), ["<0.01 s", "0.05 s", "2.4 s", "1 min 5 s", "1 h 2 min"]);
  assert.deepEqual([null, 400, 1800, 90000].map(left), ["", "less than 1 s left", "about 2 s left", "about 2 min left"]);
  assert.equal(sentence("dream.safetensors is not here"), "dream.safetensors is not here.");
  assert.deepEqual(wrap("one two three four five six", 9, 2), ["one two", "three fo…"]);
});
