#ifndef KIT_H
#define KIT_H

#include "cocoon.h"

extern const co_node kit_nodes[];
extern const co_route kit_routes[];
extern const co_message kit_messages[];

// Of the nodes with what the others have not.
int32_t kit_declared(co_call *c), kit_tell_with(co_call *c), kit_missing(co_call *c), kit_broken(co_call *c), kit_elsewhere(co_call *c), kit_events(co_call *c);
void kit_placeholder(co_out *options);
const char *kit_breaks(co_call *c);

int32_t kit_selftest(int32_t op, co_val request, co_out *reply);

// kit_steps does steps with named values and writes what the reply says of their results; false when the case has failed.
bool kit_steps(co_val steps, co_val named, co_out *reply);

// kit_unhex reads a message that is written in hexadecimal.
co_val kit_unhex(co_str hex);

// kit_step does an op on its resolved arguments and writes the result: 0, an errno of the host, or KIT_FAILED.
typedef int64_t kit_step(co_val args, co_out *result);

typedef struct {
	const char *name;
	kit_step *do_;
} kit_op;

#define KIT_FAILED (-1000) // co_fail was called: the case ends

// kit_ops are tables of ops, each ended by an empty name.
extern const kit_op kit_core[], kit_tensors[], kit_outside[], kit_media[], kit_stream[];

// Arguments by place.
static inline int64_t kit_int(co_val args, uint32_t i) { return co_as_int(co_nth(args, i), 0); }
static inline double kit_float(co_val args, uint32_t i) { return co_as_float(co_nth(args, i), 0); }
static inline co_str kit_text(co_val args, uint32_t i) { return co_as_str(co_nth(args, i)); }
static inline int64_t kit_handle(co_val args, uint32_t i) { return co_handle(co_nth(args, i), NULL); }

// kit_ints reads whole numbers.
const int64_t *kit_ints(co_val list, uint32_t *n);

// kit_done writes the result of what gives nothing but an errno.
static inline int64_t kit_done(int64_t err, co_out *result) {
	if (err < 0) return err;
	co_put_int(result, 0);
	return 0;
}
// kit_gives writes a handle.
static inline int64_t kit_gives(uint32_t kind, int64_t h, co_out *result) {
	if (h < 0) return h;
	co_put_handle(result, kind, h);
	return 0;
}

#endif
