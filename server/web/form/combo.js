// A choice: up to three short ones side by side, else a list that is searched by typing.

import { cell, el, icon, put, say } from "../dom.js";
import { near, wrong } from "./checks.js";

let serial = 0;

export function segments(field, app) {
  const root = el("div", { class: "segments", role: "radiogroup" }), name = `s${++serial}`;
  const radios = field.options.map(o => {
    const r = el("input", { type: "radio", name, value: String(o) });
    r.addEventListener("change", () => app.change(field, o));
    root.append(el("label", {}, r, el("span", {}, String(o))));
    return r;
  });
  const strange = el("span", { class: "strange", hidden: true });
  root.append(strange);
  return {
    root, input: radios[0], group: true,
    show: v => {
      radios.forEach((r, i) => { r.checked = field.options[i] === v; });
      strange.hidden = field.options.includes(v);
      say(strange, String(v ?? ""));
    },
  };
}

const folder = o => String(o).replace(/\\/g, "/").split("/").slice(0, -1).join("/");
const leaf = o => String(o).replace(/\\/g, "/").split("/").at(-1);

export function combo(field, app) {
  const id = `l${++serial}`;
  const input = el("input", { type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", autocapitalize: "none", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id });
  const list = el("ul", { id, role: "listbox", class: "options", popover: "manual", "aria-label": field.label });
  const offers = el("div", { class: "offers", hidden: true });
  const root = el("div", { class: "combo" }, input, icon("down"), list);
  const box = el("div", { class: "stacked" }, root, offers);
  let value, active = -1, rows = [];

  const open = () => input.getAttribute("aria-expanded") === "true";
  function place() {
    const r = root.getBoundingClientRect(), below = innerHeight - r.bottom - 8, above = r.top - 8;
    const up = below < 200 && above > below, room = Math.min(340, up ? above : below);
    cell(list, "--x", `${r.left}px`);
    cell(list, "--y", up ? `${r.top - 4}px` : `${r.bottom + 4}px`);
    cell(list, "--w", `${Math.max(r.width, Math.min(300, innerWidth - r.left - 12))}px`);
    cell(list, "--h", `${Math.max(120, room)}px`);
    list.classList.toggle("up", up);
  }
  const follow = e => { if (!list.contains(e.target)) place(); };
  function watch(on) {
    const turn = on ? addEventListener : removeEventListener;
    turn("scroll", follow, { capture: true });
    turn("resize", close);
  }
  function show(query = "") {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = field.options.filter(o => words.every(w => String(o).toLowerCase().includes(w)));
    rows = [];
    const parts = [];
    let group = null;
    const sorted = hits.some(o => folder(o)) ? [...hits].sort((a, b) => folder(a).localeCompare(folder(b))) : hits;
    for (const o of sorted) {
      if (folder(o) !== (group ?? "")) {
        group = folder(o);
        if (group) parts.push(el("li", { role: "presentation", class: "folder" }, group));
      }
      const row = el("li", { id: `${id}-${rows.length}`, role: "option", "aria-selected": String(o === value) }, leaf(o), o === value ? icon("check") : null);
      row.addEventListener("pointerdown", e => e.preventDefault());
      row.addEventListener("click", () => choose(o));
      rows.push({ row, o });
      parts.push(row);
    }
    if (!rows.length) parts.push(el("li", { role: "presentation", class: "folder" }, field.options.length ? "Nothing like that." : "There is no choice here yet."));
    list.replaceChildren(...parts);
    move(Math.max(0, rows.findIndex(r => r.o === value)), query === "");
  }
  function move(to, centre) {
    rows[active]?.row.classList.remove("at");
    active = rows.length ? Math.max(0, Math.min(rows.length - 1, to)) : -1;
    const row = rows[active]?.row;
    row?.classList.add("at");
    put(input, "aria-activedescendant", row?.id);
    row?.scrollIntoView({ block: centre ? "center" : "nearest" });
  }
  function expand() {
    if (open()) return;
    put(input, "aria-expanded", "true");
    place();
    list.showPopover?.();
    watch(true);
    show();
    input.select();
    app.refreshChoices(field);
  }
  function close() {
    if (!open()) return;
    put(input, "aria-expanded", "false");
    put(input, "aria-activedescendant", null);
    list.hidePopover?.();
    watch(false);
    input.value = String(value ?? "");
  }
  function choose(o) {
    value = o;
    close();
    input.value = String(o);
    field.kind === "dynamic" ? app.switchOption(field, o) : app.change(field, o);
  }

  input.addEventListener("click", expand);
  input.addEventListener("blur", close);
  input.addEventListener("input", () => {
    if (!open()) {
      const typed = input.value;
      expand();
      input.value = typed;
    }
    show(input.value);
  });
  input.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[e.key];
    if (by) {
      e.preventDefault();
      open() ? move(active + by) : expand();
    } else if (e.key === "Enter" && open()) {
      e.preventDefault();
      e.stopPropagation();
      if (rows[active]) choose(rows[active].o);
    } else if (e.key === "Escape" && open()) {
      e.preventDefault();
      e.stopPropagation();
      close();
    }
  });
  return {
    root: box, input,
    show: v => {
      value = v;
      if (!open()) input.value = String(v ?? "");
    },
    // choices replaces the options, which may have changed on the server's disk.
    choices: options => {
      field.options = options;
      if (open()) show(input.value === String(value ?? "") ? "" : input.value);
    },
    refresh: () => {
      const names = wrong(field, value) && value !== undefined ? near(value, field.options) : [];
      offers.hidden = !names.length;
      if (offers.dataset.names === names.join("\n")) return;
      offers.dataset.names = names.join("\n");
      offers.replaceChildren(...names.map(o => {
        const b = el("button", { type: "button", class: "try" }, String(o));
        b.addEventListener("click", () => choose(o));
        return b;
      }));
    },
  };
}
