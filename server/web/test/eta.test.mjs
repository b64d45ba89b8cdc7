import assert from "node:assert/strict";
import test from "node:test";
import { learn, newClock, part, remaining, speak, tick } from "../eta.js";
import { prompt } from "./info.mjs";

const ids = ["1", "2", "3", "4", "5", "6", "7"];
const times = { CheckpointLoaderSimple: 100, CLIPTextEncode: 50, EmptyLatentImage: 0, KSampler: 1600, VAEDecode: 200, SaveImage: 50 };

function steps(n, each = 100) {
  let c = newClock("5");
  for (let i = 1; i <= n; i++) c = tick(c, i, 20, i * each);
  return c;
}

test("the bar is the whole run by past times", () => {
  const nodes = { 1: { state: "cached" }, 2: { state: "done" }, 3: { state: "done" }, 4: { state: "done" }, 5: { state: "running", value: 10, max: 20 } };
  assert.equal(part(ids, prompt(), nodes, times), (50 + 50 + 800) / (50 + 50 + 1600 + 200 + 50));
  assert.equal(part(ids, prompt(), {}, times), 0);
  assert.equal(part(ids, prompt(), Object.fromEntries(ids.map(id => [id, { state: "done" }])), times), 1);
});

test("it never goes backwards", () => {
  assert.equal(part(ids, prompt(), {}, times, 0.4), 0.4);
});

test("classes never timed are guessed", () => {
  const p = part(ids, prompt(), { 5: { state: "done" } }, {});
  assert.ok(p > 0.5 && p < 1);
});

test("time left is told from step 3, by the last five steps", () => {
  assert.equal(remaining(steps(2), 200), null);
  assert.equal(remaining(steps(3), 300), 1700);
  let c = steps(10);
  for (let i = 11; i <= 16; i++) c = tick(c, i, 20, 1000 + (i - 10) * 500);
  assert.equal(remaining(c, 4000), 4 * 500, "slow steps count alone after five of them");
});

test("time left changes at most once a second", () => {
  let c = speak(steps(3), 300);
  assert.equal(c.said, 1700);
  c = speak(tick(c, 4, 20, 400), 400);
  assert.equal(c.said, 1700);
  c = speak(tick(c, 13, 20, 1300), 1300);
  assert.equal(c.said, 700);
});

test("a node that starts again is measured anew", () => {
  const c = tick(steps(20), 1, 20, 5000);
  assert.equal(remaining(c, 5000), null);
});

test("times are learned from finished nodes", () => {
  const nodes = { 5: { state: "done", start: 100, end: 1100 }, 6: { state: "cached", start: 0, end: 0 }, 7: { state: "failed", start: 0, end: 9 } };
  assert.deepEqual(learn({}, prompt(), nodes), { KSampler: 1000 });
  assert.equal(learn({ KSampler: 2000 }, prompt(), nodes).KSampler, 1600);
});
