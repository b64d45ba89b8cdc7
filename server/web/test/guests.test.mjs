import assert from "node:assert/strict";
import test from "node:test";

import { addressOf } from "../bridge/web/bridge.js";
import { grouped } from "../shelf/parts.js";
import { bytes, fuel, trust, what } from "../shelf/words.js";

test("a page reaches the paths of its own extension", () => {
  const base = addressOf("acme.lens", "/").href;
  for (const [path, want] of [
    ["/choose", "choose"], ["choose", "choose"], ["/notes/a%20b", "notes/a%20b"], ["/notes/ü", "notes/%C3%BC"], ["/a?b=c/../d", "a?b=c/../d"], ["/a?x=1?y=2", "a?x=1?y=2"], ["/a/", "a/"], ["/pictures/5:1/0", "pictures/5:1/0"],
  ]) assert.equal(addressOf("acme.lens", path).href, base + want, path);
});

test("it reaches no others", () => {
  for (const path of [
    "/..", "/../queue", "/a/../../queue", "/a/..", "/./a", "/%2e%2e/queue", "/%2E%2e/queue", "/.%2e/queue", "/a%2f..%2fb", "/a%5cb", "//evil.example/a", "/a//b", "\\\\evil.example", "/a\\..\\b", "/a#b", "/a b", "/a\tb", "/a\nb",
    "/%00", "/%", "/%zz", "/%c3", "https://evil.example/", "/" + "a".repeat(9000), "/a?" + "b".repeat(9000), "/a?#b",
  ]) assert.throws(() => addressOf("acme.lens", path), path);
});

test("an id stays within its segment", () => {
  assert.match(addressOf("../x", "/a").pathname, /\/ext\/\.\.%2Fx\/a$/);
});

test("numbers in human units", () => {
  assert.deepEqual([0, 1, 1023, 1536, 3 << 20, 12.3 * (1 << 30)].map(bytes), ["0 bytes", "1 byte", "1,023 bytes", "1.5 KiB", "3.0 MiB", "12 GiB"]);
  assert.deepEqual([0, 999, 1234, 999_499, 999_600, 5.4e8, 2e9, 4.2e11].map(fuel), ["0 instructions", "999 instructions", "1.2 thousand instructions", "999 thousand instructions", "1.0 million instructions", "540 million instructions", "2.0 billion instructions", "420 billion instructions"]);
});

test("what an extension adds", () => {
  const e = (nodes, routes, page) => what({ nodes: Array(nodes), routes: Array(routes), page });
  assert.deepEqual([e(0, 0, false), e(1, 0, false), e(2, 1, false), e(1, 3, true)], ["", "Adds 1 node.", "Adds 2 nodes and 1 address.", "Adds 1 node, 3 addresses and a page."]);
});

test("nobody's package is told apart from one with a key", () => {
  assert.deepEqual(["unsigned", "signed", "known", "trusted", "?"].map(t => trust({ trust: t })[2]), ["bad", "some", "good", "good", "bad"]);
});

test("routes of one kind share a line, and all of their ids are kept", () => {
  const c = (id, kind, more = {}) => ({ id, kind, text: id, items: [id.split(":")[1]].filter(Boolean), risk: "low", required: true, granted: false, new: false, ...more });
  const lines = grouped([c("kv", "kv"), c("routes:GET /a", "routes"), c("routes:GET /b", "routes"), c("routes:GET /c", "routes", { new: true }), c("http:GET https://a.dev/*", "http"), c("http:GET https://b.dev/*", "http")]);
  assert.deepEqual(lines.map(l => l.ids), [["kv"], ["routes:GET /a", "routes:GET /b"], ["routes:GET /c"], ["http:GET https://a.dev/*"], ["http:GET https://b.dev/*"]]);
  assert.deepEqual(lines[1].items, ["GET /a", "GET /b"]);
  assert.equal(lines[1].text, "answer requests of your browser, at addresses of its own");
});
