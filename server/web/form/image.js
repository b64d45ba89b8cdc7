// An input picture: drop, paste or choose one, or take one that is already there; with a thumbnail.

import { viewURL } from "../api.js";
import { el, icon, say } from "../dom.js";
import { combo } from "./combo.js";

export function image(field, app) {
  const pick = combo(field, app), file = el("input", { type: "file", accept: "image/*", hidden: true });
  const img = el("img", { alt: "", draggable: "false" }), note = el("span");
  const button = el("button", { type: "button", class: "well" }, img, el("span", { class: "hint" }, icon("picture"), note));
  const take = async f => {
    say(note, "Sending…");
    const name = await app.upload(f);
    if (name) {
      if (!field.options.includes(name)) field.options = [...field.options, name];
      app.change(field, name);
      pick.show(name);
    }
    say(note, "Drop, paste or choose a picture");
  };
  say(note, "Drop, paste or choose a picture");
  button.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (file.files[0]) take(file.files[0]);
    file.value = "";
  });
  const root = el("div", { class: "picture-field" }, button, file, pick.root);
  root.addEventListener("dragover", e => {
    e.preventDefault();
    root.classList.add("over");
  });
  root.addEventListener("dragleave", () => root.classList.remove("over"));
  root.addEventListener("drop", e => {
    const f = e.dataTransfer?.files[0];
    root.classList.remove("over");
    if (!f || !f.type.startsWith("image/")) return;
    e.preventDefault();
    e.stopPropagation();
    app.dropEnds();
    take(f);
  });
  img.addEventListener("load", () => root.classList.add("has"));
  img.addEventListener("error", () => root.classList.remove("has"));
  let shown;
  return {
    root, input: pick.input, refresh: pick.refresh, choices: pick.choices, take,
    show: v => {
      pick.show(v);
      if (v === shown) return;
      shown = v;
      root.classList.remove("has");
      const parts = String(v ?? "").split("/"), filename = parts.pop();
      // A picture that is not there is not asked for; names with a folder in brackets are in no list.
      if (filename && (field.options.includes(v) || /\[(input|output|temp)\]$/.test(filename))) img.src = viewURL({ filename, subfolder: parts.join("/"), type: field.folder }, 256);
      else img.removeAttribute("src");
    },
  };
}
