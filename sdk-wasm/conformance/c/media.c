// Parts of values, files in the making, and pictures as files.
#include "kit.h"

static int64_t gives_val(int64_t n, co_val v, co_out *result) {
	if (n < 0) return n;
	co_put_val(result, v);
	return 0;
}

static int64_t h_type(co_val args, co_out *result) {
	co_str name;
	int64_t n = co_type_of(kit_handle(args, 0), &name);
	if (n < 0) return n;
	return co_put_str(result, name), 0;
}

static int64_t h_parts(co_val args, co_out *result) {
	int64_t n;
	co_val v = co_parts(kit_handle(args, 0), &n);
	return gives_val(n, v, result);
}

static int64_t h_build(co_val args, co_out *result) {
	co_out parts = {0};
	co_put_val(&parts, co_nth(args, 1));
	uint32_t kind = (uint32_t)kit_int(args, 0);
	return kit_gives(kind, co_build(kind, &parts), result);
}

static int64_t asset_create(co_val args, co_out *result) { return kit_gives(CO_KIND_DRAFT, co_create(kit_text(args, 0)), result); }

static int64_t asset_write(co_val args, co_out *result) {
	co_str b = kit_text(args, 1);
	int64_t n = host_asset_write(kit_handle(args, 0), co_at32(b.p), b.n);
	if (n < 0) return n;
	return co_put_int(result, n), 0;
}

static int64_t asset_commit(co_val args, co_out *result) {
	int64_t n;
	co_val v = co_commit_file(kit_handle(args, 0), &n);
	return gives_val(n, v, result);
}

static int64_t asset_store(co_val args, co_out *result) {
	int64_t n;
	co_val v = co_store(kit_handle(args, 0), kit_text(args, 1), &n);
	return gives_val(n, v, result);
}

static int64_t asset_image(co_val args, co_out *result) {
	uint32_t part = (uint32_t)kit_int(args, 1);
	return kit_gives(part ? CO_KIND_MASK : CO_KIND_IMAGE, host_asset_image(kit_handle(args, 0), part), result);
}

static int64_t image_save(co_val args, co_out *result) {
	co_out o = {0};
	co_map(&o);
	for (co_walk w = co_items(co_nth(args, 2)); co_next(&w);) {
		co_put_str(&o, w.key);
		co_put_val(&o, w.val);
	}
	co_key(&o, "image");
	co_put_handle(&o, CO_KIND_IMAGE, kit_handle(args, 0));
	co_key(&o, "name");
	co_put_str(&o, kit_text(args, 1));
	co_end(&o);
	int64_t n;
	co_val v = co_image_save(&o, &n);
	return gives_val(n, v, result);
}

const kit_op kit_media[] = {
	{"h_type", h_type}, {"h_parts", h_parts}, {"h_build", h_build}, {"asset_create", asset_create}, {"asset_write", asset_write},
	{"asset_commit", asset_commit}, {"asset_store", asset_store}, {"asset_image", asset_image}, {"image_save", image_save}, {0},
};
