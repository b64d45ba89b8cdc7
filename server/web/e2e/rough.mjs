// Rough use of the page: long words, other scripts, small and low windows, answers that come late or not at all, and what a screen
// reader finds. AXE_CORE is the folder of axe-core; without it its rules are not asked.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const axe = process.env.AXE_CORE && fs.readFileSync(path.join(process.env.AXE_CORE, "axe.min.js"), "utf8");

// faults asks axe for what it finds wrong on a page, "rule: where" each. It comes in by the debugger, which the page's CSP does not bind.
export async function faults(page) {
  if (!axe) return [];
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Runtime.evaluate", { expression: axe });
  const r = await cdp.send("Runtime.evaluate", { expression: `axe.run(document, { resultTypes: ["violations"] }).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target.join(" "))))`, awaitPromise: true, returnByValue: true });
  await cdp.detach();
  return r.result.value;
}

export async function rough({ browser, test, shot, watch, url, expect, LONG, ready }) {
  const standard = JSON.parse(await (await fetch(new URL("/default.json", url))).text());
  const nodeOf = (w, type) => Object.keys(w).find(id => w[id].class_type === type);
  const visit = async (options = {}) => {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light", ...options })).newPage();
    watch(page);
    await page.goto(url);
    await ready(page);
    return page;
  };
  const open = async (page, name, workflow) => {
    await page.setInputFiles("#file", { name: `${name}.json`, mimeType: "application/json", buffer: Buffer.from(JSON.stringify(workflow)) });
    await page.waitForFunction(n => document.querySelector("#flow .name").textContent === n, name, LONG);
  };
  const state = (page, want) => page.waitForSelector(`#status[data-state="${want}"]`, LONG);
  // outside lists what is cut off by the window's right edge.
  const outside = page => page.evaluate(() => [
    ...document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} of ${innerWidth} px wide`] : [],
    ...[...document.querySelectorAll("header *, main *")].filter(e => e.checkVisibility() && !e.closest("svg, .sr, #tiles, textarea") && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 100)),
  ]);
  const close = page => page.context().close();

  const windows = { wide: {}, tablet: { viewport: { width: 820, height: 1100 }, hasTouch: true }, phone: { viewport: { width: 375, height: 760 }, isMobile: true, hasTouch: true } };
  for (const [name, options] of Object.entries(windows)) {
    await test(`long words stay in their places, ${name}`, async () => {
      expect(/\/prompt|status of 400/);
      const page = await visit(options), w = structuredClone(standard), sampler = w[nodeOf(w, "KSampler")];
      sampler._meta = { title: "A title which somebody wrote as a whole sentence, and then some more words of it" };
      sampler.inputs.steps = 400;
      sampler.inputs.seed = name.length;
      w[nodeOf(w, "CLIPTextEncode")].inputs.text = `${"supercalifragilistic".repeat(20)} ${"and many more words, ".repeat(60)}`;
      await open(page, "A name of a workflow that goes on and on until it ends", w);
      await page.click("#go");
      await page.waitForFunction(() => /step \d+ of/.test(document.querySelector("#say").textContent), null, LONG);
      assert.deepEqual(await outside(page), []);
      assert.match(await page.textContent("#say"), /^A title which .*…, step \d+ of 400$/);
      assert.deepEqual(await faults(page), []);
      await page.click("#cancel");
      await state(page, "cancelled");
      w[nodeOf(w, "CheckpointLoaderSimple")].inputs.ckpt_name = "a/b/papercut_with_a_name_of_many_letters_that_has_no_blank_anywhere.safetensors";
      await open(page, "Missing", w);
      await page.click("#go");
      await state(page, "failed");
      assert.deepEqual(await outside(page), []);
      assert.ok(await page.evaluate(() => document.querySelector("#detail").getBoundingClientRect().width) > 200, "the reason is no column of syllables");
      assert.ok(await page.evaluate(() => document.querySelector("#show").getBoundingClientRect().right <= innerWidth));
      assert.deepEqual(await faults(page), []);
      await shot(`long words ${name}`, page);
      await close(page);
    });
  }

  await test("a phone's buttons have names, and the header says what the server does", async () => {
    const page = await visit(windows.phone);
    assert.equal(await page.getByRole("button", { name: /^Open/ }).count(), 1);
    assert.equal(await page.locator("#device span").evaluate(e => e.checkVisibility()), true, "it is there for a screen reader");
    await page.tap("#flow");
    await page.locator("#flow-menu .item").first().waitFor(LONG);
    assert.ok(await page.locator("#flow-menu").evaluate(e => { const r = e.getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth; }), "the menu is within the window");
    await page.keyboard.press("Escape");
    await page.locator(".more summary").tap();
    assert.deepEqual(await faults(page), []);
    await close(page);
  });

  await test("a low window keeps room for the picture", async () => {
    const page = await visit({ viewport: { width: 900, height: 420 } });
    assert.ok(await page.locator(".canvas").evaluate(e => e.clientHeight) >= 200);
    await page.click("#graph-open");
    await page.waitForSelector("#graph .val");
    assert.equal(await page.locator("#graph").evaluate(e => getComputedStyle(e).visibility), "visible");
    await close(page);
  });

  await test("at four times its size the page scrolls as a whole", async () => {
    const page = await visit({ viewport: { width: 360, height: 225 } });
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && ["fixed", "sticky"].includes(getComputedStyle(e).position)).map(e => e.id || e.tagName)), []);
    assert.deepEqual(await outside(page), []);
    await page.locator("#go").scrollIntoViewIfNeeded();
    assert.ok(await page.locator("#go").evaluate(e => document.elementFromPoint(e.getBoundingClientRect().x + 40, e.getBoundingClientRect().y + 20)?.closest("#go") !== null));
    await close(page);
  });

  await test("a prompt from right to left is written so, and shown so", async () => {
    const page = await visit();
    const prompt = page.locator(".lead textarea");
    await prompt.fill("בית קטן על גבעה ירוקה");
    assert.equal(await prompt.evaluate(e => getComputedStyle(e).direction), "rtl");
    await prompt.fill("a small house");
    assert.equal(await prompt.evaluate(e => getComputedStyle(e).direction), "ltr");
    await close(page);
  });

  await test("Generate waits for the form", async () => {
    const page = await (await browser.newContext()).newPage();
    watch(page);
    let go;
    const held = new Promise(done => { go = done; });
    await page.route("**/object_info/*", async r => {
      await held;
      await r.continue();
    });
    await page.goto(url);
    await page.waitForSelector('#device[data-state="ok"]', LONG);
    await page.waitForFunction(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))));
    assert.deepEqual(await page.evaluate(() => [document.querySelector("#go").disabled, document.querySelector("#empty").hidden, document.querySelector("#say").textContent]), [true, true, "Connecting"]);
    for (const key of ["/", "r", "u", "f"]) await page.keyboard.press(key); // nothing is there yet to act on
    go();
    await ready(page);
    await close(page);
  });

  await test("what is not answered is said", async () => {
    expect(/default\.json|\/queue|ERR_FAILED/);
    const page = await visit();
    await page.route("**/default.json", r => r.abort());
    await page.click("#flow");
    await page.locator("#flow-menu .item", { hasText: "start again" }).click();
    await page.waitForFunction(() => /was not opened: the server does not answer/.test(document.querySelector("#note-text").textContent), null, LONG);
    assert.match(await page.textContent("#live"), /was not opened/, "it is heard, too");
    assert.deepEqual(await faults(page), []);
    await close(page);
  });

  await test("a preview that is not kept says so", async () => {
    expect(/\/view|status of 404/);
    const page = await visit();
    await page.route(/\/view\?.*type=temp/, r => r.fulfill({ status: 404 }));
    await open(page, "Previewed", { 1: { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 1, color: Date.now() % 0xffffff } }, 2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } } });
    await page.click("#go");
    await page.waitForSelector(".tile.lost", LONG);
    assert.match(await page.locator(".tile.lost img").first().getAttribute("alt"), /^Not kept: /);
    assert.deepEqual(await faults(page), []);
    await close(page);
  });

  await test("full size ends at its ends", async () => {
    const page = await visit();
    await page.locator(".tile.done").first().click();
    await page.click("#full");
    await page.waitForSelector("#viewer[open]");
    assert.equal(await page.locator("#view-prev").getAttribute("aria-disabled"), "true");
    assert.equal(await page.locator("#view-next").getAttribute("aria-disabled"), null);
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => !document.querySelector("#view-prev").hasAttribute("aria-disabled"));
    assert.deepEqual(await faults(page), []);
    await close(page);
  });

  await test("pictures of before the newest come when they are asked for", async () => {
    const page = await visit(), total = async () => (await (await fetch(new URL("/api/jobs?status=completed,failed,cancelled&limit=1", url))).json()).pagination.total, had = await total();
    for (let i = 0; i < 210; i++) {
      const prompt = { 1: { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 1000 + i } }, 2: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "small" } } };
      await fetch(new URL("/prompt", url), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ prompt }) });
    }
    while (await total() < had + 210) await page.waitForFunction(() => new Promise(done => setTimeout(() => done(true), 50)));
    await page.reload();
    await ready(page);
    const tiles = () => page.locator("#tiles button.tile").count(), more = page.getByRole("button", { name: "Older pictures" });
    await more.waitFor(LONG);
    const before = await tiles();
    assert.ok(before >= 200, `${before} pictures are there at once`);
    await more.click();
    await more.waitFor({ state: "detached", ...LONG });
    assert.ok(await tiles() >= Math.max(before + 10, had + 210 - before), "all are there");
    assert.equal(await page.evaluate(() => document.activeElement === [...document.querySelectorAll("#tiles button.tile")].at(-1)), true, "the focus goes on");
    assert.deepEqual(await faults(page), []);
    await close(page);
  });

  await test("three hundred nodes are drawn where they can be seen, and run", async () => {
    const page = await visit(), w = { 1: { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 7 } } };
    for (let i = 2; i < 300; i++) w[i] = { class_type: "ImageInvert", inputs: { image: [String(i - 1), 0] } };
    w[300] = { class_type: "SaveImage", inputs: { images: ["299", 0], filename_prefix: "many" } };
    await open(page, "Many", w);
    await page.waitForFunction(() => document.querySelector("#graph-note").textContent === "300 nodes");
    assert.ok(await page.locator("#graph [data-node]").count() < 20, "what is out of sight is not drawn");
    await page.click("#go");
    await state(page, "done");
    await page.locator('#graph-list li[data-key="300"] button').focus(); // the list that a screen reader has leads the drawing
    await page.waitForSelector('#graph [data-node="300"].spot', LONG);
    assert.deepEqual(await faults(page), []);
    await close(page);
  });
}
