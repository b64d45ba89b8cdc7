// Glow lets light bleed into its surroundings. The pixels stay with the host, which runs the whole effect as one graph.
#include "cocoon.h"

static int32_t glow(co_call *c) {
	int64_t image = co_in_handle(c, "image");
	double amount = co_in_float(c, "amount");
	int64_t size = co_in_int(c, "size");
	co_tensor_info info;
	int64_t err = co_info(image, &info);
	if (err) return co_fail(err, "the image cannot be read");
	int64_t *s = info.shape, h = s[1] / size, w = s[2] / size;

	co_graph g = {0};
	co_ref x = co_graph_in(&g, image);
	co_ref small = co_resize(&g, x, CO_AREA, (int64_t[]){s[0], h ? h : 1, w ? w : 1, s[3]});
	co_ref blurred = co_resize(&g, small, CO_BILINEAR, s);
	// Screen: 1 - (1 - x) * (1 - amount * blurred).
	co_ref dark = co_mul(&g, co_affine(&g, x, -1, 1), co_affine(&g, blurred, -amount, 1));
	return co_give_image(c, co_graph_one(&g, co_clamp(&g, co_affine(&g, dark, -1, 1), 0, 1)));
}

CO_EXTENSION(.nodes = CO_NODES({
		 .id = "ExampleGlowC",
		 .name = "Glow (C)",
		 .category = "examples/c",
		 .help = "Lets light bleed into its surroundings.",
		 .inputs = CO_INPUTS(CO_LINK("image", "IMAGE"), CO_FLOAT("amount", 0.5, .min = 0, .max = 1, .step = 0.01, .slider = true),
				     CO_INT("size", 8, .min = 1, .max = 128, .help = "How far the light bleeds, in pixels.")),
		 .outputs = CO_OUTPUTS(CO_GIVES("IMAGE")),
		 .run = glow,
	     }));
