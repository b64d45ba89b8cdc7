// The graph for those who do not see it: an ordered list of buttons beside the drawing.

import { $, el, keyed, put, say } from "../dom.js";
import { titleOf } from "../form/fields.js";
import { seconds } from "../words.js";

// describe says what a node is at, without its title: "running, step 12 of 20".
export function describe(n) {
  if (!n) return "waiting";
  switch (n.state) {
    case "cached": return "cached";
    case "running": return n.max > 1 ? `running, step ${n.value} of ${n.max}` : "running";
    case "done": return n.end >= n.start && n.start ? `done in ${seconds(n.end - n.start)}` : "done";
    case "failed": return "failed";
  }
  return n.state;
}

export function mountGraphList(app) {
  const list = $("graph-list");
  let active = null;

  // One stop for Tab; arrows go from node to node.
  function stop(id) {
    active = id;
    for (const li of list.children) put(li.firstElementChild, "tabindex", li.dataset.key === id ? "0" : "-1");
  }
  list.addEventListener("keydown", e => {
    const all = [...list.children], at = all.findIndex(li => li.dataset.key === active);
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    all[Math.max(0, Math.min(all.length - 1, to))]?.firstElementChild.focus();
  });

  function make(id) {
    const b = el("button", { type: "button", tabindex: id === active ? "0" : "-1" });
    b.addEventListener("click", () => app.pressNode(id));
    b.addEventListener("focus", () => {
      stop(id);
      app.spotNode(id);
    });
    b.addEventListener("blur", () => app.spotNode(null));
    return el("li", {}, b);
  }

  // listNodes writes ids in run order with their states; missing classes are said.
  app.listNodes = (ids, prompt, info, nodes) => {
    keyed(list, ids, id => id, make, (li, id) => say(li.firstElementChild, `${titleOf(prompt, info, id)}, ${info[prompt[id].class_type] ? describe(nodes[id]) : "not known here"}`));
    if (!ids.includes(active)) stop(ids[0] ?? null);
  };
}
