// The inputs of one node as fields: {id, node, name, kind, value, options, min, max, step, ...}. No DOM.
// kind: text line number seed combo image switch color dynamic other.

const CORE = new Set(["STRING", "INT", "FLOAT", "BOOLEAN", "COMBO", "COLOR"]);
const VALUES = new Set(["COLORS", "CURVE", "RANGE", "BOUNDING_BOX", "BOUNDING_BOXES"]);
const WORDS = { ckpt: "checkpoint", cfg: "CFG", vae: "VAE", lora: "LoRA", clip: "CLIP", unet: "diffusion model", fps: "FPS", filename: "file name", num: "number of" };
const WHOLE = { filename_prefix: "File name", text_g: "Text, global", text_l: "Text, local" };
const SMALL = 12; // letters of a "short" choice

export function isLink(v) {
  return Array.isArray(v) && v.length === 2 && typeof v[0] === "string" && typeof v[1] === "number";
}

// titleOf names a node as its author did, else as its class does.
export function titleOf(prompt, info, id) {
  const node = prompt[id];
  return node?._meta?.title || info[node?.class_type]?.display_name || node?.class_type || `Node ${id}`;
}

// outputIds lists the nodes that give the prompt a result.
export function outputIds(prompt, info) {
  return Object.keys(prompt).filter(id => info[prompt[id]?.class_type]?.output_node);
}

// needed lists the nodes that an output node reads, all of them if none is known to be one.
export function needed(prompt, info) {
  const roots = outputIds(prompt, info), seen = new Set();
  const stack = roots.length ? [...roots] : Object.keys(prompt);
  while (stack.length) {
    const id = stack.pop();
    if (seen.has(id) || !prompt[id]) continue;
    seen.add(id);
    for (const v of Object.values(prompt[id].inputs || {})) if (isLink(v)) stack.push(v[0]);
  }
  return Object.keys(prompt).filter(id => seen.has(id));
}

// words turns an input's name into words: ckpt_name is "Checkpoint".
export function words(name) {
  if (WHOLE[name]) return WHOLE[name];
  const parts = name.split(".").at(-1).replace(/_name(\d*)$/, "_$1").split(/[_\s]+/).filter(Boolean).map(w => WORDS[w] || w);
  const s = parts.join(" ") || name;
  return s[0].toUpperCase() + s.slice(1);
}

// labelOf is display_name, else the name in words; a primitive goes by its title or by what it feeds.
export function labelOf(field, prompt, info) {
  const def = info[prompt[field.node].class_type];
  if (/primitive/i.test(def?.category || "")) {
    const title = prompt[field.node]._meta?.title;
    if (title && title !== def.display_name) return title;
    for (const n of Object.values(prompt)) for (const [name, v] of Object.entries(n.inputs || {})) if (isLink(v) && v[0] === field.node) return words(name);
  }
  return field.display || words(field.name);
}

// specs lists [name, type, options, hidden] of a node's declared inputs, those of dynamic ones included.
function specs(def, inputs) {
  const out = [];
  const section = (group, order, prefix) => {
    const names = order && order.length ? order : Object.keys(group || {});
    for (const name of names) if (group?.[name]) one(prefix + name, group[name]);
  };
  const sub = (o, prefix) => { for (const part of ["required", "optional"]) section(o?.[part], null, prefix); };
  const one = (name, [type, options = {}]) => {
    if (type === "COMFY_DYNAMICCOMBO_V3") {
      out.push([name, type, options]);
      sub((options.options || []).find(o => o.key === inputs[name])?.inputs, name + ".");
    } else if (type === "COMFY_DYNAMICSLOT_V3") {
      if (name in inputs) sub(options.inputs, name + ".");
    } else if (type === "COMFY_DYNAMICGROUP_V3") {
      const rows = new Set(Object.keys(inputs).filter(k => k.startsWith(name + ".")).map(k => k.slice(name.length + 1).split(".")[0]));
      for (const row of [...rows].sort((a, b) => a - b)) sub(options.template?.input || options.template, `${name}.${row}.`);
    } else out.push([name, type, options]);
  };
  for (const part of ["required", "optional"]) section(def.input?.[part], def.input_order?.[part], "");
  return out;
}

function kindOf(name, type, o) {
  if (Array.isArray(type)) return o.image_upload ? "image" : "combo";
  const t = o.widgetType || String(type).split(",").find(p => CORE.has(p)) || type;
  switch (t) {
    case "STRING": return o.multiline ? "text" : "line";
    case "INT": return o.control_after_generate || name === "seed" || name === "noise_seed" ? "seed" : "number";
    case "FLOAT": return "number";
    case "BOOLEAN": return "switch";
    case "COLOR": return "color";
    case "COMBO": return o.image_upload ? "image" : o.multiselect ? "other" : "combo";
    case "COMFY_DYNAMICCOMBO_V3": return "dynamic";
  }
  return VALUES.has(t) ? "other" : null;
}

function optionsOf(type, o) {
  if (Array.isArray(type)) return type;
  return !Array.isArray(o.options) ? [] : o.options.map(v => v && typeof v === "object" ? v.key : v);
}

// fallback is the value a fresh node would have.
export function fallback(type, o) {
  const list = optionsOf(type, o);
  if (o.default !== undefined) return o.default;
  if (list.length) return list[0];
  return { INT: 0, FLOAT: 0, BOOLEAN: false, STRING: "", COLOR: "#ffffff" }[type] ?? null;
}

function field(id, name, type, o, value) {
  const kind = kindOf(name, type, o);
  if (!kind || o.forceInput || o.hidden) return null;
  const options = kind === "combo" || kind === "image" || kind === "dynamic" ? optionsOf(type, o) : [];
  return {
    id: `${id}.${name}`, node: id, name, kind, value, options,
    whole: !String(type).includes("FLOAT"), min: o.min, max: o.max, step: o.step || (String(type).includes("FLOAT") ? 0.1 : 1),
    short: options.length > 0 && options.length <= 3 && options.every(v => String(v).length <= SMALL),
    control: o.control_after_generate, help: o.tooltip || "", display: o.display_name || "", advanced: Boolean(o.advanced),
    placeholder: o.placeholder || "", on: o.label_on || "", off: o.label_off || "", dynamic: kind === "dynamic" ? o.options : null,
    folder: o.image_folder || "input",
  };
}

// fieldsOf lists the fields of node id: what has a value that is no link and a type with a widget. Of a class the
// server does not know, all values show as they are.
export function fieldsOf(prompt, info, id) {
  const inputs = prompt[id].inputs || {}, def = info[prompt[id].class_type];
  if (!def) return Object.entries(inputs).filter(([, v]) => !isLink(v)).map(([name, value]) => ({ ...field(id, name, "STRING", {}, value), kind: "other" }));
  const out = [];
  for (const [name, type, o] of specs(def, inputs)) {
    const value = inputs[name];
    if (isLink(value) || value === undefined && !(name in (def.input?.required || {}))) continue;
    const f = field(id, name, type, o, value);
    if (!f) continue;
    if (value !== null && typeof value === "object") f.kind = "other";
    out.push(f);
  }
  return out;
}

// switchTo gives the inputs of a node after its dynamic combo name was set to key: the former option's values go,
// the new one's defaults come.
export function switchTo(inputs, f, key) {
  const next = {};
  for (const k in inputs) if (!k.startsWith(f.name + ".")) next[k] = inputs[k];
  next[f.name] = key;
  const option = f.dynamic.find(o => o.key === key)?.inputs || {};
  for (const part of ["required", "optional"]) {
    for (const [name, [type, o = {}]] of Object.entries(option[part] || {})) {
      const was = inputs[`${f.name}.${name}`];
      if (was !== undefined) next[`${f.name}.${name}`] = was;
      else if (kindOf(name, type, o) && !o.forceInput) next[`${f.name}.${name}`] = fallback(type, o);
    }
  }
  return next;
}
