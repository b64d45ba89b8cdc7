// What takes the kit's messages of clients.
#include "kit.h"

static uint8_t digit(char c) { return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10); }

co_val kit_unhex(co_str hex) {
	uint8_t *b = (uint8_t *)co_alloc(hex.n / 2);
	for (uint32_t i = 0; i < hex.n / 2; i++) b[i] = (uint8_t)(digit(hex.p[2 * i]) << 4 | digit(hex.p[2 * i + 1]));
	return (co_val){b, b + hex.n / 2};
}

static co_str hex_of(const co_out *o) {
	char *s = (char *)co_alloc(2 * o->n);
	for (uint32_t i = 0; i < o->n; i++) {
		s[2 * i] = "0123456789abcdef"[o->p[i] >> 4];
		s[2 * i + 1] = "0123456789abcdef"[o->p[i] & 15];
	}
	return (co_str){s, 2 * o->n};
}

// steps_of does the steps that its data has in hexadecimal, with the request's parts as named values, and tells the client what they
// gave.
static int32_t steps_of(co_call *c) {
	co_out results = {0};
	if (!kit_steps(kit_unhex(co_as_str(co_get(co_data(c), "s"))), c->request, &results)) return CO_EIO;
	int32_t err = co_ws_post(CO_TO_CLIENT, co_client(c), CO_S("news"), CO_JOIN(CO_S("{\"got\":\""), hex_of(&results), CO_S("\"}")));
	return err ? co_fail(err, "the client is not there") : 0;
}

// go hands a message to a node that waits in the client's prompt.
static int32_t go(co_call *c) {
	int32_t n = co_msg_post(co_prompt_id(c), co_as_str(co_get(co_data(c), "node")), CO_S("go"), co_as_str(co_get(co_data(c), "text")));
	return n < 0 ? co_fail(n, "the message cannot be left") : 0;
}

static int32_t fail(co_call *c) { return co_fail(CO_ECONFLICT, co_tenant(c).n ? "moved on" : "nobody"); }

static int32_t raise(co_call *c) { return co_raise(c, "ValueError", "bad value"); }

static int32_t silent(co_call *c) { return (void)c, 0; }

const co_message kit_messages[] = {{"steps", steps_of}, {"go", go}, {"fail", fail}, {"raise", raise}, {"silent", silent}, {0}};
