// A tree of 2^28 calls without a loop: engines that look at the clock in loops only do not see it.
#include <stdint.h>

static volatile uint32_t leaves;
#define TREE(name, of) \
	static __attribute__((noinline)) void name(void) { of(); of(); }
static __attribute__((noinline)) void t0(void) { leaves++; }
TREE(t1, t0) TREE(t2, t1) TREE(t3, t2) TREE(t4, t3) TREE(t5, t4) TREE(t6, t5) TREE(t7, t6) TREE(t8, t7) TREE(t9, t8) TREE(t10, t9)
TREE(t11, t10) TREE(t12, t11) TREE(t13, t12) TREE(t14, t13) TREE(t15, t14) TREE(t16, t15) TREE(t17, t16) TREE(t18, t17) TREE(t19, t18)
TREE(t20, t19) TREE(t21, t20) TREE(t22, t21) TREE(t23, t22) TREE(t24, t23) TREE(t25, t24) TREE(t26, t25) TREE(t27, t26) TREE(tree_of_calls, t27)
