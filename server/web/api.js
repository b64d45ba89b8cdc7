// The server's routes, as functions. Answers keep the digits of large integers.

import { parse, stringify } from "./json.js";

const LIMIT = 64 << 20;

async function answer(response) {
  const text = await response.text();
  try {
    return text ? parse(text) : null;
  } catch {
    return null;
  }
}

async function get(path) {
  const r = await fetch(path, { cache: "no-store" });
  if (!r.ok) throw new Error(`${r.status} for ${path}`);
  return answer(r);
}

function post(path, body) {
  return fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: stringify(body) });
}

// queue gives the waiting and running entries, [number, id, prompt, extra, outputs] each.
export async function queue() {
  const q = await get("/queue");
  return { running: q.queue_running, pending: q.queue_pending };
}

export const history = max => get(`/history?max_items=${max}`);
// historyPage gives max entries from the offset-th oldest on.
export const historyPage = (offset, max) => get(`/history?offset=${offset}&max_items=${max}`);
// endedCount is how many runs the history has.
export const endedCount = async () => (await get("/api/jobs?status=completed,failed,cancelled&limit=1")).pagination.total;
export const historyOf = id => get(`/history/${encodeURIComponent(id)}`);
export const stats = () => get("/system_stats");
export const defaultPrompt = () => get(new URL("default.json", import.meta.url));

// submit queues a prompt; it gives {ok, status, body} with the server's words.
export async function submit(prompt, clientId, workflow) {
  const extra = workflow ? { extra_pnginfo: { workflow } } : {};
  const r = await post("/prompt", { prompt, client_id: clientId, extra_data: extra });
  return { ok: r.ok, status: r.status, body: await answer(r) };
}

export const interrupt = id => post("/interrupt", { prompt_id: id });
export const dequeue = ids => post("/queue", { delete: ids });
export const clearQueue = () => post("/queue", { clear: true });

const known = new Map();

// infoOf gives the object_info entries of classes, each fetched once; a class the server lacks is left out.
export async function infoOf(classes, again = false) {
  await Promise.all([...new Set(classes)].filter(c => typeof c === "string" && (again || !known.has(c))).map(async c => {
    const entry = (await get(`/object_info/${encodeURIComponent(c)}`))?.[c];
    if (entry) known.set(c, entry);
  }));
  return Object.fromEntries([...new Set(classes)].filter(c => known.has(c)).map(c => [c, known.get(c)]));
}

// modelOf gives the facts of a checkpoint, or null.
export async function modelOf(name) {
  const r = await fetch(`/cocoon/model?name=${encodeURIComponent(name)}`);
  return r.ok ? answer(r) : null;
}

// tooBig tells whether a file is refused unread.
export const tooBig = file => file.size > LIMIT;

// convert reads the workflow of any file: {prompt, workflow, problems, linear}, or {error}.
export async function convert(file) {
  const r = await fetch(`/cocoon/workflow?name=${encodeURIComponent(file.name)}`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
  const body = await answer(r);
  if (r.ok && body?.prompt) return body;
  return { error: body?.error || { type: "unreadable", message: `The server answered ${r.status}.` } };
}

// upload stores an input picture and gives the value that a field takes.
export async function upload(file) {
  const form = new FormData();
  form.append("image", file, file.name || "pasted.png");
  const r = await fetch("/upload/image", { method: "POST", body: form });
  if (!r.ok) throw new Error(`the server answered ${r.status}`);
  const f = await answer(r);
  return f.subfolder ? `${f.subfolder}/${f.name}` : f.name;
}

// viewURL is where a picture is; side asks for one of at most so many px.
export function viewURL({ filename, subfolder, type }, side) {
  const q = new URLSearchParams({ filename, subfolder: subfolder || "", type: type || "output" });
  if (side) q.set("res", side);
  return `/view?${q}`;
}

// installed lists the extensions: {enabled, extensions}.
export const installed = () => get("/cocoon/extensions");

// forgetInfo makes infoOf ask again: nodes came or went.
export const forgetInfo = () => known.clear();
