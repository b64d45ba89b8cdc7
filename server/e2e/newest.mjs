// A short look at the newest official web client: it starts without an error of ours, shows the demo, and makes a picture.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { check, step, finish, base, sleep } from "./check.mjs";

const shots = process.env.ARTIFACTS ?? "out/e2e-clients";
mkdirSync(shots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
const troubles = [];
const ours = (url) => !url || url.startsWith(base) || url.startsWith("blob:");
page.on("console", (m) => { if (m.type() === "error" && ours(m.location().url)) troubles.push("console: " + m.text()); });
page.on("pageerror", (e) => troubles.push("error: " + e.message));
page.on("response", (r) => { if (r.status() >= 400 && ours(r.url())) troubles.push(`${r.status()} ${r.request().method()} ${r.url()}`); });

await step("the newest client starts and shows the demo", async () => {
  await page.goto(base + "/", { waitUntil: "load" });
  await page.locator('[data-testid="template-workflow-cocoon_papercut"]').waitFor({ timeout: 60000 });
  await sleep(1500);
  await page.screenshot({ path: `${shots}/20-newest-first-visit.png` });
});
await step("a picture in two clicks", async () => {
  await page.click('[data-testid="template-workflow-cocoon_papercut"]');
  await page.waitForFunction(() => app.graph._nodes.length === 7, null, { timeout: 15000 });
  await sleep(800);
  await page.click('[data-testid="queue-button"]');
  await page.waitForFunction(() => app.graph._nodes.find((n) => n.type === "SaveImage")?.imgs?.[0]?.complete, null, { timeout: 60000 });
  await page.screenshot({ path: `${shots}/21-newest-picture.png` });
});
await step("its default graph has all nodes", async () => {
  await page.evaluate(() => app.extensionManager.command.execute("Comfy.LoadDefaultWorkflow"));
  await sleep(2500);
  await page.screenshot({ path: `${shots}/22-newest-default-graph.png` });
  const lacking = await page.evaluate(() => app.graph._nodes.filter((n) => !LiteGraph.registered_node_types[n.type]).map((n) => n.type));
  check("no node is missing", lacking.length === 0, lacking);
});
check("no error of ours", troubles.length === 0, troubles);
await browser.close();
finish();
