// The form: builds the widgets of the derived fields, shows their values, and says what is wrong beside them.

import { $, cell, el, icon, put, say } from "../dom.js";
import { combo, segments } from "./combo.js";
import { wrong } from "./checks.js";
import { image } from "./image.js";
import { number } from "./number.js";
import { seed } from "./seed.js";
import { sentence } from "../words.js";

const HALF = new Set(["number", "seed", "switch", "color"]);

function text(field, app) {
  const area = el("textarea", { dir: "auto", rows: field.role === "negative" ? 2 : 3, spellcheck: "true", autocapitalize: "none", placeholder: field.role === "prompt" ? "Describe a picture" : field.role === "negative" ? "What it should not show" : field.placeholder });
  const grow = () => {
    if (CSS.supports("field-sizing", "content")) return;
    area.rows = Math.min(14, Math.max(3, area.value.split("\n").length + Math.floor(area.value.length / 46)));
  };
  area.addEventListener("input", () => {
    grow();
    app.change(field, area.value);
  });
  return {
    root: area, input: area,
    show: v => {
      if (area.value !== String(v ?? "")) area.value = v ?? "";
      grow();
    },
  };
}

function line(field, app) {
  const input = el("input", { type: "text", dir: "auto", spellcheck: "false", placeholder: field.placeholder });
  input.addEventListener("input", () => app.change(field, input.value));
  return { root: input, input, show: v => { if (input.value !== String(v ?? "")) input.value = v ?? ""; } };
}

function toggle(field, app) {
  const input = el("input", { type: "checkbox", role: "switch" }), word = el("span");
  const root = el("label", { class: "switch" }, input, el("i", { "aria-hidden": "true" }), word);
  const show = v => {
    input.checked = Boolean(v);
    say(word, v ? field.on || "On" : field.off || "Off");
  };
  input.addEventListener("change", () => {
    show(input.checked);
    app.change(field, input.checked);
  });
  return { root, input, show };
}

function color(field, app) {
  const input = el("input", { type: "color" });
  input.addEventListener("input", () => app.change(field, input.value));
  return { root: input, input, show: v => { input.value = /^#[0-9a-f]{6}$/i.test(v) ? v : "#ffffff"; } };
}

function other() {
  const out = el("output", { class: "kept" });
  return { root: out, input: null, show: v => say(out, typeof v === "string" ? v : typeof v === "bigint" ? String(v) : JSON.stringify(v, (_, x) => typeof x === "bigint" ? String(x) : x) ?? "") };
}

const MAKERS = { text, line, number, seed, image, color, switch: toggle, other, combo: (f, app) => f.short ? segments(f, app) : combo(f, app), dynamic: (f, app) => f.short ? segments(f, app) : combo(f, app) };

// wide tells whether a field wants a row of its own.
function wide(field, model) {
  return !(HALF.has(field.kind) || field.kind === "combo" && !model && !field.short);
}

function build(field, app, grouped) {
  const w = MAKERS[field.kind](field, app), id = "f-" + field.id.replace(/[^\w-]/g, "_");
  const help = field.help ? el("p", { class: "help", id: id + "-h" }, field.help) : null;
  const why = el("p", { class: "why", id: id + "-e", hidden: true });
  // Below a heading with the node's name the short label does; the full one stays for those who hear it alone.
  const name = grouped && field.plain !== field.label ? [el("span", { class: "sr" }, field.label), el("span", { "aria-hidden": "true" }, field.plain)] : [field.label];
  const label = w.group ? el("span", { class: "label", id: id + "-l" }, ...name) : el("label", { for: id }, ...name);
  if (w.group) put(w.root, "aria-labelledby", id + "-l");
  if (w.input && !w.group) w.input.id = id;
  if (w.input) put(w.input, "aria-describedby", [help?.id, why.id].filter(Boolean).join(" "));
  const root = el("div", { class: field.role === "prompt" ? "field lead" : "field", "data-node": field.node, "data-field": field.id, "data-kind": field.kind }, head(label, help, field), w.root, help, why);
  return { ...w, field, root, why };
}

// head is the label, with a button that shows the help.
function head(label, help, field) {
  if (!help) return label;
  const more = el("button", { type: "button", class: "what", "aria-expanded": "false", "aria-controls": help.id, "aria-label": `About ${field.label}`, tabindex: "-1" }, "?");
  help.hidden = true;
  more.addEventListener("click", () => {
    help.hidden = !help.hidden;
    put(more, "aria-expanded", String(!help.hidden));
  });
  return el("div", { class: "head" }, label, more);
}

// arrange puts items into rows: narrow ones side by side, width and height with a button to swap them.
function arrange(items, app) {
  const rows = [];
  for (let i = 0; i < items.length; i++) {
    const a = items[i], b = items[i + 1];
    const model = /\.\w{2,11}$/.test(String(a.field.value));
    if (a.field.name === "width" && b?.field.name === "height" && b.field.node === a.field.node) {
      const swap = el("button", { type: "button", class: "icon swap", "aria-label": "Swap width and height", title: "Swap width and height" }, icon("swap"));
      swap.addEventListener("click", () => app.swap(a.field, b.field));
      rows.push(el("div", { class: "row size" }, a.root, swap, b.root));
      i++;
    } else if (b && !wide(a.field, model) && !wide(b.field, /\.\w{2,11}$/.test(String(b.field.value))) && b.field.name !== "width") {
      rows.push(el("div", { class: "row" }, a.root, b.root));
      i++;
    } else rows.push(a.root);
  }
  return rows;
}

export function mountForm(app) {
  const box = $("fields"), more = el("details", { class: "more" }), list = el("span"), inside = el("div", { class: "inside" });
  more.append(el("summary", {}, el("b", {}, "More settings"), list), inside);
  const chip = el("div", { class: "native", hidden: true });
  let form = null, items = [], shown = null;

  // held is what somebody is at in the form: the field with the focus, what it holds, the caret and how far the form is scrolled.
  function held() {
    const input = document.activeElement, root = input?.closest?.("#fields [data-field]"), item = root && items.find(i => i.root === root);
    return item && { id: item.field.id, own: input === item.input, bad: item.bad?.(), text: input.value, from: input.selectionStart, to: input.selectionEnd, top: box.scrollTop };
  }
  // resume puts it back into a form that was built anew with the same field.
  function resume(was, same) {
    const item = was && items.find(i => i.field.id === was.id), input = item?.input;
    if (!input) return;
    if (more.contains(item.root)) more.open = true;
    input.focus({ preventScroll: true });
    box.scrollTop = was.top;
    if (!was.own || typeof was.from !== "number" || input.selectionStart === null) return;
    if (input.value !== was.text && was.bad && same) { // a number that is not finished yet
      input.value = was.text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    input.setSelectionRange(was.from, was.to);
  }

  function rebuild(next) {
    const opened = form && more.open && form.ids.join() === next.ids.join();
    form = next;
    items = [];
    const make = (f, grouped) => {
      const item = build(f, app, grouped);
      items.push(item);
      return item;
    };
    const main = arrange(form.main.map(f => make(f, false)), app);
    const groups = form.more.map(g => el("section", { class: "group", "data-node": g.node }, el("h2", {}, g.title), ...arrange(g.fields.map(f => make(f, true)), app)));
    inside.replaceChildren(...groups);
    say(list, [...new Set(form.more.flatMap(g => g.fields.map(f => f.plain.toLowerCase())))].slice(0, 6).join(", "));
    more.hidden = !groups.length;
    more.open = opened || !main.length;
    box.replaceChildren(...main, more);
    if (!main.length && !groups.length) box.prepend(el("p", { class: "none" }, "This workflow has no settings. Generate runs it as it is."));
    const size = box.querySelector(".row.size");
    if (size) size.after(chip);
  }

  function value(prompt, f) {
    return prompt[f.node]?.inputs?.[f.name];
  }

  function errors(state) {
    for (const item of items) {
      const v = value(state.draft.prompt, item.field);
      const said = sentence(state.errors[item.field.id] || item.bad?.() || wrong(item.field, v, state.draft.prompt[item.field.node]?.class_type));
      if (item.why.textContent !== said) item.why.textContent = said;
      item.why.hidden = !said;
      item.root.classList.toggle("wrong", Boolean(said));
      item.refresh?.(said);
      if (item.input) put(item.input, "aria-invalid", said ? "true" : null);
    }
  }

  function native(state) {
    const n = state.native, w = form?.main.find(f => f.name === "width"), p = state.draft.prompt;
    const h = w && form.all.get(`${w.node}.height`);
    const fits = !n || !w || !h || value(p, w) === n.width && value(p, h) === n.height;
    chip.hidden = fits;
    if (fits) return;
    const use = el("button", { type: "button", class: "link" }, `Use ${n.width} × ${n.height}`);
    use.addEventListener("click", () => app.setSize(w, h, n));
    chip.replaceChildren(`This checkpoint draws best at its own size. `, use);
  }

  app.store.subscribe(state => {
    if (!state.form) return;
    const fresh = state.form !== form, was = fresh && state.draft.name === shown?.draft.name ? held() : null;
    if (fresh) rebuild(state.form);
    if (fresh || state.draft !== shown?.draft) for (const i of items) i.show(value(state.draft.prompt, i.field), state);
    if (fresh || state.draft !== shown?.draft || state.errors !== shown?.errors) errors(state);
    if (fresh || state.draft !== shown?.draft || state.native !== shown?.native) native(state);
    const same = state.draft === shown?.draft;
    shown = state;
    resume(was, same);
  });

  function reveal(item) {
    if (more.contains(item.root)) more.open = true;
    item.root.scrollIntoView({ block: "nearest" });
    (item.input || item.root).focus();
  }
  app.focusField = id => {
    const item = items.find(i => i.field.id === id);
    if (item) reveal(item);
    return Boolean(item);
  };
  app.focusNode = node => {
    const mine = items.filter(i => i.field.node === node);
    if (!mine.length) return false;
    reveal(mine[0]);
    for (const i of mine) {
      i.root.classList.remove("glow");
      cell(i.root, "--glow", "1");
      requestAnimationFrame(() => i.root.classList.add("glow"));
    }
    return true;
  };
  // firstBad gives the first field that is wrong, with its sentence.
  app.firstBad = () => {
    errors(app.store.get());
    const item = items.find(i => !i.why.hidden && (i.field.kind === "number" || i.field.kind === "seed" || i.bad?.()));
    return item ? { id: item.field.id, why: item.why.textContent } : null;
  };
}
