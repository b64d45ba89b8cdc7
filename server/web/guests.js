// Extensions, as far as the page needs them from the start: which nodes have a page, the panel that opens when it is asked for,
// and what happens when extensions come and go. The panel and the bridge are loaded when they are used.

import { installed } from "./api.js";
import { $, el } from "./dom.js";
import { running } from "./runs.js";

export function mountGuests(app) {
  const { store } = app, button = $("page-open"), hearers = new Set();
  let owners = new Map(), at = null, panel = null, marked = null;

  // learn reads which classes belong to extensions that have a page.
  async function learn() {
    const { extensions } = await installed();
    owners = new Map(extensions.filter(e => e.page).flatMap(e => e.nodes.map(n => [n.class, e])));
    marked = null;
    render(store.get());
    return extensions;
  }
  app.learnGuests = () => learn().catch(() => null);

  function load() {
    panel ??= import("./shelf/panel.js").then(m => m.mountPanel(app)).catch(e => {
      panel = null;
      app.tell("The panel of extensions did not load: the server does not answer.");
      throw e;
    });
    return panel;
  }
  app.openShelf = () => load().then(p => p.open()).catch(() => null);
  app.offerPackage = file => load().then(p => p.offer(file)).catch(() => null);

  // openPage shows an extension's page, for a node of a run if there is one.
  app.openPage = async (e, node = null, prompt = null) => {
    const { openPage } = await import("/extensions/cocoon/bridge.js");
    openPage({ id: e.id, name: e.name, node, prompt, listen, say: text => app.say(text) });
  };
  function listen(read) {
    hearers.add(read);
    return () => hearers.delete(read);
  }

  // heard takes what the socket says: events of extensions, and which node runs.
  let timer = 0;
  app.heard = (type, data) => {
    if (type === "executing") at = data;
    if (!type.startsWith("ext.")) return;
    for (const read of hearers) read(type, data);
    if (type !== "ext.changed") return;
    clearTimeout(timer);
    timer = setTimeout(app.guestsChanged, 60);
  };
  // guestsChanged reads again what extensions bring: when they come and go, and when the server was away, for it may have others now.
  app.guestsChanged = async () => {
    await Promise.all([app.renewInfo(), app.learnGuests()]);
    await app.openAgain();
    if (panel) (await panel).refresh();
  };

  // pageOf finds the extension whose node runs now, if it has a page.
  function pageOf(state) {
    const run = running(state.runs), node = run?.at?.node, e = node && owners.get(run.prompt?.[node]?.class_type);
    if (!e) return null;
    const own = at?.prompt_id === run.id && (at.display_node ?? at.node) === node ? at.node : node; // of an expansion, the node itself
    return { e, node: String(own), prompt: run.id };
  }
  function render(state) {
    const p = pageOf(state);
    button.hidden = !p;
    if (state.form && state.form !== marked) mark(state);
  }
  // mark gives the settings of nodes whose extension has a page a way to it.
  function mark(state) {
    marked = state.form;
    for (const group of document.querySelectorAll("#fields .group[data-node]")) {
      const node = group.dataset.node, e = owners.get(state.draft.prompt[node]?.class_type), head = group.firstElementChild;
      head.querySelector("button")?.remove();
      if (!e) continue;
      const b = el("button", { type: "button", class: "link" }, "Open its page");
      b.addEventListener("click", () => app.openPage(e, node));
      head.append(b);
    }
  }
  button.addEventListener("click", () => {
    const p = pageOf(store.get());
    if (p) app.openPage(p.e, p.node, p.prompt);
  });
  $("shelf-open").addEventListener("click", app.openShelf);
  if (location.hash === "#extensions") app.openShelf(); // the way from another client
  store.subscribe(render);
}

// styles loads a sheet of a part that is not there from the start.
export function styles(url) {
  return new Promise(done => {
    const link = el("link", { rel: "stylesheet", href: url });
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    document.head.append(link);
  });
}
