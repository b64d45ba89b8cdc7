// One object holds what the page knows. Readers are told once a frame, and compare what they show by identity.

export function createStore(initial) {
  let state = initial, waiting = false;
  const readers = new Set();
  const tell = () => {
    waiting = false;
    for (const read of readers) read(state);
  };
  return {
    get: () => state,
    // set takes a patch, or a function from the state to one.
    set(patch) {
      const next = typeof patch === "function" ? patch(state) : patch;
      if (!next) return;
      state = { ...state, ...next };
      if (waiting) return;
      waiting = true;
      // A hidden tab gets no frames.
      if (document.hidden) setTimeout(tell, 50);
      else requestAnimationFrame(tell);
    },
    subscribe(read) {
      readers.add(read);
      read(state);
    },
  };
}
