// Small parts that the panel's views share.

import { el } from "../dom.js";
import { together } from "./words.js";

// badge is a word about a state.
export function badge(word, kind) {
  return el("span", { class: `badge ${kind}` }, word);
}

// items shows what a line of several is for in particular.
export function items(c) {
  return together[c.kind] && c.items.length ? el("span", { class: "items" }, ...c.items.slice(0, 24).map(i => el("code", {}, i)), c.items.length > 24 ? el("span", {}, `and ${c.items.length - 24} more`) : null) : null;
}

// grouped puts what differs only in an address or a name into one line.
export function grouped(capabilities) {
  const lines = new Map();
  for (const c of capabilities) {
    const taken = c.id.startsWith("ws:receive "), kind = taken ? "ws receive" : c.kind, names = taken ? c.items.map(i => i.replace("receive ", "")) : c.items;
    const text = together[kind], key = text ? [kind, c.required, c.granted, c.new, c.risk].join(" ") : c.id;
    if (!text) lines.set(key, { ...c, ids: [c.id] });
    else if (lines.has(key)) lines.set(key, { ...lines.get(key), ids: [...lines.get(key).ids, c.id], items: [...lines.get(key).items, ...names] });
    else lines.set(key, { ...c, kind, text, items: names, ids: [c.id] });
  }
  return [...lines.values()];
}
