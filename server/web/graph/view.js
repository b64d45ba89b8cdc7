// The drawn graph: a strip below the picture, or the whole stage. States are written as differences, once a frame.

import { $, put, say, svg } from "../dom.js";
import { isLink, titleOf, words } from "../form/fields.js";
import { runOrder } from "../form/rules.js";
import { shown } from "../runs.js";
import { sentence } from "../words.js";
import { layout, links, pathOf } from "./layout.js";
import { nodeView } from "./node.js";

const MIN = 0.85, MIN_BIG = 0.7, WIDE = 186, LINE = 16, ROWS = 6;

export function mountGraph(app) {
  const { store } = app, root = $("graph"), section = $("graph-box"), world = svg("g"), wires = svg("g"), boxes = svg("g"), talk = svg("g");
  world.append(wires, boxes, talk);
  root.append(world);
  let plan = null, views = new Map(), paths = [], camera = { x: 0, y: 0, k: 1 }, free = false, size = [0, 0], spot = null;

  // valuesOf lists what an enlarged node shows.
  function valuesOf(prompt, id) {
    const out = [];
    for (const [k, v] of Object.entries(prompt[id].inputs || {})) if (!isLink(v) && (typeof v !== "object" || v === null)) out.push([words(k), String(v)]);
    return out.slice(0, ROWS);
  }

  function build(prompt, info, big) {
    const ids = runOrder(prompt, Object.keys(prompt)), narrow = size[0] < 500;
    const w = big ? WIDE : narrow ? 126 : 142;
    const rows = new Map(ids.map(id => [id, big ? valuesOf(prompt, id) : []]));
    const edges = links(prompt), columns = 1 + Math.max(0, ...layout(ids, edges, { w, h: 38, gx: 38, gy: 8 }).layer.values());
    const gx = big ? 34 : narrow ? 26 : Math.max(20, Math.min(38, (size[0] - 32 - columns * w) / Math.max(1, columns - 1)));
    const l = layout(ids, edges, { w, h: 38, gx, gy: big ? 20 : 8 }, id => 38 + (rows.get(id).length ? rows.get(id).length * LINE + 8 : 0));
    plan = { prompt, info, big, ids, l, w };
    views = new Map(ids.map(id => [id, nodeView({ id, title: titleOf(prompt, info, id), missing: !info[prompt[id].class_type], x: l.x.get(id), y: l.y.get(id), w, h: l.size.get(id), rows: rows.get(id) })]));
    paths = l.routes.map(r => ({ ...r, e: svg("path", { d: pathOf(r, l, w) }), box: [l.x.get(r.from), l.x.get(r.to) + w, Math.min(...r.via.map(v => l.y.get(v))), Math.max(...r.via.map(v => l.y.get(v)))] }));
    wires.replaceChildren();
    boxes.replaceChildren();
    app.listNodes(ids, prompt, info, {});
    say($("graph-note"), `${ids.length} ${ids.length === 1 ? "node" : "nodes"}`);
  }

  // aim sets the camera: all of it if it fits, else following node id.
  function aim(id, again) {
    const { l, w, big } = plan, [W, H] = size, pad = big ? 32 : 16;
    if (free && !again) return cull();
    const tall = l.bottom - l.top, k = Math.max(big ? MIN_BIG : MIN, Math.min(1, (W - pad * 2) / l.width, (H - pad * (big ? 2 : 1)) / tall));
    const along = (length, room, at) => length <= room ? (room - length) / 2 : Math.min(pad, Math.max(room - pad - length, room / 2 - at));
    const focus = id && l.x.has(id) ? id : plan.ids[0];
    const x = along(l.width * k, W, (l.x.get(focus) + w / 2) * k);
    const y = along(tall * k, H, (l.y.get(focus) - l.top) * k);
    camera = { x, y: y - l.top * k, k };
    draw();
  }

  function draw() {
    put(world, "transform", `translate(${camera.x.toFixed(1)} ${camera.y.toFixed(1)}) scale(${camera.k.toFixed(3)})`);
    cull();
  }

  // cull keeps only what can be seen in the DOM.
  function cull() {
    const { x, y, k } = camera, [W, H] = size, m = 60;
    const left = (-x - m) / k, right = (W - x + m) / k, top = (-y - m) / k, bottom = (H - y + m) / k;
    for (const v of views.values()) {
      const on = v.x < right && v.x + v.w > left && v.y - v.h / 2 < bottom && v.y + v.h / 2 > top;
      if (on !== Boolean(v.g.parentNode)) on ? boxes.append(v.g) : v.g.remove();
    }
    for (const p of paths) {
      const on = p.box[0] < right && p.box[1] > left && p.box[2] < bottom + 40 && p.box[3] > top - 40;
      if (on !== Boolean(p.e.parentNode)) on ? wires.append(p.e) : p.e.remove();
    }
  }

  function states({ nodes, failed, message, refused }) {
    let hot = null;
    for (const id of plan.ids) {
      views.get(id).set(id === failed ? { state: "failed", refused } : nodes[id], id === spot);
      if (nodes[id]?.state === "running" || id === failed) hot = id;
    }
    const over = s => s === "done" || s === "cached";
    for (const p of paths) {
      const a = nodes[p.from]?.state, b = nodes[p.to]?.state, c = b === "running" ? "live" : over(a) && over(b) ? "done" : null;
      if (p.c !== c) put(p.e, "class", p.c = c);
    }
    for (const p of paths) if (p.c === "live" && p.e.parentNode && p.e !== wires.lastElementChild && p.e.nextElementSibling?.getAttribute("class") !== "live") wires.append(p.e);
    talk.replaceChildren(...(failed && message && views.has(failed) ? views.get(failed).callout(sentence(message), plan.big, (size[1] - camera.y) / camera.k, (size[0] - camera.x) / camera.k) : []));
    app.listNodes(plan.ids, plan.prompt, plan.info, failed ? { ...nodes, [failed]: { state: "failed" } } : nodes);
    return hot;
  }

  // The graph is the draft's; when the run looked at has the same nodes, it shows that run.
  function nodesOf(state) {
    const { run } = shown(state.runs, state.view, state.follow), prompt = state.draft.prompt;
    const same = run?.prompt && Object.keys(run.prompt).length === Object.keys(prompt).length && Object.keys(prompt).every(id => run.prompt[id]?.class_type === prompt[id].class_type);
    if (state.says?.refused) return { nodes: {}, failed: state.says.node ?? null, message: state.says.text[1], refused: true };
    return same ? { nodes: run.nodes, failed: run.error?.node ?? null, message: run.error?.message } : { nodes: {}, failed: null };
  }

  let last = {}, followed = null;
  function render(state, force) {
    if (!state.form || !size[0]) return;
    const rebuilt = force || state.form !== last.form || state.graphOpen !== last.graphOpen || state.graphOpen && state.draft !== last.draft;
    if (!rebuilt && state.runs === last.runs && state.view === last.view && state.says === last.says && state.follow === last.follow) return;
    if (state.form !== last.form || state.graphOpen !== last.graphOpen) free = false;
    if (state.form !== last.form) followed = null;
    last = state;
    if (rebuilt) build(state.draft.prompt, state.info, state.graphOpen);
    const now = nodesOf(state);
    if (rebuilt) aim(followed, !free);
    const hot = states(now);
    if (hot !== followed && hot) {
      followed = hot;
      aim(hot);
      if (now.failed) states(now); // its sentence goes where there is room now
    }
  }
  store.subscribe(state => render(state));
  new ResizeObserver(([e]) => {
    size = [e.contentRect.width, e.contentRect.height];
    put(root, "viewBox", `0 0 ${size[0]} ${size[1]}`);
    render(store.get(), true);
  }).observe(section);

  // Pan by dragging, zoom by wheel or pinch, in the enlarged graph; a press without a move is for the node.
  const fingers = new Map();
  let moved = 0;
  function zoom(cx, cy, by) {
    const k = Math.max(0.2, Math.min(2.5, camera.k * by)), f = k / camera.k;
    camera = { k, x: cx - (cx - camera.x) * f, y: cy - (cy - camera.y) * f };
    free = true;
    draw();
  }
  root.addEventListener("wheel", e => {
    if (!last.graphOpen) return;
    e.preventDefault();
    const r = root.getBoundingClientRect();
    if (e.ctrlKey || !e.deltaX) return zoom(e.clientX - r.left, e.clientY - r.top, Math.exp(-e.deltaY / 400));
    camera = { ...camera, x: camera.x - e.deltaX, y: camera.y - e.deltaY };
    free = true;
    draw();
  }, { passive: false });
  root.addEventListener("pointerdown", e => {
    fingers.set(e.pointerId, [e.clientX, e.clientY]);
    moved = 0;
  });
  root.addEventListener("pointermove", e => {
    const was = fingers.get(e.pointerId);
    if (!was || e.pointerType === "touch" && !last.graphOpen) return;
    const now = [e.clientX, e.clientY], others = [...fingers].filter(([id]) => id !== e.pointerId);
    moved += Math.abs(now[0] - was[0]) + Math.abs(now[1] - was[1]);
    fingers.set(e.pointerId, now);
    if (moved < 4) return;
    root.setPointerCapture(e.pointerId);
    if (others.length) {
      const [, o] = others[0], d = p => Math.hypot(p[0] - o[0], p[1] - o[1]), r = root.getBoundingClientRect();
      return zoom((now[0] + o[0]) / 2 - r.left, (now[1] + o[1]) / 2 - r.top, d(now) / Math.max(1, d(was)));
    }
    camera = { ...camera, x: camera.x + now[0] - was[0], y: camera.y + now[1] - was[1] };
    free = true;
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, e => fingers.delete(e.pointerId));
  root.addEventListener("click", e => {
    const id = e.target.closest("[data-node]")?.getAttribute("data-node");
    if (id && moved < 4) app.pressNode(id);
  });

  app.pressNode = id => {
    if (!app.focusNode(id)) app.spotNode(id);
  };
  app.spotNode = id => {
    spot = id;
    if (id && !free) aim(id);
    states(nodesOf(store.get()));
  };
  app.showNode = id => {
    free = false;
    if (plan?.l.x.has(id)) aim(id, true);
    app.focusNode(id);
  };
  app.toggleGraph = () => store.set(s => ({ graphOpen: !s.graphOpen }));
}
