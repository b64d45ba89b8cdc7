// Drives the page of a real server in Chromium, as a visitor would.
//
// COCOON_URL is the server (with the demo checkpoint), PLAYWRIGHT_CORE the module's folder if it does not resolve by
// itself, CHROMIUM the browser (/usr/bin/chromium), ARTIFACTS where screenshots go (out/e2e), AXE_CORE the
// folder of axe-core, if its rules are to be asked. The last line is "N passed, N failed"; the exit status is 1 if any failed.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import { extensions } from "./extensions.mjs";
import { faults, rough } from "./rough.mjs";

const url = process.env.COCOON_URL || "http://127.0.0.1:8188";
const artifacts = process.env.ARTIFACTS || "out/e2e";
const { chromium } = createRequire(import.meta.url)(process.env.PLAYWRIGHT_CORE ? path.resolve(process.env.PLAYWRIGHT_CORE) : "playwright-core");
const LONG = { timeout: 120_000 };

fs.mkdirSync(artifacts, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
const page = await context.newPage();
const troubles = [];
let expected = null; // what a test provokes on purpose: the browser writes refused requests to its console
watch(page);

function watch(p) {
  p.on("console", m => { if (m.type() === "error" && !(expected && expected.test(`${m.text()} ${m.location().url}`))) troubles.push(`${m.text()} ${m.location().url}`); });
  p.on("pageerror", e => troubles.push(`uncaught: ${e.message}`));
}

let passed = 0, failed = 0, shots = 0;
async function test(name, run) {
  const began = Date.now();
  try {
    await run();
    passed++;
    console.log(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (e) {
    failed++;
    console.log(`FAILED  ${name}\n        ${String(e.message).split("\n").slice(0, 6).join("\n        ")}`);
    await shot(`failed-${name}`).catch(() => null);
  }
  expected = null;
}
const shot = (name, p = page) => p.screenshot({ path: path.join(artifacts, `${String(++shots).padStart(2, "0")}-${name.replace(/\W+/g, "-")}.png`) });

const field = (name, p = page) => p.locator(`[data-field$=".${name}"]`).locator("input, textarea").first();
const state = want => page.waitForSelector(`#status[data-state="${want}"]`, LONG);
const said = async () => `${await page.textContent("#say")} ${await page.textContent("#detail")}`;
const ready = (p = page) => p.waitForSelector("#go:not([disabled])", LONG);
const pictures = () => page.locator(".tile.done").count();
const idle = () => page.waitForFunction(() => /ready$/.test(document.querySelector("#device").textContent), null, LONG);
const loaded = (selector, p = page) => p.waitForFunction(s => { const i = document.querySelector(s); return i && i.complete && i.naturalWidth > 0; }, selector, LONG);

let firstSeed = "", firstPrompt = "", file = "", saved = null;

await test("the first visit is ready for one press", async () => {
  const began = Date.now();
  await page.goto(url);
  await ready();
  console.log(`        ready after ${Date.now() - began} ms`);
  assert.match(await field("text").inputValue(), /hot air balloon/);
  assert.equal(await field("ckpt_name").inputValue(), "papercut.safetensors");
  assert.deepEqual(await Promise.all(["width", "height", "steps", "cfg", "sampler_name", "seed"].map(n => field(n).inputValue())), ["128", "128", "20", "5.0", "euler", "1"]);
  assert.equal(await page.locator("#graph [data-node]").count(), 7);
  await page.waitForSelector("#empty:not([hidden])");
  await shot("first visit");
});

await test("one press makes a picture, with progress and previews", async () => {
  await page.evaluate(() => {
    window.seen = { steps: new Set(), preview: 0, bar: [], nodes: new Set(), left: 0 };
    const look = () => {
      const s = window.seen, step = /step (\d+) of/.exec(document.querySelector("#say").textContent);
      if (step) s.steps.add(step[1]);
      if (/left/.test(document.querySelector("#detail").textContent)) s.left++;
      const c = document.querySelector("#preview");
      if (c.checkVisibility() && !document.querySelector("#figure").classList.contains("waiting") && c.getContext("2d").getImageData(c.width >> 1, c.height >> 1, 1, 1).data[3]) s.preview++;
      for (const n of document.querySelectorAll("#graph .running")) s.nodes.add(n.dataset.node);
      if (document.querySelector("#status").dataset.state === "running") s.bar.push(document.querySelector("#progress").value);
      window.looking = requestAnimationFrame(look);
    };
    look();
  });
  await page.click("#go");
  await state("running");
  await page.waitForFunction(() => window.seen.steps.size >= 2 && window.seen.preview > 0, null, LONG);
  await shot("running");
  await state("done");
  await loaded("#picture");
  const seen = await page.evaluate(() => {
    cancelAnimationFrame(window.looking);
    return { steps: window.seen.steps.size, preview: window.seen.preview, bar: window.seen.bar, nodes: [...window.seen.nodes], left: window.seen.left };
  });
  assert.ok(seen.steps >= 3, `${seen.steps} different steps were shown`);
  assert.ok(seen.preview > 0, "a preview was shown");
  assert.ok(seen.left > 0, "the time left was told");
  assert.ok(seen.nodes.includes("5"), "the sampler lit up in the graph");
  assert.ok(seen.bar.every((v, i) => i === 0 || v >= seen.bar[i - 1]), "the bar never went backwards");
  assert.match(await said(), /^Done in [\d.<]+ s 128 × 128 · seed 1 · cocoon_\d{5}_\.png$/);
  assert.equal(await page.locator("#graph .done").count() >= 7, true);
  assert.equal(await pictures(), 1);
  firstPrompt = await field("text").inputValue();
  firstSeed = "1";
  file = (await said()).match(/cocoon_\d{5}_\.png/)[0];
  await shot("done");
});

await test("the picture is a picture, not one colour", async () => {
  const spread = await page.evaluate(async () => {
    const img = document.querySelector("#picture"), c = new OffscreenCanvas(32, 32), x = c.getContext("2d");
    x.drawImage(img, 0, 0, 32, 32);
    const d = x.getImageData(0, 0, 32, 32).data, seen = new Set();
    for (let i = 0; i < d.length; i += 4) seen.add(`${d[i] >> 4},${d[i + 1] >> 4},${d[i + 2] >> 4}`);
    return seen.size;
  });
  assert.ok(spread > 12, `${spread} different colours`);
});

await test("the dice draw a new seed and the field shows the one used", async () => {
  await page.keyboard.press("Control+Enter");
  await state("running");
  const seed = await field("seed").inputValue();
  assert.notEqual(seed, "1");
  await state("done");
  await page.waitForFunction(() => document.querySelectorAll(".tile.done").length === 2, null, LONG);
  assert.match(await said(), new RegExp(`seed ${seed} ·`));
});

await test("a long run is cancelled and nothing is saved", async () => {
  const before = await pictures();
  await field("steps").fill("400");
  await page.click("#go");
  await page.waitForFunction(() => /step ([3-9]|\d\d+) of 400/.test(document.querySelector("#say").textContent), null, LONG);
  const began = Date.now();
  await page.click("#cancel");
  await state("cancelled");
  console.log(`        stopped after ${Date.now() - began} ms`);
  assert.match(await said(), /^Cancelled at step \d+ of 400\. Nothing was saved\.$/);
  await idle();
  assert.equal(await pictures(), before);
  assert.equal(await page.locator(".tile.cancelled").count(), 1);
  await shot("cancelled");
});

await test("several runs wait in line and are cleared at once", async () => {
  await page.fill("#count", "3");
  await page.click("#go");
  await page.waitForSelector(".tile.waiting", LONG);
  await page.waitForSelector(".tile.running", LONG);
  await page.waitForFunction(() => document.querySelectorAll(".tile.waiting").length === 2, null, LONG);
  await shot("queue");
  await page.click("#clear");
  await page.waitForFunction(() => document.querySelectorAll(".tile.waiting").length === 0, null, LONG);
  await page.keyboard.press("Control+Alt+Enter");
  await state("cancelled");
  await idle();
  await page.fill("#count", "1");
  await field("steps").fill("20");
});

await test("a bad value is told at its field and nothing starts", async () => {
  await field("steps").fill("0");
  await page.keyboard.press("Control+Enter");
  await state("failed");
  assert.match(await said(), /^Not started\. Steps must be 1 to 10000, it is 0\.$/);
  assert.match(await page.locator('[data-field$=".steps"] .why').textContent(), /must be 1 to 10000/);
  assert.equal(await field("steps").getAttribute("aria-invalid"), "true");
  assert.equal(await page.evaluate(() => document.activeElement.closest("[data-field]")?.dataset.field.endsWith(".steps")), true);
  await shot("bad value");
  await field("steps").fill("20");
  await page.locator('[data-field$=".steps"] .why').waitFor({ state: "hidden" });
});

await test("what the server refuses is told at its field too", async () => {
  const workflow = JSON.parse(await (await fetch(new URL("/default.json", url))).text());
  workflow["1"].inputs.ckpt_name = "dream.safetensors";
  expected = /\/prompt|status of 400/;
  await page.setInputFiles("#file", { name: "dream.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(workflow)) });
  await page.waitForFunction(() => document.querySelector("#flow .name").textContent === "Dream", null, LONG);
  await page.keyboard.press("Control+Enter");
  await state("failed");
  assert.match(await said(), /^Not started\. dream\.safetensors is not here\. Choose another, or put it into models\/checkpoints\.$/);
  assert.match(await page.locator('[data-field$=".ckpt_name"] .why').textContent(), /is not here/);
  assert.ok(await page.locator("#graph .failed").count(), "the node is marked in the graph");
  await shot("refused");
  await page.click("#flow");
  await page.locator("#flow-menu .item").first().click();
  await page.waitForFunction(() => document.querySelector("#flow .name").textContent === "Text to image", null, LONG);
});

await test("the first picture dropped in gives its settings back", async () => {
  const r = await fetch(new URL(`/view?filename=${file}&type=output`, url));
  saved = Buffer.from(await r.arrayBuffer());
  await field("text").fill("something else");
  const data = await page.evaluateHandle(([bytes, name]) => {
    const t = new DataTransfer();
    t.items.add(new File([Uint8Array.from(atob(bytes), c => c.charCodeAt(0))], name, { type: "image/png" }));
    return t;
  }, [saved.toString("base64"), file]);
  await page.dispatchEvent("body", "dragenter", { dataTransfer: data });
  await page.waitForSelector("#drop:not([hidden])");
  await page.dispatchEvent("main", "drop", { dataTransfer: data });
  await page.waitForFunction(text => document.querySelector(".lead textarea")?.value === text, firstPrompt, LONG);
  assert.equal(await field("seed").inputValue(), firstSeed);
  assert.equal(await field("steps").inputValue(), "20");
  assert.equal(await page.locator(".dice").getAttribute("aria-pressed"), "false", "its seed stays");
  await page.waitForSelector("#note:not([hidden])");
  await shot("dropped");
});

await test("the same settings give the same picture", async () => {
  await page.click("#go");
  await state("done");
  await idle();
  const name = await page.locator(".tile.done img").first().getAttribute("src");
  const again = Buffer.from(await (await fetch(new URL(name.replace(/&res=\d+/, ""), url))).arrayBuffer());
  const pixels = async b => page.evaluate(async s => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(s), c => c.charCodeAt(0))])), c = new OffscreenCanvas(bitmap.width, bitmap.height), x = c.getContext("2d");
    x.drawImage(bitmap, 0, 0);
    const d = x.getImageData(0, 0, bitmap.width, bitmap.height).data;
    let h = 0;
    for (const v of d) h = (h * 31 + v) >>> 0;
    return h;
  }, b.toString("base64"));
  assert.equal(await pixels(again), await pixels(saved));
});

await test("full size shows the parameters, and they can be used", async () => {
  await page.locator(".tile.done").last().click();
  await page.click("#full");
  await page.waitForSelector("#viewer[open]");
  await loaded("#view-img");
  await page.waitForFunction(() => document.querySelectorAll("#view-list dt").length >= 9, null, LONG);
  assert.match(await page.textContent("#view-list"), /Prompt.*Checkpoint.*papercut\.safetensors.*Seed/s);
  await shot("full size");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#viewer[open]").count(), 0);
});

await test("a run that fails names its node", async () => {
  const body = new FormData();
  body.append("image", new File(["this is no picture"], "broken.png", { type: "image/png" }));
  body.append("overwrite", "true");
  await fetch(new URL("/upload/image", url), { method: "POST", body });
  const workflow = { 1: { class_type: "LoadImage", inputs: { image: "broken.png" } }, 2: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "cocoon" } } };
  await page.setInputFiles("#file", { name: "broken_input.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(workflow)) });
  await page.waitForFunction(() => document.querySelector("#flow .name").textContent === "Broken input", null, LONG);
  await page.click("#go");
  await state("failed");
  assert.match(await said(), /^Load Image stopped\. \S+/);
  assert.equal(await page.locator("#graph .failed").getAttribute("data-node"), "1");
  await page.waitForFunction(() => document.querySelector(".tile.failed span")?.textContent === "Load Image", null, LONG);
  await shot("failed");
  await page.click("#show");
  assert.equal(await page.evaluate(() => document.activeElement.closest("[data-node]")?.dataset.node), "1");
  await page.click("#flow");
  await page.locator("#flow-menu .item", { hasText: "start again" }).click();
  await page.waitForFunction(() => document.querySelector("#flow .name").textContent === "Text to image", null, LONG);
});

await test("a reload keeps the draft, the pictures and a running run", async () => {
  await field("text").fill("the sea at sunset, a sailboat");
  await field("steps").fill("300");
  await page.click("#go");
  await page.waitForFunction(() => /step/.test(document.querySelector("#say").textContent), null, LONG);
  const before = await pictures();
  await page.reload();
  await ready();
  assert.equal(await field("text").inputValue(), "the sea at sunset, a sailboat");
  await state("running");
  await page.waitForFunction(() => /step \d+ of 300/.test(document.querySelector("#say").textContent), null, LONG);
  assert.equal(await pictures(), before);
  await page.waitForFunction(() => [...document.querySelectorAll(".tile.done img")].slice(0, 4).every(i => i.complete && i.naturalWidth > 0), null, LONG);
  await page.click("#cancel");
  await state("cancelled");
  await idle();
  await field("steps").fill("20");
});

await test("the graph enlarges, and a node leads to its fields", async () => {
  await page.locator("#graph-open").click();
  await page.waitForFunction(() => document.body.classList.contains("graph-open"));
  await page.waitForSelector("#graph .val");
  await shot("graph");
  await page.locator('#graph [data-node="5"]').click();
  assert.equal(await page.evaluate(() => document.activeElement.closest("[data-node]")?.dataset.node), "5");
  await page.locator("#graph-open").click();
});

await test("keys work, and every control has a name", async () => {
  await page.locator("#tiles button.tile").first().focus();
  await page.keyboard.press("?");
  await page.waitForSelector("#help[open]");
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "TEXTAREA");
  const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, textarea, a[href]")].filter(e => !e.closest("[hidden], dialog:not([open])") && e.type !== "file").filter(e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.title || e.labels?.[0]?.textContent.trim() || e.querySelector("img[alt]"))).map(e => e.outerHTML.slice(0, 120)));
  assert.deepEqual(nameless, []);
  assert.deepEqual(await faults(page), []);
});

await test("dark and light, and a phone without sideways scrolling", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("dark");
  const phone = await (await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: "dark" })).newPage();
  watch(phone);
  await phone.goto(url);
  await ready(phone);
  await loaded("#picture", phone);
  assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scrolling");
  assert.equal(await phone.evaluate(() => Math.round(document.querySelector("#go").getBoundingClientRect().bottom) <= innerHeight), true);
  const small = await phone.evaluate(() => [...document.querySelectorAll("input:not([type=file], [type=radio], [type=checkbox]), textarea")].filter(e => e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 16).length);
  assert.equal(small, 0, "fields are 16 px");
  await shot("phone", phone);
  await phone.tap("#go");
  await phone.waitForSelector('#status[data-state="done"]', LONG);
  await shot("phone done", phone);
  await phone.context().close();
});

await extensions({ browser, page, test, shot, watch, url, expect: re => { expected = re; }, LONG, state, ready, loaded });

await rough({ browser, test, shot, watch, url, expect: re => { expected = re; }, LONG, ready });

await test("the page keeps its budget", async () => {
  const fresh = await (await browser.newContext()).newPage(), client = await fresh.context().newCDPSession(fresh);
  let bytes = 0;
  await client.send("Network.enable");
  const kinds = new Map();
  client.on("Network.responseReceived", e => kinds.set(e.requestId, e.response.url));
  client.on("Network.loadingFinished", e => { if (!/\/(view|history|queue|system_stats|ws)/.test(kinds.get(e.requestId) || "")) bytes += e.encodedDataLength; });
  await fresh.goto(url);
  await ready(fresh);
  await fresh.waitForTimeout(300);
  console.log(`        ${bytes} bytes, object_info by class included`);
  assert.ok(bytes <= 120 * 1024, `${bytes} bytes were transferred`);
  const paint = await fresh.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  console.log(`        first paint after ${Math.round(paint)} ms`);
  await fresh.context().close();
});

await test("the console stays empty", async () => assert.deepEqual(troubles, []));

await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
