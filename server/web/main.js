// Starts the page: makes its parts, opens the draft, and keeps what is known of the server up to date.

import * as api from "./api.js";
import { mountActions } from "./actions.js";
import { load, withValues } from "./draft.js";
import { mountForm } from "./form/view.js";
import { derive } from "./form/rules.js";
import { mountGenerate } from "./generate.js";
import { mountGraphList } from "./graph/list.js";
import { mountGraph } from "./graph/view.js";
import { mountGuests } from "./guests.js";
import { mountHeader } from "./header.js";
import { mountKeys } from "./keys.js";
import { mountOlder, PAGE } from "./older.js";
import { mountOpen } from "./open.js";
import { mountPace } from "./pace.js";
import { mountPictures } from "./pictures.js";
import { noRuns, reduce, running, strays } from "./runs.js";
import { connect, identity } from "./socket.js";
import { mountStage } from "./stage.js";
import { mountStatus } from "./status.js";
import { createStore } from "./store.js";
import { mountViewer } from "./viewer.js";
import { words } from "./words.js";

const store = createStore({
  server: "connecting", retryAt: 0, device: "CPU", draft: null, former: null, form: null, info: {}, count: 1, errors: {}, native: null,
  runs: noRuns(), follow: null, view: null, frames: 0, natural: null, says: null, told: null, sending: null, older: 0, cancelling: null, graphOpen: false,
});
const app = { store };
let socket = null;
app.clientId = identity(() => socket?.renew());

// textOf finds the prompt and the seed of a run, by the form's rules.
const facts = new Map();
function factsOf(run) {
  if (!facts.has(run.id) && run.prompt) {
    const all = [...derive(run.prompt, store.get().info).all.values()], text = all.find(f => f.role === "prompt"), seed = all.find(f => f.kind === "seed");
    facts.set(run.id, { text: typeof text?.value === "string" ? text.value : "", seed: seed ? `seed ${seed.value}` : "" });
  }
  return facts.get(run.id) || { text: "", seed: "" };
}
app.promptOf = run => factsOf(run).text;
app.seedOf = run => factsOf(run).seed;

// sync reads the queue, and the history of runs that left it.
let busy = false, again = false;
app.sync = async () => {
  if (busy) return void (again = true);
  busy = true;
  do {
    again = false;
    try {
      const since = Date.now(), q = await api.queue(), lost = strays(store.get().runs, q, since);
      event("queue", { ...q, me: app.clientId() });
      await Promise.all(lost.map(ended));
    } catch {
      // The socket tells when the server is gone, and back.
    }
  } while (again);
  busy = false;
};
app.socketRead = () => setTimeout(app.sync, 120);

// ended reads how a run ended; one that the history lacks was taken out of the queue.
async function ended(id) {
  let entry = await api.historyOf(id);
  if (!entry?.[id] && store.get().runs.byId.get(id)?.state === "running") {
    await new Promise(done => setTimeout(done, 1000));
    entry = await api.historyOf(id);
    if (!entry?.[id]) return event("lost", id);
  }
  if (entry?.[id]) event("history", entry);
  else event("forget", [id]);
}

function event(type, data) {
  store.set(s => {
    const runs = reduce(s.runs, type, data, Date.now());
    if (runs === s.runs) return null;
    const live = running(runs);
    return { runs, follow: live?.own ? live.id : s.follow }; // the page follows its own runs
  });
}

let syncTimer = 0;
function message(type, data) {
  app.heard(type, data);
  if (type === "status") {
    clearTimeout(syncTimer);
    syncTimer = setTimeout(app.sync, 150);
    return;
  }
  event(type, data);
  if (type === "executing" && data.node === null) {
    const id = data.prompt_id;
    ended(id).catch(() => null).then(() => {
      if (store.get().cancelling === id) store.set({ cancelling: null });
    });
  }
}

let first = true, opening = null;
async function opened() {
  const was = store.get().server;
  store.set({ server: "ok" });
  if (was === "gone") {
    store.set({ says: { state: "done", text: words.back() } });
    setTimeout(() => store.set(s => s.says?.text[0] === words.back()[0] ? { says: null } : null), 3000);
  }
  try {
    await opening;
    if (!store.get().form) await (opening = openDraft());
    event("history", await api.history(first ? PAGE : 50));
    await app.sync();
    app.countOlder();
    first ? app.learnGuests() : app.guestsChanged();
    first = false;
    const device = (await api.stats()).devices?.[0];
    store.set({ device: nameOf(device) });
  } catch {
    // Gone again; the socket will say so.
  }
}

// nameOf makes "CPU" or "NVIDIA H200" of a device entry.
function nameOf(device) {
  if (!device || device.type === "cpu") return "CPU";
  return String(device.name).replace(/^\w+:\d+\s+/, "").split(" : ")[0] || "GPU";
}

// openDraft shows the stored draft, or the default workflow on a first visit.
async function openDraft() {
  const d = load();
  let name = d?.name || "Text to image", prompt = d?.prompt, fresh = d ? d.fresh : true;
  if (d && !prompt) prompt = (await api.historyOf(d.run).catch(() => null))?.[d.run]?.prompt?.[2];
  if (!prompt) {
    prompt = await api.defaultPrompt();
    name = "Text to image";
    fresh = true;
  }
  await app.openPrompt(name, prompt, { modes: d?.modes || {}, linear: d?.linear || null, problems: d?.problems || [], fresh });
  if (d?.values) store.set(s => ({ draft: withValues(s.draft, d.values), former: null }));
  store.set({ former: null, count: d?.count || 1 });
  document.body.classList.add("ready");
}

mountPace(app);
mountActions(app);
mountGenerate(app);
mountGraphList(app);
mountForm(app);
mountStage(app);
mountStatus(app);
mountPictures(app);
mountViewer(app);
mountGraph(app);
mountOpen(app);
mountOlder(app, entries => event("history", entries));
mountGuests(app);
mountHeader(app);
mountKeys(app);

addEventListener("pagehide", app.keep);
app.say = text => socket.say(text);
opening = openDraft().catch(() => null); // tried again when the server answers
socket = connect(app.clientId, {
  open: opened,
  gone: retryAt => store.set({ server: "gone", retryAt }),
  message,
  binary: f => {
    if (f.kind === "text") store.set(s => ({ told: { run: running(s.runs)?.id, node: f.node, text: f.text } }));
    if (f.kind === "preview") app.preview(f.meta?.prompt_id ?? store.get().runs.current, f);
  },
});
