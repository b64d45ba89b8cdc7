// Small helpers to build and change elements. Foreign text only ever becomes textContent or an attribute.

const SVG = "http://www.w3.org/2000/svg";

// mac tells whether keys go by their names on a Mac.
export const mac = () => /mac|iphone|ipad/i.test(navigator.userAgentData?.platform || navigator.platform || "");

export const $ = id => document.getElementById(id);

function build(e, attrs, kids) {
  for (const name in attrs) put(e, name, attrs[name]);
  e.append(...kids.filter(k => k !== null && k !== undefined));
  return e;
}

// el makes an HTML element; attributes that are false, null or undefined are left out, true ones are empty.
export function el(name, attrs = {}, ...kids) {
  return build(document.createElement(name), attrs, kids);
}

// svg makes an SVG element.
export function svg(name, attrs = {}, ...kids) {
  return build(document.createElementNS(SVG, name), attrs, kids);
}

// icon shows a symbol of index.html.
export function icon(name) {
  return svg("svg", { "aria-hidden": "true" }, svg("use", { href: "#i-" + name }));
}

// put writes an attribute, if it differs.
export function put(e, name, value) {
  if (value === false || value === null || value === undefined) {
    if (e.hasAttribute(name)) e.removeAttribute(name);
    return;
  }
  const s = value === true ? "" : String(value);
  if (e.getAttribute(name) !== s) e.setAttribute(name, s);
}

// say writes text, if it differs.
export function say(e, s) {
  if (e.textContent !== s) e.textContent = s;
}

// cell is a custom property of a style, the only thing ever set there.
export function cell(e, name, value) {
  if (e.style.getPropertyValue(name) !== String(value)) e.style.setProperty(name, value);
}

// keyed makes the children of list exactly those of items, in order, moving as few as possible.
// make(item) builds a child and update(child, item) refreshes it; key(item) tells which is which.
export function keyed(list, items, key, make, update) {
  const old = new Map([...list.children].map(c => [c.dataset.key, c]));
  let at = list.firstElementChild;
  for (const item of items) {
    const k = key(item);
    let child = old.get(k);
    if (!child) {
      child = make(item);
      child.dataset.key = k;
    }
    old.delete(k);
    update(child, item);
    if (child === at) at = at.nextElementSibling;
    else list.insertBefore(child, at);
  }
  for (const child of old.values()) child.remove();
}

// copyText puts s on the clipboard; it resolves to whether that worked.
export async function copyText(s) {
  try {
    await navigator.clipboard.writeText(s);
    return true;
  } catch {
    const area = el("textarea", { class: "sr", readonly: true });
    (document.querySelector("dialog[open]") || document.body).append(area);
    area.value = s;
    area.select();
    const done = document.execCommand("copy"); // plain http on a local network has no clipboard object
    area.remove();
    return done;
  }
}
