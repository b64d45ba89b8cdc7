// Picker lets somebody choose one of the pictures of a batch while the workflow runs. Its node waits for a message, which a
// form posts to the extension's route: from its page, from another, or from a script:
//
//	curl -F message=2 -F node_id=7 http://127.0.0.1:8188/ext/example.picker-c/choose
#include "cocoon.h"

enum {
	side = 128,   // pixels of a shown picture's longer side
	most = 64,    // pictures that are shown; the others can be chosen by number
	pulse = 5000, // milliseconds after which a node that waits says that it still does
};

// number reads a text of digits; -1 for anything else.
static int64_t number(co_str s) {
	int64_t v = 0;
	for (uint32_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9') return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return s.n > 0 && s.n < 10 ? v : -1;
}

// plain reports whether a node's id needs no quoting anywhere.
static bool plain(co_str s) {
	for (uint32_t i = 0; i < s.n; i++) {
		char a = s.p[i];
		if (!((a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z') || (a >= '0' && a <= '9') || a == '-' || a == '_' || a == ':' || a == '.')) return false;
	}
	return s.n > 0 && s.n <= 64;
}

static co_str count_key(co_str node) { return CO_JOIN(CO_S("count/"), node); }
static co_str picture_key(co_str node, int64_t i) { return CO_JOIN(CO_S("picture/"), node, CO_S("/"), co_decimal(i)); }

// pictures is how many a node waits with; 0 when it does not.
static int64_t pictures(co_str node) {
	co_str text;
	if (co_kv_get(0, count_key(node), &text) < 0) return 0;
	int64_t n = number(text);
	return n < 0 ? 0 : n;
}

// still_waits keeps a node among those that wait, for a little longer than it takes to say so again.
static int32_t still_waits(co_str node, int64_t count) { return co_kv_put(0, count_key(node), co_decimal(count), 2 * pulse); }

// tell sends an event to the client whose prompt runs. It may be away, and events may not be granted: the page asks too.
static void tell(co_str kind, co_str node) { co_ws_send(kind, CO_JOIN(CO_S("{\"node\":\""), node, CO_S("\"}"))); }

static void put32(uint8_t *p, uint32_t v) {
	for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (8 * i));
}

// bitmap makes a BMP file of float32 values of 0..1.
static co_str bitmap(const float *px, int64_t h, int64_t w, int64_t ch) {
	uint32_t row = (uint32_t)(3 * w + 3) & ~3u, size = 54 + row * (uint32_t)h;
	uint8_t *b = (uint8_t *)co_alloc(size);
	b[0] = 'B', b[1] = 'M';
	put32(b + 2, size), put32(b + 10, 54), put32(b + 14, 40), put32(b + 18, (uint32_t)w), put32(b + 22, 0u - (uint32_t)h); // from the top
	b[26] = 1, b[28] = 24;
	for (int64_t y = 0; y < h; y++)
		for (int64_t x = 0; x < w; x++)
			for (int64_t k = 0; k < 3; k++) {
				float v = px[(y * w + x) * ch + (k < ch ? k : ch - 1)];
				b[54 + row * y + 3 * x + 2 - k] = (uint8_t)(v * 255 + 0.5f);
			}
	return (co_str){(const char *)b, size};
}

// show keeps small copies of the pictures for pages, and tells the one that is open. 0, or an errno.
static int64_t show(int64_t image, const int64_t *s, co_str node, int64_t ttl) {
	int64_t longer = s[1] > s[2] ? s[1] : s[2], h = s[1], w = s[2];
	if (longer > side) h = h * side / longer, w = w * side / longer;
	h = h ? h : 1, w = w ? w : 1;
	co_graph g = {0};
	co_ref small = CO_DO(&g, CO_T_RESIZE, (co_graph_in(&g, image)), CO_INTS(4), CO_SHAPE(s[0], h, w, s[3])); // 4: area
	int64_t made = co_graph_one(&g, co_clamp(&g, small, 0, 1));
	if (made < 0) return made;
	co_map_window in = co_map_in(made);
	if (!in.p) return in.err;
	int64_t err = 0;
	for (int64_t i = 0; !err && i < s[0] && i < most; i++) err = co_kv_put(0, picture_key(node, i), bitmap((const float *)in.p + i * h * w * s[3], h, w, s[3]), ttl);
	co_unmap(&in);
	if (!err) err = still_waits(node, s[0]);
	if (err) return err;
	tell(CO_S("pictures"), node);
	int32_t shown = co_preview(image, 512, false);
	return shown < 0 ? shown : 0;
}

static void hide(co_str node, int64_t count) {
	co_kv_delete(0, count_key(node));
	for (int64_t i = 0; i < count && i < most; i++) co_kv_delete(0, picture_key(node, i));
	tell(CO_S("chosen"), node);
}

// chosen waits for a message that names one of count pictures; 0 when none comes in time, an errno when the prompt is cancelled.
static int64_t chosen(co_str node, int64_t count, int64_t left) {
	if (count == 1) return 0;
	co_progress_text(CO_JOIN(CO_S("Choose a picture: "), co_decimal(count), CO_S(" wait")));
	for (;;) {
		co_str message;
		int64_t part = left < pulse ? left : pulse, n = co_msg_wait(CO_S("choice"), (uint32_t)part, &message);
		if (n == CO_ETIMEOUT) {
			if ((left -= part) <= 0) return 0;
			int32_t err = still_waits(node, count);
			if (err) return err;
			continue;
		}
		if (n < 0) return n;
		int64_t index = number(message);
		if (index >= 0 && index < count) return index;
		co_log(2, CO_JOIN(CO_S("node "), node, CO_S(" has no picture "), message, CO_S(": it waits on")));
	}
}

static int32_t pick(co_call *c) {
	int64_t image = co_in_image(c, "images"), left = co_in_int(c, "seconds") * 1000;
	co_str node = co_node_id(c);
	co_tensor_info info;
	int64_t err = co_info(image, &info);
	if (err) return co_fail(err, "the images cannot be read");
	if (!plain(node)) return co_fail(CO_EUNSUP, "the node's id has other letters than ids have");
	err = show(image, info.shape, node, left + 60000);
	if (err) return co_fail(err, "the pictures cannot be shown");
	int64_t index = chosen(node, info.shape[0], left);
	hide(node, info.shape[0]);
	if (index < 0) return co_fail(index, "no picture was chosen");
	int64_t one = host_t_slice(image, 0, index, index + 1);
	if (one < 0) return co_fail(one, "the picture cannot be taken");
	err = co_give_as(c, CO_KIND_IMAGE, one);
	return err ? (int32_t)err : co_give_int(c, index);
}

// A choice is made anew in each prompt, whatever the pictures are.
static void anew(co_call *c, co_out *value) {
	(void)c;
	co_put_int(value, host_now_ms());
}

static int32_t says(co_call *c, int status, co_str json) { return co_answer(c, status, "application/json", json); }

// choose hands a choice to the node that waits for it, or will.
static int32_t choose(co_call *c) {
	co_str node = co_form(c, "node_id");
	int64_t index = number(co_form(c, "message"));
	if (!plain(node) || index < 0) return says(c, 400, CO_S("{\"error\":\"post node_id, and as message the number of a picture, counted from 0\"}"));
	int64_t count = pictures(node);
	if (count && index >= count) return says(c, 400, CO_JOIN(CO_S("{\"error\":\"there are "), co_decimal(count), CO_S(" pictures, counted from 0\"}")));
	int32_t taken = co_msg_post(co_form(c, "prompt_id"), node, CO_S("choice"), co_decimal(index));
	if (taken == CO_ELIMIT || taken == CO_ETOOBIG) return says(c, 429, CO_S("{\"error\":\"too many choices wait already\"}"));
	if (taken < 0) return co_fail(taken, "the choice cannot be posted");
	return says(c, 200, CO_JOIN(CO_S("{\"index\":"), co_decimal(index), CO_S(",\"taken\":"), taken ? CO_S("true}") : CO_S("false}")));
}

// waiting lists the nodes that wait: [{"node": "7", "count": 4, "shown": 4}].
static int32_t waiting(co_call *c) {
	co_str all = CO_S("[");
	co_walk w = co_items(co_kv_list(0, CO_S("count/")));
	for (bool more = false; co_next(&w);) {
		co_str key = co_as_str(w.val), node = {key.p + 6, key.n - 6};
		int64_t n = pictures(node);
		if (!n) continue;
		all = CO_JOIN(all, more ? CO_S(",") : CO_S(""), CO_S("{\"node\":\""), node, CO_S("\",\"count\":"), co_decimal(n), CO_S(",\"shown\":"), co_decimal(n < most ? n : most), CO_S("}"));
		more = true;
	}
	return says(c, 200, CO_JOIN(all, CO_S("]")));
}

// picture gives one of them.
static int32_t picture(co_call *c) {
	co_str node = co_param(c, "node"), file;
	int64_t index = number(co_param(c, "index"));
	if (!plain(node) || index < 0) return says(c, 400, CO_S("{\"error\":\"pictures are counted from 0\"}"));
	if (co_kv_get(0, picture_key(node, index), &file) < 0) return says(c, 404, CO_S("{\"error\":\"there is no such picture\"}"));
	return co_answer(c, 200, "image/bmp", file);
}

CO_EXTENSION(.nodes = CO_NODES({
		 .id = "PickImageC",
		 .name = "Pick Image (C)",
		 .category = "examples/c",
		 .help = "Waits until somebody chooses one of the pictures.",
		 .inputs = CO_INPUTS(CO_LINK("images", "IMAGE"),
				     CO_INT("seconds", 600, .min = 0, .max = 3600, .help = "How long it waits. Then it takes the first picture.")),
		 .outputs = CO_OUTPUTS(CO_GIVES("IMAGE", .name = "image"), CO_GIVES("INT", .name = "index", .help = "Which one it was, counted from 0.")),
		 .run = pick,
		 .fingerprint = anew,
	     }),
	     .routes = CO_ROUTES({"POST", "/choose", choose}, {"GET", "/pictures", waiting}, {"GET", "/pictures/:node/:index", picture}));
