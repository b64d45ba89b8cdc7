// The negative of a picture, as Extism's plug-ins move bytes: eight at a time through the functions of its kernel.
#include "tree.h"

#define IMPORT(name) __attribute__((import_module("extism:host/env"), import_name(name)))
IMPORT("input_length") uint64_t input_length(void);
IMPORT("input_load_u64") uint64_t input_load(uint64_t at);
IMPORT("alloc") uint64_t allocate(uint64_t n);
IMPORT("store_u64") void store(uint64_t at, uint64_t v);
IMPORT("output_set") void output(uint64_t at, uint64_t n);

typedef union {
	uint64_t bits;
	float f[2];
} pair;

__attribute__((export_name("negative"))) int32_t negative(void) {
	uint64_t n = input_length(), out = allocate(n);
	for (uint64_t i = 0; i < n; i += 8) {
		pair p = {.bits = input_load(i)};
		p.f[0] = 1 - p.f[0];
		p.f[1] = 1 - p.f[1];
		store(out + i, p.bits);
	}
	output(out, n);
	return 0;
}

__attribute__((export_name("nothing"))) int32_t nothing(void) { return 0; }

__attribute__((export_name("tree"))) int32_t tree(void) {
	tree_of_calls();
	return 0;
}
