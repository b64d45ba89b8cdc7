// Keys. Single letters work outside fields, and can be turned off.

import { $, mac } from "./dom.js";
import { weigh } from "./form/weigh.js";
import { local } from "./memory.js";

const KEY = "cocoon.letters";
export function mountKeys(app) {
  const help = $("help"), letters = $("letters");
  letters.checked = local.get(KEY) !== "off";
  letters.addEventListener("change", () => local.set(KEY, letters.checked ? "on" : "off"));
  if (mac()) for (const k of document.querySelectorAll("kbd")) if (k.textContent.startsWith("Ctrl")) k.textContent = k.textContent.replace("Ctrl", "⌘").replace("Alt", "⌥");

  $("help-open").addEventListener("click", () => help.showModal());
  $("help-close").addEventListener("click", () => help.close());
  help.addEventListener("click", e => { if (e.target === help) help.close(); });

  function weights(e) {
    const area = e.target;
    if (area.tagName !== "TEXTAREA") return false;
    const w = weigh(area.value, area.selectionStart, area.selectionEnd, e.key === "ArrowUp" ? 0.1 : -0.1);
    if (!w) return false;
    area.value = w.text;
    area.setSelectionRange(w.from, w.to);
    area.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }

  function held(e) {
    switch (e.key) {
      case "Enter": return e.altKey ? (app.cancelNow(), true) : (app.generate(), true);
      case "o": case "O": return e.shiftKey || e.altKey ? false : (app.choose(), true);
      case "ArrowUp": case "ArrowDown": return weights(e);
    }
    return false;
  }

  const acts = {
    "/": () => app.focusPrompt(), f: () => app.view(app.chosen()), g: () => app.toggleGraph(), r: () => app.newSeed(), u: () => app.useSettings(app.chosen().run),
    e: () => app.openShelf(), d: () => { if (!$("tools").hidden) $("save").click(); }, "?": () => help.showModal(), ArrowLeft: () => app.stepPicture(-1), ArrowRight: () => app.stepPicture(1),
  };

  addEventListener("keydown", e => {
    if (e.isComposing || e.defaultPrevented) return;
    if (mac() ? e.metaKey : e.ctrlKey) {
      if (!document.querySelector("dialog[open]") && held(e)) e.preventDefault();
      return;
    }
    if (e.altKey || e.metaKey || e.ctrlKey) return;
    if (e.key === "Escape" && !document.querySelector("dialog[open]")) return app.escape();
    if (!letters.checked || document.querySelector("dialog[open]") || e.target.closest("input, textarea, select, [role=listbox], [role=menu]")) return;
    const act = acts[e.key.length === 1 ? e.key.toLowerCase() : e.key];
    if (!act || e.repeat && e.key.length === 1) return;
    e.preventDefault();
    act();
  });
}
