// Every sentence the page says, and how it writes numbers.

// short keeps the head of a node's title, where a number must find room behind it.
const short = s => [...s].length > 32 ? `${[...s].slice(0, 30).join("").trimEnd()}…` : s;

const count = n => n === 1 ? "1 run is" : `${n} runs are`;

// seconds writes a duration of ms milliseconds.
export function seconds(ms) {
  const s = ms / 1000;
  if (s < 0.095) return `${s < 0.01 ? "<0.01" : s.toFixed(2)} s`;
  if (s < 59.95) return `${s.toFixed(1)} s`;
  const m = Math.floor(Math.round(s) / 60);
  return m < 60 ? `${m} min ${Math.round(s) % 60} s` : `${Math.floor(m / 60)} h ${m % 60} min`;
}

// left writes how long a run still takes.
export function left(ms) {
  if (ms === null || ms === undefined) return "";
  const s = Math.ceil(ms / 1000);
  if (ms < 1000) return "less than 1 s left";
  if (s < 60) return `about ${s} s left`;
  return s < 3600 ? `about ${Math.round(s / 60)} min left` : `about ${Math.floor(s / 3600)} h ${Math.round(s % 3600 / 60)} min left`;
}

// ordinal writes 1st, 2nd, 3rd.
export function ordinal(n) {
  const tail = n % 100 > 10 && n % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][n % 10] || "th";
  return n + tail;
}

// sentence ends s with a full stop and begins it with a capital, unless a file name begins it.
export function sentence(s) {
  const t = String(s || "").trim();
  if (!t) return "";
  const head = /^\S+\.\w{2,11}\b/.test(t) ? t : t[0].toUpperCase() + t.slice(1);
  return /[.!?…]$/.test(head) ? head : head + ".";
}

// Each of these gives [what, more]: the status line sets the first in bold, the screen reader hears both.
export const words = {
  connecting: () => ["Connecting", ""],
  ready: key => ["Ready", key ? `${key} + Enter generates` : ""],
  waiting: ahead => ["Waiting", ahead ? `${count(ahead)} ahead of this one` : "it starts next"],
  starting: () => ["Starting", ""],
  elsewhere: () => ["Running", "for another window or program"],
  running: (node, step, max, ms) => [max > 1 ? `${short(node)}, step ${step} of ${max}` : short(node), left(ms)],
  done: (ms, facts) => [ms ? `Done in ${seconds(ms)}` : "Done", facts.filter(Boolean).join(" · ")],
  cancelled: (step, max) => [max > 1 ? `Cancelled at step ${step} of ${max}.` : "Cancelled.", "Nothing was saved."],
  cancelling: () => ["Cancelling", "it stops after this step"],
  failed: (node, why) => [`${node} stopped.`, sentence(why)],
  notStarted: why => ["Not started.", sentence(why)],
  unknown: name => name ? `${name} is not known here. An extension may bring it.` : "",
  leftOut: (node, why) => `${node} was left out: ${sentence(why)}`,
  notOpened: name => `${name} was not opened: the server does not answer.`,
  noOlder: "The server does not answer: older pictures did not come.",
  notDone: "The server does not answer: nothing was changed.",
  queueing: (n, of) => `Queueing ${n} of ${of}`,
  gone: s => ["The server does not answer.", `Your settings are safe. ${s > 0 ? `Trying again in ${s} s.` : "Trying again."}`],
  back: () => ["Connected again.", ""],
};

export const range = (label, min, max, value) => `${label} must be ${min} to ${max}, it is ${value}`;
export const atLeast = (label, min, value) => `${label} must be at least ${min}, it is ${value}`;
export const atMost = (label, max, value) => `${label} must be at most ${max}, it is ${value}`;
export const notNumber = (label, whole) => `${label} must be a ${whole ? "whole number" : "number"}`;
export const missingFile = (name, folder) => `${name} is not here. Choose another, or put it into ${folder}.`;
export const missingChoice = name => `${name} is not a choice here. Choose another.`;
export const noWorkflow = name => `${name} carries no workflow.`;
export const useAsInput = "Use it as the input picture?";
export const tooBig = name => `${name} is larger than 64 MB and was not read.`;
export const examples = ["a sailboat on the sea at sunrise", "snowy mountains under a full moon, stars", "desert dunes at sunset, cacti"];

// full makes one sentence of a pair.
export function full([what, more]) {
  const a = what && !/[.!?]$/.test(what) ? what + "." : what;
  return more ? `${a} ${sentence(more)}` : a;
}
