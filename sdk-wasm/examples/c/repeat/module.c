// Repeat is a loop: a node that puts one step and itself, with one time less, in its own place.
#include "cocoon.h"

static int32_t step(co_call *c) {
	co_graph g = {0};
	co_ref x = co_graph_in(&g, co_in_handle(c, "image"));
	return co_give_image(c, co_graph_one(&g, co_affine(&g, x, co_in_float(c, "factor"), 0)));
}

static int32_t repeat(co_call *c) {
	int64_t times = co_in_int(c, "times");
	if (times == 0) return co_give_val(c, co_in(c, "image"));
	co_add(c, "step", "ExampleRepeatStepC");
	co_set_val(c, "image", co_in(c, "image"));
	co_set_val(c, "factor", co_in(c, "factor"));
	co_add(c, "again", "ExampleRepeatC");
	co_set_link(c, "image", "step", 0);
	co_set_val(c, "factor", co_in(c, "factor"));
	co_set_int(c, "times", times - 1);
	return co_give_link(c, "again", 0);
}

CO_EXTENSION(.nodes = CO_NODES(
		 {
		     .id = "ExampleRepeatC",
		     .name = "Repeat (C)",
		     .category = "examples/c",
		     .help = "Makes a picture darker or brighter, step by step.",
		     .inputs = CO_INPUTS(CO_LINK("image", "IMAGE"), CO_FLOAT("factor", 0.5, .min = 0, .max = 2, .step = 0.01), CO_INT("times", 3, .min = 0, .max = 8)),
		     .outputs = CO_OUTPUTS(CO_GIVES("IMAGE")),
		     .flags = CO_TEXTS("expands"),
		     .run = repeat,
		 },
		 {
		     .id = "ExampleRepeatStepC",
		     .name = "Repeat, one step (C)",
		     .category = "examples/c",
		     .help = "Multiplies a picture by a factor.",
		     .inputs = CO_INPUTS(CO_LINK("image", "IMAGE"), CO_FLOAT("factor", 0.5, .min = 0, .max = 2, .step = 0.01)),
		     .outputs = CO_OUTPUTS(CO_GIVES("IMAGE")),
		     .run = step,
		 }));
