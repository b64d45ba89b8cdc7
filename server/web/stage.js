// The stage: the picture looked at, growing while it runs, with its tools.

import { viewURL } from "./api.js";
import { $, cell, el, put, say } from "./dom.js";
import { sizeOf } from "./form/rules.js";
import { finished, isFinal, running, shown } from "./runs.js";
import { examples } from "./words.js";

const KEEP = 6; // last previews kept, for runs that were cancelled or failed

export function mountStage(app) {
  const { store } = app, figure = $("figure"), canvas = $("preview"), img = $("picture"), empty = $("empty"), live = $("to-live");
  const previews = new Map();
  let drawn = null, natural = null, current = "";

  for (const text of examples) {
    const b = el("button", { type: "button", class: "try" }, text);
    b.addEventListener("click", () => app.tryPrompt(text));
    $("tries").append(b);
  }
  app.tryPrompt = text => {
    const field = [...store.get().form.all.values()].find(f => f.role === "prompt");
    if (!field) return;
    app.change(field, text);
    app.generate();
  };

  // preview takes a frame of a run: one is decoded at a time, the newest wins, a bitmap is closed after use.
  let next = null, decoding = false;
  app.preview = async (id, frame) => {
    next = { id, frame };
    if (decoding) return;
    decoding = true;
    while (next) {
      const { id: run, frame: { mime, bytes } } = next;
      next = null;
      const bitmap = await createImageBitmap(new Blob([bytes], { type: mime })).catch(() => null);
      if (bitmap) keep(run, bitmap);
    }
    decoding = false;
  };
  function keep(id, bitmap) {
    previews.get(id)?.close();
    previews.delete(id);
    previews.set(id, bitmap);
    for (const [old, b] of previews) {
      if (previews.size <= KEEP) break;
      b.close();
      previews.delete(old);
    }
    store.set(s => ({ frames: s.frames + 1 }));
  }
  // paint draws a run's last preview; false if there is none.
  app.paint = (target, id) => {
    const b = previews.get(id);
    if (!b) return false;
    if (target.width !== b.width || target.height !== b.height) {
      target.width = b.width;
      target.height = b.height;
    }
    target.getContext("2d").drawImage(b, 0, 0);
    return true;
  };

  function fit(w, h) {
    cell(figure, "--ratio", w / h);
    cell(figure, "--px", `${w * 4}px`);
  }

  function load(url, alt) {
    put(img, "alt", alt);
    if (current === url) return;
    current = url;
    figure.classList.add("loading");
    const next = new Image();
    next.src = url;
    next.decode().catch(() => null).then(() => {
      if (current !== url) return;
      img.src = url;
      figure.classList.remove("loading");
      figure.classList.remove("broken");
      if (!next.naturalWidth) return figure.classList.add("broken");
      natural = [next.naturalWidth, next.naturalHeight];
      fit(...natural);
      put(canvas, "hidden", true);
      store.set({ natural: { url, width: natural[0], height: natural[1] } });
    });
  }

  function render(state) {
    const { run, index } = shown(state.runs, state.view, state.follow);
    const picture = run?.images[index], busy = run && !isFinal(run);
    const first = !run || !picture && !busy && !previews.has(run.id) && run.state !== "failed" && run.state !== "cancelled";
    const demo = Object.values(state.draft?.prompt || {}).some(n => n.inputs?.ckpt_name === "papercut.safetensors");
    say($("empty-note"), demo ? "Press Generate, or describe your own. A small demo model draws paper landscapes, 128 × 128." : "Press Generate, or describe your own.");
    empty.hidden = !(first && !finished(state.runs).some(r => r.images.length)) || state.server === "connecting" || !state.form;
    figure.hidden = !run || first;
    put(figure, "data-state", run?.state || "none");
    const now = running(state.runs);
    live.hidden = !(state.view && now && now.id !== run?.id);
    $("tools").hidden = !(picture && run.state === "done");
    if (!run || first) return;
    figure.classList.toggle("waiting", !(picture && run.state === "done") && !previews.has(run.id));
    if (picture && run.state === "done") {
      const url = viewURL(picture);
      $("save").href = url;
      put($("save"), "download", picture.filename);
      put(img, "hidden", null);
      load(url, app.promptOf(run) || picture.filename);
      return;
    }
    current = "";
    put(img, "hidden", true);
    put(canvas, "hidden", null);
    put(canvas, "aria-label", busy ? `Preview: ${app.promptOf(run)}` : "The last preview of a run that did not finish");
    const size = sizeOf(run.prompt);
    if (app.paint(canvas, run.id)) fit(...(size || [canvas.width, canvas.height]));
    else {
      if (drawn !== run.id) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      fit(...(size || [512, 512]));
    }
    drawn = run.id;
  }

  let last = {};
  store.subscribe(state => {
    if (last.runs === state.runs && last.view === state.view && last.frames === state.frames && last.follow === state.follow && last.server === state.server && last.form === state.form) return;
    last = state;
    render(state);
  });

  const chosen = () => shown(store.get().runs, store.get().view, store.get().follow);
  app.chosen = chosen;
  $("full").addEventListener("click", () => app.view(chosen()));
  img.addEventListener("click", () => app.view(chosen()));
  $("reuse").addEventListener("click", () => app.useSettings(chosen().run));
  live.addEventListener("click", () => store.set({ view: null }));
}
