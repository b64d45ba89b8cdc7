// The kit's nodes and routes.
#include "kit.h"

#define CATEGORY "conformance"

static int32_t values(co_call *c) {
	co_give_text(c, co_in_text(c, "mode"));
	co_give_int(c, co_in_int(c, "whole"));
	co_give_float(c, co_in_float(c, "number"));
	co_give_text(c, co_in_text(c, "text"));
	co_give_bool(c, co_in_bool(c, "on"));
	return co_give_text(c, co_in_there(c, "extra") ? co_in_text(c, "extra") : CO_S("none"));
}

static const char *chosen(const co_call *c) { return co_in_bool(c, "first") ? "a" : "b"; }

static void lazy_needs(co_call *c) {
	if (!co_in_there(c, chosen(c))) co_need(c, chosen(c));
}

static int32_t lazy(co_call *c) { return co_give_text(c, co_in_text(c, chosen(c))); }

static int32_t lists(co_call *c) {
	int64_t factor = co_as_int(co_nth(co_in_list(c, "factor"), 0), 0);
	co_val items = co_in_list(c, "items");
	co_out *o = co_give_list(c);
	for (co_walk w = co_items(items); co_next(&w);) co_put_int(o, co_as_int(w.val, 0) * factor);
	co_end(o);
	return co_give_int(c, co_count(items));
}

static int32_t expand(co_call *c) {
	co_add(c, "a", "KitValues");
	co_set_text(c, "mode", CO_S("far"));
	co_set_int(c, "whole", co_in_int(c, "whole"));
	co_set_float(c, "number", 0.25);
	co_set_val(c, "text", co_in(c, "text"));
	co_set_bool(c, "on", false);
	co_add(c, "b", "KitLazy");
	co_set_bool(c, "first", true);
	co_set_link(c, "a", "a", 3);
	return co_give_link(c, "b", 0);
}

static int32_t block(co_call *c) {
	co_str mode = co_in_text(c, "mode");
	if (co_same(mode, "all")) return co_block(c, "all blocked");
	co_give_text(c, CO_S("x"));
	return co_give_blocker(c, co_same(mode, "say") ? "no more" : NULL);
}

static const char *check_n(co_call *c) { return co_in_int(c, "n") % 2 ? "n is odd" : NULL; }

static int32_t check(co_call *c) { return co_give_int(c, co_in_int(c, "n")); }

static void fingerprint_of(co_call *c, co_out *o) {
	co_map(o);
	co_key(o, "n");
	co_put_int(o, 1);
	co_key(o, "list");
	co_list(o);
	co_put_bool(o, true);
	co_put_null(o);
	co_put_float(o, 0.5);
	co_end(o);
	co_key(o, "key");
	co_put_str(o, co_in_text(c, "key"));
	co_end(o);
}

static int32_t fingerprint(co_call *c) { return co_give_text(c, co_in_text(c, "key")); }

static int32_t show(co_call *c) {
	co_show_text(c, co_in_text(c, "key"));
	co_out *o = co_show(c, "values");
	co_put_int(o, 1);
	co_put_float(o, 2.5);
	co_put_bool(o, true);
	co_put_null(o);
	co_end(o);
	return 0;
}

static int32_t tell(co_call *c) {
	if (co_progress(1, 2)) return co_fail(CO_ECANCEL, "cancelled");
	co_progress_text(CO_S("half"));
	int32_t err = co_preview(co_in_image(c, "image"), 4, true);
	if (err < 0) return co_fail(err, "there is no preview");
	co_progress(2, 2);
	return co_give_int(c, 1);
}

static int32_t wait(co_call *c) {
	co_str m;
	int64_t n = co_msg_wait(CO_S("go"), 20000, &m);
	return n < 0 ? co_fail(n, "no message came") : co_give_text(c, m);
}

static int32_t later(co_call *c) {
	if (c->resumed && (int64_t)c->state.n >= co_in_int(c, "n")) return co_give_text(c, c->state);
	co_str next = CO_JOIN(c->state, CO_S("x"));
	return co_later(c, 1, next.p, next.n);
}

static int32_t hidden(co_call *c) {
	co_give_text(c, co_in_text(c, "id"));
	co_give_text(c, co_in_text(c, "prompt"));
	return co_give_text(c, co_in_text(c, "info"));
}

static int32_t handles(co_call *c) {
	co_give_val(c, co_in(c, "image"));
	co_give_val(c, co_in(c, "mask"));
	co_give_val(c, co_in(c, "latent"));
	return co_give_val(c, co_in(c, "model"));
}

static int32_t fail(co_call *c) {
	if (co_same(co_in_text(c, "mode"), "raise")) return co_raise(c, "ValueError", "bad value");
	return co_fail(CO_ECONFLICT, "moved on");
}

static int32_t flags(co_call *c) {
	(void)c;
	return 0;
}

static int32_t grow(co_call *c) {
	int64_t sum = co_as_int(co_get(co_in(c, "how"), "by"), 0);
	for (int i = 0; i < 4; i++) sum += co_as_int(co_get(co_in(c, "items"), CO_JOIN(CO_S("n"), co_decimal(i)).p), 0);
	return co_give_int(c, sum);
}

static void grow_more(co_out *o) { co_describe_texts(o, "aliases", CO_TEXTS("sum", "total")); }

static int32_t loop(co_call *c) {
	for (int64_t i = 0; i < co_in_int(c, "n"); i++) {
		co_out *row = co_row(c);
		co_put_int(row, i);
		co_put_str(row, CO_JOIN(CO_S("row "), co_decimal(i)));
	}
	c->keep = true;
	return 0;
}

static void loop_more(co_out *o) { co_key_text(o, "loop", "start"); }

static const char *check_links(co_call *c) { return co_same(co_linked(c, "x"), "IMAGE") ? "no pictures" : NULL; }

static int32_t links(co_call *c) { return co_give_int(c, 1); }

#define WHOLE(name, def) CO_INPUTS(CO_INT(name, def))
#define KEY CO_INPUTS(CO_STRING("key", ""))

const co_node kit_nodes[] = {
	{.id = "KitValues", .name = "Values", .category = CATEGORY, .help = "Gives its values.",
	 .inputs = CO_INPUTS(CO_CHOICE("mode", ("near", "far"), .help = "How far."), CO_INT("whole", 3, .min = 0, .max = 10),
			     CO_FLOAT("number", 0.5, .min = 0, .max = 1, .step = 0.01), CO_STRING("text", "a", .multiline = true), CO_BOOLEAN("on", true),
			     CO_STRING("extra", "none", .optional = true)),
	 .outputs = CO_OUTPUTS(CO_GIVES("STRING", .name = "mode"), CO_GIVES("INT"), CO_GIVES("FLOAT"), CO_GIVES("STRING"), CO_GIVES("BOOLEAN"), CO_GIVES("STRING")),
	 .run = values},
	{.id = "KitLazy", .name = "Lazy", .category = CATEGORY, .help = "Gives one of two texts.",
	 .inputs = CO_INPUTS(CO_BOOLEAN("first", true), CO_STRING("a", "", .lazy = true), CO_STRING("b", "", .lazy = true)),
	 .outputs = CO_OUTPUTS(CO_GIVES("STRING")), .run = lazy, .needs = lazy_needs},
	{.id = "KitLists", .name = "Lists", .category = CATEGORY, .help = "Multiplies each item.", .inputs = CO_INPUTS(CO_INT("items", 0), CO_INT("factor", 2)),
	 .outputs = CO_OUTPUTS(CO_GIVES("INT", .list = true), CO_GIVES("INT")), .flags = CO_TEXTS("input_is_list"), .run = lists},
	{.id = "KitExpand", .name = "Expand", .category = CATEGORY, .help = "Becomes two nodes.", .inputs = CO_INPUTS(CO_STRING("text", ""), CO_INT("whole", 0)),
	 .outputs = CO_OUTPUTS(CO_GIVES("STRING")), .flags = CO_TEXTS("expands"), .run = expand},
	{.id = "KitBlock", .name = "Block", .category = CATEGORY, .help = "Blocks an output, or all.", .inputs = CO_INPUTS(CO_CHOICE("mode", ("say", "silent", "all"))),
	 .outputs = CO_OUTPUTS(CO_GIVES("STRING"), CO_GIVES("STRING")), .run = block},
	{.id = "KitCheck", .name = "Check", .category = CATEGORY, .help = "Takes even numbers.", .inputs = CO_INPUTS(CO_INT("n", 0)),
	 .outputs = CO_OUTPUTS(CO_GIVES("INT")), .run = check, .validate = check_n, .checks = CO_TEXTS("n")},
	{.id = "KitFingerprint", .name = "Fingerprint", .category = CATEGORY, .help = "Depends on more than its inputs.", .inputs = KEY,
	 .outputs = CO_OUTPUTS(CO_GIVES("STRING")), .run = fingerprint, .fingerprint = fingerprint_of},
	{.id = "KitShow", .name = "Show", .category = CATEGORY, .help = "Shows values of every sort.", .inputs = KEY, .flags = CO_TEXTS("output_node"), .run = show},
	{.id = "KitTell", .name = "Tell", .category = CATEGORY, .help = "Tells how far it is.", .inputs = CO_INPUTS(CO_LINK("image", "IMAGE")),
	 .outputs = CO_OUTPUTS(CO_GIVES("INT")), .run = tell},
	{.id = "KitWait", .name = "Wait", .category = CATEGORY, .help = "Waits for a message.", .outputs = CO_OUTPUTS(CO_GIVES("STRING")),
	 .flags = CO_TEXTS("async", "not_idempotent"), .run = wait},
	{.id = "KitLater", .name = "Later", .category = CATEGORY, .help = "Asks n times to be called again.", .inputs = CO_INPUTS(CO_INT("n", 2)),
	 .outputs = CO_OUTPUTS(CO_GIVES("STRING")), .run = later},
	{.id = "KitHidden", .name = "Hidden", .category = CATEGORY, .help = "Gives what the server fills in.",
	 .hidden = CO_HIDDEN({"id", "UNIQUE_ID"}, {"prompt", "PROMPT"}, {"info", "EXTRA_PNGINFO"}),
	 .outputs = CO_OUTPUTS(CO_GIVES("STRING"), CO_GIVES("STRING"), CO_GIVES("STRING")), .run = hidden},
	{.id = "KitHandles", .name = "Handles", .category = CATEGORY, .help = "Passes on what stays with the host.",
	 .inputs = CO_INPUTS(CO_LINK("image", "IMAGE"), CO_LINK("mask", "MASK"), CO_LINK("latent", "LATENT"), CO_LINK("model", "MODEL")),
	 .outputs = CO_OUTPUTS(CO_GIVES("IMAGE"), CO_GIVES("MASK"), CO_GIVES("LATENT"), CO_GIVES("MODEL")), .run = handles},
	{.id = "KitFail", .name = "Fail", .category = CATEGORY, .help = "Fails.", .inputs = CO_INPUTS(CO_CHOICE("mode", ("errno", "raise"))),
	 .outputs = CO_OUTPUTS(CO_GIVES("INT")), .run = fail},
	{.id = "KitFlags", .name = "Flags", .category = CATEGORY, .help = "Has every flag.",
	 .flags = CO_TEXTS("output_node", "not_idempotent", "async", "intermediate", "deprecated", "experimental"), .run = flags},
	{.id = "KitGrow", .name = "Grow", .category = CATEGORY, .help = "Adds up what there is.",
	 .inputs = CO_INPUTS(CO_GROW("items", "n", 1, 4, CO_INPUTS(CO_INT("n", 0))), CO_CASES("how", ({"plus", CO_INPUTS(CO_INT("by", 1))}, {"plain", NULL}))),
	 .outputs = CO_OUTPUTS(CO_GIVES("INT")), .flags = CO_TEXTS("v3"), .run = grow, .more = grow_more},
	{.id = "KitLoop", .name = "Loop", .category = CATEGORY, .help = "Begins a loop.", .inputs = CO_INPUTS(CO_INT("n", 2)),
	 .outputs = CO_OUTPUTS(CO_GIVES("INT"), CO_GIVES("STRING"), CO_GIVES("*")), .run = loop, .more = loop_more},
	{.id = "KitLinks", .name = "Links", .category = CATEGORY, .help = "Takes anything but pictures.", .inputs = CO_INPUTS(CO_LINK("x", "*")),
	 .outputs = CO_OUTPUTS(CO_GIVES("INT")), .flags = CO_TEXTS("validates_links"), .run = links, .validate = check_links},
	{.id = "KitDeclared", .name = "Declared", .category = CATEGORY, .help = "Has what the others have not.",
	 .inputs = CO_INPUTS(CO_FLOAT("amount", 0.5, .min = 0, .max = 1, .step = 0.05, .slider = true), CO_INT("seed", 7, .seed = true),
			    CO_STRING("text", "", .force_input = true), CO_STRING("hint", "", .more = kit_placeholder), CO_GROW_NAMED("named", 1, ("x", "y"), WHOLE("n", 0)),
			    CO_SLOT("slot", "IMAGE", WHOLE("by", 1)), CO_GROUP("rows", "Row", 1, 3, WHOLE("n", 0)), CO_MATCHING("same", "t", "INT,FLOAT"),
			    CO_LINK("raw", "*", .raw_link = true)),
	 .outputs = CO_OUTPUTS(CO_GIVES("KIT_THING", .name = "thing", .help = "What it is."), CO_GIVES_MATCHING("t")),
	 .flags = CO_TEXTS("v3"), .run = kit_declared},
	{.id = "KitTellWith", .name = "Tell with", .category = CATEGORY, .help = "Tells how far it is, with a picture.",
	 .inputs = CO_INPUTS(CO_LINK("image", "IMAGE")), .outputs = CO_OUTPUTS(CO_GIVES("INT")), .run = kit_tell_with},
	{.id = "KitMissing", .name = "Missing", .category = CATEGORY, .help = "Wants all lazy inputs.",
	 .inputs = CO_INPUTS(CO_STRING("a", "", .lazy = true), CO_STRING("b", "", .lazy = true)), .outputs = CO_OUTPUTS(CO_GIVES("STRING")), .run = kit_missing},
	{.id = "KitBroken", .name = "Broken", .category = CATEGORY, .help = "Its check breaks.", .inputs = WHOLE("n", 0),
	 .outputs = CO_OUTPUTS(CO_GIVES("INT")), .run = kit_broken, .validate = kit_breaks, .checks = CO_TEXTS("n")},
	{.id = "KitElsewhere", .name = "Elsewhere", .category = CATEGORY, .help = "Becomes a node that shows elsewhere.", .inputs = CO_INPUTS(CO_STRING("text", "")),
	 .outputs = CO_OUTPUTS(CO_GIVES("STRING")), .flags = CO_TEXTS("expands"), .run = kit_elsewhere},
	{0},
};

static int32_t route_echo(co_call *c) {
	co_str bar = CO_S("|"), body = CO_JOIN(co_param(c, "name"), bar, co_query(c, "q"), bar, co_header(c, "accept"), bar, co_tenant(c));
	return co_answer_with(c, 203, "text/plain; charset=utf-8", body, CO_TEXTS("x-ext-kit", "yes"));
}

static int32_t route_go(co_call *c) {
	int32_t n = co_msg_post(CO_S(""), co_form(c, "node"), CO_S("go"), co_form(c, "message"));
	if (n < 0) return co_fail(n, "the message cannot be left");
	return co_answer(c, 200, "text/plain; charset=utf-8", n == 1 ? CO_S("taken") : CO_S("kept"));
}

static int32_t route_body(co_call *c) { return co_answer(c, 200, "application/x-kit", co_body(c)); }

// route_steps does the steps of its query, which are a message in hexadecimal, and answers with what they gave: behind what they
// have written of an answer, if they began one. A long body is named body.
static int32_t route_steps(co_call *c) {
	co_out named = {0}, results = {0};
	co_map(&named);
	if (co_stream(c) >= 0) {
		co_key(&named, "body");
		co_put_handle(&named, CO_KIND_BODY, co_stream(c));
	}
	co_end(&named);
	if (!kit_steps(kit_unhex(co_query(c, "s")), co_read(&named), &results)) return CO_EIO;
	co_str s = {(const char *)results.p, results.n};
	co_write(s); // where no answer began this does nothing
	return co_answer(c, 200, "application/cbor", s);
}

// opened opens a file of the input folder.
static int64_t opened(co_str name) {
	co_out o = {0};
	co_map(&o);
	co_key_text(&o, "type", "input");
	co_key(&o, "filename");
	co_put_str(&o, name);
	co_end(&o);
	return host_asset_open(co_at32(o.p), o.n);
}

static int32_t route_file(co_call *c) { return co_answer_handle(c, 200, "text/plain", CO_KIND_ASSET, opened(co_param(c, "name"))); }

static int32_t route_picture(co_call *c) {
	int64_t f = opened(co_param(c, "name"));
	return co_answer_image(c, 200, f < 0 ? f : host_asset_image(f, 0), "png");
}

const co_route kit_routes[] = {
	{"GET", "/echo/:name", route_echo}, {"POST", "/go", route_go}, {"POST", "/body", route_body}, {"POST", "/steps", route_steps}, {"POST", "/events", kit_events},
	{"GET", "/file/:name", route_file}, {"GET", "/picture/:name", route_picture}, {0},
};
