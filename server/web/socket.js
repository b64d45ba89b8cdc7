// The socket: events and previews in, and a connection that comes back by itself.

import { session } from "./memory.js";

const WAITS = [500, 1000, 2000, 4000, 8000];
const text = new TextDecoder();

// frame reads a binary message: {kind: "preview", mime, bytes, meta} or {kind: "text", node, text}, or null.
export function frame(buffer) {
  if (buffer.byteLength < 8) return null;
  const view = new DataView(buffer), type = view.getUint32(0), second = view.getUint32(4);
  if (type === 1) return { kind: "preview", mime: second === 2 ? "image/png" : "image/jpeg", bytes: buffer.slice(8), meta: null };
  if (8 + second > buffer.byteLength) return null;
  const head = text.decode(buffer.slice(8, 8 + second)), rest = buffer.slice(8 + second);
  if (type === 3) return { kind: "text", node: head, text: text.decode(rest) };
  if (type !== 4) return null;
  try {
    const meta = JSON.parse(head);
    return { kind: "preview", mime: meta.image_type || "image/jpeg", bytes: rest, meta };
  } catch {
    return null;
  }
}

// identity gives this tab's client id: kept over a reload, and taken anew by a copy of the tab.
export function identity(onNew) {
  const fresh = () => crypto.getRandomValues(new Uint32Array(4)).reduce((s, n) => s + n.toString(16).padStart(8, "0"), "");
  let id = session.get("cocoon.client") || fresh();
  const me = fresh(), channel = new BroadcastChannel("cocoon.client");
  session.set("cocoon.client", id);
  channel.onmessage = ({ data }) => {
    if (data.id !== id || data.tab === me) return;
    if (data.ask) return channel.postMessage({ id, tab: me, to: data.tab });
    if (data.to !== me) return;
    id = fresh();
    session.set("cocoon.client", id);
    onNew(id);
  };
  channel.postMessage({ id, tab: me, ask: true });
  return () => id;
}

// connect keeps a socket open. on has open(), gone(retryAt), message(type, data) and binary(frame).
export function connect(clientId, on) {
  let socket = null, tries = 0, timer = 0;
  function open() {
    clearTimeout(timer);
    const s = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws?clientId=${clientId()}`);
    socket = s;
    s.binaryType = "arraybuffer";
    s.onopen = () => {
      tries = 0;
      s.send(JSON.stringify({ type: "feature_flags", data: { supports_preview_metadata: true } }));
      on.open();
    };
    s.onmessage = ({ data }) => {
      if (s !== socket) return;
      if (typeof data !== "string") {
        const f = frame(data);
        if (f) on.binary(f);
        return;
      }
      let message;
      try {
        message = JSON.parse(data);
      } catch {
        return;
      }
      if (message?.type) on.message(message.type, message.data || {});
    };
    s.onclose = () => {
      if (s !== socket) return;
      const wait = WAITS[Math.min(tries++, WAITS.length - 1)];
      timer = setTimeout(open, wait);
      on.gone(Date.now() + wait);
    };
  }
  const now = () => {
    if (socket.readyState === WebSocket.CLOSED) open();
  };
  addEventListener("focus", now);
  addEventListener("online", now);
  open();
  return {
    // say sends a text, if the socket is open.
    say: text => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    // renew connects again, under the present client id.
    renew: () => {
      const old = socket;
      open();
      old.close();
    },
  };
}
