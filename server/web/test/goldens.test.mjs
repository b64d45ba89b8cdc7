// Every recorded workflow must give a form and a graph: no value lost, none shown twice, no node on another.

import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";
import zlib from "node:zlib";
import { isLink } from "../form/fields.js";
import { derive } from "../form/rules.js";
import { layout, links } from "../graph/layout.js";
import { parse, stringify } from "../json.js";

const root = process.env.COCOON_GOLDENS || new URL("../../../testdata/goldens", import.meta.url).pathname;
const info = JSON.parse(zlib.gunzipSync(fs.readFileSync(`${root}/nodes/object_info.json.gz`)));
const box = { w: 142, h: 38, gx: 38, gy: 8 };

function known(prompt, form) {
  for (const id of form.ids) {
    const declared = info[prompt[id].class_type]?.input?.required || {};
    for (const [name, value] of Object.entries(prompt[id].inputs || {})) {
      const type = declared[name]?.[0], plain = ["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"].includes(type) || Array.isArray(type);
      if (!isLink(value) && plain && !declared[name][1]?.forceInput) assert.ok(form.all.has(`${id}.${name}`), `${id}.${name} is in the form`);
    }
  }
}

for (const name of fs.readdirSync(`${root}/workflows/cases`).filter(n => n.endsWith(".json"))) {
  const text = fs.readFileSync(`${root}/workflows/cases/${name}`, "utf8"), { prompt } = parse(text);
  if (!prompt) continue; // the recorded client could not open it
  test(name, () => {
    assert.deepEqual(parse(stringify(prompt)), prompt);
    const form = derive(prompt, info), shown = [...form.main, ...form.more.flatMap(g => g.fields)];
    assert.equal(new Set(shown).size, shown.length);
    assert.equal(shown.length, form.all.size);
    assert.ok(form.main.length <= 14);
    known(prompt, form);
    const ids = Object.keys(prompt), l = layout(ids, links(prompt), box), places = new Set(ids.map(id => `${l.layer.get(id)}/${Math.round(l.y.get(id) / 20)}`));
    assert.equal(places.size, ids.length);
  });
}
