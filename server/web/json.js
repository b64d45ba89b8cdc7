// JSON that keeps the digits of integers beyond 2^53: they become BigInt on the way in and plain digits on the way out.

const MARK = "\u0001int:";
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
const LONG = /^-?\d{16,}$/;
const MARKED = /"\\u0001int:(-?\d+)"/g;

// parse reads text as JSON.parse does, with integers outside ±(2^53-1) as BigInt.
export function parse(text) {
  const marked = text.replace(TOKENS, token => LONG.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0001int:${token}"` : token);
  return JSON.parse(marked, (_, v) => typeof v === "string" && v.startsWith(MARK) ? BigInt(v.slice(MARK.length)) : v);
}

// stringify is the inverse of parse.
export function stringify(value) {
  return JSON.stringify(value, (_, v) => typeof v === "bigint" ? MARK + v : v)?.replace(MARKED, "$1");
}

// clone copies a JSON value, BigInt included.
export function clone(value) {
  return structuredClone(value);
}
