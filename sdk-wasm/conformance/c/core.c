// The functions of the module cocoon1.
#include "kit.h"

static int64_t fail(co_val args, co_out *result) {
	(void)result;
	co_fail(kit_int(args, 0), CO_JOIN(kit_text(args, 1)).p);
	return KIT_FAILED;
}

static int64_t say(co_val args, co_out *result) {
	co_log((int32_t)kit_int(args, 0), kit_text(args, 1));
	return co_put_null(result), 0;
}

static int64_t progress(co_val args, co_out *result) {
	co_put_bool(result, co_progress(kit_float(args, 0), kit_float(args, 1)));
	return 0;
}

static int64_t progress_state(co_val args, co_out *result) {
	co_put_bool(result, host_progress_state(kit_float(args, 0), kit_float(args, 1)) == 1);
	return 0;
}

static int64_t progress_text(co_val args, co_out *result) {
	co_progress_text(kit_text(args, 0));
	return co_put_null(result), 0;
}

static int64_t progress_text_all(co_val args, co_out *result) {
	co_str s = kit_text(args, 0);
	host_progress_text_all(co_at32(s.p), s.n);
	return co_put_null(result), 0;
}

static int64_t preview(co_val args, co_out *result) {
	return kit_done(host_preview(kit_handle(args, 0), (uint32_t)kit_int(args, 1), co_as_bool(co_nth(args, 2), false), 0), result);
}

static int64_t sleep_ms(co_val args, co_out *result) { return kit_done(host_sleep_ms((uint32_t)kit_int(args, 0)), result); }

static int64_t now_ms(co_val args, co_out *result) {
	(void)args;
	return co_put_int(result, host_now_ms()), 0;
}

static int64_t random_bytes(co_val args, co_out *result) {
	uint32_t n = (uint32_t)kit_int(args, 0);
	void *p = co_alloc(n);
	int64_t err = host_random(co_at32(p), n);
	if (err < 0) return err;
	return co_put_bytes(result, p, n), 0;
}

static int64_t fuel_left(co_val args, co_out *result) {
	(void)args;
	return co_put_int(result, host_fuel_left()), 0;
}

static int64_t deadline_ms(co_val args, co_out *result) {
	(void)args;
	return co_put_int(result, host_deadline_ms()), 0;
}

static int64_t feature(co_val args, co_out *result) {
	co_put_bool(result, host_feature((uint32_t)kit_int(args, 0)) == 1);
	return 0;
}

static int64_t h_drop(co_val args, co_out *result) {
	host_h_drop(kit_handle(args, 0));
	return co_put_null(result), 0;
}

static int64_t h_get(co_val args, co_out *result) {
	return kit_gives(CO_KIND_TENSOR, co_part(kit_handle(args, 0), CO_JOIN(kit_text(args, 1)).p), result);
}

static int64_t h_make(co_val args, co_out *result) {
	uint32_t kind = (uint32_t)kit_int(args, 0);
	return kit_gives(kind, host_h_make(kind, kit_handle(args, 1)), result);
}

const kit_op kit_core[] = {
	{"fail", fail}, {"log", say}, {"progress", progress}, {"progress_state", progress_state}, {"progress_text", progress_text},
	{"progress_text_all", progress_text_all}, {"preview", preview}, {"sleep_ms", sleep_ms}, {"now_ms", now_ms}, {"random", random_bytes},
	{"fuel_left", fuel_left}, {"deadline_ms", deadline_ms}, {"feature", feature}, {"h_drop", h_drop}, {"h_get", h_get}, {"h_make", h_make}, {0},
};
