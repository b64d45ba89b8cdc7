// In the page of an extension, which has an origin of its own: cocoon.fetch reaches the extension's routes and nothing else,
// cocoon.events hears a route's Server-Sent Events as an EventSource does, cocoon.on hears its events, cocoon.send sends it messages over the client's socket, and cocoon.ready tells what the page was opened
// for.
(() => {
  const client = window.parent.parent, asked = new Map(), readers = new Map();
  let port = null, count = 0, opened;
  const ready = new Promise(done => { opened = done; });

  // plain makes a body that crosses between windows: [kind, value, content type].
  async function plain(body) {
    if (body === undefined || body === null) return null;
    if (body instanceof FormData) return { form: [...body] };
    if (body instanceof URLSearchParams) return { bytes: String(body), type: "application/x-www-form-urlencoded;charset=UTF-8" };
    if (typeof body === "string") return { bytes: body, type: "text/plain;charset=UTF-8" };
    if (body instanceof Blob) return { bytes: await body.arrayBuffer(), type: body.type };
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { bytes: new Uint8Array(ArrayBuffer.isView(body) ? body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) : body).buffer, type: "" };
    throw new TypeError("cocoon.fetch sends texts, bytes, Blobs and forms");
  }

  async function ask(path, init = {}) {
    const body = await plain(init.body), headers = Object.fromEntries(new Headers(init.headers || {}));
    await ready;
    const id = ++count, signal = init.signal;
    signal?.throwIfAborted();
    return new Promise((done, refused) => {
      asked.set(id, { done, refused });
      signal?.addEventListener("abort", () => {
        if (!asked.has(id)) return;
        port.postMessage({ abort: id });
        const a = asked.get(id);
        asked.delete(id);
        if (a.body) a.body.error(signal.reason);
        else refused(signal.reason);
      });
      port.postMessage({ id, method: String(init.method || "GET").toUpperCase(), path: String(path), headers, body });
    });
  }

  // answered takes the parts of an answer as they come: its head, pieces of the body, the end or an error.
  function answered({ id, status, statusText, headers, piece, end, error }) {
    const a = asked.get(id);
    if (!a) return;
    if (end || error) asked.delete(id);
    if (status) {
      const body = new ReadableStream({
        start: c => { a.body = c; },
        cancel: () => { if (asked.delete(id)) port.postMessage({ abort: id }); },
      });
      a.done(new Response([204, 205, 304].includes(status) ? null : body, { status, statusText, headers }));
    } else if (piece) a.body.enqueue(new Uint8Array(piece));
    else if (end) a.body.close();
    else if (a.body) a.body.error(new TypeError(error));
    else a.refused(new TypeError(error));
  }

  // eventsOf gives the events of a text/event-stream as they come: [type, data, id], or [null, ms to wait before asking again].
  async function* eventsOf(body) {
    let rest = "", type = "", data = [], id = null;
    const decoder = new TextDecoder(), reader = body.getReader();
    for (let part; !(part = await reader.read()).done;) {
      const lines = (rest + decoder.decode(part.value, { stream: true })).split(/\r\n|\n|\r(?!$)/); // a CR at the end may be half of a break
      rest = lines.pop();
      for (const line of lines) {
        const [, name, value] = /^([^:]*):? ?([^]*)$/.exec(line);
        if (!line) {
          if (data.length) yield [type || "message", data.join("\n"), id];
          [type, data] = ["", []];
        } else if (name === "event") type = value;
        else if (name === "data") data.push(value);
        else if (name === "id" && !value.includes("\0")) id = value;
        else if (name === "retry" && /^\d+$/.test(value)) yield [null, Number(value)];
      }
    }
  }

  // follow hears a route until the page closes it, and asks again when the stream ends; what the route refuses is not asked again.
  async function follow(to, path, tell, signal) {
    let last = "", wait = 2000;
    while (!signal.aborted) {
      try {
        const r = await ask(path, { signal, headers: { accept: "text/event-stream", ...last ? { "last-event-id": last } : {} } });
        if (r.status === 204 || r.status >= 400 && r.status < 500 && r.status !== 429 || r.ok && !/^text\/event-stream\b/i.test(r.headers.get("content-type") || "")) break;
        if (r.ok) {
          to.readyState = 1;
          tell(new Event("open"));
          for await (const [type, data, id] of eventsOf(r.body)) {
            if (type === null) wait = Math.min(data, 60_000);
            else {
              last = id ?? last;
              tell(new MessageEvent(type, { data, lastEventId: last }));
            }
          }
        }
      } catch { /* it ended; it is asked again */ }
      if (signal.aborted) return;
      to.readyState = 0;
      tell(new Event("error"));
      await new Promise(done => setTimeout(done, wait));
    }
    if (signal.aborted) return;
    to.readyState = 2;
    tell(new Event("error"));
  }

  // events is an EventSource for a route of the extension: listeners, onmessage, onopen, onerror, readyState and close().
  function events(path) {
    const to = new EventTarget(), stop = new AbortController();
    const tell = e => {
      to.dispatchEvent(e);
      to[`on${e.type}`]?.(e);
    };
    Object.assign(to, { readyState: 0, onmessage: null, onopen: null, onerror: null, close() {
      to.readyState = 2;
      stop.abort();
    } });
    follow(to, path, tell, stop.signal);
    return to;
  }

  // send sends the extension a message; there is no answer, but what it sends as events, and "error" when it did not take one.
  const send = (type, data = {}) => ready.then(() => port.postMessage({ say: String(type), data: JSON.stringify(data) }));

  function on(type, read) {
    if (!readers.has(type)) readers.set(type, new Set());
    readers.get(type).add(read);
    return () => readers.get(type).delete(read);
  }

  window.cocoon = { ready, fetch: ask, events, on, send, close: () => ready.then(() => port.postMessage({ close: true })), extension: "", node: null, prompt: null, theme: "light" };

  addEventListener("message", e => {
    if (e.source !== client || e.data?.cocoon !== "open" || port) return;
    port = e.ports[0];
    port.onmessage = ({ data }) => data.event !== undefined ? readers.get(data.event)?.forEach(read => read(data.data)) : answered(data);
    Object.assign(window.cocoon, e.data.about);
    document.documentElement.style.colorScheme = window.cocoon.theme;
    opened(window.cocoon);
  });
  addEventListener("keydown", e => {
    if (e.key === "Escape" && !e.defaultPrevented) window.cocoon.close();
  });
  client.postMessage({ cocoon: "hello" }, "*");
})();
