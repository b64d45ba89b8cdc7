// What an extension brings beside its nodes, in the official web client: translations, help, a workflow and a subgraph.
// COCOON is the program, and PICKER the folder of the example extension.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, cpSync, readFileSync, writeFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium } from "playwright-core";
import { check, step, finish, base, picture, sleep } from "./check.mjs";

const shots = process.env.ARTIFACTS ?? "out/e2e-clients";
mkdirSync(shots, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "cocoon-library-"));
const put = (name, text) => {
  mkdirSync(dirname(join(work, name)), { recursive: true });
  writeFileSync(join(work, name), typeof text === "string" || Buffer.isBuffer(text) ? text : JSON.stringify(text));
};
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
const troubles = [], foreign = [];
const early = "ComfyApp graph accessed before initialization"; // the client's own: what it computes first may look too early
const missing = "/templates/index.fr.json"; // the client's templates are another package
page.on("console", (m) => { if (m.type() === "error" && m.text() !== early && (!m.location().url || m.location().url.startsWith(base) && !m.location().url.endsWith(missing))) troubles.push(m.text() + " " + m.location().url); });
page.on("pageerror", (e) => troubles.push(String(e)));
page.on("request", (r) => { if (r.url().includes("foreign.example")) foreign.push(r.url()); });
const post = async (path, body) => (await fetch(base + path, { method: "POST", body })).json();

async function open() {
  await page.goto(base + "/", { waitUntil: "load" });
  await page.waitForFunction(() => !document.querySelector("#splash-loader") && document.querySelector('[data-testid="queue-button"]') && window.app?.extensionManager && window.app.graph, null, { timeout: 60000 });
  await sleep(1500);
  for (let n = 0; n < 4 && await page.locator('[role="dialog"]:visible').count(); n++) {
    await page.keyboard.press("Escape");
    await sleep(400);
  }
}

const note = { id: 1, type: "Note", pos: [100, 100], size: [300, 100], flags: {}, order: 0, mode: 0, inputs: [], outputs: [], properties: {}, widgets_values: ["from the extension"] };
const inside = { id: 1, type: "ImageInvert", pos: [0, 0], size: [200, 60], flags: {}, order: 0, mode: 0, properties: {}, inputs: [{ name: "image", type: "IMAGE", link: 1 }], outputs: [{ name: "IMAGE", type: "IMAGE", links: [2] }] };
const kind = "0b6d6b3e-6c59-4d0c-8f0e-2f6a4ad5f3a1";
const slot = (id, name, linkIds) => ({ id, name, type: "IMAGE", linkIds, pos: [0, 0] });
const subgraph = {
  id: "8a5a8d2e-97a4-4d9b-9f6e-0e62c50bb4c9", revision: 0, last_node_id: 1, last_link_id: 0, version: 0.4, config: {}, extra: {}, links: [], groups: [],
  nodes: [{ id: 1, type: kind, pos: [0, 0], size: [200, 60], flags: {}, order: 0, mode: 0, properties: {}, widgets_values: [],
    inputs: [{ name: "image", type: "IMAGE", link: null }], outputs: [{ name: "IMAGE", type: "IMAGE", links: [] }] }],
  definitions: { subgraphs: [{ id: kind, version: 1, revision: 0, config: {}, name: "Turn over", state: { lastGroupId: 0, lastNodeId: 1, lastLinkId: 2, lastRerouteId: 0 }, groups: [], widgets: [], extra: {},
    inputNode: { id: -10, bounding: [-200, 0, 120, 60] }, outputNode: { id: -20, bounding: [300, 0, 120, 60] },
    inputs: [slot("0f1d3c7a-3bc0-4d5a-9a35-1f0f6f1f8a01", "image", [1])], outputs: [slot("0f1d3c7a-3bc0-4d5a-9a35-1f0f6f1f8a02", "IMAGE", [2])], nodes: [inside],
    links: [{ id: 1, origin_id: -10, origin_slot: 0, target_id: 1, target_slot: 0, type: "IMAGE" }, { id: 2, origin_id: 1, origin_slot: 0, target_id: -20, target_slot: 0, type: "IMAGE" }] }] },
};

await step("an extension with all of it is installed", async () => {
  cpSync(process.env.PICKER, work, { recursive: true });
  put("locales/fr/nodeDefs.json", { PickImage: { display_name: "Choisir une image", inputs: { seconds: { name: "secondes" } } }, KSampler: { display_name: "VOLÉ" } });
  put("locales/fr/main.json", { g: { install: "VOLÉ" } });
  put("docs/PickImage.md", `# Pick\n\nThe page of "PickImage".\n\n![beside](pictures/one.png)\n\n![afar](https://foreign.example/x.png)\n\n<form action="https://foreign.example"><div style="position:fixed">over</div></form>\n\n![x" style="position:fixed;inset:0](pictures/one.png)\n\nhttps://foreign.example/"style="position:fixed\n`);
  put("docs/pictures/one.png", await picture(1));
  put("workflows/A first choice.json", { last_node_id: 1, last_link_id: 0, nodes: [note], links: [], groups: [], config: {}, extra: {}, version: 0.4 });
  put("workflows/A first choice.png", await picture(2));
  put("subgraphs/Turn over.json", subgraph);
  execFileSync(process.env.COCOON, ["ext", "build", "--output", join(work, "module.wasm"), process.env.PICKER], { stdio: ["ignore", "ignore", "inherit"] });
  execFileSync(process.env.COCOON, ["ext", "pack", "--output", join(work, "picker.cocoon"), work], { stdio: ["ignore", "ignore", "inherit"] });
  const o = await post("/cocoon/extensions", readFileSync(join(work, "picker.cocoon")));
  await post("/cocoon/extensions/example.picker/install", JSON.stringify({ offer: o.offer, granted: o.extension.capabilities.map((c) => c.id) }));
});

await step("its node has its name in the user's language", async () => {
  await fetch(base + "/api/settings/Comfy.Locale", { method: "POST", body: '"fr"' });
  await open();
  await page.waitForFunction(() => LiteGraph.registered_node_types.PickImage, null, { timeout: 20000 });
  const titles = await page.evaluate(() => ["PickImage", "KSampler"].map((c) => LiteGraph.registered_node_types[c].title));
  check("the node is translated", titles[0] === "Choisir une image", titles);
  check("the core's keeps its name", !titles[1].includes("VOL"), titles);
});

await step("its page of help is shown", async () => {
  await page.evaluate(() => {
    app.graph.clear();
    const n = LiteGraph.createNode("PickImage");
    n.pos = [300, 300];
    app.graph.add(n);
    app.canvas.selectNode(n);
  });
  await page.locator('[data-testid="info-button"]').first().click({ timeout: 20000 });
  const help = page.locator(".node-help-content").first();
  await help.getByText("The page of").waitFor({ timeout: 20000 });
  await help.locator("img").first().waitFor({ timeout: 20000 });
  await sleep(500);
  await page.screenshot({ path: `${shots}/20-extension-help.png` });
  const seen = await help.evaluate((e) => ({ text: e.innerText, shown: [...e.querySelectorAll("img")].map((i) => i.naturalWidth), bad: e.querySelectorAll("form, .markdown-content [style], [onerror]").length,
    styled: [...e.querySelectorAll("img, a")].filter((i) => i.getAttribute("style")).length }));
  check("its picture is shown", seen.shown.length === 1 && seen.shown[0] === 16, seen);
  check("nothing in it does anything", seen.bad === 0 && seen.styled === 0 && seen.text.includes("<form"), seen);
  check("it reached nobody", foreign.length === 0, foreign);
});

await step("its workflow is among the templates", async () => {
  await page.evaluate(() => app.extensionManager.command.execute("Comfy.BrowseTemplates"));
  const dialog = page.locator('[role="dialog"]:visible').last();
  const card = dialog.getByText("A first choice").first();
  await card.waitFor({ timeout: 20000 });
  await page.waitForFunction(() => [...document.querySelectorAll('[role="dialog"] img')].some((i) => i.naturalWidth === 16), null, { timeout: 20000 });
  await page.screenshot({ path: `${shots}/21-extension-template.png` });
  await card.click();
  await page.waitForFunction(() => app.graph._nodes.length === 1 && app.graph._nodes[0].type === "Note", null, { timeout: 20000 });
  check("it is loaded", await page.evaluate(() => app.graph._nodes[0].widgets[0].value === "from the extension"));
});

await step("its subgraph is among the nodes", async () => {
  await page.evaluate(() => app.extensionManager.command.execute("Workspace.SearchBox.Toggle"));
  await sleep(500);
  await page.keyboard.type("Turn over", { delay: 20 });
  await page.getByText("Turn over", { exact: true }).first().waitFor({ timeout: 20000 });
  await page.screenshot({ path: `${shots}/22-extension-subgraph.png` });
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => app.graph._nodes.some((n) => n.subgraph?.nodes?.some((m) => m.type === "ImageInvert")), null, { timeout: 20000 });
});

await step("all of it goes with the extension", async () => {
  await fetch(base + "/cocoon/extensions/example.picker", { method: "DELETE" });
  for (const path of ["/i18n", "/workflow_templates", "/global_subgraphs"]) {
    const text = await (await fetch(base + path)).text();
    check(path, !/picker|PickImage|Turn over/.test(text), text);
  }
  check("its page is gone", (await fetch(base + "/extensions/example_picker/docs/PickImage.md")).status === 404);
  await fetch(base + "/api/settings/Comfy.Locale", { method: "POST", body: '"en"' });
});
check("no error of ours", troubles.length === 0, troubles);
await browser.close();
rmSync(work, { recursive: true, force: true });
finish();
