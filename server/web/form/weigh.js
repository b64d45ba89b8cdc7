// Prompt weights: words in brackets with a number, "(red:1.1) balloon". No DOM.

// weigh changes the weight of the selected words by d, or of the word at the caret. It gives {text, from, to} with the
// selection to set, or null where there is no word.
export function weigh(text, from, to, d) {
  if (from === to) {
    while (from > 0 && !/[\s,()]/.test(text[from - 1])) from--;
    while (to < text.length && !/[\s,():]/.test(text[to])) to++;
  }
  while (from < to && text[from] === " ") from++;
  while (to > from && text[to - 1] === " ") to--;
  if (from === to) return null;
  const before = text.slice(0, from), after = text.slice(to);
  const tail = /^:(-?[\d.]+)\)/.exec(after);
  let words = text.slice(from, to), weight = 1, head = before, rest = after;
  const whole = /^\((.*):(-?[\d.]+)\)$/s.exec(words);
  if (whole) [, words, weight] = whole;
  else if (before.endsWith("(") && tail) {
    head = before.slice(0, -1);
    rest = after.slice(tail[0].length);
    weight = tail[1];
  }
  const next = Math.round((Number(weight) + d) * 100) / 100;
  const made = next === 1 ? words : `(${words}:${next})`;
  const start = head.length + (next === 1 ? 0 : 1);
  return { text: head + made + rest, from: start, to: start + words.length };
}
