// The negative of a picture that the host copies in and out.
#include "tree.h"

__attribute__((export_name("negative"))) void negative(float *p, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) p[i] = 1 - p[i];
}

__attribute__((export_name("nothing"))) int32_t nothing(void) { return 1; }

__attribute__((export_name("tree"))) int32_t tree(void) {
	tree_of_calls();
	return 0;
}
