import assert from "node:assert/strict";
import test from "node:test";
import { layout, links, pathOf } from "../graph/layout.js";
import { prompt } from "./info.mjs";

const box = { w: 142, h: 38, gx: 38, gy: 8 };

function check(ids, edges) {
  const l = layout(ids, edges, box);
  const byLayer = new Map();
  for (const id of ids) {
    assert.ok(Number.isFinite(l.x.get(id)) && Number.isFinite(l.y.get(id)), `${id} has a place`);
    byLayer.set(l.layer.get(id), [...(byLayer.get(l.layer.get(id)) || []), id]);
  }
  for (const column of byLayer.values()) {
    const ys = column.map(id => l.y.get(id)).sort((a, b) => a - b);
    for (let i = 1; i < ys.length; i++) assert.ok(ys[i] - ys[i - 1] >= box.h, "nodes do not overlap");
  }
  return l;
}

test("layers are longest paths, sources stand before their first reader", () => {
  const p = prompt(), l = check(Object.keys(p), links(p));
  assert.deepEqual(Object.keys(p).map(id => l.layer.get(id)), [0, 1, 1, 1, 2, 3, 4]);
  assert.equal(l.width, 5 * 142 + 4 * 38);
  for (const id of ["1", "5", "6", "7"]) assert.equal(l.y.get(id), 0, "the main path is straight");
});

test("long links of one source share their bends", () => {
  const p = prompt(), l = check(Object.keys(p), links(p)), long = l.routes.filter(r => r.from === "1" && r.via.length > 2);
  assert.deepEqual(long.map(r => r.via), [["1", "1@1", "5"], ["1", "1@1", "1@2", "6"]]);
  assert.match(pathOf(long[0], l, box.w), /^M[\d. -]+C[\d. -]+L[\d. -]+C[\d. -]+$/);
});

test("links", () => {
  assert.deepEqual(links({ 1: { inputs: {} }, 2: { inputs: { a: ["1", 0], b: ["1", 1], c: [1, 2], d: ["9", 0], e: ["2", 0] } } }), [["1", "2"]]);
});

test("cycles, strays and one node", () => {
  check(["a", "b", "c"], [["a", "b"], ["b", "c"], ["c", "a"]]);
  check(["a"], []);
  check([], []);
  check(["a", "b"], [["a", "x"], ["y", "b"]]);
});

test("300 nodes keep their order and distance", () => {
  const ids = Array.from({ length: 300 }, (_, i) => String(i)), edges = [];
  for (let i = 1; i < 300; i++) {
    edges.push([String(Math.floor(i * 0.7)), String(i)]);
    if (i > 5) edges.push([String(i - 5), String(i)]);
  }
  const l = check(ids, edges);
  for (const [a, b] of edges) assert.ok(l.layer.get(a) < l.layer.get(b));
});
