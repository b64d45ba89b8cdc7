// The status line: one place for every state, Cancel always at its right end.

import { viewURL } from "./api.js";
import { $, mac, put, say } from "./dom.js";
import { titleOf } from "./form/fields.js";
import { isFinal, queued, running, subject } from "./runs.js";
import { full, words } from "./words.js";

const MARKS = { running: "wait", queued: "wait", done: "check", failed: "alert", gone: "alert", cancelled: "x", idle: "check", connecting: "wait" };

export function mountStatus(app) {
  const { store } = app, line = $("status"), bar = $("progress"), cancel = $("cancel"), show = $("show"), touch = matchMedia("(hover: none)");
  let about = null, node = null, spoken = "", quarter = 0;

  // facts gives {state, text} for the line.
  function facts(state) {
    if (state.server === "gone") return { state: "gone", text: words.gone(Math.max(0, Math.ceil((state.retryAt - Date.now()) / 1000))) };
    const run = about = subject(state.runs, state.view, state.follow);
    if (state.says && (!run || isFinal(run) || state.says.refused)) return state.says;
    if ((state.server === "connecting" || !state.form) && !run) return { state: "connecting", text: words.connecting() };
    if (!run) return { state: "idle", text: words.ready(touch.matches ? "" : mac() ? "⌘" : "Ctrl") };
    return { state: run.state, text: ofRun(run, state), node: run.error?.node ?? null };
  }

  function ofRun(run, state) {
    const at = run.at, name = id => titleOf(run.prompt || {}, state.info, id);
    switch (run.state) {
      case "queued": {
        const ahead = queued(state.runs).findIndex(r => r.id === run.id) + (running(state.runs) ? 1 : 0);
        return words.waiting(Math.max(0, ahead));
      }
      case "running":
        if (state.cancelling === run.id) return words.cancelling();
        if (!at && !run.own) return words.elsewhere();
        if (at && state.told?.run === run.id && state.told.node === at.node) return [words.running(name(at.node), at.step, at.max)[0], state.told.text.slice(0, 200)];
        return at ? words.running(name(at.node), at.step, at.max, app.leftOf(run)) : words.starting();
      case "cancelled": return words.cancelled(at?.step, at?.max);
      case "failed": return words.failed(run.error?.node ? name(run.error.node) : "The run", run.error?.message || "No reason was given");
    }
    const file = run.images[0]?.filename, n = state.natural, size = n && file && viewURL(run.images[0]) === n.url ? `${n.width} × ${n.height}` : "";
    const extra = run.images.length > 1 ? `${run.images.length} pictures` : file;
    const pair = words.done(run.ended - run.started, [size, app.seedOf(run), extra]);
    return run.note ? [pair[0], `${pair[1]}. ${run.note}`] : pair;
  }

  // speak tells the screen reader changes of state and each quarter of a run; errors interrupt.
  function speak(kind, text, part) {
    const q = kind === "running" ? Math.floor(part * 4) : 0;
    const key = kind === "running" ? `running ${about?.id} ${q}` : kind === "gone" ? "gone" : full(text);
    if (key === spoken) return;
    const same = spoken.startsWith("running") && kind === "running";
    spoken = key;
    quarter = q;
    if (kind === "failed") return say($("alarm"), full(text));
    say($("alarm"), "");
    say($("live"), same && quarter ? `${quarter * 25} percent. ${full(text)}` : full(text));
  }

  function render(state) {
    const f = facts(state), part = about && about.state === "running" ? app.partOf(about) : 0;
    put(line, "data-state", f.state);
    put($("mark"), "href", "#i-" + (MARKS[f.state] || "check"));
    say($("say"), f.text[0]);
    say($("detail"), f.text[1]);
    put($("detail"), "title", f.text[1].length > 60 ? f.text[1] : null);
    bar.value = part;
    node = f.node ?? null;
    show.hidden = !(f.state === "failed" && node);
    const can = about && !isFinal(about) && state.server !== "gone";
    cancel.disabled = !can || state.cancelling === about?.id;
    cancel.classList.toggle("off", !can);
    speak(f.state, f.text, part);
    head(state);
    const go = $("go"), off = state.server !== "ok" || !state.form, sending = state.sending;
    if (go.disabled !== off) go.disabled = off;
    say(go.firstElementChild, sending?.of > 1 ? words.queueing(sending.n, sending.of) : "Generate");
    put(go, "aria-busy", sending ? "true" : null);
  }

  function head(state) {
    const live = running(state.runs) ? 1 : 0, waiting = queued(state.runs).length, device = $("device");
    const kind = state.server === "ok" ? live ? "run" : "ok" : state.server;
    put(device, "data-state", kind);
    const load = [live && `${live} running`, waiting && `${waiting} waiting`].filter(Boolean).join(", ");
    say(device.lastElementChild, state.server === "gone" ? "Not connected" : state.server === "connecting" ? "Connecting" : load ? `${state.device} · ${load}` : `${state.device} ready`);
    const part = about?.state === "running" ? `${Math.round(app.partOf(about) * 100)} % · ` : "";
    const title = `${part}Cocoon`;
    if (document.title !== title) document.title = title;
  }

  cancel.addEventListener("click", () => app.cancel(about));
  show.addEventListener("click", () => app.showNode(node));
  app.cancelNow = () => about && !isFinal(about) && app.cancel(about);

  store.subscribe(render);
  setInterval(() => {
    const s = store.get();
    if (s.server === "gone" || about?.state === "running") render(s);
  }, 500);
}
