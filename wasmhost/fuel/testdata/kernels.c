// Inner loops as clang writes them; KERNEL chooses one.
#include <stdint.h>

enum { side = 384, row = side * 3, bytes = side * row };

// Not static, so that what is written counts as read.
uint8_t u8[bytes];
float from[bytes], to[bytes];
uint32_t count[256];

static void invert_u8(void) {
	for (int i = 0; i < bytes; i++) u8[i] = 255 - u8[i];
}

static void invert_f32(void) {
	for (int i = 0; i < bytes; i++) to[i] = 1 - from[i];
}

static void blur_f32(void) {
	for (int y = 1; y < side - 1; y++)
		for (int x = 3; x < row - 3; x++) {
			const float *p = from + y * row + x;
			float sum = 0;
			for (int d = -row; d <= row; d += row) sum += p[d - 3] + p[d] + p[d + 3];
			to[y * row + x] = sum / 9;
		}
}

static void histogram(void) {
	for (int i = 0; i < bytes; i++) count[u8[i]]++;
}

__attribute__((export_name("run"))) int32_t run(int32_t n) {
	KERNEL();
	return n + u8[0];
}
