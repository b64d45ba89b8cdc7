// Extensions in the page: a package is installed with consent, its node waits for what is chosen in its sandboxed page, and
// that page reaches nothing else. COCOON is the program that builds the packages (bin/cocoon).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { faults } from "./rough.mjs";

const cocoon = path.resolve(process.env.COCOON || "bin/cocoon"), examples = path.resolve("sdk-wasm/examples/go");
const work = fs.mkdtempSync(path.join(os.tmpdir(), "cocoon-e2e-"));
process.on("exit", () => fs.rmSync(work, { recursive: true, force: true }));

// build makes a package of an example, with another manifest if change says so.
function build(name, change = null) {
  const dir = path.join(work, name), module = path.join(dir, "module.wasm");
  if (!fs.existsSync(module)) {
    fs.cpSync(path.join(examples, name), dir, { recursive: true });
    execFileSync(cocoon, ["ext", "build", "--output", module, path.join(examples, name)], { stdio: ["ignore", "ignore", "inherit"] });
  }
  const manifest = JSON.parse(fs.readFileSync(path.join(examples, name, "manifest.json")));
  change?.(manifest);
  fs.writeFileSync(path.join(dir, "manifest.json"), JSON.stringify(manifest));
  const file = path.join(work, `${manifest.id}-${manifest.version}.cocoon`);
  execFileSync(cocoon, ["ext", "pack", "--output", file, dir], { stdio: ["ignore", "ignore", "inherit"] });
  return file;
}

const empty = color => ({ class_type: "EmptyImage", inputs: { width: 64, height: 48, batch_size: 1, color } });
const picking = {
  1: empty(0x203040), 2: empty(0xff2010), 3: empty(0x10c040), 4: { class_type: "ImageBatch", inputs: { image1: ["1", 0], image2: ["2", 0] } },
  5: { class_type: "ImageBatch", inputs: { image1: ["4", 0], image2: ["3", 0] } }, 6: { class_type: "PickImage", inputs: { images: ["5", 0], seconds: 600 } },
  7: { class_type: "SaveImage", inputs: { images: ["6", 0], filename_prefix: "picked" } },
};

export async function extensions({ browser, page, test, shot, watch, url, expect, LONG, state, ready, loaded }) {
  const panel = page.locator("#shelf"), dialog = page.locator("dialog.cocoon-page"), card = id => panel.locator(`.card[data-id="${id}"]`);
  const inside = () => page.frames().find(f => /\/cocoon\/extensions\/[^/]+\/page/.test(f.url()));
  const api = async (path, init) => (await fetch(new URL(path, url), init)).json();
  const openWorkflow = async (name, workflow) => {
    await page.setInputFiles("#file", { name: `${name}.json`, mimeType: "application/json", buffer: Buffer.from(JSON.stringify(workflow)) });
    await page.waitForFunction(n => document.querySelector("#flow .name").textContent.toLowerCase() === n, name, LONG);
  };
  const offer = async file => {
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), panel.locator('[data-focus="choose"]').click()]);
    await chooser.setFiles(file);
    await panel.locator("form.consent").waitFor(LONG);
  };
  let picker = "";

  // shut closes the page by its own button: the key Escape is the page's where its frame has the focus.
  async function shut() {
    await dialog.locator("header button").click();
    await dialog.waitFor({ state: "detached", ...LONG });
  }

  await test("a package is built", async () => { picker = build("picker"); });

  await test("a workflow with an unknown node shows it", async () => {
    await openWorkflow("picking", picking);
    await page.waitForSelector('#graph [data-node="6"].missing', LONG);
    assert.match(await page.textContent("#note-text"), /PickImage/);
  });

  await test("a package says what it asks for before anything is installed", async () => {
    await page.locator("header").click();
    await page.keyboard.press("e");
    await panel.locator(".none").waitFor(LONG);
    await offer(picker);
    assert.match(await panel.locator("#shelf-title").textContent(), /^Install Picker 1\.0\.0\?$/);
    assert.match(await panel.locator(".seal").textContent(), /Not signed.*Nobody vouches/);
    const wishes = await panel.locator(".wish").evaluateAll(all => all.map(w => [w.dataset.capability, w.querySelector("input").checked, w.querySelector("input").disabled]));
    assert.deepEqual(new Map(wishes.map(([k, on, fixed]) => [k, `${on} ${fixed}`])), new Map([["tensor", "true true"], ["kv", "true true"], ["routes", "true true"], ["ws", "true false"], ["ws receive", "true false"], ["msg", "true true"], ["web", "true true"]]));
    assert.equal((await api("/cocoon/extensions")).extensions.length, 0, "nothing is installed yet");
    await shot("extension consent");
    assert.equal(await page.evaluate(() => document.activeElement.id), "shelf-title");
  });

  await test("with consent it runs, and its node is known without a reload", async () => {
    await panel.locator("form.consent .main").click();
    await card("example.picker").locator(".badge.ok").waitFor(LONG);
    assert.match(await panel.locator(".shelf-told").textContent(), /Picker 1\.0\.0 is installed/);
    await shot("extension installed");
    await page.waitForFunction(() => document.activeElement.dataset.focus === "head example.picker", null, LONG);
    await page.waitForFunction(() => document.querySelector('#graph [data-node="6"]:not(.missing)'), null, LONG);
    await page.waitForSelector("#note", { state: "hidden", ...LONG });
    await page.keyboard.press("Escape");
    assert.equal(await page.locator('[data-field$=".seconds"] input').inputValue(), "600");
  });

  await test("nodes come and go while somebody types, and nothing typed is lost", async () => {
    const name = page.locator('[data-field="7.filename_prefix"] input'), held = [];
    await page.locator(".more summary").click();
    await page.route("**/object_info/PickImage", r => held.push(r));
    const asked = () => page.waitForFunction(() => new Promise(done => setTimeout(() => done(true), 20))).then(() => held.length);
    for (const [verb, body, node] of [["revoke", null, ".missing"], ["grant", { granted: (await api("/cocoon/extensions")).extensions[0].capabilities.map(c => c.id) }, ":not(.missing)"]]) {
      await name.fill("before");
      await api(`/cocoon/extensions/example.picker/${verb}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}) });
      while (!await asked());
      await name.fill(`typed at ${verb}`); // while the answer is on its way
      await name.evaluate(e => e.setSelectionRange(2, 5));
      while (held.length) await held.shift().continue();
      await page.waitForSelector(`#graph [data-node="6"]${node}`, LONG);
      assert.deepEqual(await page.evaluate(() => [document.activeElement.value, document.activeElement.selectionStart, document.activeElement.selectionEnd]), [`typed at ${verb}`, 2, 5]);
    }
    await page.unroute("**/object_info/PickImage");
    await name.fill("picked");
    assert.equal(await page.locator('[data-field$=".seconds"] input').inputValue(), "600");
  });

  await test("a node waits, and what is chosen in its page goes on", async () => {
    await page.click("#go");
    await page.waitForSelector("#page-open:not([hidden])", LONG);
    await page.click("#page-open");
    const frame = dialog.frameLocator("iframe").frameLocator("iframe");
    await frame.locator("button").nth(2).waitFor(LONG);
    await page.waitForFunction(() => true);
    await inside().waitForFunction(() => [...document.images].length === 3 && [...document.images].every(i => i.complete && i.naturalWidth), null, LONG);
    await shot("extension page");
    await frame.locator("button").nth(1).click();
    await dialog.waitFor({ state: "detached", ...LONG });
    await state("done");
    await loaded("#picture");
    const [r, g, b] = await page.evaluate(() => {
      const c = new OffscreenCanvas(1, 1).getContext("2d");
      c.drawImage(document.querySelector("#picture"), 0, 0, 1, 1);
      return [...c.getImageData(0, 0, 1, 1).data];
    });
    assert.deepEqual([r, g, b], [0xff, 0x20, 0x10]);
    assert.equal(await page.locator("#page-open").isVisible(), false);
  });

  await test("a prompt is cancelled while its node waits", async () => {
    await page.click("#go");
    await page.waitForSelector("#page-open:not([hidden])", LONG);
    await page.click("#cancel");
    await state("cancelled");
  });

  await test("a form from outside chooses too", async () => {
    await page.click("#go");
    await page.waitForSelector("#page-open:not([hidden])", LONG);
    const form = new FormData();
    form.append("message", "2");
    form.append("node_id", "6");
    assert.deepEqual(await api("/ext/example.picker/choose", { method: "POST", body: form }).then(a => a.index), 2);
    await state("done");
  });

  await test("a message from the page chooses too, and one that comes to nothing says so", async () => {
    await page.click("#go");
    await page.waitForSelector("#page-open:not([hidden])", LONG);
    await page.click("#page-open");
    await dialog.frameLocator("iframe").frameLocator("iframe").locator("button").nth(2).waitFor(LONG);
    const refused = await inside().evaluate(async () => {
      const said = [], until = n => new Promise(done => { const look = () => said.length >= n ? done() : setTimeout(look, 10); look(); });
      cocoon.on("error", e => said.push(`${e.type} ${e.code}: ${e.error}`));
      cocoon.send("choose", { node: "6", index: 9 });
      await until(1);
      cocoon.send("a.b", {});
      await until(2);
      cocoon.send("choose", { long: "x".repeat(65536) });
      await until(3);
      cocoon.send("other", {}); // which nobody takes: nothing is said of it
      cocoon.send("choose", { node: "6", index: 2 });
      return said;
    });
    assert.deepEqual(refused, ["choose failed: there is no such picture", "a.b refused: these messages are not known here", "choose refused: the message is too large"]);
    await state("done");
    await shut();
  });

  await test("the page of an extension reaches its own routes and nothing else", async () => {
    expect(/./); // what is refused is written to the console
    await page.locator("header").click();
    await page.keyboard.press("e");
    await card("example.picker").locator('[data-focus^="page"]').click();
    await dialog.waitFor(LONG);
    await page.waitForFunction(() => document.querySelector("dialog.cocoon-page iframe")?.contentDocument?.querySelector("iframe"), null, LONG);
    await page.waitForTimeout(300);
    const got = await inside().evaluate(async () => {
      await cocoon.ready;
      const ask = (...a) => cocoon.fetch(...a).then(r => r.status, e => e.message), own = (...a) => fetch(...a).then(() => "reached", () => "refused");
      const out = {
        origin: self.origin, about: [cocoon.extension, cocoon.node], own: await ask("/pictures"), without: await ask("pictures"), none: await ask("/nothing"),
        paths: await Promise.all(["/../../queue", "/..%2f..%2fqueue", "/%2e%2e/%2e%2e/queue", "//evil.example/", "/\\..\\queue", "/a#b", "/a/../../example.other/x", "/.", "/%", "https://evil.example/"].map(p => ask(p))),
        method: await ask("/pictures", { method: "TRACE" }), queue: await own(new URL("/queue", document.baseURI)), net: await own("https://example.org/"),
      };
      try { out.cookie = document.cookie; } catch { out.cookie = "refused"; }
      try { out.store = localStorage.length; } catch { out.store = "refused"; }
      try { out.above = parent.parent.document.title; } catch { out.above = "refused"; }
      try { out.between = parent.document.title; } catch { out.between = "refused"; }
      return out;
    });
    const refused = "this is no path of the extension's";
    assert.deepEqual({ ...got, paths: null }, { origin: "null", about: ["example.picker", null], own: 200, without: 200, none: 404, paths: null, method: "this method is not known here", queue: "refused", net: "refused", cookie: "refused", store: "refused", above: "refused", between: "refused" });
    assert.ok(got.paths.every(p => p === refused || p === "URI malformed" || p === "the request failed" || p === 404), JSON.stringify(got.paths));
    assert.equal(got.paths.filter(p => p === 404).length <= 1, true, JSON.stringify(got.paths));
    // A window that is not the page gets no port, whatever it says.
    assert.equal(await page.evaluate(() => new Promise(done => {
      addEventListener("message", e => { if (e.data?.cocoon === "open") done("a port"); });
      postMessage({ cocoon: "hello" }, "*");
      setTimeout(() => done("nothing"), 300);
    })), "nothing");
    // It goes nowhere, neither to this server nor away.
    for (const to of ["/queue", "https://example.org/", "data:text/html,away"]) {
      await inside()?.evaluate(u => { location.href = u.startsWith("/") ? new URL(u, document.baseURI).href : u; }, to).catch(() => null);
      await page.waitForTimeout(200);
      const seen = await Promise.all(page.frames().map(f => f.evaluate(() => document.body?.innerText || "").catch(() => "")));
      assert.ok(!seen.some(t => /queue_running|Example Domain|away/.test(t)), `it went to ${to}`);
    }
    await shut();
  });

  await test("an update that asks for more waits for consent to what is new", async () => {
    const more = build("picker", m => {
      m.version = "1.1.0";
      m.capabilities.http = [{ rule: "GET https://api.acme.dev/v1/*", optional: true }];
    });
    await page.locator("header").click();
    await page.keyboard.press("e");
    await card("example.picker").waitFor(LONG);
    const data = await page.evaluateHandle(([bytes, name]) => {
      const t = new DataTransfer();
      t.items.add(new File([Uint8Array.from(atob(bytes), c => c.charCodeAt(0))], name));
      return t;
    }, [fs.readFileSync(more).toString("base64"), path.basename(more)]);
    await page.dispatchEvent("#shelf", "dragenter", { dataTransfer: data });
    await panel.locator(".shelf-veil").waitFor(LONG);
    await page.dispatchEvent("#shelf", "drop", { dataTransfer: data });
    await panel.locator("form.consent").waitFor(LONG);
    await page.keyboard.press("Escape"); // leads back, and does not shut the panel
    await card("example.picker").waitFor(LONG);
    await offer(more);
    assert.equal(await panel.locator("#shelf-title").textContent(), "Update Picker from 1.0.0 to 1.1.0?");
    assert.deepEqual(await faults(page), []);
    assert.deepEqual(await panel.locator(".wish.new").evaluateAll(all => all.map(w => [w.dataset.capability, w.querySelector("input").checked])), [["http", false]]);
    await page.emulateMedia({ colorScheme: "dark" });
    await shot("extension update dark");
    await panel.locator("form.consent .main").click();
    await panel.locator(".shelf-told", { hasText: "1.1.0 is installed" }).waitFor(LONG);
    assert.match(await card("example.picker").locator(".may.not").textContent(), /api\.acme\.dev/);
    await page.emulateMedia({ colorScheme: "light" });
  });

  await test("what it may do is changed, it is stopped, and it is removed", async () => {
    expect(/example\.picker\/log/); // its log may be asked for in the moment that it goes
    const c = card("example.picker");
    await c.locator('[data-focus^="change"]').click();
    await panel.locator('.wish[data-capability="ws"] .switch').click();
    await panel.locator("form.consent .main").click();
    await c.locator(".may.not", { hasText: "send messages" }).waitFor(LONG);
    await c.locator('[data-focus^="stop"]').click();
    await c.locator(".badge", { hasText: "Stopped" }).waitFor(LONG);
    await page.waitForFunction(() => document.querySelector('#graph [data-node="6"].missing'), null, LONG);
    await c.locator('[data-focus^="change"]').click();
    await panel.locator("form.consent .main").click();
    await c.locator(".badge.ok").waitFor(LONG);
    await c.locator(".log-box summary").click();
    await c.locator(".log li").first().waitFor(LONG);
    assert.deepEqual(await faults(page), []);
    const calls = await c.locator("[data-use]").textContent();
    await fetch(new URL("/ext/example.picker/pictures", url));
    await page.waitForFunction(was => document.querySelector("[data-use]").textContent !== was, calls, LONG); // the figures follow
    await c.locator('[data-focus^="remove"]').click();
    await c.locator(".switch").click();
    await api("/cocoon/extensions/example.picker/grant", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ granted: [] }) }).catch(() => null);
    await c.locator(".may.not", { hasText: "take messages" }).waitFor(LONG);
    assert.deepEqual(await c.locator(".switch input").evaluateAll(all => all.map(i => i.checked)), [true], "the question is still asked");
    await c.locator('[data-focus^="sure"]').click();
    await c.waitFor({ state: "detached", ...LONG });
    assert.equal((await api("/cocoon/extensions")).extensions.length, 0);
  });

  await test("what is no package is refused with words", async () => {
    expect(/status of 400/);
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), panel.locator('[data-focus="choose"]').click()]);
    await chooser.setFiles({ name: "junk.cocoon", mimeType: "application/zip", buffer: Buffer.from("PK junk") });
    await panel.locator(".shelf-told.bad").waitFor(LONG);
    assert.match(await panel.locator(".shelf-told").textContent(), /^junk\.cocoon was not taken: /);
    assert.match(await panel.locator('.sr[role="alert"]').textContent(), /^junk\.cocoon was not taken: /, "it is heard within the dialog");
    await page.keyboard.press("Escape");
  });

  await test("on a phone the panel has its own width, and a page by a route works", async () => {
    expect(/notes-go\/nothing/); // what is no route is asked for on purpose
    const notes = build("notes");
    const phone = await (await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: "dark" })).newPage();
    watch(phone);
    await phone.goto(url);
    await ready(phone);
    await phone.tap("#shelf-open");
    const [chooser] = await Promise.all([phone.waitForEvent("filechooser"), phone.tap('#shelf [data-focus="choose"]')]);
    await chooser.setFiles(notes);
    await phone.waitForSelector("form.consent", LONG);
    await shot("extension consent phone", phone);
    assert.ok(await phone.evaluate(() => document.querySelector(".shelf-body").scrollWidth <= innerWidth), "no sideways scrolling");
    await phone.tap("form.consent .main");
    await phone.tap('.card[data-id="example.notes-go"] [data-focus^="page"]');
    const frame = phone.locator("dialog.cocoon-page").frameLocator("iframe").frameLocator("iframe");
    await frame.locator("input[name=key]").fill("sea");
    await frame.locator("input[name=text]").fill("deep <b>blue</b>");
    await frame.locator("button").tap();
    await frame.locator("li", { hasText: "sea: deep <b>blue</b>" }).waitFor(LONG);
    // What others do comes in live, by the route's event stream.
    const keep = key => fetch(new URL("/ext/example.notes-go/notes", url), { method: "POST", body: new URLSearchParams({ key, text: "from outside" }) });
    await keep("air");
    await frame.locator("li", { hasText: "air: from outside" }).waitFor(LONG);
    await fetch(new URL("/ext/example.notes-go/notes/air", url), { method: "DELETE" });
    await frame.locator("li", { hasText: "air" }).waitFor({ state: "detached", ...LONG });
    // An EventSource in all but name: it opens, says what is refused, and hears no more when it is closed.
    const seen = await phone.frames().find(f => /\/page$/.test(new URL(f.url()).pathname)).evaluate(async () => {
      const once = (to, type) => new Promise(done => to.addEventListener(type, done, { once: true }));
      const a = cocoon.events("/changes"), said = [a.readyState, await once(a, "open").then(() => a.readyState)];
      await cocoon.fetch("/notes", { method: "POST", body: new URLSearchParams({ key: "fire", text: "x" }) });
      for (let e; !(e = await once(a, "message")).data.includes("fire");) said.push(e.data);
      a.close();
      let after = 0;
      a.onmessage = () => after++;
      await cocoon.fetch("/notes/fire", { method: "DELETE" });
      await new Promise(done => setTimeout(done, 1500));
      const none = cocoon.events("/nothing"), error = await once(none, "error");
      return { opened: said.slice(0, 2), after, closed: a.readyState, none: [error.type, none.readyState] };
    });
    assert.deepEqual(seen, { opened: [0, 1], after: 0, closed: 2, none: ["error", 2] });
    await shot("extension page phone", phone);
    await phone.locator("dialog.cocoon-page header button").tap();
    await fetch(new URL("/cocoon/extensions/example.notes-go", url), { method: "DELETE" });
    await phone.context().close();
  });

  await test("the default workflow is back", async () => {
    await page.click("#flow");
    await page.locator("#flow-menu .item", { hasText: "start again" }).click();
    await page.waitForFunction(() => document.querySelector("#flow .name").textContent === "Text to image", null, LONG);
  });
}
