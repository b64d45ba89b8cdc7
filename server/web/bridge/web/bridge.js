// Opens the page of an extension in a dialog, and carries what it asks and says to that extension and to nothing else. The
// page has an origin of its own: it can reach this one only through here. Cocoon's page and the official client load it.

const ROOT = new URL("../../", import.meta.url); // of the server
const METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const SENT = new Set(["accept", "accept-language", "content-type", "if-none-match", "if-modified-since", "last-event-id", "range"]);
const MOST = 16 << 20; // bytes of a body, either way
const SAID = 64 << 10, SAYS_A_SECOND = 25; // bytes of a message's data, messages of one page
const AT_ONCE = 8, IN_LINE = 64, A_SECOND = 50; // requests of one page

// addressOf makes the address of a route of an extension, or throws: a path never leads out of it.
export function addressOf(id, path) {
  const [before, ...query] = String(path).split("?"), way = before.startsWith("/") ? before : "/" + before;
  const bad = way.length + query.join("?").length > 8192 || /[\\#\u0000-\u0020\u007f]/.test(path) || way.slice(1).split("/").some((part, i, all) => {
    const plain = decodeURIComponent(part);
    return plain === "." || plain === ".." || /[\\/\u0000-\u001f]/.test(plain) || part === "" && i < all.length - 1;
  });
  if (bad) throw new TypeError("this is no path of the extension's");
  const base = new URL(`ext/${encodeURIComponent(id)}`, ROOT), url = new URL(base);
  url.pathname += way;
  if (query.length) url.search = query.join("?");
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname + "/")) throw new TypeError("this is no path of the extension's");
  return url;
}

// bodyOf makes what fetch sends of what came over the port.
function bodyOf(body, headers) {
  if (!body) return undefined;
  let size = 0;
  if (Array.isArray(body.form)) {
    const form = new FormData();
    for (const [name, value] of body.form) {
      size += value instanceof Blob ? value.size : String(value).length;
      if (value instanceof Blob) form.append(String(name), value, value.name || "blob");
      else form.append(String(name), String(value));
    }
    headers.delete("content-type"); // the browser's own, with the boundary
    if (size > MOST) throw new TypeError("the body is too large");
    return form;
  }
  const bytes = body.bytes instanceof ArrayBuffer ? body.bytes : String(body.bytes);
  if ((bytes.byteLength ?? bytes.length) > MOST) throw new TypeError("the body is too large");
  if (body.type && !headers.has("content-type")) headers.set("content-type", String(body.type));
  return bytes;
}

// forward hands an answer on in pieces, as they come; only a stream of events has no end that it must come to.
async function forward(id, r, port) {
  port.postMessage({ id, status: r.status, statusText: r.statusText, headers: [...r.headers].filter(([name]) => name !== "set-cookie") });
  const reader = r.body?.getReader(), endless = /^text\/event-stream\b/.test(r.headers.get("content-type") || "");
  let size = 0;
  for (let part; reader && !(part = await reader.read()).done;) {
    size += part.value.length;
    if (size > MOST && !endless) {
      reader.cancel();
      throw new TypeError("the answer is too large");
    }
    const piece = part.value.slice().buffer;
    port.postMessage({ id, piece }, [piece]);
  }
  port.postMessage({ id, end: true });
}

function send(id, { method, path, headers: wanted, body }, signal) {
  if (!METHODS.has(method)) throw new TypeError("this method is not known here");
  const headers = new Headers();
  for (const [name, value] of Object.entries(wanted || {})) if (SENT.has(name.toLowerCase())) headers.set(name, value);
  const init = { method, headers, body: method === "GET" ? undefined : bodyOf(body, headers), signal, redirect: "error", credentials: "same-origin", cache: "no-store" };
  return fetch(addressOf(id, path), init);
}

// messages carries what a page says over the client's socket: to its own extension, whatever it calls it. What the server would
// refuse is not sent.
function messages(id, say) {
  let tokens = SAYS_A_SECOND, at = performance.now();
  return (type, data) => {
    const now = performance.now();
    tokens = Math.min(SAYS_A_SECOND, tokens + (now - at) / 1000 * SAYS_A_SECOND);
    at = now;
    if (!say || !/^[A-Za-z0-9_-]{1,64}$/.test(type)) return "these messages are not known here";
    if (typeof data !== "string" || new TextEncoder().encode(data).length > SAID) return "the message is too large";
    if (tokens < 1) return "too many messages a second";
    tokens--;
    say(`{"type":${JSON.stringify(`ext.${id}.${type}`)},"data":${JSON.stringify(JSON.parse(data))}}`);
    return null;
  };
}

// relay answers the requests of one page over a port, a few at once and no more than a number a second.
function relay(id, port, close, say) {
  const line = [], running = new Map();
  let tokens = A_SECOND, at = performance.now(), timer = 0;
  const refuse = (m, error) => port.postMessage({ id: m.id, error });
  function next() {
    const now = performance.now();
    tokens = Math.min(A_SECOND, tokens + (now - at) / 1000 * A_SECOND);
    at = now;
    clearTimeout(timer);
    while (line.length && running.size < AT_ONCE && tokens >= 1) {
      tokens--;
      run(line.shift());
    }
    if (line.length && running.size < AT_ONCE) timer = setTimeout(next, 1000 / A_SECOND);
  }
  async function run(m) {
    const stop = new AbortController();
    running.set(m.id, stop);
    try {
      await forward(m.id, await send(id, m, stop.signal), port);
    } catch (e) {
      refuse(m, e instanceof TypeError ? e.message : "the request failed");
    }
    running.delete(m.id);
    next();
  }
  port.onmessage = ({ data: m }) => {
    if (m?.close) return close();
    if (m?.say !== undefined) {
      let error = "the message is no JSON";
      try {
        error = say(m.say, m.data);
      } catch { /* it is no JSON */ }
      if (error) port.postMessage({ event: "error", data: { type: String(m.say), code: "refused", error } });
      return;
    }
    if (m?.abort) {
      const i = line.findIndex(x => x.id === m.abort);
      if (i >= 0) line.splice(i, 1);
      return running.get(m.abort)?.abort();
    }
    if (!Number.isSafeInteger(m?.id) || running.has(m.id)) return;
    if (line.length >= IN_LINE) return refuse(m, "too many requests wait");
    line.push(m);
    next();
  };
  return () => {
    clearTimeout(timer);
    line.length = 0;
    for (const stop of running.values()) stop.abort();
    port.close();
  };
}

const STYLE = `
.cocoon-page { width: min(880px, calc(100vw - 32px)); height: min(720px, calc(100dvh - 48px)); max-width: none; max-height: none; margin: auto; padding: 0; border: 1px solid var(--line, var(--border-color, GrayText)); border-radius: 14px; overflow: hidden; box-shadow: 0 12px 40px #0009; background: var(--surface, var(--comfy-menu-bg, Canvas)); color: var(--text, var(--fg-color, CanvasText)); }
.cocoon-page[open] { display: grid; grid-template-rows: auto minmax(0, 1fr); }
.cocoon-page::backdrop { background: #000a; }
.cocoon-page header { display: flex; align-items: center; gap: 8px; height: auto; padding: 8px 8px 8px 18px; border-bottom: 1px solid var(--line, var(--border-color, GrayText)); background: none; font: 14px system-ui, sans-serif; }
.cocoon-page h2 { flex: 1; margin: 0; font: 600 14px system-ui, sans-serif; overflow-wrap: anywhere; }
.cocoon-page h2 span { font-weight: 400; opacity: .75; margin-left: 8px; }
.cocoon-page button { display: grid; place-items: center; width: 36px; height: 36px; padding: 0; border: 0; border-radius: 7px; background: none; color: inherit; font: 20px/1 system-ui, sans-serif; cursor: pointer; }
.cocoon-page button:hover { background: color-mix(in srgb, currentColor 9%, transparent); }
.cocoon-page button:focus-visible { outline: 2px solid var(--leaf, currentColor); outline-offset: -2px; }
.cocoon-page iframe { width: 100%; height: 100%; border: 0; }
@media (max-width: 760px) { .cocoon-page { width: 100vw; height: 100dvh; border: 0; border-radius: 0; } .cocoon-page button { width: 44px; height: 44px; } }`;
let styled = false;
function style() {
  if (styled) return;
  styled = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

function make(name, attrs, ...kids) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
  e.append(...kids);
  return e;
}

// themeOf tells whether an element's text is light on dark.
function themeOf(e) {
  const c = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  c.fillStyle = getComputedStyle(e).color;
  c.fillRect(0, 0, 1, 1);
  const [r, g, b] = c.getImageData(0, 0, 1, 1).data;
  return r * 0.3 + g * 0.59 + b * 0.11 > 127 ? "dark" : "light";
}

let open = null;

// openPage shows the page of an extension. node and prompt are what it is opened for; listen(read) calls read(type, data) for
// events until the function that it gives is called; say(text) sends a text over the client's socket. What is given back has close().
export function openPage({ id, name, node = null, prompt = null, listen = null, say = null, closed = null }) {
  open?.close();
  style();
  const button = make("button", { type: "button", "aria-label": "Close this page", title: "Close" }, "×");
  const frame = make("iframe", { title: `Page of ${name || id}`, referrerpolicy: "no-referrer" });
  const dialog = make("dialog", { class: "cocoon-page", "aria-label": `Page of the extension ${name || id}` },
    make("header", { role: "presentation" }, make("h2", {}, name || id, make("span", {}, "page of an extension")), button), frame);
  document.body.append(dialog);
  const theme = themeOf(dialog);
  let end = () => {};
  const close = () => dialog.close();

  function hello(e) {
    // The page lies in a frame of ours, which has no script. Its origin says that it is in the sandbox.
    if (e.data?.cocoon !== "hello" || e.origin !== "null" || e.source !== frame.contentWindow?.frames[0]) return;
    end();
    const { port1, port2 } = new MessageChannel(), stop = relay(id, port1, close, messages(id, say)), prefix = `ext.${id}.`;
    const deaf = listen?.((type, data) => {
      if (type.startsWith(prefix) && !type.slice(prefix.length).includes(".")) port1.postMessage({ event: type.slice(prefix.length), data });
    });
    end = () => {
      stop();
      deaf?.();
      end = () => {};
    };
    e.source.postMessage({ cocoon: "open", about: { extension: id, node, prompt, theme } }, "*", [port2]);
  }
  addEventListener("message", hello);
  button.addEventListener("click", close);
  dialog.addEventListener("click", e => { if (e.target === dialog) close(); });
  dialog.addEventListener("close", () => {
    removeEventListener("message", hello);
    end();
    dialog.remove();
    if (open?.dialog === dialog) open = null;
    closed?.();
  });
  frame.src = new URL(`cocoon/extensions/${encodeURIComponent(id)}/frame?theme=${theme}`, ROOT).href;
  dialog.showModal();
  return open = { close, dialog };
}

// inClient gives the nodes of extensions a button in the official client, and lets it know nodes that come and go.
function inClient(app, api) {
  const owners = new Map(), kinds = new Set();
  let prompt = null;
  async function learn() {
    const r = await fetch(new URL("cocoon/extensions", ROOT), { cache: "no-store" });
    owners.clear();
    for (const e of r.ok ? (await r.json()).extensions : []) {
      if (e.page) for (const n of e.nodes) owners.set(n.class, e);
      for (const kind of heard(e)) {
        if (!kinds.has(kind)) api.addEventListener(kind, () => {}); // the client complains of what nobody hears
        kinds.add(kind);
      }
    }
  }
  // heard lists the types of an extension's events; the server's word of a message that came to nothing is one.
  function heard(e) {
    return [...new Set([...e.events, ...e.messages.length ? ["error"] : []])].map(kind => `ext.${e.id}.${kind}`);
  }
  function listenTo(e) {
    return read => {
      const all = heard(e).map(kind => [kind, x => read(kind, x.detail)]);
      for (const [type, f] of all) api.addEventListener(type, f);
      return () => { for (const [type, f] of all) api.removeEventListener(type, f); };
    };
  }
  app.registerExtension({
    name: "Cocoon.Bridge",
    commands: [{ id: "Cocoon.Extensions", label: "Cocoon: extensions", icon: "pi pi-shield", function: () => window.open(new URL("cocoon/#extensions", ROOT), "cocoon") }],
    menuCommands: [{ path: ["Extensions"], commands: ["Cocoon.Extensions"] }],
    async init() {
      await learn().catch(() => null);
      api.addEventListener("execution_start", e => { prompt = e.detail?.prompt_id ?? null; });
      api.addEventListener("ext.changed", async () => {
        await learn().catch(() => null);
        await (app.reloadNodeDefs ? app.reloadNodeDefs() : app.refreshComboInNodes?.());
      });
    },
    nodeCreated(node) {
      const e = owners.get(node.comfyClass ?? node.type);
      if (!e || !node.addWidget) return;
      const w = node.addWidget("button", "Open its page", null, () => openPage({ id: e.id, name: e.name, node: String(node.id), prompt, listen: listenTo(e), say: text => api.socket?.readyState === WebSocket.OPEN && api.socket.send(text) }), { serialize: false });
      w.serialize = false;
    },
  });
}

const app = globalThis.comfyAPI?.app?.app, api = globalThis.comfyAPI?.api?.api;
if (app?.registerExtension && api) inClient(app, api);
