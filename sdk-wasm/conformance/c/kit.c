// The C guest of the conformance kit: it interprets the steps of a case over the functions of cocoon.h.
#include "kit.h"

CO_EXTENSION(.nodes = kit_nodes, .routes = kit_routes, .messages = kit_messages, .other = kit_selftest);

// What a step gave has a name, if the case gave it one.
typedef struct {
	co_str name;
	co_val val;
} named;

static named results[256];
static uint32_t count;

static bool equal(co_str a, co_str b) { return a.n == b.n && memcmp(a.p, b.p, a.n) == 0; }

static co_val find(co_str name) {
	for (uint32_t i = count; i-- > 0;)
		if (equal(results[i].name, name)) return results[i].val;
	return (co_val){0};
}

static void keep(co_str name, co_val v) {
	if (name.n == 0) return;
	if (count == sizeof results / sizeof results[0]) __builtin_trap();
	results[count++] = (named){name, v};
}

const int64_t *kit_ints(co_val list, uint32_t *n) {
	*n = co_count(list);
	int64_t *out = (int64_t *)co_alloc(8 * (size_t)*n);
	uint32_t i = 0;
	for (co_walk w = co_items(list); co_next(&w);) out[i++] = co_as_int(w.val, 0);
	return out;
}

static void rewrite(co_out *o, co_val v);

static void rewrite_number(co_out *o, co_val v) {
	uint64_t big = co_as_uint(v, 0);
	if (big > INT64_MAX)
		co_put_uint(o, big);
	else
		co_put_int(o, co_as_int(v, 0));
}

static void rewrite_items(co_out *o, co_val v, bool map) {
	co_open(o, map);
	for (co_walk w = co_items(v); co_next(&w);) {
		if (map) co_put_str(o, w.key);
		rewrite(o, w.val);
	}
	co_end(o);
}

// rewrite copies a value item by item, references replaced: links, a name and which item of a list or a map.
static void rewrite(co_out *o, co_val v) {
	co_str s = co_as_str(v);
	co_val link = co_tagged(v, CO_TAG_LINK);
	if (link.p) {
		co_val to = find(co_as_str(co_nth(link, 0))), item = co_nth(link, 1);
		if (co_type(to) == CO_IS_LIST)
			to = co_nth(to, (uint32_t)co_as_int(item, 0));
		else if (co_type(item) == CO_IS_TEXT)
			to = co_get(to, CO_JOIN(co_as_str(item)).p);
		co_put_val(o, to);
		return;
	}
	switch (co_type(v)) {
	case CO_IS_INT: rewrite_number(o, v); break;
	case CO_IS_FLOAT: co_put_float(o, co_as_float(v, 0)); break;
	case CO_IS_BOOL: co_put_bool(o, co_as_bool(v, false)); break;
	case CO_IS_TEXT: co_put_str(o, s); break;
	case CO_IS_BYTES: co_put_bytes(o, s.p, s.n); break;
	case CO_IS_LIST: rewrite_items(o, v, false); break;
	case CO_IS_MAP: rewrite_items(o, v, true); break;
	case CO_IS_TAG: co_put_val(o, v); break;
	default: co_put_null(o);
	}
}

// show is a result as the reply has it.
static void show(co_out *o, co_val v) {
	if (co_tagged(v, CO_TAG_HANDLE).p) {
		co_put_text(o, "handle");
	} else if (co_tagged(v, CO_TAG_BLOCKER).p) {
		co_put_text(o, "window"); // no other result is tagged so
	} else if (co_type(v) == CO_IS_LIST || co_type(v) == CO_IS_MAP) {
		co_walk w = co_items(v);
		co_open(o, w.map);
		while (co_next(&w)) {
			if (w.map) co_put_str(o, w.key);
			show(o, w.val);
		}
		co_end(o);
	} else {
		co_put_val(o, v);
	}
}

static kit_step *op_of(co_str name);

// until does a step up to n times, until the host refuses it.
static int64_t until(co_val args, co_out *result) {
	co_out rest = {0};
	co_list(&rest);
	uint32_t at = 0;
	for (co_walk w = co_items(args); co_next(&w); at++)
		if (at > 1) co_put_val(&rest, w.val);
	co_end(&rest);
	kit_step *do_ = op_of(kit_text(args, 1));
	for (int64_t n = kit_int(args, 0); n > 0; n--) {
		co_out one = {0};
		int64_t err = do_(co_read(&rest), &one);
		if (err < 0) return err;
		if (n == 1) break;
	}
	return kit_done(0, result);
}

static int64_t echo(co_val args, co_out *result) { return co_put_val(result, co_nth(args, 0)), 0; }

static int64_t len(co_val args, co_out *result) {
	co_val v = co_nth(args, 0);
	co_put_int(result, co_type(v) == CO_IS_LIST ? co_count(v) : co_as_str(v).n);
	return 0;
}

static int64_t len_of(co_val args, co_out *result) {
	co_val m = co_nth(args, 0);
	for (co_walk w = co_items(m); co_next(&w);)
		if (equal(w.key, kit_text(args, 1))) co_put_int(result, co_as_str(w.val).n);
	return 0;
}

static int64_t same(co_val args, co_out *result) {
	co_val a = co_nth(args, 0), b = co_nth(args, 1);
	co_put_bool(result, equal((co_str){(const char *)a.p, (uint32_t)(a.end - a.p)}, (co_str){(const char *)b.p, (uint32_t)(b.end - b.p)}));
	return 0;
}

static int64_t less(co_val args, co_out *result) { return co_put_bool(result, kit_int(args, 0) < kit_int(args, 1)), 0; }

static const kit_op helpers[] = {{"until", until}, {"echo", echo}, {"len", len}, {"len_of", len_of}, {"same", same}, {"less", less}, {0}};

static kit_step *op_of(co_str name) {
	const kit_op *tables[] = {helpers, kit_core, kit_tensors, kit_outside, kit_media, kit_stream};
	for (uint32_t i = 0; i < 6; i++)
		for (const kit_op *o = tables[i]; o->name; o++)
			if (co_same(name, o->name)) return o->do_;
	co_log(3, CO_JOIN(CO_S("the kit has no op "), name));
	__builtin_trap();
}

// step does [op, name, hidden, arguments…].
static int64_t step(co_val s, co_out *reply) {
	co_out args = {0}, *result = (co_out *)co_alloc(sizeof *result);
	co_list(&args);
	uint32_t at = 0;
	for (co_walk w = co_items(s); co_next(&w); at++)
		if (at > 2) rewrite(&args, w.val);
	co_end(&args);
	int64_t err = op_of(co_as_str(co_nth(s, 0)))(co_read(&args), result);
	if (err == KIT_FAILED) return err;
	if (err < 0) {
		result->n = 0;
		co_put_int(result, err);
	}
	keep(co_as_str(co_nth(s, 1)), co_read(result));
	if (co_as_bool(co_nth(s, 2), false))
		co_put_null(reply);
	else
		show(reply, co_read(result));
	return 0;
}

bool kit_steps(co_val steps, co_val inputs, co_out *reply) {
	for (co_walk w = co_items(inputs); co_next(&w);) keep(w.key, w.val);
	co_list(reply);
	for (co_walk w = co_items(steps); co_next(&w);)
		if (step(w.val, reply) == KIT_FAILED) return false;
	co_end(reply);
	return true;
}

int32_t kit_selftest(int32_t op, co_val request, co_out *reply) {
	if (op != CO_OP_SELFTEST) return co_fail(CO_EUNSUP, "the kit answers selftest only");
	return kit_steps(co_get(request, "steps"), co_get(request, "inputs"), reply) ? 0 : CO_EIO;
}
