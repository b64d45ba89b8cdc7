// The step in which somebody consents: who made a package, what it asks for line by line, and what is new.

import { el, icon } from "../dom.js";
import { sentence } from "../words.js";
import { badge, grouped, items } from "./parts.js";
import { bytes, says, trust, what } from "./words.js";

let count = 0;

function line(c, asksAgain, refused) {
  const id = `consent-${++count}`, on = c.required || (asksAgain ? c.granted : c.granted || !c.risk || c.risk === "low");
  const box = el("input", { type: "checkbox", role: "switch", id, "aria-describedby": `${id}-more`, disabled: c.required || refused });
  box.checked = on;
  const marks = el("span", { class: "wish-marks", id: `${id}-more` }, c.risk === "high" ? badge("Think twice", "bad") : null, c.new ? badge(says.fresh, "ask") : null, c.required ? badge(says.required, "off") : null);
  const item = el("li", { class: c.new ? "wish new" : "wish", "data-capability": c.kind }, el("label", { class: "switch", for: id }, box, el("i", { "aria-hidden": "true" }), el("span", {}, c.text)), marks, items(c));
  return { item, box, ids: c.ids };
}

// consent makes the step. go(granted, shared) is called with the ids of what was allowed; back leaves it.
export function consent({ e, offer, word, operator, go, back }) {
  const [signed, sentence, grave] = trust(e), lines = grouped(e.capabilities).sort((a, b) => Boolean(b.new) - Boolean(a.new)).map(c => line(c, !offer || Boolean(offer.installed), Boolean(offer?.refused))), fresh = e.capabilities.filter(c => c.new).length;
  const yes = el("button", { type: "submit", class: "plain main", disabled: Boolean(offer?.refused) }, word), no = el("button", { type: "button", class: "plain" }, offer ? "Cancel" : "Back");
  const shared = el("input", { type: "checkbox", role: "switch" });
  const form = el("form", { class: "consent" },
    el("section", { class: `seal ${grave}` }, el("p", {}, icon(grave === "good" ? "check" : "alert"), el("b", {}, signed)), el("p", {}, sentence), e.fingerprint ? el("p", { class: "print" }, "Fingerprint ", el("code", {}, e.fingerprint), " of the key ", el("code", {}, e.publisher)) : null),
    e.description ? el("p", { class: "about" }, e.description) : null,
    el("p", { class: "hint" }, [what(e), offer ? `${bytes(offer.bytes)}.` : "", e.author ? `By ${e.author}.` : "", e.license ? `License: ${e.license}.` : ""].filter(Boolean).join(" ")),
    offer?.refused ? el("p", { class: "card-reason", role: "alert" }, sentence(offer.refused)) : null,
    ...(offer?.warnings || []).map(w => el("p", { class: "warn" }, icon("alert"), el("span", {}, w))),
    fresh && (offer?.installed || !offer) ? el("p", { class: "warn" }, icon("alert"), el("span", {}, says.freshOnes(fresh, e.name))) : null,
    lines.length ? el("h3", {}, says.asks) : null,
    lines.length ? el("ul", { class: "wishes", role: "list" }, ...lines.map(l => l.item)) : el("p", { class: "none" }, says.nothing),
    e.capabilities.some(c => c.risk === "high") ? el("p", { class: "warn" }, icon("alert"), el("span", {}, says.trusted)) : el("p", { class: "hint" }, says.never),
    operator ? el("label", { class: "switch" }, shared, el("i", { "aria-hidden": "true" }), el("span", {}, "Install it for everybody on this server")) : null,
    el("div", { class: "consent-do" }, yes, no));
  no.addEventListener("click", back);
  form.addEventListener("submit", event => {
    event.preventDefault();
    yes.disabled = true;
    go(lines.filter(l => l.box.checked).flatMap(l => l.ids), shared.checked);
  });
  return form;
}
