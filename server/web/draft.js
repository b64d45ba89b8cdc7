// The draft: the opened prompt with what the form keeps beside it, and where it is stored.

import { clone, parse, stringify } from "./json.js";
import { local } from "./memory.js";

const KEY = "cocoon.draft", LIMIT = 2 << 20;

// newDraft wraps an opened prompt. fresh means its seed has not been used yet: the first run takes it as it is.
export function newDraft(name, prompt, more = {}) {
  return { name, prompt: clone(prompt), modes: {}, linear: null, workflow: null, problems: [], fresh: false, ...more };
}

// withValue gives the draft with one value changed; a workflow that no longer fits the prompt is dropped.
export function withValue(draft, node, name, value) {
  const old = draft.prompt[node];
  if (!old || old.inputs?.[name] === value) return draft;
  return { ...draft, workflow: null, prompt: { ...draft.prompt, [node]: { ...old, inputs: { ...old.inputs, [name]: value } } } };
}

// values lists a prompt's constants as {node: {name: value}}.
export function values(prompt) {
  const out = {};
  for (const id in prompt) {
    out[id] = {};
    for (const [k, v] of Object.entries(prompt[id].inputs || {})) if (!Array.isArray(v)) out[id][k] = v;
  }
  return out;
}

// sameShape tells whether two prompts differ in values alone.
export function sameShape(a, b) {
  const ids = Object.keys(a);
  if (ids.length !== Object.keys(b).length) return false;
  return ids.every(id => b[id] && a[id].class_type === b[id].class_type && Object.entries(a[id].inputs || {}).every(([k, v]) => !Array.isArray(v) || stringify(v) === stringify(b[id].inputs?.[k])));
}

// withValues gives the draft with the constants of from, where both have the node and the input.
export function withValues(draft, from) {
  const prompt = { ...draft.prompt };
  for (const id in from) {
    if (!prompt[id]) continue;
    const inputs = { ...prompt[id].inputs };
    for (const k in from[id]) if (k in inputs && !Array.isArray(inputs[k])) inputs[k] = from[id][k];
    prompt[id] = { ...prompt[id], inputs };
  }
  return { ...draft, workflow: null, prompt };
}

// save keeps the draft, or of one over 2 MB its values and the run that has the rest.
export function save(draft, count, run) {
  const small = { name: draft.name, modes: draft.modes, linear: draft.linear, fresh: draft.fresh, count };
  let s = stringify({ ...small, prompt: draft.prompt, problems: draft.problems });
  if (s.length > LIMIT) s = stringify({ ...small, values: values(draft.prompt), run });
  local.set(KEY, s);
}

// load gives what save kept, or null.
export function load() {
  try {
    const d = parse(local.get(KEY) || "null");
    return d && (d.prompt || d.values) ? d : null;
  } catch {
    return null;
  }
}

// nameOf makes a title of a file's name.
export function nameOf(file) {
  const name = file.replace(/\.\w+$/, "").replace(/[_-]+/g, " ").trim() || "Workflow";
  return name[0].toUpperCase() + name.slice(1);
}
