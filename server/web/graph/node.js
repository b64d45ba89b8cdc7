// One node of the drawn graph: a box, its state and, when the graph is enlarged, its values.

import { put, say, svg } from "../dom.js";
import { seconds } from "../words.js";

const TITLE = 500, SUB = 400; // font weights; the sizes are those of graph.css
let pen = null;

// width measures s in px, as the graph writes it.
function width(s, weight) {
  pen ??= new OffscreenCanvas(1, 1).getContext("2d");
  pen.font = `${weight} ${weight === TITLE ? 12 : 11.5}px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(s).width;
}

// cut shortens s to what fits in w px.
export function cut(s, w, measure) {
  if (measure(s) <= w) return s;
  let low = 1, high = s.length;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (measure(s.slice(0, mid) + "…") <= w) low = mid;
    else high = mid - 1;
  }
  return s.slice(0, low).trimEnd() + "…";
}

const title = (s, w) => cut(s, w, t => width(t, TITLE));
const small = (s, w) => cut(s, w, t => width(t, SUB));
const letters = (s, n) => cut(s, n, t => t.length);

// wrap breaks s into at most n lines of about w letters.
export function wrap(s, w, n) {
  const lines = [""];
  for (const word of String(s).split(/\s+/)) {
    if (lines.at(-1) && lines.at(-1).length + word.length + 1 > w) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
  }
  if (lines.length <= n) return lines.map(l => letters(l, w));
  return [...lines.slice(0, n - 1).map(l => letters(l, w)), letters(lines.slice(n - 1).join(" "), w)];
}

function sub(n, missing) {
  if (missing) return "not known here";
  switch (n?.state) {
    case "cached": return "cached";
    case "running": return n.max > 1 ? `step ${n.value} of ${n.max}` : "running";
    case "done": return n.end >= n.start && n.start ? seconds(n.end - n.start) : "done";
    case "failed": return n.refused ? "needs a change" : "stopped";
  }
  return "";
}

// nodeView makes a node; set(state, spot) writes what changed.
export function nodeView({ id, title: label, missing, x, y, w, h, rows }) {
  const top = y - h / 2, mid = top + 19;
  const box = svg("rect", { class: "box", x, y: top, width: w, height: h, rx: 8 }), dot = svg("circle", { class: "dot", cx: x + 16, cy: mid, r: 6.5 });
  const tick = svg("path", { class: "tick", d: "" }), name = svg("text", { x: x + 28, y: mid + 4.4 }), below = svg("text", { class: "sub", x: x + 28, y: mid + 12 });
  const bar = svg("rect", { class: "fill", x: x + 8, y: mid + 15.4, width: 0, height: 2.2, rx: 1.1 });
  const g = svg("g", { "data-node": id }, svg("title"), box, dot, tick, name, below, bar);
  g.firstChild.textContent = label;
  name.textContent = title(label, w - 34);
  if (rows.length) g.append(svg("path", { class: "rule", d: `M${x + 10} ${top + 39}h${w - 20}` }));
  rows.forEach(([k, v], i) => {
    const at = top + 38 + 16 + i * 16, key = svg("text", { class: "key", x: x + 12, y: at }), val = svg("text", { class: "val", x: x + w - 12, y: at, "text-anchor": "end" });
    key.textContent = small(k, w * 0.45);
    val.textContent = small(v, w - 34 - width(key.textContent, SUB));
    g.append(key, val);
  });
  let was = null;
  function set(n, spot) {
    const state = missing ? "missing" : n?.state === "cached" ? "done" : n?.state || "wait", text = sub(n, missing), part = n?.state === "running" && n.max > 1 ? Math.min(1, n.value / n.max) : 0;
    const key = `${state} ${text} ${part} ${spot}`;
    if (key === was) return;
    was = key;
    put(g, "class", spot ? `${state} spot` : state);
    put(name, "y", (mid + (text ? part ? -3.2 : -2 : 4.4)).toFixed(1));
    put(below, "y", (mid + (part ? 10.2 : 12)).toFixed(1));
    say(below, text);
    put(bar, "width", ((w - 16) * part).toFixed(1));
    put(tick, "d", state === "done" ? `M${x + 13} ${mid + 0.4}l2.2 2.2 4-4.4` : state === "failed" || state === "missing" ? `M${x + 16} ${mid - 3.2}v3.6m0 2.6v.1` : "");
  }
  // callout is the sentence beside a failed node, kept above the lower edge and left of the right one.
  function callout(message, big, lower, right) {
    const lines = wrap(message, big ? 44 : 38, big ? 6 : 2), wide = Math.max(...lines.map(l => width(l, SUB))) * 1.05 + 26, tall = lines.length * 16 + 12;
    const under = top + h + 8 + tall < lower, cy = under ? top + h + 8 : top - 8 - tall, tip = x + w / 2 - 6, cx = Math.max(Math.min(tip - 28, right - wide - 10), tip - wide + 20);
    const e = svg("g", { class: "say" }, svg("rect", { x: cx, y: cy, width: wide, height: tall, rx: 8 }), svg("path", { d: under ? `M${tip} ${cy + 0.5}l6-6 6 6` : `M${tip} ${cy + tall - 0.5}l6 6 6-6` }));
    lines.forEach((line, i) => {
      const t = svg("text", { x: cx + 12, y: cy + 18.5 + i * 16 });
      t.textContent = line;
      e.append(t);
    });
    return [e];
  }
  set(undefined, false);
  return { id, g, x, y, w, h, set, callout };
}
