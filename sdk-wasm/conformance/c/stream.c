// Requests beside the module, events for clients, and bodies and answers of routes.
#include "kit.h"

static int64_t http_start(co_val args, co_out *result) {
	co_out request = {0};
	co_put_val(&request, co_nth(args, 0));
	return kit_gives(CO_KIND_REQUEST, co_http_start(&request), result);
}

static int64_t http_take(co_val args, co_out *o) {
	int64_t n;
	co_val v = co_http_head(kit_handle(args, 0), &n);
	if (n < 0) return n;
	co_map(o);
	co_key(o, "status");
	co_put_int(o, co_as_int(co_get(v, "status"), 0));
	co_key(o, "type");
	co_put_str(o, co_as_str(co_get(co_get(v, "headers"), "content-type")));
	co_end(o);
	return 0;
}

// piece is what one read gives; nothing at the end.
static int64_t piece(co_val args, int64_t (*read)(int64_t, uint32_t, uint32_t), co_out *result) {
	uint32_t n = (uint32_t)kit_int(args, 1);
	void *p = co_alloc(n);
	int64_t got = read(kit_handle(args, 0), co_at32(p), n);
	if (got < 0) return got;
	co_put_bytes(result, p, (uint32_t)got);
	return 0;
}

static int64_t http_read(co_val args, co_out *result) { return piece(args, host_http_read, result); }
static int64_t body_read(co_val args, co_out *result) { return piece(args, host_body_read, result); }

static int64_t wait_any(co_val args, co_out *result) {
	co_val list = co_nth(args, 0);
	uint32_t n = 0;
	int64_t *all = (int64_t *)co_alloc(8 * (size_t)co_count(list));
	for (co_walk w = co_items(list); co_next(&w);) all[n++] = co_handle(w.val, NULL);
	int64_t i = co_wait_any(all, n, (uint32_t)kit_int(args, 1));
	if (i < 0) return i;
	return co_put_int(result, i), 0;
}

static int64_t ws_post(co_val args, co_out *result) {
	return kit_done(co_ws_post((uint32_t)kit_int(args, 0), kit_text(args, 1), kit_text(args, 2), kit_text(args, 3)), result);
}

static int64_t ws_image(co_val args, co_out *result) {
	return kit_done(co_ws_image((uint32_t)kit_int(args, 0), kit_text(args, 1), kit_handle(args, 2), (uint32_t)kit_int(args, 3), 0), result);
}

static int64_t reply_head(co_val args, co_out *result) { return kit_done(co_begin((int)kit_int(args, 0), CO_JOIN(kit_text(args, 1)).p), result); }

static int64_t reply_write(co_val args, co_out *result) {
	int64_t n = co_write(kit_text(args, 0));
	if (n < 0) return n;
	return co_put_int(result, n), 0;
}

const kit_op kit_stream[] = {
	{"http_start", http_start}, {"http_take", http_take}, {"http_read", http_read}, {"wait_any", wait_any}, {"ws_post", ws_post},
	{"ws_image", ws_image}, {"body_read", body_read}, {"reply_head", reply_head}, {"reply_write", reply_write}, {0},
};
