// What is known of each run: a state machine fed by the socket, the queue and the history. No DOM.
//
// A run is {id, number, state, prompt, created, started, ended, nodes, images, error, at}, where state goes
// queued -> running -> done | failed | cancelled, and nodes maps an id to {state, value, max, start, end} with
// state cached | running | done | failed. Times are ms of this machine's clock.

const FINAL = new Set(["done", "failed", "cancelled"]);

export const isFinal = run => FINAL.has(run.state);

export function noRuns() {
  return { byId: new Map(), current: null };
}

function blank(id) {
  return { id, number: 0, state: "queued", prompt: null, created: 0, started: 0, ended: 0, nodes: {}, images: [], error: null, at: null, own: false, seen: 0 };
}

function put(state, run, current = state.current) {
  const byId = new Map(state.byId);
  byId.set(run.id, run);
  return { byId, current };
}

function touch(state, id, change) {
  const run = state.byId.get(id);
  return run && !isFinal(run) ? put(state, change(run)) : state;
}

function start(run, at) {
  return run.state === "running" ? run : { ...run, state: "running", started: run.started || at };
}

// display groups the entries of progress_state by the node that shows them: children of an expansion count as it.
function display(entries) {
  const shown = {};
  for (const e of Object.values(entries)) {
    const id = e.display_node_id ?? e.node_id, old = shown[id];
    const rank = e.state === "error" ? 3 : e.state === "running" ? 2 : 1;
    if (!old || rank > old.rank || rank === old.rank && (e.max ?? 0) > (old.max ?? 0)) shown[id] = { rank, value: e.value ?? 0, max: e.max ?? 1, own: e.node_id === id };
  }
  return shown;
}

function progress(run, entries, at) {
  const nodes = { ...run.nodes };
  let where = run.at;
  for (const [id, e] of Object.entries(display(entries))) {
    const old = nodes[id], state = ["", "done", "running", "failed"][e.rank];
    if (old?.state === "cached" && state === "done") continue;
    if (old && old.state === state && old.value === e.value && old.max === e.max) continue;
    nodes[id] = { state, value: e.value, max: e.max, start: old?.start ?? at, end: state === "done" ? old?.end || at : 0 };
    if (state === "running") where = { node: id, step: e.value, max: e.max };
  }
  return { ...start(run, at), nodes, at: where };
}

function cached(run, ids, at) {
  const nodes = { ...run.nodes };
  for (const id of ids) nodes[id] = { state: "cached", value: 1, max: 1, start: at, end: at };
  return { ...start(run, at), nodes };
}

function fail(run, data, at) {
  const nodes = { ...run.nodes }, id = data.node_id;
  if (id) nodes[id] = { ...nodes[id], state: "failed", end: at };
  return { ...run, state: "failed", ended: at, nodes, error: { node: id, type: data.exception_type || "", className: data.node_type || "", message: String(data.exception_message || "").trim() } };
}

function stop(run, at) {
  const nodes = {};
  for (const id in run.nodes) if (run.nodes[id].state !== "running") nodes[id] = run.nodes[id];
  return { ...run, state: "cancelled", ended: at, nodes };
}

// images lists the pictures of a history entry's outputs, saved ones before temporary ones.
export function imagesOf(outputs) {
  const all = [];
  for (const [node, out] of Object.entries(outputs || {})) {
    for (const list of Object.values(out || {})) {
      if (!Array.isArray(list)) continue;
      for (const f of list) if (f && typeof f.filename === "string" && /\.(png|jpe?g|webp|gif|avif|bmp)$/i.test(f.filename)) all.push({ node, filename: f.filename, subfolder: f.subfolder || "", type: f.type || "output" });
    }
  }
  const saved = all.filter(f => f.type === "output");
  return saved.length ? saved : all;
}

function finish(run, entry) {
  const stamp = {}, messages = entry.status?.messages || [];
  const next = { ...run, prompt: entry.prompt?.[2] || run.prompt, number: entry.prompt?.[0] ?? run.number, created: entry.prompt?.[3]?.create_time || run.created };
  for (const [type, data] of messages) stamp[type] = data;
  const begun = stamp.execution_start?.timestamp, bad = stamp.execution_error, cut = stamp.execution_interrupted;
  const end = (stamp.execution_success || bad || cut)?.timestamp;
  next.started = begun || run.started;
  next.ended = end || run.ended || next.started;
  // After a reload nothing is known but this: what was cached, and that a finished run did all it was asked for.
  next.nodes = { ...next.nodes };
  for (const id of stamp.execution_cached?.nodes || []) next.nodes[id] ??= { state: "cached", value: 1, max: 1, start: 0, end: 0 };
  next.images = imagesOf(entry.outputs);
  if (cut) return { ...stop(next, next.ended), started: next.started };
  if (bad || entry.status?.status_str === "error") return fail(next, bad || {}, next.ended);
  const nodes = {};
  for (const id of reach(next.prompt || {}, entry.prompt?.[4] || [])) nodes[id] = { state: "done", value: 1, max: 1, start: 0, end: 0 };
  for (const id in next.nodes) nodes[id] = next.nodes[id].state === "running" ? { ...next.nodes[id], state: "done", end: next.ended } : next.nodes[id];
  return { ...next, nodes, state: "done" };
}

// reach lists the nodes that the given ones read, themselves included.
function reach(prompt, ids) {
  const seen = new Set(), stack = [...ids];
  while (stack.length) {
    const id = stack.pop();
    if (seen.has(id) || !prompt[id]) continue;
    seen.add(id);
    for (const v of Object.values(prompt[id].inputs || {})) if (Array.isArray(v)) stack.push(v[0]);
  }
  return seen;
}

function readQueue(state, { running, pending, me }) {
  const byId = new Map(state.byId), live = new Set();
  const add = ([number, id, prompt, extra], is) => {
    const old = byId.get(id) || blank(id);
    live.add(id);
    if (isFinal(old)) return;
    const next = is === "running" ? start(old, old.started || Date.now()) : old;
    byId.set(id, { ...next, number, prompt: old.prompt || prompt, own: old.own || extra?.client_id === me, created: extra?.create_time || old.created });
  };
  for (const e of running) add(e, "running");
  for (const e of pending) add(e, "queued");
  return { byId, current: running[0]?.[1] ?? state.current };
}

// strays lists the runs that should be in a queue read at time since and are not: their fate is in the history.
export function strays(state, { running, pending }, since) {
  const live = new Set([...running, ...pending].map(e => e[1]));
  return [...state.byId.values()].filter(r => !isFinal(r) && !(r.seen > since) && !live.has(r.id)).map(r => r.id);
}

// reduce gives the state after an event: one of ours ("queued", "queue", "history", "forget", "lost") or a socket message.
export function reduce(state, type, data, at) {
  const id = data?.prompt_id ?? state.current;
  switch (type) {
    case "queued": return put(state, { ...(state.byId.get(data.id) || blank(data.id)), ...data });
    case "queue": return readQueue(state, data);
    case "history": return Object.entries(data).reduce((s, [k, e]) => put(s, finish(s.byId.get(k) || blank(k), e)), state);
    case "forget": return forget(state, data);
    case "lost": return touch(state, data, r => fail(r, { exception_message: "The server knows this run no more; it may have been restarted." }, at));
    case "execution_start": return put(state, start(state.byId.get(id) || blank(id), at), id);
    case "execution_cached": return touch(state, id, r => cached(r, data.nodes || [], at));
    case "progress_state": return touch(state, id, r => progress(r, data.nodes || {}, at));
    case "executing": return data.node === null || data.node === undefined ? state : touch(state, id, r => r.nodes[data.display_node ?? data.node] ? start(r, at) : progress(r, { [data.node]: { state: "running", node_id: data.node, display_node_id: data.display_node ?? data.node, value: 0, max: 1 } }, at));
    case "executed": return touch(state, id, r => ({ ...r, images: [...r.images, ...imagesOf({ [data.node]: data.output })] }));
    case "execution_error": return data.exception_type === "ExecutionBlocked" ? state : touch(state, id, r => fail(r, data, at));
    case "execution_interrupted": return touch(state, id, r => stop(r, at));
  }
  return state;
}

function forget(state, ids) {
  const byId = new Map(state.byId);
  for (const id of ids) byId.delete(id);
  return { byId, current: ids.includes(state.current) ? null : state.current };
}

// queued lists the waiting runs, the next one first.
export function queued(state) {
  return [...state.byId.values()].filter(r => r.state === "queued").sort((a, b) => a.number - b.number || a.created - b.created);
}

export function running(state) {
  return [...state.byId.values()].find(r => r.state === "running") || null;
}

// finished lists the ended runs, the last one first.
export function finished(state) {
  return [...state.byId.values()].filter(isFinal).sort((a, b) => b.ended - a.ended || b.number - a.number);
}

// shown picks the run to look at: the chosen one, else the running one, else the one followed, else the newest.
export function shown(state, view, follow) {
  const chosen = view && state.byId.get(view.run);
  if (chosen) return { run: chosen, index: Math.min(view.index, Math.max(0, chosen.images.length - 1)) };
  const run = running(state) || state.byId.get(follow) || finished(state).find(r => r.images.length) || null;
  return { run, index: 0 };
}

// subject picks the run that the status line is about, in the same spirit: what runs goes first.
export function subject(state, view, follow) {
  const live = running(state);
  if (live) return live;
  const next = state.byId.get(follow);
  if (next && !isFinal(next)) return next;
  return queued(state)[0] || (view && state.byId.get(view.run)) || next || null;
}
