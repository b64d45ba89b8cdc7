// The official web client in Chromium: what people do with it, in order.
import { mkdirSync, writeFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { check, step, finish, base, failing, picture, until, sleep } from "./check.mjs";

const shots = process.env.ARTIFACTS ?? "out/e2e-clients";
mkdirSync(shots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });

/** What the browser complained of, without what the client asks of other hosts: those are not ours, and may be out of reach. */
const troubles = [];
function listen(page) {
  const early = "ComfyApp graph accessed before initialization"; // the client's own: what it computes first may look too early
  const ours = (url) => !url || url.startsWith(base) || url.startsWith("blob:");
  page.on("console", (m) => { if (m.type() === "error" && ours(m.location().url) && m.text() !== early) troubles.push("console: " + m.text()); });
  page.on("pageerror", (e) => troubles.push("error: " + e.message));
  page.on("response", (r) => { if (r.status() >= 400 && ours(r.url())) troubles.push(`${r.status()} ${r.request().method()} ${r.url()}`); });
}
/** quiet checks that there were no troubles since the last call. expected ones are let through. */
function quiet(what, expected = /^$/) {
  const left = troubles.splice(0).filter((t) => !expected.test(t));
  check(`${what}: no error of ours`, left.length === 0, left);
}
const page = await context.newPage();
listen(page);
const shot = (name, p = page) => p.screenshot({ path: `${shots}/${name}.png` });
const get = async (path) => (await fetch(base + path)).json();
const ready = (p) => p.waitForFunction(() => !document.querySelector("#splash-loader") && document.querySelector('[data-testid="queue-button"]') && window.app?.extensionManager && window.app.graph, null, { timeout: 60000 });
const node = (type) => page.evaluate((t) => app.graph._nodes.find((n) => n.type === t)?.id, type);
const setWidget = (type, name, value) => page.evaluate(([t, w, v]) => {
  const n = app.graph._nodes.find((n) => n.type === t), x = n.widgets.find((x) => x.name === w);
  x.value = v;
  x.callback?.(v);
}, [type, name, value]);
const tab = (name) => page.locator(`nav button[aria-label^="${name}"], .side-tool-bar-container button[aria-label^="${name}"]`).first().click();
const run = () => page.click('[data-testid="queue-button"]');
const finished = async () => (await get("/api/jobs?status=completed,failed,cancelled")).jobs;
const nothingRuns = () => until(async () => (await get("/prompt")).exec_info.queue_remaining === 0, 60000);
const closeDialogs = async () => {
  for (let n = 0; n < 4 && await page.locator('[role="dialog"]:visible').count(); n++) {
    await page.keyboard.press("Escape");
    await sleep(400);
  }
};

await step("the first visit", async () => {
  await page.goto(base + "/", { waitUntil: "load" });
  await ready(page);
  const card = page.locator('[data-testid="template-workflow-cocoon_papercut"]');
  await card.waitFor({ timeout: 20000 });
  await card.locator("img").first().waitFor();
  await sleep(1500);
  await shot("01-first-visit");
  quiet("start-up");
});

await step("a picture in two clicks: the demo, Run", async () => {
  await page.click('[data-testid="template-workflow-cocoon_papercut"]');
  await page.waitForFunction(() => app.graph._nodes.length === 7, null, { timeout: 15000 });
  await sleep(800);
  await run();
  await page.waitForFunction(() => app.graph._nodes.find((n) => n.type === "SaveImage")?.imgs?.[0]?.complete, null, { timeout: 60000 });
  await sleep(800);
  await shot("02-two-clicks");
  check("the job is in the list", (await finished())[0]?.status === "completed");
  quiet("the first run");
});

await step("progress and previews on the node while it runs", async () => {
  await setWidget("KSampler", "steps", 300);
  await run();
  const live = await page.waitForFunction(() => {
    const n = app.graph._nodes.find((n) => n.type === "KSampler");
    return n.progress > 0 && n.progress < 1 && Object.keys(app.nodePreviewImages ?? {}).length > 0 && { progress: n.progress };
  }, null, { timeout: 30000, polling: 50 });
  check("the node shows how far it is", (await live.jsonValue()).progress > 0);
  await shot("03-live");
  await nothingRuns();
  quiet("a long run");
});

await step("cancel", async () => {
  await setWidget("KSampler", "steps", 5000);
  await run();
  await page.waitForFunction(() => app.graph._nodes.find((n) => n.type === "KSampler").progress > 0, null, { timeout: 30000, polling: 50 });
  await page.getByRole("button", { name: /Cancel current run/i }).first().click();
  await nothingRuns();
  check("the job is cancelled", (await finished())[0]?.status === "cancelled", (await finished())[0]);
  await sleep(500);
  await shot("04-cancelled");
  quiet("cancelling");
  await setWidget("KSampler", "steps", 20);
});

await step("the job panel has a thumbnail", async () => {
  await page.click('[data-testid="queue-overlay-toggle"]');
  await sleep(800);
  await shot("05-jobs");
  await page.locator('img[src*="/view?"][src*="cocoon"]:visible').first().waitFor({ timeout: 10000 });
  await page.click('[data-testid="queue-overlay-toggle"]');
  await tab("Assets");
  await page.locator('img[src*="cocoon"]:visible').first().waitFor({ timeout: 10000 });
  await sleep(800);
  await shot("06-assets");
  await tab("Assets");
  quiet("jobs and assets");
});

await step("a value that is refused is shown at its node", async () => {
  await setWidget("KSampler", "steps", -3);
  await run();
  await page.waitForFunction(() => app.graph._nodes.find((n) => n.type === "KSampler").has_errors || Object.keys(app.lastNodeErrors ?? {}).length > 0, null, { timeout: 10000 });
  const errors = await page.evaluate(() => app.lastNodeErrors);
  check("node and input are named", JSON.stringify(errors).includes("steps"), errors);
  await sleep(800);
  await shot("07-refused");
  await closeDialogs();
  await setWidget("KSampler", "steps", 20);
  quiet("a refused prompt", /400 .*\/api\/prompt|status of 400|Prompt outputs failed validation|PromptExecutionError|Prompt execution failed/i);
});

await step("save and open a workflow", async () => {
  await page.keyboard.press("Control+s");
  const name = page.locator('[role="dialog"] input:visible').first();
  await name.waitFor({ timeout: 5000 });
  await name.fill("e2e räume");
  await page.keyboard.press("Enter");
  await until(async () => (await get("/api/userdata?dir=workflows&recurse=true&split=false&full_info=true")).some((f) => f.path === "e2e räume.json"), 10000);
  await tab("Workflows");
  await page.getByText("Papercut", { exact: true }).first().waitFor({ timeout: 10000 });
  await sleep(800);
  await shot("08-workflows");
  await page.getByText("Papercut", { exact: true }).first().click();
  await page.waitForFunction(() => app.extensionManager.workflow.activeWorkflow?.path === "workflows/Papercut.json", null, { timeout: 10000 });
  check("the demo is open", (await page.evaluate(() => app.graph._nodes.length)) === 7);
  await tab("Workflows");
  quiet("workflows");
});

await step("the model library", async () => {
  await tab("Model Library");
  await page.getByText("checkpoints", { exact: true }).first().click({ timeout: 10000 });
  await page.getByText(/papercut/).first().waitFor({ timeout: 10000 });
  await sleep(500);
  await shot("09-models");
  await tab("Model Library");
  quiet("models");
});

await step("node search, and an upload into LoadImage", async () => {
  await page.mouse.dblclick(500, 780);
  const search = page.locator('[role="dialog"] input:visible, input[placeholder*="earch"]:visible, input[placeholder*="Add a node"]:visible').first();
  await search.waitFor({ timeout: 8000 });
  await search.fill("Load Image");
  await sleep(800);
  await shot("10-search");
  await page.keyboard.press("Enter");
  await sleep(400);
  await page.mouse.move(640, 800);
  await page.mouse.click(640, 800); // where it is put down
  await page.waitForFunction(() => app.graph._nodes.some((n) => n.type === "LoadImage"), null, { timeout: 8000 });
  const chooser = page.waitForEvent("filechooser", { timeout: 8000 });
  await page.evaluate(() => {
    const w = app.graph._nodes.find((n) => n.type === "LoadImage").widgets.find((w) => w.name === "upload" || w.type === "button");
    w.callback?.();
  });
  await (await chooser).setFiles({ name: "e2e upload.png", mimeType: "image/png", buffer: await picture(9) });
  await page.waitForFunction(() => String(app.graph._nodes.find((n) => n.type === "LoadImage").widgets[0].value).includes("e2e upload"), null, { timeout: 10000 });
  await page.waitForFunction(() => app.graph._nodes.find((n) => n.type === "LoadImage").imgs?.[0]?.naturalWidth === 16, null, { timeout: 10000 });
  await sleep(500);
  await shot("11-upload");
  quiet("an upload");
});

await step("settings", async () => {
  await page.keyboard.press("Control+,");
  await page.locator('[role="dialog"]:visible').first().waitFor({ timeout: 10000 });
  await sleep(1200);
  await shot("12-settings");
  await page.evaluate(() => app.extensionManager.setting.set("Comfy.Graph.CanvasInfo", false));
  await until(async () => (await get("/api/settings"))["Comfy.Graph.CanvasInfo"] === false, 5000);
  await closeDialogs();
  quiet("settings");
});

await step("a node that fails says why", async () => {
  await page.evaluate((g) => app.loadApiJson(g, "failing"), failing());
  await sleep(800);
  await run();
  await until(async () => (await finished())[0]?.status === "failed", 20000);
  await sleep(1500);
  await shot("13-failed");
  const words = await page.evaluate(() => document.body.innerText);
  check("the page tells of the error", /fail|error/i.test(words) && /VAEDecode|VAE Decode/.test(words), words.slice(0, 400));
  await closeDialogs();
  quiet("a failing node", /^$/);
});

await step("the client's own default graph lacks models alone, and choosing the demo is enough", async () => {
  await page.evaluate(() => app.extensionManager.command.execute("Comfy.LoadDefaultWorkflow"));
  await page.waitForFunction(() => app.graph._nodes.length > 5 && /errors? found|missing/i.test(document.body.innerText), null, { timeout: 15000 });
  await sleep(800);
  await shot("14-default-graph");
  const lacking = await page.evaluate(() => app.graph._nodes.filter((n) => !LiteGraph.registered_node_types[n.type]).map((n) => n.type));
  check("every node of it is there", lacking.length === 0, lacking);
  await page.getByText("View details").first().click();
  await page.waitForFunction(() => /Missing Models/i.test(document.body.innerText), null, { timeout: 10000 });
  await sleep(500);
  await shot("14a-missing-models");
  const words = await page.evaluate(() => document.body.innerText);
  check("the notice names models and no nodes", !/missing node/i.test(words), words.slice(0, 600));
  await closeDialogs();
  const chosen = await page.evaluate(() => app.graph._nodes.flatMap((n) => n.widgets ?? []).filter((w) => w.options?.values?.includes?.("papercut.safetensors")).map((w) => {
    w.value = "papercut.safetensors";
    w.callback?.(w.value);
    return w.name;
  }));
  check("the demo can be chosen at each loader", chosen.length === 3, chosen);
  const before = (await finished()).length;
  await run();
  await until(async () => (await finished()).length > before, 300000);
  check("a picture comes", (await finished())[0]?.status === "completed" && (await finished())[0]?.preview_output?.filename, (await finished())[0]);
  await sleep(1000);
  await shot("14c-default-graph-done");
  quiet("the default graph");
});

await step("where a model is missing, choosing the demo's is enough", async () => {
  const absent = "v1-5-pruned-emaonly-fp16.safetensors";
  await page.evaluate(async (name) => {
    const g = await (await fetch("/templates/cocoon_papercut.json")).json();
    const loader = g.nodes.find((n) => n.type === "CheckpointLoaderSimple");
    loader.widgets_values = [name];
    loader.properties.models = [{ name, url: "https://huggingface.co/Comfy-Org/stable-diffusion-v1-5-archive/resolve/main/" + name, directory: "checkpoints" }];
    await app.loadGraphData(g, true, true, "missing-model");
  }, absent);
  await sleep(1000);
  await shot("14b-missing-model");
  await closeDialogs();
  await setWidget("CheckpointLoaderSimple", "ckpt_name", "papercut.safetensors");
  const before = (await finished()).length;
  await run();
  await until(async () => (await finished()).length > before, 30000);
  check("a picture comes", (await finished())[0]?.status === "completed", (await finished())[0]);
  quiet("a missing model");
});

await step("the templates again", async () => {
  await page.evaluate(() => app.extensionManager.command.execute("Comfy.BrowseTemplates"));
  await page.locator('[data-testid="template-workflow-cocoon_papercut"]').waitFor({ timeout: 10000 });
  await closeDialogs();
  quiet("templates");
});

await step("a second tab", async () => {
  const second = await context.newPage();
  listen(second);
  await second.goto(base + "/", { waitUntil: "load" });
  await ready(second);
  await sleep(1500);
  const before = (await finished()).length;
  await second.evaluate(async () => app.loadGraphData(await (await fetch("/templates/cocoon_papercut.json")).json()));
  await second.click('[data-testid="queue-button"]');
  await until(async () => (await finished()).length > before, 30000);
  await second.waitForFunction(() => app.graph._nodes.find((n) => n.type === "SaveImage")?.imgs?.[0]?.complete, null, { timeout: 20000 });
  await shot("15-second-tab", second);
  await second.close();
  quiet("a second tab");
});

await step("a reload", async () => {
  await page.evaluate(async () => app.loadGraphData(await (await fetch("/templates/cocoon_papercut.json")).json(), true, true, "before-reload"));
  await sleep(1500);
  await page.reload({ waitUntil: "load" });
  await ready(page);
  await page.waitForFunction(() => app.graph._nodes.length > 0, null, { timeout: 15000 });
  await sleep(1500);
  await shot("16-reloaded");
  quiet("a reload");
});

await step("Cocoon's own page", async () => {
  const own = await context.newPage();
  listen(own);
  await own.goto(base + "/cocoon/", { waitUntil: "load" });
  await own.waitForSelector("textarea, input", { timeout: 10000 });
  await sleep(800);
  await shot("17-own-page", own);
  await own.close();
  quiet("the own page");
});

writeFileSync(`${shots}/node.txt`, `${await browser.version()}\n`);
await browser.close();
finish();
