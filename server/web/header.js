// The header: which workflow is open, opening another, the theme; and the bar with Generate.

import { $, cell, el, put, say } from "./dom.js";
import { local } from "./memory.js";

export function mountHeader(app) {
  const { store } = app, flow = $("flow"), menu = $("flow-menu"), count = $("count"), form = $("form");

  function item(word, note, act) {
    const b = el("button", { type: "button", class: "item" }, el("b", {}, word), note ? el("span", {}, note) : null);
    b.addEventListener("click", () => {
      menu.hidePopover();
      act();
    });
    return b;
  }
  menu.addEventListener("beforetoggle", e => {
    if (e.newState !== "open") return;
    const { former, draft } = store.get();
    cell(menu, "--x", `${Math.max(8, flow.getBoundingClientRect().left)}px`);
    menu.replaceChildren(...[
      former && item(`Back to ${former.name}`, former.name === draft?.name ? "its former values" : "the former draft", app.back),
      item("Text to image", "start again from the default", app.startAgain),
      item("Open a file…", "a workflow, or a picture that carries one", app.choose),
    ].filter(Boolean));
  });
  $("open").addEventListener("click", () => app.choose());

  $("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark" || !document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches;
    const next = dark ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    local.set("cocoon.theme", next);
  });

  form.addEventListener("submit", e => {
    e.preventDefault();
    app.generate();
  });
  count.addEventListener("input", () => {
    const n = Number(count.value);
    const good = /^\d{1,2}$/.test(count.value.trim()) && n >= 1;
    put(count, "aria-invalid", good ? null : "true");
    if (good) app.setCount(n);
  });
  count.addEventListener("blur", () => {
    count.value = String(store.get().count);
    put(count, "aria-invalid", null);
  });
  count.addEventListener("keydown", e => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[e.key];
    if (!by) return;
    e.preventDefault();
    app.setCount(Math.max(1, Math.min(99, store.get().count + by)));
  });

  $("graph-open").addEventListener("click", app.toggleGraph);
  app.focusPrompt = () => {
    const field = [...store.get().form?.all.values() || []].find(f => f.role === "prompt");
    if (field) app.focusField(field.id);
  };
  $("skip").addEventListener("click", e => {
    e.preventDefault();
    app.focusPrompt();
  });
  app.escape = () => {
    const s = store.get();
    if (!$("note").hidden) return app.hush();
    if (s.graphOpen) return store.set({ graphOpen: false });
    if (s.view) store.set({ view: null });
  };

  store.subscribe(state => {
    say(flow.querySelector(".name"), state.draft?.name || "Text to image");
    document.body.classList.toggle("graph-open", state.graphOpen);
    put($("graph-open"), "aria-label", state.graphOpen ? "Smaller graph" : "Larger graph");
    put($("graph-open"), "title", state.graphOpen ? "Smaller graph" : "Larger graph");
    put($("graph-icon"), "href", state.graphOpen ? "#i-x" : "#i-expand");
    if (document.activeElement !== count || Number(count.value) !== state.count) if (count.getAttribute("aria-invalid") !== "true") count.value = String(state.count);
  });
}
