// One extension in the panel: what it is, how it is, and what can be done with it.

import { el, icon } from "../dom.js";
import { badge, grouped, items } from "./parts.js";
import { says, states, trust, used, what } from "./words.js";

function button(word, focus, act, more = {}) {
  const b = el("button", { type: "button", class: "plain", "data-focus": focus, ...more }, word);
  b.addEventListener("click", act);
  return b;
}

// keyOf tells an extension from one of the same id that is there for everybody.
export const keyOf = e => `${e.shared ? "shared " : ""}${e.id}`;

// useOf lists what an extension has used.
export const useOf = e => facts(used(e), { "data-use": keyOf(e) });

// card makes the list item of an extension. open holds the ids that are unfolded.
export function card(e, { app, api, act, hear, open, review, redraw, close }) {
  const key = keyOf(e), [word, kind] = states[e.state] || [e.state, "off"], on = open.has(e.id);
  const toggle = el("button", { type: "button", class: "card-head", "aria-expanded": String(on), "data-focus": `head ${key}` },
    el("span", { class: "card-name" }, el("b", {}, e.name), el("span", {}, `${e.version}${e.shared ? `, ${says.shared}` : ""}`)), badge(word, kind), icon("down"));
  toggle.addEventListener("click", () => {
    on ? open.delete(e.id) : open.add(e.id);
    redraw();
  });
  const [signed, , grave] = trust(e);
  const line = el("p", { class: "card-line" }, el("span", { class: `trust ${grave}` }, signed), el("span", {}, what(e)));
  const item = el("li", { class: `card ${kind}`, "data-id": e.id }, toggle, line);
  if (e.reason) item.append(el("p", { class: "card-reason" }, e.reason));
  const quick = el("div", { class: "card-do" });
  if (e.state === "waiting" && e.changeable) quick.append(button("Review what it asks", `review ${key}`, review, { class: "plain main" }));
  if (e.page) { // of what runs, also while an update waits
    quick.append(button("Open its page", `page ${key}`, () => {
      close();
      app.openPage(e);
    }));
  }
  if (quick.children.length) item.append(quick);
  if (on) item.append(details(e, { api, act, hear, review, key, open }));
  return item;
}

function details(e, { api, act, hear, review, key, open }) {
  const all = grouped(e.capabilities), may = all.filter(c => c.granted), not = all.filter(c => !c.granted);
  const box = el("div", { class: "card-more" });
  if (e.description) box.append(el("p", { class: "about" }, e.description));
  box.append(el("h3", {}, "It may"), may.length ? el("ul", { class: "may" }, ...may.map(capability)) : el("p", { class: "none" }, e.capabilities.length ? "do nothing of what it asks for." : says.nothing));
  if (not.length) box.append(el("h3", {}, "Not allowed"), el("ul", { class: "may not" }, ...not.map(capability)));
  const rows = [["Publisher", e.fingerprint || "none"], ["Id", e.id], ...e.author ? [["Author", e.author]] : [], ...e.license ? [["License", e.license]] : [], ...e.nodes.length ? [["Nodes", e.nodes.map(n => n.name || n.class).join(", ")]] : []];
  if (e.stats) box.append(el("h3", {}, "Use"), useOf(e));
  box.append(el("h3", {}, "About"), facts(rows));
  box.append(logOf(e, api, key, open));
  if (!e.changeable) box.append(el("p", { class: "hint" }, says.theirs));
  if (e.changeable) box.append(actions(e, { api, act, hear, review, key, open }));
  return box;
}

function facts(rows, more = {}) {
  return el("dl", { class: "facts", ...more }, ...rows.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)]));
}

function capability(c) {
  return el("li", {}, icon(c.granted ? "check" : "x"), el("span", {}, c.text, items(c)));
}

function logOf(e, api, key, open) {
  const list = el("ol"), lines = el("div", { class: "log", tabindex: "0", role: "log", "aria-label": `Log of ${e.name}` }, list), box = el("details", { class: "log-box" }, el("summary", { "data-focus": `log ${key}` }, "Log"), lines);
  let shown = "", timer = 0;
  const line = l => el("li", { class: l.level }, el("time", { datetime: l.at }, new Date(l.at).toLocaleTimeString()), el("span", {}, l.text));
  // read shows the log, and again every two seconds as long as somebody can see it.
  async function read() {
    clearTimeout(timer);
    try {
      const all = await api.log(e), last = JSON.stringify(all.at(-1) ?? null), atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 24;
      if (last !== shown) list.replaceChildren(...all.length ? all.map(line) : [el("li", { class: "none" }, says.noLog)]);
      if (last !== shown && (atEnd || !shown)) lines.scrollTop = lines.scrollHeight;
      shown = last;
    } catch (error) {
      shown = "";
      list.replaceChildren(el("li", { class: "error" }, says.failed(error.message)));
    }
    again();
  }
  // While the server is about something of an extension, it may be going.
  function again() {
    timer = setTimeout(() => {
      if (box.closest("[aria-busy]") || document.hidden) return again();
      if (box.open && lines.checkVisibility()) read();
    }, 2000);
  }
  const mark = `log ${key}`; // the list is drawn anew whenever something changes; an open log stays so
  box.addEventListener("toggle", () => {
    if (!box.open) return open.delete(mark);
    open.add(mark);
    read();
  });
  box.open = open.has(mark);
  return box;
}

function actions(e, { api, act, hear, review, key, open }) {
  const box = el("div", { class: "card-do" });
  const asked = `sure ${key}`, also = `data ${key}`; // the list is drawn anew whenever something changes; a question that was asked stays
  const first = () => {
    open.delete(asked);
    const change = e.capabilities.length && button(e.state === "revoked" ? "Allow again" : "Change what it may do", `change ${key}`, review);
    const stop = e.state !== "revoked" && e.capabilities.some(c => c.granted) && button("Stop", `stop ${key}`, () => act(() => api.revoke(e), says.stopped(e.name), "", `change ${key}`));
    const remove = button("Remove", `remove ${key}`, () => {
      sure();
      box.querySelector(".danger").focus();
      hear(`Remove ${e.name}?`);
    }, { class: "plain danger" });
    box.replaceChildren(...[change, stop, remove].filter(Boolean));
  };
  function sure() {
    const data = el("input", { type: "checkbox", role: "switch", "data-focus": also });
    data.checked = open.has(also);
    data.addEventListener("change", () => data.checked ? open.add(also) : open.delete(also));
    open.add(asked);
    const yes = button(`Remove ${e.name}`, asked, () => act(() => api.remove(e, data.checked), says.removed(e.name)), { class: "plain danger" });
    box.replaceChildren(el("label", { class: "switch" }, data, el("i", { "aria-hidden": "true" }), el("span", {}, "Also what it stored")), yes, button("Keep it", `keep ${key}`, () => {
      first();
      box.lastElementChild.focus();
    }));
  }
  open.has(asked) ? sure() : first();
  return box;
}
