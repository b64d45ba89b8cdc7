/** The page, in one document: it runs in an origin of its own. */
export const PAGE = `<!doctype html><meta charset=utf-8><title>Notes</title><h1>Notes</h1>
<form><input name=key placeholder=name required> <input name=text placeholder=text> <button>Keep</button></form><ul></ul>
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
