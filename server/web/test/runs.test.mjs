import assert from "node:assert/strict";
import test from "node:test";
import { tilesOf, dayOf } from "../pictures.js";
import { finished, imagesOf, noRuns, queued, reduce, running, shown, strays, subject } from "../runs.js";
import { prompt } from "./info.mjs";

const ID = "run-1";
const node = (id, state, value = 1, max = 1, more = {}) => ({ [id]: { value, max, state, node_id: id, prompt_id: ID, display_node_id: id, ...more } });
const state = (...nodes) => ["progress_state", { prompt_id: ID, nodes: Object.assign({}, ...nodes) }];

// play feeds messages, 100 ms apart.
function play(messages, from = reduce(noRuns(), "queued", { id: ID, number: 0, prompt: prompt(), own: true, created: 1, seen: 1 }, 0)) {
  return messages.reduce((s, [type, data], i) => reduce(s, type, data, 1000 + i * 100), from);
}

const entry = (status, messages, outputs = {}) => ({ [ID]: { prompt: [0, ID, prompt(), { client_id: "c", create_time: 5 }, ["7"]], outputs, status: { status_str: status, completed: status === "success", messages } } });
const begin = [["execution_start", { prompt_id: ID }], ["execution_cached", { prompt_id: ID, nodes: ["1"] }], state(node("2", "running", 0)), state(node("2", "finished")), state(node("2", "finished"), node("5", "running", 0)), state(node("2", "finished"), node("5", "running", 12, 20))];

test("a run goes from queued to done", () => {
  let s = play([]);
  assert.equal(s.byId.get(ID).state, "queued");
  s = play(begin, s);
  const run = running(s);
  assert.deepEqual(Object.entries(run.nodes).map(([id, n]) => [id, n.state]), [["1", "cached"], ["2", "done"], ["5", "running"]]);
  assert.deepEqual(run.at, { node: "5", step: 12, max: 20 });
  assert.equal(run.nodes["2"].end - run.nodes["2"].start, 100);
  s = play([["execution_success", { prompt_id: ID }], ["executing", { node: null, prompt_id: ID }], ["history", entry("success", [["execution_start", { timestamp: 1000 }], ["execution_success", { timestamp: 3800 }]], { 7: { images: [{ filename: "cocoon_00012_.png", subfolder: "", type: "output" }] } })]], s);
  const done = s.byId.get(ID);
  assert.equal(done.state, "done");
  assert.equal(done.ended - done.started, 2800);
  assert.equal(done.nodes["5"].state, "done");
  assert.deepEqual(done.images.map(i => i.filename), ["cocoon_00012_.png"]);
});

test("cancelled and failed runs keep their step, and nothing moves them afterwards", () => {
  const cut = play([...begin, ["execution_interrupted", { prompt_id: ID, node_id: "5" }], state(node("5", "running", 13, 20))]).byId.get(ID);
  assert.equal(cut.state, "cancelled");
  assert.equal(cut.at.step, 12);
  assert.equal(cut.nodes["5"], undefined);
  const bad = play([...begin, ["execution_error", { prompt_id: ID, node_id: "5", node_type: "KSampler", exception_type: "OutOfMemory", exception_message: "no room\n" }]]).byId.get(ID);
  assert.equal(bad.state, "failed");
  assert.equal(bad.nodes["5"].state, "failed");
  assert.deepEqual(bad.error, { node: "5", type: "OutOfMemory", className: "KSampler", message: "no room" });
  assert.equal(play([...begin, ["execution_error", { prompt_id: ID, node_id: "5", exception_type: "ExecutionBlocked" }]]).byId.get(ID).state, "running", "a blocker does not end the run");
});

test("history alone tells every end", async t => {
  for (const [want, status, messages] of [["done", "success", [["execution_success", { timestamp: 9 }]]], ["cancelled", "error", [["execution_interrupted", { timestamp: 9 }]]], ["failed", "error", [["execution_error", { timestamp: 9, node_id: "5", exception_message: "x" }]]], ["failed", "error", []]]) {
    await t.test(want, () => assert.equal(reduce(noRuns(), "history", entry(status, messages), 0).byId.get(ID).state, want));
  }
});

test("after a reload the graph of a finished run is whole", () => {
  const run = reduce(noRuns(), "history", entry("success", [["execution_cached", { nodes: ["1"] }], ["execution_success", { timestamp: 9 }]]), 0).byId.get(ID);
  assert.deepEqual(Object.entries(run.nodes).map(([id, n]) => id + n.state).sort(), ["1cached", "2done", "3done", "4done", "5done", "6done", "7done"]);
});

test("children of an expansion count as the node that shows them", () => {
  const child = (id, s, v, m) => ({ [id]: { ...node(id, s, v, m)[id], display_node_id: "5" } });
  const run = play([["execution_start", { prompt_id: ID }], state(node("5", "running", 0), child("5.0.0.1", "finished", 1, 1), child("5.0.0.2", "running", 3, 20))]).byId.get(ID);
  assert.deepEqual(run.at, { node: "5", step: 3, max: 20 });
  assert.equal(Object.keys(run.nodes).length, 1);
});

test("a resume after a reload has no prompt id", () => {
  let s = reduce(noRuns(), "queue", { running: [[3, ID, prompt(), { client_id: "c" }, ["7"]]], pending: [], me: "c" }, 50);
  s = reduce(s, "executing", { node: "5" }, 60);
  assert.equal(running(s).nodes["5"].state, "running");
  assert.equal(running(s).own, true);
});

test("the queue: order, strays, forgetting", () => {
  const q = { running: [[0, "a", {}, {}, []]], pending: [[5, "c", {}, {}, []], [2, "b", {}, {}, []]] };
  let s = reduce(noRuns(), "queue", q, 0);
  assert.deepEqual(queued(s).map(r => r.id), ["b", "c"]);
  assert.equal(running(s).id, "a");
  assert.deepEqual(strays(s, { running: [], pending: [q.pending[0]] }, 10), ["a", "b"]);
  s = reduce(s, "queued", { id: "new", number: 9, seen: 20 }, 20);
  assert.deepEqual(strays(s, q, 10), [], "a run queued after the queue was read is no stray");
  s = reduce(s, "forget", ["b"], 0);
  assert.deepEqual(queued(s).map(r => r.id), ["c", "new"]);
  assert.equal(reduce(s, "lost", "a", 7).byId.get("a").state, "failed");
});

test("what is looked at, and what the status tells", () => {
  let s = play([["history", entry("success", [["execution_success", { timestamp: 9 }]], { 7: { images: [{ filename: "a.png", type: "output" }] } })]]);
  assert.equal(shown(s, null, null).run.id, ID);
  s = reduce(s, "queued", { id: "two", number: 1, created: 2 }, 0);
  assert.equal(subject(s, null, "two").id, "two");
  s = reduce(s, "execution_start", { prompt_id: "two" }, 0);
  assert.equal(shown(s, null, null).run.id, "two");
  assert.equal(shown(s, { run: ID, index: 4 }, null).run.id, ID, "a chosen picture stays");
  assert.equal(shown(s, { run: ID, index: 4 }, null).index, 0);
  assert.equal(subject(s, { run: ID, index: 0 }, null).id, "two");
});

test("pictures of outputs", () => {
  const temp = { filename: "t.png", type: "temp" }, saved = { filename: "s.png", type: "output" };
  assert.deepEqual(imagesOf({ 1: { images: [temp] }, 2: { images: [saved] } }).map(i => i.filename), ["s.png"]);
  assert.deepEqual(imagesOf({ 1: { images: [temp], text: ["x"] }, 2: null }).map(i => i.filename), ["t.png"]);
  assert.deepEqual(imagesOf(null), []);
});

test("tiles", () => {
  const now = new Date(2026, 5, 10, 12).getTime(), day = 86400000;
  let s = noRuns();
  const done = (id, at) => { s = reduce(s, "history", { [id]: { prompt: [0, id, {}, {}, []], outputs: { 7: { images: [{ filename: id + ".png", type: "output" }] } }, status: { status_str: "success", messages: [["execution_success", { timestamp: at }]] } } }, 0); };
  done("old", now - day);
  done("new", now - 1000);
  for (let i = 0; i < 3; i++) s = reduce(s, "queued", { id: `q${i}`, number: i, created: i }, 0);
  assert.deepEqual(tilesOf(s, false, now).map(t => t.kind + (t.nth || t.day || "")), ["queued3", "queued2", "queued1", "done", "dayYesterday", "done"]);
  assert.equal(tilesOf(s, true, now)[0].kind, "many");
  s = reduce(s, "queued", { id: "q4", number: 4, created: 4 }, 0);
  assert.deepEqual(tilesOf(s, false, now)[0], { key: "waiting", kind: "many", n: 4 });
  assert.equal(finished(s)[0].id, "new");
  assert.equal(dayOf(now, now), "");
});
