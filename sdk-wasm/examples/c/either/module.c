// Either gives one of two texts. Its inputs are lazy: what leads to the other text is never computed.
#include "cocoon.h"

static const char *chosen(co_call *c) { return co_in_bool(c, "first") ? "a" : "b"; }

static void needs(co_call *c) {
	if (!co_in_there(c, chosen(c))) co_need(c, chosen(c));
}

static int32_t either(co_call *c) {
	co_str text = co_in_text(c, chosen(c));
	co_show_text(c, text);
	return co_give_text(c, text);
}

CO_EXTENSION(.nodes = CO_NODES({
		 .id = "ExampleEitherC",
		 .name = "Either (C)",
		 .category = "examples/c",
		 .help = "Gives one of two texts; what leads to the other one is not computed.",
		 .inputs = CO_INPUTS(CO_BOOLEAN("first", true), CO_STRING("a", "", .lazy = true, .multiline = true), CO_STRING("b", "", .lazy = true, .multiline = true)),
		 .outputs = CO_OUTPUTS(CO_GIVES("STRING")),
		 .run = either,
		 .needs = needs,
	     }));
