// Nodes with what the others have not.
#include "kit.h"

int32_t kit_declared(co_call *c) {
	co_out *thing = co_give_map(c);
	co_key(thing, "seed");
	co_put_uint(thing, co_as_uint(co_in(c, "seed"), 0));
	co_key(thing, "amount");
	co_put_val(thing, co_in(c, "amount"));
	co_end(thing);
	return co_give_val(c, co_in(c, "same"));
}

void kit_placeholder(co_out *o) { co_key_text(o, "placeholder", "say something"); }

int32_t kit_tell_with(co_call *c) {
	int32_t n = co_progress_with(1, 2, co_in_image(c, "image"), 4, true);
	if (n) return co_fail(n < 0 ? n : CO_ECANCEL, "it does not go on");
	return co_give_int(c, 1);
}

int32_t kit_missing(co_call *c) { return co_give_text(c, CO_JOIN(co_in_text(c, "a"), co_in_text(c, "b"))); }

const char *kit_breaks(co_call *c) {
	co_raise(c, "ValueError", "bad value");
	return NULL;
}

int32_t kit_broken(co_call *c) { return co_give_int(c, co_in_int(c, "n")); }

int32_t kit_elsewhere(co_call *c) {
	co_add_as(c, "a", "KitFingerprint", "3");
	co_set_val(c, "key", co_in(c, "text"));
	return co_give_link(c, "a", 0);
}

// kit_events tells what it was sent, an event a file of the form.
int32_t kit_events(co_call *c) {
	co_str none = CO_S(""), gap = CO_S(" ");
	int64_t err = co_events();
	if (!err) err = co_event(CO_S("tick\ntock"), CO_S("1"), CO_S("one\ntwo\r\nthree\rfour"));
	for (co_walk w = co_items(co_files(c)); err >= 0 && co_next(&w);)
		err = co_event(none, none, CO_JOIN(co_method(c), gap, co_as_str(co_get(w.val, "field")), gap, co_as_str(co_get(w.val, "filename")), gap, co_as_str(co_get(w.val, "type")), gap, co_as_str(co_get(w.val, "data"))));
	return err < 0 ? co_fail(err, "the events cannot be sent") : 0;
}
