// A number with − and +. Nothing typed is ever changed; what is wrong is said.

import { el, icon } from "../dom.js";
import { notNumber } from "../words.js";
import { read, show, stepBy } from "./checks.js";

// numeric wires an input to read, show and step a number; extra runs after each accepted change.
export function numeric(field, app, input) {
  let bad = "", last;
  const accept = v => {
    bad = "";
    last = v;
    app.change(field, v);
  };
  input.addEventListener("input", () => {
    const v = read(input.value, field.whole);
    if (v !== null) return accept(v);
    bad = notNumber(field.label, field.whole);
    app.touch();
  });
  input.addEventListener("blur", () => {
    if (!bad && last !== undefined) input.value = show(last, field.whole);
  });
  const step = n => {
    const v = read(input.value, field.whole);
    const next = stepBy(v ?? Number(field.min ?? 0), field.step, n);
    // A step stops at the limits: it would be no help to walk out of them.
    if (n > 0 && field.max !== undefined && next > field.max || n < 0 && field.min !== undefined && next < field.min) return;
    input.value = show(next, field.whole);
    accept(next);
  };
  input.addEventListener("keydown", e => {
    if (e.key !== "ArrowUp" && e.key !== "ArrowDown" || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    step((e.key === "ArrowUp" ? 1 : -1) * (e.shiftKey ? 10 : 1));
  });
  return {
    step,
    bad: () => bad,
    show: v => {
      const same = read(input.value, field.whole);
      last = v;
      if (document.activeElement === input && (bad || same === v)) return;
      bad = "";
      input.value = typeof v === "string" ? v : show(v, field.whole);
    },
  };
}

export function number(field, app) {
  const input = el("input", { type: "text", inputmode: field.whole ? "numeric" : "decimal", autocomplete: "off" });
  const n = numeric(field, app, input);
  const button = (name, by, word) => {
    const b = el("button", { type: "button", tabindex: "-1", "aria-label": `${word} ${field.label.toLowerCase()}` }, icon(name));
    b.addEventListener("click", e => n.step(by * (e.shiftKey ? 10 : 1)));
    return b;
  };
  return { root: el("div", { class: "num" }, button("minus", -1, "Less"), input, button("plus", 1, "More")), input, show: n.show, bad: n.bad };
}
