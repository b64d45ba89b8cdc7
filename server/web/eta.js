// How far a run is, and how long it still takes. No DOM, no clock: times come in.

const STEPS = 5; // the mean is over this many

// weight guesses the share of a node that was never timed, in ms.
function guess(className) {
  if (/sampler/i.test(className)) return 2000;
  return /vae|decode|upscale|loader/i.test(className) ? 250 : 40;
}

// part says how much of a run is done, 0 to 1. ids are the nodes it needs, nodes their states, times the past
// milliseconds by class. It is never below before: the bar does not go backwards.
export function part(ids, prompt, nodes, times, before = 0) {
  let all = 0, done = 0;
  for (const id of ids) {
    const n = nodes[id];
    if (n?.state === "cached") continue;
    const w = times[prompt[id]?.class_type] ?? guess(prompt[id]?.class_type ?? "");
    all += w;
    if (n?.state === "done") done += w;
    else if (n?.state === "running" && n.max > 0) done += w * Math.min(1, n.value / n.max);
  }
  return Math.max(before, Math.min(1, all ? done / all : 0));
}

// learn folds the times of a finished run into the past ones, newer ones counting for more.
export function learn(times, prompt, nodes) {
  const next = { ...times };
  for (const id in nodes) {
    const n = nodes[id], name = prompt[id]?.class_type;
    if (!name || n.state !== "done" || !(n.end >= n.start)) continue;
    const ms = n.end - n.start;
    next[name] = next[name] === undefined ? ms : next[name] * 0.6 + ms * 0.4;
  }
  return next;
}

// newClock follows the steps of one node.
export function newClock(node) {
  return { node, step: 0, max: 0, marks: [], said: null, saidAt: -Infinity };
}

// tick notes that step of max was reached at time at.
export function tick(clock, step, max, at) {
  if (step === clock.step && max === clock.max) return clock;
  const again = step < clock.step || max !== clock.max;
  const marks = again ? [] : clock.marks.slice(-STEPS);
  return { ...clock, step, max, marks: [...marks, { step, at }] };
}

// remaining gives the ms left, or null when it cannot be told yet (before step 3). It changes at most once a second.
export function remaining(clock, at) {
  if (clock.step < 3 || clock.marks.length < 2 || clock.max <= 1) return null;
  const first = clock.marks[0], last = clock.marks.at(-1);
  const each = (last.at - first.at) / (last.step - first.step);
  return Math.max(0, each * (clock.max - clock.step) - (at - last.at > each ? 0 : at - last.at));
}

// speak is remaining, held for a second; it gives the clock to keep as well.
export function speak(clock, at) {
  if (clock.said !== null && at - clock.saidAt < 1000) return clock;
  const said = remaining(clock, at);
  return said === null ? clock : { ...clock, said, saidAt: at };
}
