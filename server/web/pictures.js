// The list of pictures: queued, running and finished runs, the newest first.

import { viewURL } from "./api.js";
import { $, el, icon, keyed, put, say, svg } from "./dom.js";
import { titleOf } from "./form/fields.js";
import { finished, queued, running, shown } from "./runs.js";
import { ordinal } from "./words.js";

const DAY = 86400000;

// dayOf names the day of a time, "" for today.
export function dayOf(at, now) {
  const start = t => new Date(new Date(t).toDateString()).getTime(), days = Math.round((start(now) - start(at)) / DAY);
  if (!at || days <= 0) return "";
  if (days === 1) return "Yesterday";
  return new Date(at).toLocaleDateString(undefined, days < 300 ? { day: "numeric", month: "long" } : { day: "numeric", month: "long", year: "numeric" });
}

// tilesOf lists what the page shows, as plain data.
export function tilesOf(runs, narrow, now, older = 0) {
  const wait = queued(runs), live = running(runs), tiles = [];
  if (wait.length > (narrow ? 1 : 3)) tiles.push({ key: "waiting", kind: "many", n: wait.length });
  else wait.map((run, i) => ({ key: `q${run.id}`, kind: "queued", run, nth: i + 1 + (live ? 1 : 0) })).reverse().forEach(t => tiles.push(t));
  if (live) tiles.push({ key: `r${live.id}`, kind: "running", run: live, index: 0 });
  let day = "";
  for (const run of finished(runs)) {
    const of = dayOf(run.ended, now);
    if (of !== day) tiles.push({ key: `d${day = of}`, kind: "day", day });
    if (run.state !== "done") tiles.push({ key: `${run.state}${run.id}`, kind: run.state, run, index: 0 });
    else if (!run.images.length) tiles.push({ key: `n${run.id}`, kind: "bare", run, index: 0 });
    run.images.forEach((image, index) => { if (run.state === "done") tiles.push({ key: `${run.id} ${index}`, kind: "done", run, index, image }); });
  }
  if (older) tiles.push({ key: "older", kind: "older" });
  return tiles;
}

export function mountPictures(app) {
  const { store } = app, list = $("tiles"), narrow = matchMedia("(max-width: 760px)");
  let tiles = [], active = "";

  function waiting(big, small, name, act) {
    const x = el("button", { type: "button", class: "x", "aria-label": name, title: name }, icon("x"));
    x.addEventListener("click", act);
    return el("div", { class: "tile waiting" }, el("b", {}, big), el("span", {}, small), x);
  }

  function make(t) {
    if (t.kind === "day") return el("li", { class: "day" }, t.day);
    if (t.kind === "older") {
      const b = el("button", { type: "button", class: "link" }, "Older pictures");
      b.addEventListener("click", async () => {
        const mine = list.contains(document.activeElement);
        await app.showOlder();
        requestAnimationFrame(() => { if (mine && !b.isConnected) [...list.querySelectorAll("button.tile")].at(-1)?.focus(); });
      });
      return el("li", { class: "older" }, b);
    }
    if (t.kind === "many") return el("li", {}, waiting(String(t.n), "waiting", "Clear the waiting runs", app.clearWaiting));
    if (t.kind === "queued") return el("li", {}, waiting(ordinal(t.nth), "in line", "Take this run out of the queue", () => app.remove([t.run.id])));
    const b = el("button", { type: "button", class: `tile ${t.kind}`, tabindex: "-1" });
    b.addEventListener("click", () => choose(t.key));
    b.addEventListener("dblclick", () => app.view(app.chosen()));
    if (t.kind === "running") b.append(el("canvas", { width: 64, height: 64 }), svg("svg", { class: "logo", "aria-hidden": "true" }, svg("use", { href: "#i-logo" })), el("progress", { max: 1, value: 0, "aria-hidden": "true" }));
    if (t.kind === "done") {
      const img = el("img", { src: viewURL(t.image, 256), alt: app.promptOf(t.run) || t.image.filename, loading: "lazy", decoding: "async", draggable: "false", width: 128, height: 128 });
      img.addEventListener("error", () => { // a preview of before the server's last start, or somebody removed the file
        b.classList.add("lost");
        put(img, "alt", `Not kept: ${img.alt}`);
      }, { once: true });
      b.append(img);
    }
    if (t.kind === "failed") b.append(icon("alert"), el("span"));
    if (t.kind === "cancelled") b.append(el("canvas", { width: 64, height: 64, hidden: true }), el("span", {}, "Cancelled"));
    if (t.kind === "bare") b.append(icon("check"), el("span", {}, "Done"));
    return el("li", {}, b);
  }

  function update(li, t) {
    if (t.kind === "queued") say(li.querySelector("b"), ordinal(t.nth));
    if (t.kind === "many") say(li.querySelector("b"), String(t.n));
    if (!t.run || t.kind === "queued") return;
    const b = li.firstElementChild;
    if (t.kind === "cancelled") {
      const c = b.querySelector("canvas");
      if (c.hidden && app.paint(c, t.run.id)) c.hidden = false;
    }
    if (t.kind === "failed") say(b.lastElementChild, t.run.error?.node ? titleOf(t.run.prompt || {}, store.get().info, t.run.error.node) : "Failed");
    if (t.kind !== "done") put(b, "aria-label", { running: "Running", failed: `Failed at ${b.textContent}`, cancelled: "Cancelled run", bare: "Done, without a picture" }[t.kind]);
  }

  function choose(key) {
    const t = tiles.find(x => x.key === key);
    if (!t?.run) return;
    active = key;
    store.set(s => ({ view: t.kind === "running" ? null : { run: t.run.id, index: t.index }, follow: t.kind === "running" ? t.run.id : s.follow, says: null }));
  }

  function mark(state) {
    const { run, index } = shown(state.runs, state.view, state.follow);
    const can = tiles.filter(t => t.run && t.kind !== "queued");
    const current = can.find(t => t.run.id === run?.id && t.index === index);
    const focusable = can.find(t => t.key === active) || current || can[0];
    can.forEach((t, i) => {
      const li = list.querySelector(`[data-key="${CSS.escape(t.key)}"]`), b = li?.firstElementChild;
      if (!b) return;
      put(b, "aria-current", t === current ? "true" : null);
      put(b, "tabindex", t === focusable ? "0" : "-1");
      put(li, "aria-posinset", i + 1);
      put(li, "aria-setsize", can.length);
    });
  }

  let signature = "";
  function render(state) {
    tiles = tilesOf(state.runs, narrow.matches, Date.now(), state.older);
    const now = tiles.map(t => t.key + (t.nth || t.n || (t.kind === "failed" && t.run.prompt ? "!" : ""))).join("|");
    if (now !== signature) {
      signature = now;
      keyed(list, tiles, t => t.key, make, update);
      $("no-pictures").hidden = tiles.length > 0;
      $("clear").hidden = !tiles.some(t => t.kind === "queued" || t.kind === "many");
    }
    const live = tiles.find(t => t.kind === "running");
    if (live) {
      const b = list.querySelector(".tile.running");
      b.classList.toggle("blank", !app.paint(b.firstElementChild, live.run.id));
      b.lastElementChild.value = app.partOf(live.run);
    }
    mark(state);
  }

  list.addEventListener("keydown", e => {
    const can = [...list.querySelectorAll("button.tile")], at = can.indexOf(document.activeElement);
    const columns = getComputedStyle(list).gridTemplateColumns.split(" ").length || 1;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: can.length - 1 - at }[e.key];
    if (by === undefined || at < 0) return;
    e.preventDefault();
    e.stopPropagation();
    const next = can[Math.max(0, Math.min(can.length - 1, at + by))];
    next.focus();
    choose(next.parentElement.dataset.key);
  });
  $("clear").addEventListener("click", app.clearWaiting);
  narrow.addEventListener("change", () => render(store.get()));

  // step chooses the picture n further, and gives it.
  app.stepPicture = n => {
    const can = tiles.filter(t => t.kind === "done"), { run, index } = app.chosen();
    const at = can.findIndex(t => t.run.id === run?.id && t.index === index), next = can[Math.max(0, Math.min(can.length - 1, at < 0 ? 0 : at + n))];
    if (!next) return null;
    choose(next.key);
    list.querySelector(`[data-key="${CSS.escape(next.key)}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    return { run: next.run, index: next.index };
  };

  // edges tells whether the picture looked at is the newest, and whether it is the oldest.
  app.edges = () => {
    const can = tiles.filter(t => t.kind === "done"), { run, index } = app.chosen(), at = can.findIndex(t => t.run.id === run?.id && t.index === index);
    return [at <= 0, at === can.length - 1];
  };

  let last = {};
  store.subscribe(state => {
    if (last.runs === state.runs && last.view === state.view && last.frames === state.frames && last.follow === state.follow && last.older === state.older) return;
    last = state;
    render(state);
  });
}
