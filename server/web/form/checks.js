// What can be wrong with a value, told before the server has to. No DOM.

import { atLeast, atMost, missingChoice, missingFile, notNumber, range } from "../words.js";

const FOLDERS = [[/^ckpt/, "checkpoints"], [/^unet|^diffusion/, "diffusion_models"], [/^lora/, "loras"], [/^vae/, "vae"], [/^clip_vision/, "clip_vision"], [/^clip/, "text_encoders"], [/^control_net/, "controlnet"], [/^style_model/, "style_models"], [/^gligen/, "gligen"], [/^upscale_model/, "upscale_models"]];

// read turns typed text into a number; integers beyond 2^53 become BigInt. Anything else is null.
export function read(text, whole) {
  const s = text.trim().replace(",", ".");
  if (whole) {
    if (!/^[+-]?\d+$/.test(s)) return null;
    return Number.isSafeInteger(Number(s)) ? Number(s) : BigInt(s);
  }
  return s !== "" && Number.isFinite(Number(s)) ? Number(s) : null;
}

// stepBy moves value by n steps, without the dust of binary fractions.
export function stepBy(value, step, n) {
  if (typeof value === "bigint") return value + BigInt(Math.round(step * n));
  const digits = Math.max(decimals(step), decimals(value));
  return Number((value + step * n).toFixed(digits));
}

function decimals(x) {
  const s = String(x);
  return s.includes("e-") ? Number(s.split("e-")[1]) : (s.split(".")[1] || "").length;
}

// show writes a number as the field does: a FLOAT always with its point.
export function show(value, whole) {
  if (typeof value !== "number" || whole || !Number.isInteger(value)) return String(value ?? "");
  return value.toFixed(1);
}

// folderOf names the models folder that an input's files come from.
export function folderOf(name, className = "") {
  if (/CLIPVision/.test(className)) return "models/clip_vision";
  if (/Upscale/.test(className)) return "models/upscale_models";
  const f = FOLDERS.find(([re]) => re.test(name.split(".").at(-1)));
  return f ? `models/${f[1]}` : "its folder in models";
}

const isFile = v => /\.\w{2,11}$/.test(String(v));

// wrong gives the sentence that says what is wrong with a field's value, or "".
export function wrong(field, value, className = "") {
  if (value === undefined) return "";
  if (field.kind === "number" || field.kind === "seed") {
    if (typeof value !== "number" && typeof value !== "bigint") return typeof value === "string" && read(value, field.whole) !== null ? "" : notNumber(field.label, field.whole);
    const { min, max } = field, low = min !== undefined && value < min, high = max !== undefined && value > max;
    if (!low && !high) return "";
    const said = show(value, field.whole);
    if (min !== undefined && max !== undefined && max < 1e9) return range(field.label, min, max, said);
    return low ? atLeast(field.label, min, said) : atMost(field.label, max, said);
  }
  if (field.kind === "combo" && !field.options.includes(value)) {
    return isFile(value) ? missingFile(value, folderOf(field.name, className)) : missingChoice(String(value));
  }
  if (field.kind === "image" && !field.options.includes(value) && !/\[(input|output|temp)\]$/.test(String(value))) return missingFile(value || "The picture", "input");
  return "";
}

// near offers up to three options that resemble value, by the pairs of letters they share.
export function near(value, options) {
  const pairs = s => {
    const t = String(s).toLowerCase().replace(/\.\w+$/, "").replace(/[^a-z0-9]+/g, " "), set = new Set();
    for (let i = 0; i + 1 < t.length; i++) set.add(t.slice(i, i + 2));
    return set;
  };
  const a = pairs(value);
  return options.map(o => {
    const b = pairs(o);
    let both = 0;
    for (const p of a) if (b.has(p)) both++;
    return [o, 2 * both / (a.size + b.size || 1)];
  }).filter(([, s]) => s > 0.3).sort((x, y) => y[1] - x[1]).slice(0, 3).map(([o]) => o);
}

// sentenceOf turns an error of the server about one input into ours, with the field's label.
export function sentenceOf(e, label) {
  const info = e.extra_info || {}, [, o = {}] = info.input_config || [], v = info.received_value;
  switch (e.type) {
    case "value_smaller_than_min": return o.max !== undefined && o.max < 1e9 ? range(label, o.min, o.max, v) : atLeast(label, o.min, v);
    case "value_bigger_than_max": return o.min !== undefined && o.max < 1e9 ? range(label, o.min, o.max, v) : atMost(label, o.max, v);
    case "required_input_missing": return `${label} is missing`;
    case "invalid_input_type": return `${label} cannot be ${typeof v === "string" ? `“${v}”` : v}`;
    case "value_not_in_list": return v === undefined ? `${label}: ${e.details || e.message}` : isFile(v) ? missingFile(v, folderOf(info.input_name || "")) : missingChoice(String(v));
    case "custom_validation_failed": return `${label}: ${(e.details || "").split(" - ").slice(1).join(" - ") || e.message}`;
  }
  return `${label}: ${[e.message, e.details].filter(Boolean).join(": ")}`;
}
