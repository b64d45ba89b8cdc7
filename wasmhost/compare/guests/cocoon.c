// The negative of a picture, over windows on the host's memory.
#include "cocoon.h"
#include "tree.h"

static int32_t negative(co_call *c) {
	int64_t image = co_in_handle(c, "image");
	co_tensor_info info;
	int64_t err = co_info(image, &info);
	if (err) return co_fail(err, "the image cannot be read");
	co_map_window in = co_map_in(image), out = co_map_new(CO_DTYPE_F32, 4, info.shape);
	if (!in.p || !out.p) return co_fail(in.err ? in.err : out.err, "there is no room for the picture");
	const float *from = (const float *)in.p;
	float *to = (float *)out.p;
	for (uint32_t i = 0; i < (uint32_t)(info.bytes / 4); i++) to[i] = 1 - from[i];
	co_unmap(&in);
	return co_give_image(c, co_commit(&out));
}

static int32_t nothing(co_call *c) { return co_give_int(c, 1); }

static int32_t tree(co_call *c) {
	tree_of_calls();
	return co_give_int(c, leaves);
}

CO_EXTENSION(.nodes = CO_NODES(
		 {.id = "Negative", .inputs = CO_INPUTS(CO_LINK("image", "IMAGE")), .outputs = CO_OUTPUTS(CO_GIVES("IMAGE")), .run = negative},
		 {.id = "Nothing", .outputs = CO_OUTPUTS(CO_GIVES("INT")), .run = nothing},
		 {.id = "Tree", .outputs = CO_OUTPUTS(CO_GIVES("INT")), .run = tree}));
