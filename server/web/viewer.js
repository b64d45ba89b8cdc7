// Full size: a dialog with one picture and the parameters that made it.

import { infoOf, viewURL } from "./api.js";
import { $, cell, copyText, el, icon, put, say } from "./dom.js";
import { show } from "./form/checks.js";
import { derive } from "./form/rules.js";
import { seconds } from "./words.js";

// plain writes a value as its field does.
const plain = (v, f) => typeof v === "object" && v !== null ? JSON.stringify(v) : show(v, f.whole);

export function mountViewer(app) {
  const { store } = app, dialog = $("viewer"), img = $("view-img"), list = $("view-list");
  let run = null, index = 0, turn = 0;

  function row(label, value) {
    const copy = el("button", { type: "button", class: "icon copy", "aria-label": `Copy ${label.toLowerCase()}`, title: "Copy" }, icon("copy"));
    copy.addEventListener("click", () => copied(copy, value));
    return [el("dt", {}, label), el("dd", { class: value.length > 40 ? "long" : null }, el("span", { dir: "auto" }, value || "none"), value ? copy : null)];
  }
  async function copied(button, value) {
    if (!await copyText(value)) return;
    button.replaceChildren(icon("check"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1200);
  }

  async function look(next) {
    run = next.run;
    index = next.index;
    const image = run.images[index], mine = ++turn;
    if (!image) return;
    put(img, "src", viewURL(image));
    put(img, "alt", app.promptOf(run) || image.filename);
    dialog.classList.remove("zoomed");
    const [newest, oldest] = app.edges();
    put($("view-prev"), "aria-disabled", newest ? "true" : null);
    put($("view-next"), "aria-disabled", oldest ? "true" : null);
    say($("view-name"), image.filename);
    say($("view-when"), [run.ended ? new Date(run.ended).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : "", run.ended > run.started ? seconds(run.ended - run.started) : ""].filter(Boolean).join(" · "));
    $("view-save").href = viewURL(image);
    put($("view-save"), "download", image.filename);
    const info = { ...store.get().info, ...await infoOf(Object.values(run.prompt || {}).map(n => n.class_type)).catch(() => ({})) };
    if (mine !== turn) return;
    const form = derive(run.prompt || {}, info), value = f => plain(run.prompt[f.node].inputs[f.name], f);
    list.replaceChildren(...form.main.flatMap(f => row(f.label, value(f))), ...form.more.flatMap(g => g.fields.flatMap(f => row(f.label, value(f)))));
  }

  app.view = at => {
    if (!at?.run?.images.length) return;
    look(at);
    if (!dialog.open) dialog.showModal();
  };
  const step = n => {
    const next = app.stepPicture(n);
    if (next) look(next);
  };

  img.addEventListener("load", () => {
    cell(img, "--px", `${img.naturalWidth * 4}px`);
    say($("view-size"), `${img.naturalWidth} × ${img.naturalHeight}`);
  });
  img.addEventListener("click", () => dialog.classList.toggle("zoomed"));
  dialog.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "ArrowLeft" || e.key === "ArrowRight") {
      e.preventDefault();
      step(e.key === "ArrowRight" ? 1 : -1);
    }
  });
  dialog.addEventListener("click", e => { if (e.target === dialog || e.target.classList.contains("view-stage")) dialog.close(); });
  $("view-close").addEventListener("click", () => dialog.close());
  $("view-prev").addEventListener("click", () => step(-1));
  $("view-next").addEventListener("click", () => step(1));
  $("view-use").addEventListener("click", () => {
    dialog.close();
    app.useSettings(run);
  });
  $("view-open").addEventListener("click", () => {
    dialog.close();
    app.tryOpen(run.images[index]?.filename.replace(/\.\w+$/, "") || "Workflow", run.prompt);
  });
}
