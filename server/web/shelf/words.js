// What the panel of extensions says.

const many = (n, one, more = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : more}`;

// bytes writes a number of bytes.
export function bytes(n) {
  if (n < 1024) return many(n, "byte");
  const unit = n < 1 << 20 ? ["KiB", 1 << 10] : n < 1 << 30 ? ["MiB", 1 << 20] : ["GiB", 1 << 30], v = n / unit[1];
  return `${v < 9.95 ? v.toFixed(1) : Math.round(v)} ${unit[0]}`;
}

// fuel writes a number of instructions.
export function fuel(n) {
  const unit = n < 1e3 ? ["", 1] : n < 999_500 ? [" thousand", 1e3] : n < 999.5e6 ? [" million", 1e6] : [" billion", 1e9], v = n / unit[1];
  return `${unit[1] > 1 && v < 9.95 ? v.toFixed(1) : Math.round(v)}${unit[0]} instructions`;
}

export const states = {
  starting: ["Starts", "off"], loaded: ["Running", "ok"], waiting: ["Waits for your consent", "ask"], revoked: ["Stopped", "off"], failed: ["Failed", "bad"],
};

// trust says who vouches for a package: [a few words, a sentence, how grave].
export function trust(e) {
  switch (e.trust) {
    case "trusted": return ["Signed, trusted here", "The operator of this server trusts the key that signed it.", "good"];
    case "known": return ["Signed by the same key", "The key is the one that the installed version was signed with.", "good"];
    case "signed": return ["Signed by a new key", "The signature is right, but this server has not seen the key before. Compare its fingerprint with the one that the publisher tells.", "some"];
  }
  return ["Not signed", "Nobody vouches for this package: anyone could have made it, or changed it on its way to you. It can still do no more than you allow here.", "bad"];
}

// what sums up what an extension adds.
export function what(e) {
  const parts = [e.nodes.length && many(e.nodes.length, "node"), e.routes.length && many(e.routes.length, "address", "addresses"), e.page && "a page"].filter(Boolean);
  return parts.length ? `Adds ${parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0]}.` : "";
}

// used sums up what it has used since it was loaded.
export function used({ stats }) {
  if (!stats) return [];
  const rows = [["Calls", stats.failures ? `${many(stats.calls, "call")}, ${stats.failures.toLocaleString("en")} failed` : many(stats.calls, "call")], ["Computed", fuel(stats.fuel)]];
  if (stats.host_bytes) rows.push(["Moved by the server for it", bytes(stats.host_bytes)]);
  rows.push(["Memory", `${bytes(stats.memory_bytes)}, ${many(stats.idle_slots, "instance")} at rest`]);
  return rows;
}

export const says = {
  none: "No extensions are installed.",
  lead: "Extensions add nodes and pages. Each runs in a sandbox and can do only what you allow.",
  off: "This server was started without extensions.",
  drop: "or drop a .cocoon file here",
  reading: name => `Reading ${name}…`,
  notRead: (name, why) => `${name} was not taken: ${why}.`,
  failed: why => `That did not work: ${why}.`,
  installing: name => `${name} is compiled and tested…`,
  installed: (name, version) => `${name} ${version} is installed. Its nodes can be used at once.`,
  changed: name => `What ${name} may do was changed.`,
  stopped: name => `${name} is stopped. What it stored is kept.`,
  removed: name => `${name} is removed.`,
  asks: "It asks to",
  nothing: "It asks for nothing: it can only compute with what its nodes are given.",
  never: "Whatever you allow of this, it sees neither your other files nor other people’s work nor this page, and it is stopped when it uses more than its share of time and memory.",
  trusted: "Scripts in your client can do what you can do: read and delete your pictures, send them elsewhere, act in your name.",
  required: "Needed",
  fresh: "New",
  freshOnes: (n, name) => `${n === 1 ? "One thing is" : `${n} things are`} new: ${name} did not ask for ${n === 1 ? "it" : "them"} before.`,
  noLog: "It has written nothing.",
  shared: "for everybody",
  theirs: "It was installed for everybody: the operator of this server changes and removes it. You can install another version for yourself.",
};

// together are capabilities of which each address or name is asked for by itself, and shown in one line.
export const together = {
  routes: "answer requests of your browser, at addresses of its own", ws: "send messages to your open page", "ws receive": "take messages from your open page", node: "run these nodes of the server",
};
