// A seed with its dice: on, each run draws a new one before it is queued, and the field shows it; off, it is fixed.

import { el, icon, put } from "../dom.js";
import { numeric } from "./number.js";

const TOP = 4294967295; // short enough to read out, and within every seed's range

// draw gives a random seed within the field's range.
export function draw(field, random = () => crypto.getRandomValues(new Uint32Array(1))[0]) {
  const low = Number(field.min > 0 ? field.min : 0), high = Math.min(Number(field.max ?? TOP), TOP);
  return low + random() % (high - low + 1);
}

// rolls tells whether a field's dice are on in a draft.
export function rolls(field, modes) {
  return (modes[field.id] ?? (field.control === "fixed" ? "fixed" : "random")) === "random";
}

export function seed(field, app) {
  const input = el("input", { type: "text", inputmode: "numeric", autocomplete: "off" });
  const dice = el("button", { type: "button", class: "dice", "aria-label": "New seed each run" }, icon("dice"));
  const n = numeric(field, app, input);
  dice.addEventListener("click", () => app.setMode(field, dice.getAttribute("aria-pressed") === "true" ? "fixed" : "random"));
  return {
    root: el("div", { class: "seed" }, input, dice), input, bad: n.bad,
    show: (v, state) => {
      n.show(v);
      const on = rolls(field, state.draft.modes);
      put(dice, "aria-pressed", String(on));
      put(dice, "title", on ? "A new seed each run. Press to keep this one." : "The seed stays. Press for a new one each run.");
    },
  };
}
