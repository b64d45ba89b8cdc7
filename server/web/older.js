// Pictures of before the newest ones: how many runs the page has not read yet, and reading a page of them.

import { endedCount, historyPage } from "./api.js";
import { finished } from "./runs.js";
import { words } from "./words.js";

export const PAGE = 200; // runs

// mountOlder counts and reads; take gets entries of the history.
export function mountOlder(app, take) {
  const { store } = app, known = () => finished(store.get().runs).length;
  let busy = false;

  app.countOlder = async () => {
    const all = await endedCount().catch(() => null);
    if (all !== null) store.set({ older: Math.max(0, all - known()) });
  };
  // showOlder reads the next page. The history is asked by its oldest end, which stays where it is while new runs come.
  app.showOlder = async () => {
    if (busy) return;
    busy = true;
    try {
      const left = await endedCount() - known();
      if (left > 0) take(await historyPage(Math.max(0, left - PAGE), Math.min(PAGE, left)));
      await app.countOlder();
    } catch {
      app.tell(words.noOlder);
    }
    busy = false;
  };
}
