// From a prompt and object_info to a form: which fields, in which order, under which name. No DOM.

import { fieldsOf, isLink, labelOf, needed, outputIds, titleOf } from "./fields.js";

const MAIN_LIMIT = 14;
const MODEL_FILE = /\.(safetensors|sft|ckpt|pt2?|pth|bin|pkl|gguf)$/i;
const ORDER = ["prompt", "negative", "image", "model", "size", "steps", "cfg", "sampler_name", "seed", "retitled"];

// textOf walks up the links from [id, name] to the nearest multiline text, following inputs of the same role first.
function textOf(prompt, byNode, id, role) {
  const seen = new Set();
  let level = [id];
  while (level.length) {
    const next = [];
    for (const at of level) {
      if (seen.has(at) || !prompt[at]) continue;
      seen.add(at);
      const text = (byNode.get(at) || []).find(f => f.kind === "text" && typeof f.value === "string");
      if (text) return text;
      const inputs = prompt[at].inputs || {};
      const ways = isLink(inputs[role]) ? [inputs[role]] : Object.values(inputs).filter(isLink);
      next.push(...ways.map(l => l[0]));
    }
    level = next;
  }
  return null;
}

// roles gives the prompts and negatives among the fields, as ids.
function roles(prompt, ids, byNode) {
  const found = new Map();
  for (const role of ["positive", "negative"]) {
    for (const id of ids) {
      const link = prompt[id].inputs?.[role];
      const field = isLink(link) ? textOf(prompt, byNode, link[0], role) : null;
      if (field && !found.has(field.id)) found.set(field.id, role === "positive" ? "prompt" : "negative");
    }
  }
  if (![...found.values()].includes("prompt")) {
    const texts = [...byNode.values()].flat().filter(f => (f.kind === "text" || f.kind === "line") && typeof f.value === "string" && !found.has(f.id));
    const multi = texts.filter(f => f.kind === "text");
    const best = (multi.length ? multi : texts.filter(f => /text|prompt/i.test(f.name))).sort((a, b) => b.value.length - a.value.length)[0];
    if (best) found.set(best.id, "prompt");
  }
  return found;
}

// runOrder sorts ids so that each comes after the nodes it reads.
export function runOrder(prompt, ids) {
  const order = [], mark = new Set(), want = new Set(ids);
  const visit = id => {
    if (mark.has(id) || !want.has(id)) return;
    mark.add(id);
    for (const v of Object.values(prompt[id].inputs || {})) if (isLink(v)) visit(v[0]);
    order.push(id);
  };
  ids.forEach(visit);
  return order;
}

function rank(field, role, retitled) {
  if (role) return role;
  if (field.kind === "image") return "image";
  if (field.kind === "combo" && (MODEL_FILE.test(String(field.value)) || field.options.some(o => MODEL_FILE.test(String(o))))) return "model";
  if ((field.name === "width" || field.name === "height") && field.kind === "number") return "size";
  if (field.name === "steps" || field.name === "cfg" || field.name === "sampler_name") return field.name;
  if (field.kind === "seed") return "seed";
  return retitled ? "retitled" : null;
}

function retitled(prompt, info, id) {
  const title = prompt[id]._meta?.title, def = info[prompt[id].class_type];
  return Boolean(title && def && title !== def.display_name && title !== prompt[id].class_type);
}

// asked is the main list an author gave: pairs of node and input, in the forms files have.
function asked(linear, all) {
  const fields = [];
  for (const entry of linear || []) {
    const [node, name] = Array.isArray(entry) ? entry : [entry?.node_id ?? entry?.id, entry?.widget ?? entry?.name];
    const field = all.get(`${node}.${name}`);
    if (field && !fields.includes(field)) fields.push(field);
  }
  return fields;
}

function mainOf(prompt, info, ids, all, role) {
  const buckets = Object.fromEntries(ORDER.map(k => [k, []]));
  for (const field of all.values()) {
    const k = rank(field, role.get(field.id), retitled(prompt, info, field.node));
    // A width without a height is an ordinary number.
    if (k === "size" && !(all.has(`${field.node}.width`) && all.has(`${field.node}.height`))) continue;
    if (k && !(field.advanced && k === "retitled")) buckets[k].push(field);
  }
  const sizes = buckets.size.filter(f => f.name === "width").flatMap(f => [f, all.get(`${f.node}.height`)]);
  return [...ORDER.flatMap(k => k === "size" ? sizes : buckets[k])];
}

function name(fields, prompt, info, role) {
  const first = { prompt: "Prompt", negative: "Negative prompt" };
  for (const f of fields) {
    f.role = role.get(f.id) || null;
    f.plain = f.label = f.role ? first[f.role] : labelOf(f, prompt, info); // plain is for places that name the node already
  }
  const times = Map.groupBy ? Map.groupBy(fields, f => f.label) : group(fields);
  for (const same of times.values()) {
    if (same.length < 2) continue;
    for (const f of same) {
      const title = titleOf(prompt, info, f.node);
      const twin = same.some(o => o !== f && titleOf(prompt, info, o.node) === title && o.node !== f.node);
      if (title.toLowerCase() !== f.label.toLowerCase() || twin) f.label = `${title}${twin ? ` #${f.node}` : ""}: ${f.label}`;
    }
  }
}

function group(fields) {
  const m = new Map();
  for (const f of fields) m.set(f.label, [...(m.get(f.label) || []), f]);
  return m;
}

// derive gives {main, more, all, ids}: main is a list of fields, more one of {node, title, fields}, all maps an id
// ("node.input") to its field, and ids are the nodes that run, in order.
export function derive(prompt, info, linear = null) {
  const ids = runOrder(prompt, needed(prompt, info));
  const byNode = new Map(ids.map(id => [id, fieldsOf(prompt, info, id)]));
  const all = new Map([...byNode.values()].flat().map(f => [f.id, f]));
  const role = roles(prompt, ids, byNode);
  name([...all.values()], prompt, info, role);
  const wanted = asked(linear, all);
  const main = (wanted.length ? wanted : mainOf(prompt, info, ids, all, role)).slice(0, wanted.length || MAIN_LIMIT);
  const used = new Set(main);
  const more = [], late = [];
  for (const id of ids) {
    const rest = byNode.get(id).filter(f => !used.has(f));
    const title = titleOf(prompt, info, id);
    for (const [list, fields] of [[more, rest.filter(f => !f.advanced)], [late, rest.filter(f => f.advanced)]]) if (fields.length) list.push({ node: id, title, fields });
  }
  return { main, more: numbered([...more, ...late]), all, ids };
}

// numbered tells groups of the same title apart by the node's id.
function numbered(groups) {
  for (const g of groups) g.twin = groups.some(o => o.title === g.title && o.node !== g.node);
  for (const g of groups) if (g.twin) g.title += ` #${g.node}`;
  return groups;
}

// sizeOf gives the [width, height] a prompt asks for, or null.
export function sizeOf(prompt) {
  for (const n of Object.values(prompt || {})) {
    const { width, height } = n.inputs || {};
    if (Number(width) > 0 && Number(height) > 0) return [Number(width), Number(height)];
  }
  return null;
}

export { outputIds };
