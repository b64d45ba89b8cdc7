// Extensions in the official web client: one is installed while the client is open, and its node waits for a choice in its own
// page; the page of another hears its route's event stream. COCOON is the program, PICKER and NOTES are the folders of the examples.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, cpSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { check, step, finish, base, until, sleep } from "./check.mjs";

const shots = process.env.ARTIFACTS ?? "out/e2e-clients";
mkdirSync(shots, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "cocoon-extension-"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
const troubles = [];
const early = "ComfyApp graph accessed before initialization"; // the client's own: what it computes first may look too early
page.on("console", (m) => { if (m.type() === "error" && m.text() !== early && (!m.location().url || m.location().url.startsWith(base))) troubles.push(m.text()); });
page.on("pageerror", (e) => troubles.push(String(e)));
const post = async (path, body) => (await fetch(base + path, { method: "POST", body })).json();
const picked = (fn) => page.evaluate(fn);

await step("the client is open, without the extension", async () => {
  await page.goto(base + "/", { waitUntil: "load" });
  await page.waitForFunction(() => !document.querySelector("#splash-loader") && document.querySelector('[data-testid="queue-button"]') && window.app?.extensionManager && window.app.graph, null, { timeout: 60000 });
  await sleep(1500);
  for (let n = 0; n < 4 && await page.locator('[role="dialog"]:visible').count(); n++) {
    await page.keyboard.press("Escape");
    await sleep(400);
  }
  check("the bridge is loaded", await page.evaluate(() => app.extensions.some((e) => e.name === "Cocoon.Bridge")));
  check("its node is unknown", await page.evaluate(() => !LiteGraph.registered_node_types.PickImage));
});

// install builds, packs and installs an example, with all that it asks for.
async function install(folder) {
  const dir = mkdtempSync(join(work, "x"));
  cpSync(folder, dir, { recursive: true });
  execFileSync(process.env.COCOON, ["ext", "build", "--output", join(dir, "module.wasm"), folder], { stdio: ["ignore", "ignore", "inherit"] });
  execFileSync(process.env.COCOON, ["ext", "pack", "--output", join(work, "it.cocoon"), dir], { stdio: ["ignore", "ignore", "inherit"] });
  const o = await post("/cocoon/extensions", readFileSync(join(work, "it.cocoon")));
  await post(`/cocoon/extensions/${o.extension.id}/install`, JSON.stringify({ offer: o.offer, granted: o.extension.capabilities.map((c) => c.id) }));
}

await step("it is installed, and its node is there without a reload", async () => {
  await install(process.env.PICKER);
  await page.waitForFunction(() => LiteGraph.registered_node_types.PickImage, null, { timeout: 20000 });
});

const empty = (color) => ({ class_type: "EmptyImage", inputs: { width: 64, height: 48, batch_size: 1, color } });
await step("a node waits, and its page chooses", async () => {
  await page.evaluate((p) => app.loadApiJson(p, "picking"), {
    1: empty(0x203040), 2: empty(0xff2010), 3: { class_type: "ImageBatch", inputs: { image1: ["1", 0], image2: ["2", 0] } },
    6: { class_type: "PickImage", inputs: { images: ["3", 0], seconds: 600 } }, 7: { class_type: "SaveImage", inputs: { images: ["6", 0], filename_prefix: "picked" } },
  });
  await page.waitForFunction(() => app.graph._nodes.length === 5, null, { timeout: 15000 });
  await sleep(500);
  const sent = await picked(async () => (await app.graphToPrompt()).output[app.graph._nodes.find((n) => n.type === "PickImage").id].inputs);
  check("the button is no input", Object.keys(sent).sort().join() === "images,seconds", sent);
  await page.click('[data-testid="queue-button"]');
  await until(async () => (await (await fetch(base + "/ext/example.picker/pictures")).text()) !== "[]");
  await picked(() => app.graph._nodes.find((n) => n.type === "PickImage").widgets.find((w) => w.type === "button").callback());
  const frame = page.locator("dialog.cocoon-page").frameLocator("iframe").frameLocator("iframe");
  await frame.locator("button").nth(1).waitFor({ timeout: 20000 });
  await sleep(500);
  await page.screenshot({ path: `${shots}/18-extension-page.png` });
  await frame.locator("button").nth(1).click();
  await page.locator("dialog.cocoon-page").waitFor({ state: "detached", timeout: 20000 });
  await page.waitForFunction(() => app.graph._nodes.find((n) => n.type === "SaveImage")?.imgs?.[0]?.complete, null, { timeout: 20000 });
  await page.screenshot({ path: `${shots}/19-extension-chosen.png` });
  const history = await (await fetch(base + "/history?max_items=1")).json();
  const file = Object.values(history)[0].outputs["7"].images[0];
  const red = await page.evaluate(async (q) => {
    const bitmap = await createImageBitmap(await (await fetch("/view?" + new URLSearchParams(q))).blob()), c = new OffscreenCanvas(1, 1).getContext("2d");
    c.drawImage(bitmap, 0, 0);
    return [...c.getImageData(0, 0, 1, 1).data];
  }, file);
  check("the chosen picture was saved", red.join() === "255,32,16,255", red);
});

await step("a message from the page goes over the client's socket", async () => {
  await page.click('[data-testid="queue-button"]');
  await until(async () => (await (await fetch(base + "/ext/example.picker/pictures")).text()) !== "[]");
  await picked(() => app.graph._nodes.find((n) => n.type === "PickImage").widgets.find((w) => w.type === "button").callback());
  await page.locator("dialog.cocoon-page").frameLocator("iframe").frameLocator("iframe").locator("button").nth(1).waitFor({ timeout: 20000 });
  const inside = page.frames().find((f) => /\/cocoon\/extensions\/[^/]+\/page/.test(f.url()));
  const refused = await inside.evaluate(() => new Promise((done) => {
    cocoon.on("error", (e) => done(`${e.type} ${e.code}: ${e.error}`));
    cocoon.send("choose", { node: cocoon.node, index: 9 });
  }));
  check("one that comes to nothing says so", refused === "choose failed: there is no such picture", refused);
  await inside.evaluate(() => cocoon.send("choose", { node: cocoon.node, index: 0 }));
  await until(async () => (await (await fetch(base + "/ext/example.picker/pictures")).text()) === "[]");
  await page.keyboard.press("Escape");
  await page.locator("dialog.cocoon-page").waitFor({ state: "detached", timeout: 20000 });
});

await step("it is removed", async () => {
  await fetch(base + "/cocoon/extensions/example.picker", { method: "DELETE" });
  check("its node is gone", JSON.stringify(await (await fetch(base + "/object_info/PickImage")).json()) === "{}");
});

await step("a page hears its route's events as they come", async () => {
  await install(process.env.NOTES);
  await page.waitForFunction(() => LiteGraph.registered_node_types.ExampleNoteGo, null, { timeout: 20000 });
  await page.evaluate((p) => app.loadApiJson(p, "notes"), { 1: { class_type: "ExampleNoteGo", inputs: { key: "sea" } } });
  await page.waitForFunction(() => app.graph._nodes.some((n) => n.type === "ExampleNoteGo"), null, { timeout: 15000 });
  await picked(() => app.graph._nodes.find((n) => n.type === "ExampleNoteGo").widgets.find((w) => w.type === "button").callback());
  const frame = page.locator("dialog.cocoon-page").frameLocator("iframe").frameLocator("iframe");
  await frame.locator("h1").waitFor({ timeout: 20000 });
  for (const key of ["sea", "air"]) {
    await fetch(base + "/ext/example.notes-go/notes", { method: "POST", body: new URLSearchParams({ key, text: `${key} from outside` }) });
    await frame.locator("li", { hasText: `${key} from outside` }).waitFor({ timeout: 20000 });
  }
  await page.screenshot({ path: `${shots}/20-extension-events.png` });
  await page.locator("dialog.cocoon-page header button").click();
  await page.locator("dialog.cocoon-page").waitFor({ state: "detached", timeout: 20000 });
  await fetch(base + "/cocoon/extensions/example.notes-go?data=true", { method: "DELETE" });
});
check("no error of ours", troubles.length === 0, troubles);
await browser.close();
rmSync(work, { recursive: true, force: true });
finish();
