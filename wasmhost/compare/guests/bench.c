// Nodes for benchmarks: one that does nothing, one that computes with a graph, and one that looks at a picture through a window.
#include "cocoon.h"

static int32_t pass(co_call *c) { return co_give_text(c, co_in_text(c, "text")); }

// 1 - blur(image) * 0.5
static int32_t blur(co_call *c) {
	co_graph g = {0};
	co_ref x = co_graph_in(&g, co_in_handle(c, "image"));
	co_ref soft = CO_DO(&g, CO_T_GAUSSIAN_BLUR, (x), CO_INTS(9, 9, 1), CO_FLOATS(2, 2));
	return co_give_image(c, co_graph_one(&g, co_affine(&g, soft, -0.5, 1)));
}

static int32_t corner(co_call *c) {
	co_map_window in = co_map_in(co_in_handle(c, "image"));
	if (!in.p) return co_fail(in.err, "there is no room for the picture");
	float first = *(const float *)in.p;
	co_unmap(&in);
	return co_give_int(c, (int64_t)(first * 1000));
}

CO_EXTENSION(.nodes = CO_NODES(
		 {.id = "BenchPass", .inputs = CO_INPUTS(CO_STRING("text", "")), .outputs = CO_OUTPUTS(CO_GIVES("STRING")), .run = pass},
		 {.id = "BenchBlur", .inputs = CO_INPUTS(CO_LINK("image", "IMAGE")), .outputs = CO_OUTPUTS(CO_GIVES("IMAGE")), .run = blur},
		 {.id = "BenchCorner", .inputs = CO_INPUTS(CO_LINK("image", "IMAGE")), .outputs = CO_OUTPUTS(CO_GIVES("INT")), .run = corner}));
