// The routes of extensions, as functions. What the server refuses is an Error with its words.

async function ask(path, init) {
  let r, body;
  try {
    r = await fetch(`/cocoon/extensions${path}`, { cache: "no-store", ...init });
    body = await r.json();
  } catch {
    throw new Error(r ? `the server answered ${r.status}` : "the server does not answer");
  }
  if (!r.ok) throw new Error([body?.error?.message, body?.error?.details].filter(Boolean).join(": ") || `the server answered ${r.status}`);
  return body;
}
const json = body => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
const at = (e, verb = "") => `/${encodeURIComponent(e.id)}${verb}`;
const whose = shared => shared ? "?shared=true" : "";

export const list = () => ask("");
export const log = async e => (await ask(at(e, "/log"))).lines;
export const offer = (file, shared) => ask(whose(shared), { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
export const install = (e, offer, granted, shared) => ask(at(e, "/install") + whose(shared), json({ offer, granted }));
export const grant = (e, granted) => ask(at(e, "/grant") + whose(e.shared), json({ granted }));
export const revoke = e => ask(at(e, "/revoke") + whose(e.shared), { method: "POST" });
export const remove = (e, data) => ask(`${at(e)}?${new URLSearchParams({ ...data ? { data: "true" } : {}, ...e.shared ? { shared: "true" } : {} })}`, { method: "DELETE" });
