// The functions of the other modules.
#include "kit.h"

static int64_t gives_str(int64_t n, co_str s, co_out *result) {
	if (n < 0) return n;
	co_put_bytes(result, s.p, s.n);
	return 0;
}

static int64_t node_call(co_val args, co_out *result) {
	co_out o = {0};
	co_map(&o);
	co_key(&o, "class");
	co_put_str(&o, kit_text(args, 0));
	co_key(&o, "inputs");
	co_put_val(&o, co_nth(args, 1));
	co_end(&o);
	int64_t n;
	co_val v = co_node_call(&o, &n);
	if (n < 0) return n;
	co_put_val(result, co_get(v, "outputs"));
	return 0;
}

static int64_t kv_get(co_val args, co_out *result) {
	co_str v;
	int64_t n = co_kv_get((uint32_t)kit_int(args, 0), kit_text(args, 1), &v);
	return gives_str(n, v, result);
}

static int64_t kv_put(co_val args, co_out *result) {
	return kit_done(co_kv_put((uint32_t)kit_int(args, 0), kit_text(args, 1), kit_text(args, 2), kit_int(args, 3)), result);
}

static int64_t kv_cas(co_val args, co_out *result) {
	return kit_done(co_kv_cas((uint32_t)kit_int(args, 0), kit_text(args, 1), kit_text(args, 2), kit_text(args, 3)), result);
}

static int64_t kv_delete(co_val args, co_out *result) { return kit_done(co_kv_delete((uint32_t)kit_int(args, 0), kit_text(args, 1)), result); }

static int64_t kv_list(co_val args, co_out *result) {
	int64_t n;
	co_val v = co_kv_keys((uint32_t)kit_int(args, 0), kit_text(args, 1), &n);
	if (n < 0) return n;
	co_put_val(result, v);
	return 0;
}

// http_fetch gives of the answer's headers the type, since others tell the time.
static int64_t http_fetch(co_val args, co_out *o) {
	co_out request = {0};
	co_put_val(&request, co_nth(args, 0));
	int64_t n;
	co_val v = co_http_fetch(&request, &n);
	if (n < 0) return n;
	co_str body = co_as_str(co_get(v, "body"));
	co_map(o);
	co_key(o, "status");
	co_put_int(o, co_as_int(co_get(v, "status"), 0));
	co_key(o, "type");
	co_put_str(o, co_as_str(co_get(co_get(v, "headers"), "content-type")));
	co_key(o, "body");
	co_put_bytes(o, body.p, body.n);
	co_end(o);
	return 0;
}

static int64_t asset_open(co_val args, co_out *result) {
	co_val file = co_nth(args, 0);
	return kit_gives(CO_KIND_ASSET, host_asset_open(co_at32(file.p), (uint32_t)(file.end - file.p)), result);
}

static int64_t asset_size(co_val args, co_out *result) { return co_put_int(result, host_asset_size(kit_handle(args, 0))), 0; }

static int64_t asset_read(co_val args, co_out *result) {
	uint32_t n = (uint32_t)kit_int(args, 2);
	void *p = co_alloc(n);
	int64_t got = host_asset_read(kit_handle(args, 0), kit_int(args, 1), co_at32(p), n);
	return gives_str(got, (co_str){p, (uint32_t)got}, result);
}

static int64_t asset_save(co_val args, co_out *result) {
	int64_t n;
	co_val v = co_asset_save(kit_text(args, 0), kit_text(args, 1), &n);
	if (n < 0) return n;
	co_put_val(result, v);
	return 0;
}

static int64_t ws_send(co_val args, co_out *result) { return kit_done(co_ws_send(kit_text(args, 0), kit_text(args, 1)), result); }

static int64_t input(co_val args, co_out *result) {
	int64_t n;
	co_val v = co_pull(kit_text(args, 0), &n);
	if (n < 0) return n;
	co_put_val(result, v);
	return 0;
}

static int64_t msg_wait(co_val args, co_out *result) {
	co_str m;
	int64_t n = co_msg_wait(kit_text(args, 0), (uint32_t)kit_int(args, 1), &m);
	return gives_str(n, m, result);
}

static int64_t msg_post(co_val args, co_out *result) {
	int64_t n = co_msg_post(kit_text(args, 0), kit_text(args, 1), kit_text(args, 2), kit_text(args, 3));
	if (n < 0) return n;
	co_put_int(result, n);
	return 0;
}

const kit_op kit_outside[] = {
	{"node_call", node_call}, {"kv_get", kv_get}, {"kv_put", kv_put}, {"kv_cas", kv_cas}, {"kv_delete", kv_delete}, {"kv_list", kv_list},
	{"http_fetch", http_fetch}, {"asset_open", asset_open}, {"asset_size", asset_size}, {"asset_read", asset_read}, {"asset_save", asset_save},
	{"ws_send", ws_send}, {"input", input}, {"msg_wait", msg_wait}, {"msg_post", msg_post}, {0},
};
