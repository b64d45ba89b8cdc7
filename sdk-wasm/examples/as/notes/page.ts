/** The page, in one document: it runs in an origin of its own. */
export const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Notes</title>
<style>
  body { margin: 24px; font: 15px/1.5 system-ui, sans-serif; }
  form { display: flex; flex-wrap: wrap; gap: 8px; }
  input, button { padding: 8px 12px; border: 1px solid GrayText; border-radius: 7px; font: inherit; }
  input[name=text] { flex: 1 1 200px; }
  li { overflow-wrap: anywhere; }
</style>
<h1>Notes</h1>
<form><input name="key" aria-label="Name" placeholder="name" required> <input name="text" aria-label="Text" placeholder="text"> <button>Keep</button></form><ul></ul>
<script>
const ask = (path, o) => cocoon.fetch(path, o);
async function show(keys) {
  const all = [];
  for (const k of keys) {
    const li = document.createElement('li');
    li.textContent = k + ': ' + await (await ask('/notes/' + k)).text();
    all.push(li);
  }
  document.querySelector('ul').replaceChildren(...all);
}
document.forms[0].onsubmit = async e => {
  e.preventDefault();
  await ask('/notes', { method: 'POST', body: new FormData(e.target) });
  show(await (await ask('/notes')).json());
};
cocoon.events('/changes').onmessage = e => show(JSON.parse(e.data)); // now, and whenever the names change
</script>
`;
