// Notes keeps short texts by HTTP, apart for each tenant, and has a page to write them and a node that reads one.
#include "cocoon.h"

static const char page[] = "<!doctype html><html lang=en><meta charset=utf-8><title>Notes</title>"
			   "<style>body{margin:24px;font:15px/1.5 system-ui,sans-serif}form{display:flex;flex-wrap:wrap;gap:8px}"
			   "input,button{padding:8px 12px;border:1px solid GrayText;border-radius:7px;font:inherit}"
			   "input[name=text]{flex:1 1 200px}li{overflow-wrap:anywhere}</style><h1>Notes</h1>"
			   "<form><input name=key aria-label=Name placeholder=name required> <input name=text aria-label=Text placeholder=text> "
			   "<button>Keep</button></form><ul></ul>"
			   "<script>const ask=(path,o)=>cocoon.fetch(path,o);"
			   "async function show(keys){const all=[];"
			   "for(const k of keys){const li=document.createElement('li');li.textContent=k+': '+await(await ask('/notes/'+k)).text();all.push(li)}"
			   "document.querySelector('ul').replaceChildren(...all)}"
			   "document.forms[0].onsubmit=async e=>{e.preventDefault();await ask('/notes',{method:'POST',body:new FormData(e.target)});"
			   "show(await(await ask('/notes')).json())};cocoon.events('/changes').onmessage=e=>show(JSON.parse(e.data))</script>";

static int32_t say_page(co_call *c) { return co_answer_html(c, CO_S(page)); }

// plain reports whether a key is letters, digits and hyphens, which need no quoting anywhere.
static bool plain(co_str s) {
	for (uint32_t i = 0; i < s.n; i++) {
		char a = s.p[i];
		if (!((a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z') || (a >= '0' && a <= '9') || a == '-')) return false;
	}
	return s.n > 0 && s.n <= 64;
}

static co_str names(void) {
	co_str all = CO_S("[");
	co_walk w = co_items(co_kv_list(0, CO_S("")));
	for (bool more = false; co_next(&w); more = true) all = CO_JOIN(all, more ? CO_S(",\"") : CO_S("\""), co_as_str(w.val), CO_S("\""));
	return CO_JOIN(all, CO_S("]"));
}

static int32_t list(co_call *c) { return co_answer(c, 200, "application/json", names()); }

// changes tells the names whenever they have changed, as Server-Sent Events, until the client is gone. A stream ends after some
// minutes, and its reader asks again.
static int32_t changes(co_call *c) {
	int32_t err = co_events();
	if (err) return co_fail(err, "the answer cannot begin");
	co_str told = {0};
	for (int n = 0; n < 500; n++) {
		co_str now = names();
		if (now.n != told.n || memcmp(now.p, told.p, now.n)) {
			if (co_event(CO_S(""), CO_S(""), now) < 0) break;
			told = now;
		}
		if (!co_sleep(500)) break;
	}
	return 0;
}

static int32_t keep(co_call *c) {
	co_str key = co_form(c, "key"), text = co_form(c, "text");
	if (!plain(key)) return co_answer(c, 400, "text/plain", CO_S("a name is letters, digits and hyphens"));
	int32_t err = co_kv_put(0, key, text, 0);
	if (err == CO_ELIMIT) return co_answer(c, 507, "text/plain", CO_S("there is no room for more notes"));
	if (err) return co_fail(err, "the note cannot be kept");
	return co_answer(c, 201, "text/plain", CO_S("kept"));
}

static int32_t get(co_call *c) {
	co_str text;
	if (co_kv_get(0, co_param(c, "key"), &text) < 0) return co_answer(c, 404, "text/plain", CO_S("there is no such note"));
	return co_answer(c, 200, "text/plain; charset=utf-8", text);
}

static int32_t forget(co_call *c) {
	int32_t err = co_kv_delete(0, co_param(c, "key"));
	if (err) return co_fail(err, "the note cannot be forgotten");
	return co_answer(c, 200, "text/plain", CO_S("gone"));
}

static int32_t note(co_call *c) {
	co_str text;
	if (co_kv_get(0, co_in_text(c, "key"), &text) < 0) return co_fail(CO_ENOENT, "there is no such note");
	return co_give_text(c, text);
}

CO_EXTENSION(.nodes = CO_NODES({
		 .id = "ExampleNoteC",
		 .name = "Note (C)",
		 .category = "examples/c",
		 .help = "Gives the text of a note.",
		 .inputs = CO_INPUTS(CO_STRING("key", "")),
		 .outputs = CO_OUTPUTS(CO_GIVES("STRING")),
		 .flags = CO_TEXTS("not_idempotent"),
		 .run = note,
	     }),
	     .routes = CO_ROUTES({"GET", "/notes", list}, {"POST", "/notes", keep}, {"GET", "/notes/:key", get}, {"DELETE", "/notes/:key", forget}, {"GET", "/changes", changes}, {"GET", "/page", say_page}));
