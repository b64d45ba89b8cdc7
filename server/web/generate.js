// Runs from this page: seeds are drawn, prompts are queued, refusals shown at their fields, runs cancelled.

import * as api from "./api.js";
import { withValue } from "./draft.js";
import { sentenceOf } from "./form/checks.js";
import { titleOf } from "./form/fields.js";
import { draw, rolls } from "./form/seed.js";
import { clone } from "./json.js";
import { isFinal, reduce } from "./runs.js";
import { words } from "./words.js";

export function mountGenerate(app) {
  const { store } = app;

  // seeded gives the draft with the seeds of the i-th of several runs.
  function seeded(draft, i) {
    let next = draft;
    for (const f of store.get().form.all.values()) {
      if (f.kind !== "seed") continue;
      const now = next.prompt[f.node].inputs[f.name];
      if (rolls(f, draft.modes)) {
        if (!(draft.fresh && i === 0)) next = withValue(next, f.node, f.name, draw(f));
      } else if (i > 0) next = withValue(next, f.node, f.name, typeof now === "bigint" ? now + BigInt(i) : Number(now) + i);
    }
    return next;
  }

  async function queueOne(prompt, workflow) {
    let r;
    try {
      r = await api.submit(prompt, app.clientId(), workflow);
    } catch {
      store.set({ says: { state: "gone", text: words.notStarted("The server does not answer") } });
      return false;
    }
    if (!r.ok || !r.body?.prompt_id) return refused(r);
    const extra = refusedNodes(r.body.node_errors || {});
    store.set(s => ({
      runs: reduce(s.runs, "queued", { id: r.body.prompt_id, number: Number(r.body.number), prompt, own: true, seen: Date.now(), created: Date.now(), note: extra.leftOut }),
      follow: following(s) || r.body.prompt_id, view: null, says: null, errors: extra.errors,
    }));
    if (extra.leftOut) app.tell(extra.leftOut);
    app.socketRead();
    return true;
  }

  // following is the run that is followed while it is not over.
  function following({ runs, follow }) {
    const run = runs.byId.get(follow);
    return run && !isFinal(run) ? follow : null;
  }

  function refusedNodes(nodeErrors) {
    const { form, draft, info } = store.get(), errors = {}, says = [];
    let node = null, left = "";
    for (const [id, n] of Object.entries(nodeErrors)) {
      const title = titleOf(draft.prompt, info, id);
      for (const e of n.errors || []) {
        const name = e.extra_info?.input_name, f = form.all.get(`${id}.${name}`);
        const s = sentenceOf(e, f ? f.label : name || title);
        if (f) errors[f.id] = s;
        says.push(f ? s : `${title}: ${s}`);
        node ??= id;
      }
      const out = (n.dependent_outputs || [])[0];
      if (out && !left) left = words.leftOut(titleOf(draft.prompt, info, out), says[0] || "");
    }
    return { errors, says, node, leftOut: left };
  }

  function refused(r) {
    const { errors, says, node } = refusedNodes(r.body?.node_errors || {}), e = r.body?.error || {};
    const why = says[0] || e.type === "missing_node_type" && words.unknown(e.extra_info?.class_type || e.extra_info?.node_title) || [e.message, e.details && !String(e.message).includes(e.details) ? e.details : ""].filter(Boolean).join(" ") || `The server answered ${r.status}`;
    const at = node ?? e.extra_info?.node_id ?? null;
    store.set({ errors, says: { state: "failed", text: words.notStarted(why), node: at, refused: true } });
    const first = Object.keys(errors)[0];
    if (first) requestAnimationFrame(() => app.focusField(first));
    return false;
  }

  // generate queues as many runs as asked, each with its own seed.
  app.generate = async () => {
    const s = store.get();
    if (s.server !== "ok" || !s.form || s.sending) return;
    const bad = app.firstBad();
    if (bad) {
      store.set({ says: { state: "failed", text: words.notStarted(bad.why), refused: true } });
      app.focusField(bad.id);
      return;
    }
    app.hush();
    store.set({ sending: { n: 1, of: s.count }, says: null });
    let last = s.draft;
    for (let i = 0; i < s.count; i++) {
      if (i) store.set({ sending: { n: i + 1, of: s.count } });
      last = seeded(s.draft, i);
      if (!await queueOne(clone(last.prompt), last === s.draft ? s.draft.workflow : null)) break;
    }
    // The fields show the seeds of the last run queued; what was typed meanwhile stays.
    let next = { ...store.get().draft, fresh: false };
    for (const f of s.form.all.values()) if (f.kind === "seed" && rolls(f, next.modes)) next = withValue(next, f.node, f.name, last.prompt[f.node].inputs[f.name]);
    app.draftIs(next, { sending: null });
  };

  // cancel stops the running run, or takes the next of ours out of the queue.
  app.cancel = async run => {
    if (!run) return;
    if (run.state === "queued") return app.remove([run.id]);
    store.set({ cancelling: run.id });
    await api.interrupt(run.id).catch(() => {
      store.set({ cancelling: null });
      app.tell(words.notDone);
    });
  };
  app.remove = async ids => {
    await api.dequeue(ids).catch(() => app.tell(words.notDone));
    app.sync();
  };
  app.clearWaiting = async () => {
    await api.clearQueue().catch(() => app.tell(words.notDone));
    app.sync();
  };
}
