// The pace of runs: how far each is and how long it still takes, from this browser's past node times.

import { learn, newClock, part, speak, tick } from "./eta.js";
import { needed } from "./form/fields.js";
import { local } from "./memory.js";
import { isFinal } from "./runs.js";

const KEY = "cocoon.times";

export function mountPace(app) {
  let times = {}, clock = newClock(null);
  const parts = new Map(), plans = new Map(), learned = new Set();
  try {
    times = JSON.parse(local.get(KEY)) || {};
  } catch {
    // Unreadable: guesses will do.
  }

  function planOf(run) {
    if (!plans.has(run.id)) plans.set(run.id, needed(run.prompt, app.store.get().info));
    return plans.get(run.id);
  }

  // partOf is how much of a run is done, 0 to 1, never less than last time.
  app.partOf = run => {
    if (!run?.prompt) return 0;
    const p = part(planOf(run), run.prompt, run.nodes, times, parts.get(run.id) || 0);
    parts.set(run.id, p);
    return p;
  };

  // leftOf is the ms the present node still takes, or null.
  app.leftOf = run => {
    if (!run?.at) return null;
    const node = `${run.id} ${run.at.node}`;
    if (clock.node !== node) clock = newClock(node);
    const now = performance.now();
    clock = speak(tick(clock, run.at.step, run.at.max, now), now);
    return clock.said;
  };

  app.store.subscribe(({ runs }) => {
    for (const run of runs.byId.values()) {
      if (!isFinal(run) || learned.has(run.id)) continue;
      learned.add(run.id);
      if (run.state === "done" && run.own) {
        times = learn(times, run.prompt, run.nodes);
        local.set(KEY, JSON.stringify(times));
      }
      parts.delete(run.id);
      plans.delete(run.id);
    }
  });
}
