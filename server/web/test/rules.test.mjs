import assert from "node:assert/strict";
import test from "node:test";
import { fieldsOf, switchTo, words } from "../form/fields.js";
import { derive, runOrder, sizeOf } from "../form/rules.js";
import { info, prompt } from "./info.mjs";

const labels = list => list.map(f => f.label);
const kinds = list => list.map(f => f.kind);

test("the default workflow gives the form of the design", () => {
  const form = derive(prompt(), info);
  assert.deepEqual(labels(form.main), ["Prompt", "Negative prompt", "Checkpoint", "Width", "Height", "Steps", "CFG", "Sampler", "Seed"]);
  assert.deepEqual(kinds(form.main), ["text", "text", "combo", "number", "number", "number", "number", "combo", "seed"]);
  assert.deepEqual(form.more.map(g => [g.title, ...labels(g.fields)]), [["Empty Latent Image", "Batch size"], ["KSampler", "Scheduler"], ["Save Image", "File name"], ["KSampler", "Denoise"]]);
});

test("only nodes that an output reads are shown", () => {
  const p = prompt();
  p["90"] = { class_type: "EmptyLatentImage", inputs: { width: 8, height: 8, batch_size: 1 } };
  assert.ok(!derive(p, info).ids.includes("90"));
});

test("roles go up through nodes that have both", () => {
  const p = prompt();
  p["20"] = { class_type: "ControlNetApplyAdvanced", inputs: { positive: ["2", 0], negative: ["3", 0], strength: 1 } };
  p["5"].inputs.positive = ["20", 0];
  p["5"].inputs.negative = ["20", 1];
  const roles = Object.fromEntries(derive(p, info).main.filter(f => f.role).map(f => [f.id, f.role]));
  assert.deepEqual(roles, { "2.text": "prompt", "3.text": "negative" });
});

test("without roles the longest text is the prompt", () => {
  const p = { 1: { class_type: "CLIPTextEncode", inputs: { text: "short", clip: ["9", 0] } }, 2: { class_type: "CLIPTextEncode", inputs: { text: "a longer text", clip: ["9", 0] } }, 3: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x", also: ["2", 0] } } };
  assert.equal(derive(p, info).main.find(f => f.role === "prompt").id, "2.text");
});

test("fields by type", async t => {
  const node = inputs => ({ 1: { class_type: "Resize", inputs } });
  const cases = [
    ["a dynamic combo brings its option's inputs", { image: ["2", 0], mode: "size", "mode.width": 64, "mode.height": 32, smooth: true, forced: 3, tint: "#ff0000" }, [["mode", "dynamic"], ["mode.width", "number"], ["mode.height", "number"], ["smooth", "switch"], ["tint", "color"]]],
    ["the other option has others", { image: ["2", 0], mode: "factor", "mode.by": 2, smooth: ["3", 0], tint: "#ff0000" }, [["mode", "dynamic"], ["mode.by", "number"], ["tint", "color"]]],
    ["an unknown option has none", { image: ["2", 0], mode: "what", smooth: true, tint: "#ff0000" }, [["mode", "dynamic"], ["smooth", "switch"], ["tint", "color"]]],
    ["a value that is no scalar is kept", { image: ["2", 0], mode: "what", smooth: { a: 1 }, tint: "#ff0000" }, [["mode", "dynamic"], ["smooth", "other"], ["tint", "color"]]],
  ];
  for (const [name, inputs, want] of cases) await t.test(name, () => assert.deepEqual(fieldsOf(node(inputs), info, "1").map(f => [f.name, f.kind]), want));
  await t.test("an unknown class shows its values as they are", () => {
    const fields = fieldsOf({ 1: { class_type: "Rare", inputs: { amount: 2, image: ["2", 0] } } }, info, "1");
    assert.deepEqual(fields.map(f => [f.name, f.kind, f.value]), [["amount", "other", 2]]);
  });
});

test("switching a dynamic combo drops the old option's values and takes defaults", () => {
  const inputs = { image: ["2", 0], mode: "size", "mode.width": 64, "mode.height": 32, smooth: true };
  const field = fieldsOf({ 1: { class_type: "Resize", inputs } }, info, "1")[0];
  assert.deepEqual(switchTo(inputs, field, "factor"), { image: ["2", 0], mode: "factor", smooth: true, "mode.by": 2 });
});

test("a primitive goes by its title, else by what it feeds", () => {
  const p = prompt();
  p["30"] = { class_type: "PrimitiveInt", inputs: { value: 3 }, _meta: { title: "How many" } };
  p["31"] = { class_type: "PrimitiveString", inputs: { value: "x" }, _meta: { title: "Text" } };
  p["4"].inputs.batch_size = ["30", 0];
  p["7"].inputs.filename_prefix = ["31", 0];
  const form = derive(p, info);
  assert.equal(form.all.get("30.value").label, "How many");
  assert.equal(form.all.get("31.value").label, "File name");
  assert.ok(form.main.includes(form.all.get("30.value")), "a retitled node is in the main list");
});

test("doubled labels carry the node's title, and its id where titles are the same", () => {
  const p = prompt();
  p["50"] = { ...structuredClone(p["5"]), _meta: { title: "Second pass" } };
  p["50"].inputs.latent_image = ["5", 0];
  p["6"].inputs.samples = ["50", 0];
  assert.deepEqual(labels(derive(p, info).main.filter(f => f.name === "steps")), ["KSampler: Steps", "Second pass: Steps"]);
  p["50"]._meta.title = "KSampler";
  assert.deepEqual(labels(derive(p, info).main.filter(f => f.name === "steps")), ["KSampler #5: Steps", "KSampler #50: Steps"]);
});

test("app mode gives exactly the main list", () => {
  const form = derive(prompt(), info, [[5, "steps"], { node_id: "2", widget: "text" }, ["99", "gone"]]);
  assert.deepEqual(form.main.map(f => f.id), ["5.steps", "2.text"]);
  assert.ok(form.more.some(g => g.fields.some(f => f.id === "1.ckpt_name")));
});

test("over 14 main fields the rest folds", () => {
  const p = prompt();
  for (let i = 60; i < 80; i++) {
    p[i] = { class_type: "LoadImage", inputs: { image: "a.png" } };
    p["7"].inputs[`extra${i}`] = [String(i), 0];
  }
  const form = derive(p, info);
  assert.equal(form.main.length, 14);
  assert.equal(form.all.size, form.main.length + form.more.reduce((n, g) => n + g.fields.length, 0));
});

test("names in words", () => {
  for (const [name, want] of [["ckpt_name", "Checkpoint"], ["cfg", "CFG"], ["batch_size", "Batch size"], ["filename_prefix", "File name"], ["clip_name1", "CLIP 1"], ["mode.longer_size", "Longer size"]]) assert.equal(words(name), want);
});

test("run order and cycles", () => {
  const p = { a: { class_type: "X", inputs: { i: ["b", 0] } }, b: { class_type: "X", inputs: { i: ["c", 0] } }, c: { class_type: "X", inputs: { i: ["a", 0] } } };
  assert.equal(runOrder(p, ["a", "b", "c"]).length, 3);
  assert.deepEqual(runOrder(prompt(), ["7", "6", "5", "4", "3", "2", "1"]), ["1", "2", "3", "4", "5", "6", "7"].sort((x, y) => "1234567".indexOf(x) - "1234567".indexOf(y)));
});

test("the size a prompt asks for", () => {
  assert.deepEqual(sizeOf(prompt()), [128, 128]);
  assert.equal(sizeOf({ 1: { inputs: { width: ["2", 0], height: 8 } } }), null);
});
