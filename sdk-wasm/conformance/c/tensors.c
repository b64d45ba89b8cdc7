// The functions of the module cocoon1_tensor.
#include "kit.h"

static int64_t t_new(co_val args, co_out *result) {
	uint32_t rank;
	const int64_t *shape = kit_ints(co_nth(args, 1), &rank);
	return kit_gives(CO_KIND_TENSOR, co_tensor((uint32_t)kit_int(args, 0), rank, shape, kit_float(args, 2)), result);
}

static int64_t t_info(co_val args, co_out *o) {
	co_tensor_info info;
	int64_t err = co_info(kit_handle(args, 0), &info);
	if (err < 0) return err;
	co_map(o);
	co_key(o, "dtype");
	co_put_int(o, info.dtype);
	co_key(o, "shape");
	co_list(o);
	for (uint32_t i = 0; i < info.rank; i++) co_put_int(o, info.shape[i]);
	co_end(o);
	co_key(o, "bytes");
	co_put_int(o, info.bytes);
	co_key(o, "kind");
	co_put_int(o, info.kind);
	co_key(o, "contiguous");
	co_put_bool(o, info.flags & 1);
	co_end(o);
	return 0;
}

static int64_t t_cast(co_val args, co_out *result) { return kit_gives(CO_KIND_TENSOR, host_t_cast(kit_handle(args, 0), (uint32_t)kit_int(args, 1)), result); }

static int64_t t_slice(co_val args, co_out *result) {
	return kit_gives(CO_KIND_TENSOR, host_t_slice(kit_handle(args, 0), (uint32_t)kit_int(args, 1), kit_int(args, 2), kit_int(args, 3)), result);
}

static int64_t t_permute(co_val args, co_out *result) {
	uint32_t n;
	const int64_t *from = kit_ints(co_nth(args, 1), &n);
	uint32_t *order = (uint32_t *)co_alloc(4 * (size_t)n);
	for (uint32_t i = 0; i < n; i++) order[i] = (uint32_t)from[i];
	return kit_gives(CO_KIND_TENSOR, host_t_permute(kit_handle(args, 0), co_at32(order), n), result);
}

static int64_t t_reshape(co_val args, co_out *result) {
	uint32_t rank;
	const int64_t *shape = kit_ints(co_nth(args, 1), &rank);
	return kit_gives(CO_KIND_TENSOR, host_t_reshape(kit_handle(args, 0), rank, co_at32(shape)), result);
}

static co_ref refs[CO_MAX_GRAPH_INSTRS];

// picked gives the values of numbers, which count the inputs first and then the results.
static co_ref *picked(co_val list, uint32_t *n) {
	const int64_t *numbers = kit_ints(list, n);
	co_ref *out = (co_ref *)co_alloc(4 * (size_t)*n);
	for (uint32_t i = 0; i < *n; i++) out[i] = refs[numbers[i]];
	return out;
}

// instr adds [kind, arguments, integers, floats, shape or null].
static co_ref instr(co_graph *g, co_val in) {
	co_attr a = {0};
	uint32_t n;
	co_ref *args = picked(co_nth(in, 1), &n);
	a.i = kit_ints(co_nth(in, 2), &a.ints);
	co_val list = co_nth(in, 3);
	a.floats = co_count(list);
	double *f = (double *)co_alloc(8 * (size_t)a.floats);
	uint32_t i = 0;
	for (co_walk w = co_items(list); co_next(&w);) f[i++] = co_as_float(w.val, 0);
	a.f = f;
	if (co_type(co_nth(in, 4)) == CO_IS_LIST) a.shape = kit_ints(co_nth(in, 4), &a.rank);
	return co_graph_op(g, (uint16_t)kit_int(in, 0), (uint8_t)n, args, a);
}

static int64_t t_graph(co_val args, co_out *o) {
	co_graph g = {0};
	uint32_t n = 0, outputs;
	for (co_walk w = co_items(co_nth(args, 0)); co_next(&w);) refs[n++] = co_graph_in(&g, co_handle(w.val, NULL));
	for (co_walk w = co_items(co_nth(args, 1)); co_next(&w);) refs[n++] = instr(&g, w.val);
	co_ref *wanted = picked(co_nth(args, 2), &outputs);
	int64_t *handles = (int64_t *)co_alloc(8 * (size_t)outputs);
	int64_t err = co_graph_run(&g, outputs, wanted, handles);
	if (err < 0) return err;
	co_list(o);
	for (uint32_t i = 0; i < outputs; i++) co_put_handle(o, CO_KIND_TENSOR, handles[i]);
	co_end(o);
	return 0;
}

// gives_bytes writes n bytes, or passes an errno on.
static int64_t gives_bytes(const void *p, int64_t n, co_out *result) {
	if (n < 0) return n;
	co_put_bytes(result, p, (uint32_t)n);
	return 0;
}

static int64_t t_read(co_val args, co_out *result) {
	uint32_t n = (uint32_t)kit_int(args, 2);
	void *p = co_alloc(n);
	return gives_bytes(p, host_t_read(kit_handle(args, 0), kit_int(args, 1), co_at32(p), n), result);
}

static int64_t t_write(co_val args, co_out *result) {
	co_str b = kit_text(args, 2);
	return kit_done(host_t_write(kit_handle(args, 0), kit_int(args, 1), co_at32(b.p), b.n), result);
}

static int64_t t_read_rect(co_val args, co_out *result) {
	uint32_t five, n = (uint32_t)kit_int(args, 2);
	const int64_t *r = kit_ints(co_nth(args, 1), &five);
	void *p = co_alloc(n);
	return gives_bytes(p, host_t_read_rect(kit_handle(args, 0), (uint32_t)r[0], (uint32_t)r[1], (uint32_t)r[2], (uint32_t)r[3], (uint32_t)r[4], co_at32(p), n), result);
}

static int64_t t_write_rect(co_val args, co_out *result) {
	uint32_t five;
	const int64_t *r = kit_ints(co_nth(args, 1), &five);
	co_str b = kit_text(args, 2);
	return kit_done(host_t_write_rect(kit_handle(args, 0), (uint32_t)r[0], (uint32_t)r[1], (uint32_t)r[2], (uint32_t)r[3], (uint32_t)r[4], co_at32(b.p), b.n), result);
}

// Windows are numbers under a tag that no other result has.
static co_map_window windows[64];
static uint32_t opened;

static int64_t gives_window(co_map_window w, co_out *result) {
	if (w.err) return w.err;
	windows[opened] = w;
	co_put_tag(result, CO_TAG_BLOCKER);
	co_put_int(result, opened++);
	return 0;
}

static co_map_window *window_of(co_val args) { return &windows[co_as_int(co_tagged(co_nth(args, 0), CO_TAG_BLOCKER), 0)]; }

static int64_t t_map(co_val args, co_out *result) {
	co_tensor_info info;
	int64_t err = co_info(kit_handle(args, 0), &info);
	if (err < 0) return err;
	if (info.dtype != CO_DTYPE_F32) return CO_EUNSUP; // as the SDKs with typed windows
	return gives_window(co_map_in(kit_handle(args, 0)), result);
}

static int64_t t_map_out(co_val args, co_out *result) {
	uint32_t rank;
	const int64_t *shape = kit_ints(co_nth(args, 0), &rank);
	return gives_window(co_map_new(CO_DTYPE_F32, rank, shape), result);
}

static int64_t w_read(co_val args, co_out *result) {
	co_map_window *w = window_of(args);
	return co_put_bytes(result, w->p, (uint32_t)w->bytes), 0;
}

static int64_t w_write(co_val args, co_out *result) {
	co_map_window *w = window_of(args);
	co_str b = kit_text(args, 1);
	if (b.n > w->bytes) __builtin_trap();
	memcpy(w->p, b.p, b.n);
	return co_put_null(result), 0;
}

static int64_t t_commit(co_val args, co_out *result) { return kit_gives(CO_KIND_TENSOR, co_commit(window_of(args)), result); }

static int64_t t_unmap(co_val args, co_out *result) {
	co_unmap(window_of(args));
	return kit_done(0, result);
}

const kit_op kit_tensors[] = {
	{"t_new", t_new}, {"t_info", t_info}, {"t_cast", t_cast}, {"t_slice", t_slice}, {"t_permute", t_permute}, {"t_reshape", t_reshape},
	{"t_graph", t_graph}, {"t_read", t_read}, {"t_write", t_write}, {"t_read_rect", t_read_rect}, {"t_write_rect", t_write_rect},
	{"t_map", t_map}, {"t_map_out", t_map_out}, {"w_read", w_read}, {"w_write", w_write}, {"t_commit", t_commit}, {"t_unmap", t_unmap}, {0},
};
