// Dither draws a picture with few levels a channel and spreads the error (Floyd and Steinberg, 1976). Each pixel depends on
// the ones before it, so no graph can do it: the loop runs here, over windows on the host's memory.
#include "cocoon.h"

static void spread(float *to, uint32_t n, const float *from, const int64_t *s, int levels) {
	uint32_t width = (uint32_t)s[2], ch = (uint32_t)s[3], row = width * ch;
	float top = (float)(levels - 1);
	for (uint32_t i = 0; i < n; i++) to[i] = from[i];
	for (uint32_t y = 0; y < (uint32_t)(s[0] * s[1]); y++) {
		bool last = (y + 1) % (uint32_t)s[1] == 0; // of its picture
		for (uint32_t x = 0; x < row; x++) {
			float *p = to + y * row + x, want = *p < 0 ? 0 : *p > 1 ? 1 : *p;
			float got = (float)(int)(want * top + 0.5f) / top, err = want - got;
			*p = got;
			if (x + ch < row) p[ch] += err * (7.0f / 16);
			if (last) continue;
			if (x >= ch) p[row - ch] += err * (3.0f / 16);
			p[row] += err * (5.0f / 16);
			if (x + ch < row) p[row + ch] += err * (1.0f / 16);
		}
	}
}

static int32_t dither(co_call *c) {
	int64_t image = co_in_handle(c, "image");
	co_tensor_info info;
	int64_t err = co_info(image, &info);
	if (err) return co_fail(err, "the image cannot be read");
	co_map_window in = co_map_in(image), out = co_map_new(CO_DTYPE_F32, 4, info.shape);
	if (!in.p || !out.p) return co_fail(in.err ? in.err : out.err, "there is no room for the picture");
	spread((float *)out.p, (uint32_t)(info.bytes / 4), (const float *)in.p, info.shape, (int)co_in_int(c, "levels"));
	co_unmap(&in);
	return co_give_image(c, co_commit(&out));
}

CO_EXTENSION(.nodes = CO_NODES({
		 .id = "ExampleDitherC",
		 .name = "Dither (C)",
		 .category = "examples/c",
		 .help = "Draws a picture with few levels a channel and spreads the error.",
		 .inputs = CO_INPUTS(CO_LINK("image", "IMAGE"), CO_INT("levels", 2, .min = 2, .max = 256)),
		 .outputs = CO_OUTPUTS(CO_GIVES("IMAGE")),
		 .run = dither,
	     }));
