// The panel of extensions: a dialog with what is installed, and the step in which somebody consents to what a package asks for.

import { tooBig } from "../api.js";
import { $, el, icon, put, say } from "../dom.js";
import { styles } from "../guests.js";
import { sentence, tooBig as tooBigSays } from "../words.js";
import * as api from "./api.js";
import { card, keyOf, useOf } from "./card.js";
import { consent } from "./consent.js";
import { says } from "./words.js";

export async function mountPanel(app) {
  await styles(new URL("shelf.css", import.meta.url).href);
  const dialog = $("shelf"), open = new Set();
  let known = { enabled: true, operator: false, extensions: [] }, view = "list", turn = 0, timer = 0;

  const title = el("h2", { id: "shelf-title", tabindex: "-1" }, "Extensions");
  const close = el("button", { type: "button", class: "icon", "aria-label": "Close" }, icon("x"));
  const told = el("p", { class: "shelf-told", hidden: true }), heard = el("div", { class: "sr", role: "status" }), body = el("div", { class: "shelf-body" });
  const file = el("input", { type: "file", accept: ".cocoon", hidden: true, "aria-label": "Choose a package" });
  const veil = el("div", { class: "shelf-veil", hidden: true }, el("p", {}, "Drop a .cocoon file to see what it asks for"));
  dialog.append(el("div", { class: "view-head" }, title, close), told, body, file, veil, heard);

  // hear says something to a screen reader: while the dialog is open, nothing outside of it is heard.
  function hear(text, bad = false) {
    put(heard, "role", bad ? "alert" : "status");
    say(heard, text);
  }
  // tell shows a sentence above the list; bad ones stay until the next.
  let fade = 0;
  function tell(text, bad = false) {
    clearTimeout(fade);
    say(told, text);
    told.hidden = !text;
    told.classList.toggle("bad", bad);
    hear(text, bad);
    if (text && !bad) fade = setTimeout(() => tell(""), 8000);
  }

  // act does something with the server, and shows what came of it; to is what the focus goes to when what had it is gone.
  async function act(run, done, meanwhile = "", to = "") {
    const mine = ++turn;
    if (meanwhile) tell(meanwhile);
    clearTimeout(fade);
    put(dialog, "aria-busy", true);
    try {
      await run();
      if (mine === turn) tell(done);
    } catch (e) {
      if (mine === turn) tell(says.failed(e.message), true);
    }
    put(dialog, "aria-busy", null);
    await refresh(true);
    if (!dialog.open || dialog.contains(document.activeElement) && document.activeElement !== dialog) return;
    (body.querySelector(`[data-focus="${CSS.escape(to)}"]`) || title).focus();
  }

  async function refresh(back = false) {
    try {
      known = await api.list();
    } catch (e) {
      tell(sentence(e.message), true);
    }
    if (view === "list" || back) list();
  }

  // look reads the list again as long as somebody can see a card's figures: they change with each call.
  const still = e => JSON.stringify({ ...e, stats: null });
  async function look() {
    clearTimeout(timer);
    timer = setTimeout(look, 2500);
    if (!dialog.open || view !== "list" || document.hidden || !body.querySelector("[data-use]")) return;
    const now = await api.list().catch(() => null), was = known;
    if (!now || known !== was || view !== "list") return;
    known = now;
    if (now.extensions.map(still).join() !== was.extensions.map(still).join()) return list();
    for (const e of now.extensions) {
      const figures = body.querySelector(`[data-use="${CSS.escape(keyOf(e))}"]`);
      if (figures) figures.replaceWith(useOf(e));
    }
  }

  function list() {
    const top = view === "list" ? body.scrollTop : 0;
    view = "list";
    say(title, "Extensions");
    const focus = document.activeElement?.closest("#shelf [data-focus]")?.dataset.focus;
    const choose = el("button", { type: "button", class: "plain main", "data-focus": "choose", disabled: !known.enabled }, icon("plus"), "Install from a file");
    choose.addEventListener("click", () => file.click());
    const cards = known.extensions.map(e => card(e, { app, api, act, hear, open, review: () => review(e), redraw: list, close: () => dialog.close() }));
    body.replaceChildren(
      el("p", { class: "shelf-lead" }, known.enabled ? says.lead : says.off),
      el("div", { class: "shelf-add" }, choose, el("span", { class: "hint wide" }, known.enabled ? says.drop : "")),
      cards.length ? el("ul", { class: "cards", role: "list" }, ...cards) : el("p", { class: "none" }, known.enabled ? says.none : ""));
    body.scrollTop = top;
    if (focus) body.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  function back() {
    list();
    title.focus();
  }
  // ask shows the step of consent: for a package that was read, or for what is installed.
  function ask(about) {
    view = "consent";
    tell("");
    say(title, about.title);
    body.replaceChildren(consent({ ...about, back }));
    body.scrollTop = 0;
    title.focus();
  }

  function review(e) {
    ask({ title: `What ${e.name}${e.state === "waiting" ? "’s new version" : ""} may do`, e, word: "Allow this", operator: false, go: granted => act(() => api.grant(e, granted), says.changed(e.name)) });
  }

  async function offer(f) {
    show();
    if (tooBig(f)) return tell(tooBigSays(f.name), true);
    const mine = ++turn;
    tell(says.reading(f.name));
    let o;
    try {
      o = await api.offer(f, false);
    } catch (e) {
      if (mine === turn) tell(says.notRead(f.name, e.message), true);
      return;
    }
    if (mine !== turn) return;
    const e = o.extension;
    ask({
      title: o.installed === e.version ? `Install ${e.name} ${e.version} again?` : o.installed ? `Update ${e.name} from ${o.installed} to ${e.version}?` : `Install ${e.name} ${e.version}?`, e, offer: o, word: o.installed && o.installed !== e.version ? "Update" : "Install", operator: known.operator,
      go: (granted, shared) => {
        open.add(e.id);
        return act(async () => {
          const at = shared ? (await api.offer(f, true)).offer : o.offer; // an offer is for one tenant
          await api.install(e, at, granted, shared);
        }, says.installed(e.name, e.version), says.installing(e.name), `head ${keyOf({ ...e, shared })}`);
      },
    });
  }

  function show() {
    if (!dialog.open) dialog.showModal();
    look();
  }
  file.addEventListener("change", () => {
    if (file.files[0]) offer(file.files[0]);
    file.value = "";
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", e => { if (e.target === dialog) dialog.close(); });
  dialog.addEventListener("cancel", e => { // Esc in the step of consent leads back to the list
    if (view !== "consent" || dialog.hasAttribute("aria-busy")) return;
    e.preventDefault();
    back();
  });
  dialog.addEventListener("close", () => {
    view = "list";
    for (const mark of [...open]) if (/^(sure|data) /.test(mark)) open.delete(mark);
    clearTimeout(timer);
  });

  let depth = 0;
  const carries = e => [...(e.dataTransfer?.types || [])].includes("Files");
  const over = on => {
    depth = on ? depth : 0;
    veil.hidden = !on;
  };
  dialog.addEventListener("dragenter", e => { if (carries(e) && ++depth) over(true); });
  dialog.addEventListener("dragleave", e => { if (carries(e) && --depth <= 0) over(false); });
  dialog.addEventListener("drop", e => {
    if (!carries(e)) return;
    e.preventDefault();
    e.stopPropagation();
    over(false);
    app.dropEnds();
    const f = e.dataTransfer.files[0];
    if (f && !/\.cocoon$/i.test(f.name)) return tell(says.notRead(f.name, "it is no .cocoon file"), true);
    if (f) offer(f);
  });

  return {
    open: async () => {
      tell("");
      list();
      show();
      await refresh();
    },
    offer, refresh,
  };
}
