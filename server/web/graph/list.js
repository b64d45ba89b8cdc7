// The graph for those who do not see it: an ordered list of buttons beside the drawing.

import { $, el, keyed, say } from "../dom.js";
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
  // listNodes writes ids in run order with their states; missing classes are said.
  app.listNodes = (ids, prompt, info, nodes) => keyed(list, ids, id => id,
    id => {
      const b = el("button", { type: "button" });
      b.addEventListener("click", () => app.pressNode(id));
      b.addEventListener("focus", () => app.spotNode(id));
      b.addEventListener("blur", () => app.spotNode(null));
      return el("li", {}, b);
    },
    (li, id) => say(li.firstElementChild, `${titleOf(prompt, info, id)}, ${info[prompt[id].class_type] ? describe(nodes[id]) : "not known here"}`));
}
