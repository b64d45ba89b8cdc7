// cocoon.h: nodes and HTTP routes for Cocoon in C, as a WebAssembly module. This header is all there is: no library, no libc.
//
//	clang --target=wasm32 -O3 -mbulk-memory -nostdlib -Wl,--no-entry -Wl,--strip-debug -o module.wasm module.c
//
// Every call of the host starts from the memory that the module had at first, and its memory is thrown away when it ends. So
// nothing needs to be freed, and nothing that a call writes is there in the next one; kv keeps what is to stay.
//
// Functions that give a handle or a length give a negative errno (CO_EPERM, …) when the host refuses; those that take handles
// pass a negative one on. So a chain of calls needs one look at its end, which the co_give functions do.
#ifndef COCOON_H
#define COCOON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Kept out of line: what the host is asked for costs more than a call, and modules stay small.
#define CO_FN static __attribute__((noinline, unused))
#define CO_INLINE static inline __attribute__((always_inline, unused))

// Generated from cocoon1.json: begin.

#define CO_MAJOR 1
#define CO_MINOR 1

// What a host function returns instead of a result.
enum {
	CO_EPERM = -3, // The capability was not granted.
	CO_ELIMIT = -4, // A budget of the call or a quota of the tenant is spent.
	CO_ETOOBIG = -5, // One value is over its own bound.
	CO_ENOENT = -6, // There is no such thing.
	CO_ECONFLICT = -7, // The state has moved on since it was read.
	CO_ECANCEL = -8, // The call is being cancelled; return soon.
	CO_ETIMEOUT = -9, // The wait ended without an event.
	CO_EUNSUP = -10, // Well formed, and not something this host does.
	CO_EIO = -11, // The outside world failed.
	CO_EAGAIN = -12, // Not now; the same call may succeed later.
	CO_ENOMEM = -13, // The memory grant has no room.
};

// What cocoon_call is asked to do.
enum {
	CO_OP_DESCRIBE = 1, // Lists the nodes and routes: no request, a description as reply.
	CO_OP_EXECUTE = 2, // Runs a node once.
	CO_OP_CHECK_LAZY = 3, // Names the lazy inputs that a node needs besides those it has.
	CO_OP_VALIDATE = 4, // Looks at constants before a prompt is queued.
	CO_OP_FINGERPRINT = 5, // Says what a node's result depends on besides its inputs.
	CO_OP_ROUTE = 6, // Answers an HTTP request.
	CO_OP_WS = 7, // Takes a message of a client's WebSocket.
	CO_OP_RESUME = 8, // Goes on with a node that asked to be called again later.
	CO_OP_MIGRATE = 9, // Brings stored state to a new version of the package.
	CO_OP_SELFTEST = 10, // Runs the case of the conformance kit that the request names.
};

// Tags of values that CBOR has no form for.
enum {
	CO_TAG_HANDLE = 51900, // [kind, id]: a value that stays with the host.
	CO_TAG_BLOCKER = 51901, // null, or a message: consumers of this output must not run.
	CO_TAG_LINK = 51902, // [node id, output]: a link inside an expansion, or a raw link.
	CO_TAG_LIST = 51903, // [values]: several values for one port.
	CO_TAG_NUMBER = 51904, // A text of decimal digits, with or without a minus: an integer that no other form holds, in a widget's options.
	CO_TAG_RAISE = 51905, // [kind, text]: in the place of the whole reply, an error with a name for its kind, such as ValueError.
};

// Kinds of handles.
enum {
	CO_KIND_TENSOR = 1, // A tensor without a role.
	CO_KIND_IMAGE = 2, // F32 [batch, height, width, channels], 0 to 1.
	CO_KIND_MASK = 3, // F32 [batch, height, width], 0 to 1.
	CO_KIND_LATENT = 4, // Latents with what samplers must know; its samples are h_get("samples").
	CO_KIND_OPAQUE = 5, // A model, a conditioning, or any other value that guests pass on unseen.
	CO_KIND_ASSET = 6, // A file.
	CO_KIND_REQUEST = 7, // An HTTP exchange that http_start began.
	CO_KIND_BODY = 8, // The body of the request that a route answers, or a file of its form.
	CO_KIND_DRAFT = 9, // A file that asset_create began.
	CO_KIND_AUDIO = 10, // Sound with its rate; see h_parts.
};

// DTypes of tensors.
enum {
	CO_DTYPE_F32 = 1,
	CO_DTYPE_F16 = 2,
	CO_DTYPE_BF16 = 3,
	CO_DTYPE_F64 = 4,
	CO_DTYPE_I64 = 5,
	CO_DTYPE_I32 = 6,
	CO_DTYPE_I16 = 7,
	CO_DTYPE_I8 = 8,
	CO_DTYPE_U8 = 9,
	CO_DTYPE_BOOL = 10,
};

// Ops of a graph.
enum {
	CO_T_NEG = 1,
	CO_T_ABS = 2,
	CO_T_EXP = 3,
	CO_T_LOG = 4,
	CO_T_SQRT = 5,
	CO_T_RSQRT = 6,
	CO_T_RECIP = 7,
	CO_T_SQUARE = 8,
	CO_T_SIN = 9,
	CO_T_COS = 10,
	CO_T_TANH = 11,
	CO_T_SIGMOID = 12,
	CO_T_SILU = 13, // x * sigmoid(x)
	CO_T_GELU = 14, // x * 0.5 * (1 + erf(x/sqrt 2))
	CO_T_GELU_TANH = 15, // the tanh approximation
	CO_T_QUICK_GELU = 16, // x * sigmoid(1.702 x)
	CO_T_RELU = 17,
	CO_T_FLOOR = 18,
	CO_T_CEIL = 19,
	CO_T_ROUND = 20, // half to even
	CO_T_ERF = 21,
	CO_T_SIGN = 22,
	CO_T_SOFTPLUS = 23,
	CO_T_TAN = 24,
	CO_T_LEAKY_RELU = 25, // F[0]: slope below zero
	CO_T_ELU = 26, // F[0]: alpha
	CO_T_AFFINE = 27, // x*F[0] + F[1]
	CO_T_CLAMP = 28, // to F[0]..F[1]
	CO_T_POW_SCALAR = 29, // x ** F[0]
	CO_T_NOT = 30, // 1 where x is 0, else 0
	CO_T_HARD_SWISH = 31,
	CO_T_MISH = 32,
	CO_T_ADD = 40,
	CO_T_SUB = 41,
	CO_T_MUL = 42,
	CO_T_DIV = 43,
	CO_T_MIN = 44,
	CO_T_MAX = 45,
	CO_T_POW = 46,
	CO_T_MOD = 47, // x - y*floor(x/y), the sign of y: infinite for an infinite y of the other sign; torch's remainder
	CO_T_ATAN2 = 48, // the angle of (y, x): arguments y, x
	CO_T_LESS = 49, // comparisons give 1 or 0
	CO_T_LESS_EQUAL = 50,
	CO_T_EQUAL = 51,
	CO_T_WHERE = 60, // c, x, y: x where c is not 0, else y
	CO_T_LERP = 61, // x, y, t: x + t*(y-x)
	CO_T_RESHAPE = 70, // to the result's shape
	CO_T_PERMUTE = 71, // I: dimension i of the result is dimension I[i] of x
	CO_T_BROADCAST = 72, // to the result's shape
	CO_T_SLICE = 73, // I: axis, from, to, step (step at least 1)
	CO_T_CONCAT = 74, // any number of arguments; I[0]: axis
	CO_T_PAD = 75, // I: axis, before, after, mode (0 constant F[0], 1 reflect, 2 replicate, 3 circular)
	CO_T_FLIP = 76, // I[0]: axis
	CO_T_ROLL = 77, // I: axis, shift
	CO_T_GATHER = 78, // w table [n, d], ids I64 or I32 [...]: rows [..., d]
	CO_T_TILE = 79, // I: axis, count: the whole axis repeated
	CO_T_SUM = 90, // over the axis I[0], which stays with size 1, as for the next four
	CO_T_MEAN = 91,
	CO_T_AMAX = 92, // NaN if any is
	CO_T_AMIN = 93, // NaN if any is
	CO_T_PROD = 94,
	CO_T_CUMSUM = 95, // I[0]: axis; keeps the shape
	CO_T_ARGMAX = 96, // I64; I[0]: axis; the first of equals; NaN is greatest
	CO_T_SOFTMAX = 97, // I[0]: axis; keeps the shape; in F32 with the maximum taken off
	CO_T_MATMUL = 110, // x [..., m, k], y [..., k, n], leading dimensions broadcast
	CO_T_LINEAR = 111, // x [..., k], w [n, k], optional bias [n]: x wᵀ + bias
	CO_T_CONV2D = 112, // x [b, h, w, c], w [o, c/groups, kh, kw], optional bias [o]; I: stride y, x, pad top, left, bottom, right, dilation y, x, groups
	CO_T_GROUP_NORM = 113, // x [b, ..., c], optional w [c], bias [c]; I[0]: groups; F[0]: eps; statistics over all but b and within the group
	CO_T_LAYER_NORM = 114, // over the last dimension; optional w [c], bias [c]; F[0]: eps
	CO_T_RMS_NORM = 115, // over the last dimension; optional w [c]; F[0]: eps
	CO_T_ATTENTION = 116, // q [b, lq, h*d], k [b, lk, h*d], v [b, lk, h*dv], optional additive mask broadcast to [b, h, lq, lk]; I: heads, causal (0 or 1); F[0]: scale
	CO_T_GLU = 117, // x [..., 2c]: x[:c] * act(x[c:]); I[0]: 0 sigmoid, 1 GELU, 2 SiLU, 3 GELU tanh
	CO_T_RESIZE = 130, // to the result's height and width; I[0]: 0 nearest, 1 nearest-exact, 2 bilinear, 3 bicubic (a -0.75), 4 area; torch's interpolate with align_corners false
	CO_T_AVG_POOL = 131, // x [b, h, w, c]; I: kernel y, x, stride y, x
	CO_T_MAX_POOL = 132, // as AVG_POOL
	CO_T_CAST = 140, // to the result's dtype, by value; floats to integers truncate
	CO_T_EXP2 = 150, // 2 ** x
	CO_T_LOG2 = 151,
	CO_T_LOG10 = 152,
	CO_T_LOG1P = 153, // log(1 + x)
	CO_T_EXPM1 = 154, // exp(x) - 1
	CO_T_TRUNC = 155, // towards 0
	CO_T_FRAC = 156, // x - trunc(x)
	CO_T_ASIN = 157,
	CO_T_ACOS = 158,
	CO_T_ATAN = 159,
	CO_T_SINH = 160,
	CO_T_COSH = 161,
	CO_T_ASINH = 162,
	CO_T_ACOSH = 163,
	CO_T_ATANH = 164,
	CO_T_ISNAN = 165, // 1 or 0
	CO_T_ISINF = 166, // 1 or 0, of either sign
	CO_T_ISFINITE = 167, // 1 or 0
	CO_T_NAN_TO_NUM = 168, // F[0] for NaN, F[1] for inf, F[2] for -inf
	CO_T_SRGB_TO_LINEAR = 169, // x/12.92 up to 0.04045, else ((x+0.055)/1.055)**2.4; IEC 61966-2-1
	CO_T_LINEAR_TO_SRGB = 170, // 12.92 x up to 0.0031308, else 1.055 x**(1/2.4) - 0.055
	CO_T_POSTERIZE = 171, // to F[0] levels (2 to 65536) of 0..1: round(clamp(x, 0, 1) * (F[0]-1)) / (F[0]-1), half to even
	CO_T_THRESHOLD = 172, // x where it is above F[0] or NaN, else F[1]
	CO_T_SMOOTH_STEP = 173, // t*t*(3 - 2t) with t = (x-F[0])/(F[1]-F[0]) clamped to 0..1
	CO_T_GREATER = 180, // comparisons give 1 or 0
	CO_T_GREATER_EQUAL = 181,
	CO_T_NOT_EQUAL = 182,
	CO_T_AND = 183, // 1 or 0; true is what is not 0, NaN too
	CO_T_OR = 184,
	CO_T_XOR = 185,
	CO_T_HYPOT = 186, // sqrt(x*x + y*y) without overflow
	CO_T_FMOD = 187, // x - y*trunc(x/y), the sign of x; torch's fmod
	CO_T_FLOOR_DIV = 188, // floor(x/y)
	CO_T_COPYSIGN = 189, // the magnitude of x with the sign of y
	CO_T_BLEND = 190, // x backdrop, y source; I[0]: 0 multiply, 1 screen, 2 overlay, 3 darken, 4 lighten, 5 color dodge, 6 color burn, 7 hard light, 8 soft light, 9 difference, 10 exclusion; formulas of W3C Compositing and Blending Level 1
	CO_T_ARGMIN = 195, // I64; I[0]: axis; the first of equals; NaN is least
	CO_T_VAR = 196, // I: axis, correction: sum of (x - mean)**2 / max(0, n - correction); torch's var
	CO_T_STD = 197, // I: axis, correction: the root of VAR
	CO_T_LOGSUMEXP = 198, // I[0]: axis; log(sum(exp(x))), the maximum taken off
	CO_T_CUMPROD = 199, // I[0]: axis; keeps the shape
	CO_T_CUMMAX = 200, // I[0]: axis; keeps the shape; NaN from the first NaN on
	CO_T_CUMMIN = 201, // as CUMMAX
	CO_T_LOG_SOFTMAX = 202, // I[0]: axis; keeps the shape; x - logsumexp(x)
	CO_T_MEDIAN = 203, // I[0]: axis; the lower of two middle elements; NaN if any is; torch's median
	CO_T_QUANTILE = 204, // I[0]: axis; F[0]: q in 0..1; linear between the elements around q*(n-1); NaN if any is; torch's quantile
	CO_T_NORM = 205, // I[0]: axis; sqrt(sum(x*x))
	CO_T_SORT = 206, // I: axis, descending (0 or 1); NaN is greatest; torch's sort
	CO_T_ARGSORT = 207, // I64; as SORT; equals stay in order
	CO_T_TOPK = 208, // I: axis, k, largest (0 or 1): the k extreme elements, from the extreme on; NaN is greatest
	CO_T_TOPK_INDEX = 209, // I64; as TOPK: where they are; the first of equals first
	CO_T_SCATTER_ADD = 210, // x [n, d], ids I64 or I32 [...], rows [..., d]: x with each row added at its id, in order; torch's index_add
	CO_T_ONE_HOT = 211, // ids I64 or I32 [...]; I[0]: classes: [..., classes]
	CO_T_TAKE_ALONG = 212, // x, ids I64 or I32 of x's shape but for the axis I[0]: elements of x at the ids along the axis; torch's gather
	CO_T_IOTA = 213, // no arguments, to the result's shape; I[0]: axis: F[0] + F[1]*(index on the axis)
	CO_T_FULL = 214, // no arguments, to the result's shape: F[0]
	CO_T_UNIFORM = 215, // no arguments, to the result's shape; I: seed (low and high half, as signed 32 bit), stream (signed 32 bit): [0, 1) in steps of 2**-24; elements 4i..4i+3 are the high 24 bits of Philox4x32-10 of counter (i low, i high, stream, 0) under the seed; the same on every device
	CO_T_NORMAL = 216, // as UNIFORM, mean 0 and variance 1: for each two words a, b of a block sqrt(-2 ln((a+1)/2**32)) times cos and sin of 2 pi b/2**32 (Box and Muller)
	CO_T_TRIU = 217, // x [..., h, w]; I[0]: k: 0 where column - row is under k; torch's triu
	CO_T_TRIL = 218, // 0 where column - row is over I[0]; torch's tril
	CO_T_PIXEL_SHUFFLE = 219, // x [b, h, w, c*r*r] to [b, h*r, w*r, c]; I[0]: r, 1 to 64; pixel (dy, dx) is channel (c*r + dy)*r + dx; torch's pixel_shuffle
	CO_T_PIXEL_UNSHUFFLE = 220, // the way back from PIXEL_SHUFFLE
	CO_T_UNFOLD = 221, // x [b, h, w, c]; I: kernel y, x (to 255), stride y, x, pad y, x (zeros), dilation y, x: [b, oh*ow, c*kh*kw]; torch's unfold with the last two dimensions swapped
	CO_T_REPEAT = 222, // I: axis, count: each element repeated in place; torch's repeat_interleave
	CO_T_CONV_TRANSPOSE2D = 223, // x [b, h, w, c], w [c, o/groups, kh, kw], optional bias [o]; I: stride y, x, pad y, x, output pad y, x, dilation y, x, groups; torch's conv_transpose2d
	CO_T_RESIZE_AA = 224, // x [b, h, w, c] to the result's height and width; I[0]: 0 bilinear, 1 bicubic (a -0.5), 2 Lanczos (3 lobes), 3 box, 4 Hamming; the filter is stretched by the scale where it shrinks; torch's interpolate with antialias, Pillow's resize
	CO_T_FILTER2D = 225, // x [b, h, w, c], kernel [kh, kw]: the same correlation on each channel; I[0]: border (PAD's modes, 0 is zeros); the middle is (kh-1)/2, (kw-1)/2; kernels to 255 a side
	CO_T_GAUSSIAN_BLUR = 226, // x [b, h, w, c]; I: kernel y, x (odd, to 255), border (PAD's modes); F: sigma y, x; weights exp(-(d/sigma)**2 / 2) of sum 1; torchvision's gaussian_blur with border 1
	CO_T_BOX_BLUR = 227, // x [b, h, w, c]; I: kernel y, x (odd, to 255), border (PAD's modes): the mean of the window
	CO_T_MEDIAN_FILTER = 228, // x [b, h, w, c]; I: kernel y, x (odd, to 31), border (PAD's modes): the middle of the window; NaN if any is
	CO_T_DILATE = 229, // x [b, h, w, c]; I: kernel y, x (odd, to 255), shape (0 rectangle, 1 cross): the greatest of the window within the picture
	CO_T_ERODE = 230, // as DILATE: the least
	CO_T_GRID_SAMPLE = 231, // x [b, h, w, c], grid [b, oh, ow, 2] of x, y in -1..1; I: filter (0 bilinear, 1 nearest, 2 bicubic), outside (0 zeros, 1 border, 2 reflection), align_corners (0 or 1); torch's grid_sample
	CO_T_HISTOGRAM = 232, // x of any shape; I[0]: bins, to 65536; F: from, to: [bins] counts; what equals to counts in the last bin, what is outside in none; torch's histc
	CO_T_FFT = 233, // x [..., n, ..., 2] of real and imaginary parts; I: axis (not the last), inverse (0 or 1): by exp(-2 pi i jk/n), inverse with 1/n; n to 65536; torch's fft and ifft
	CO_T_RGB_TO_HSV = 234, // x [..., 3], or [..., 4] whose fourth channel stays, as for the next five; all in 0..1
	CO_T_HSV_TO_RGB = 235, // hue wraps around
	CO_T_RGB_TO_YUV = 236, // Y' in 0..1, Cb and Cr around 0.5, full range, by BT.601, as JPEG
	CO_T_YUV_TO_RGB = 237, // the way back from RGB_TO_YUV
	CO_T_RGB_TO_LAB = 238, // sRGB to CIE L*a*b*, D65: L in 0..100
	CO_T_LAB_TO_RGB = 239, // the way back from RGB_TO_LAB
	CO_T_LUMINANCE = 240, // x [..., 3] or [..., 4] to [..., 1]; I[0]: 0 BT.709 (0.2126 r + 0.7152 g + 0.0722 b), 1 BT.601 (0.299 r + 0.587 g + 0.114 b), 2 the mean
	CO_T_OVER = 241, // top [..., 4] over bottom [..., 4], straight alpha, broadcast: alpha a = at + ab(1-at), colour (ct at + cb ab(1-at))/a, 0 where a is 0; Porter and Duff 1984
};

// Limits of messages and calls.
enum {
	CO_MAX_CBOR_DEPTH = 32, // Nesting of one message.
	CO_MAX_CBOR_ITEMS = 65536, // Items of one message.
	CO_MAX_CBOR_BYTES = 4194304, // Bytes of one message.
	CO_MAX_GRAPH_INSTRS = 1024, // Instructions of one t_graph.
	CO_MAX_GRAPH_POOL = 65536, // Entries of each pool of one t_graph.
	CO_MAX_DIMS = 6, // Dimensions of a tensor; t_new, t_reshape and a graph trap with more.
	CO_MAX_HANDLES = 4096, // Handles alive in one call.
	CO_MAX_LOG_BYTES = 65536, // Log text of one call; more is dropped, from the letter on that does not fit.
	CO_MAX_TEXT_BYTES = 4096, // Bytes of a failure's text or a progress text; the rest is cut off before the letter that does not fit.
	CO_MAX_MSG_BYTES = 65536, // Bytes of one message between a client, a route and a node.
	CO_MAX_MSG_COUNT = 16, // Messages kept for a node that does not wait yet.
	CO_MAX_KV_KEY_BYTES = 256, // Bytes of a key.
	CO_MAX_KV_VALUE_BYTES = 262144, // Bytes of a value.
	CO_MAX_RANDOM_BYTES = 65536, // Random bytes of one call of random.
	CO_MAX_STATE_BYTES = 65536, // State that a node leaves for resume.
	CO_MAX_EXPAND_NODES = 1024, // Nodes of one expansion.
	CO_MAX_PAGE_BYTES = 65536, // Windows start and end on these.
	CO_MAX_BODY_BYTES = 1048576, // Bytes of a request to a route that come with it; a longer body, and files of a longer form, come as handles.
	CO_MAX_WAIT_HANDLES = 64, // Handles of one wait_any.
};

// What feature probes for.
enum {
	CO_FEATURE_TENSOR_WINDOWS = 1, // t_map shares memory instead of copying it.
	CO_FEATURE_REAL_CLOCK = 2, // now_ms is the real time.
	CO_FEATURE_SECURE_RANDOM = 3, // random draws from the system.
	CO_FEATURE_NODE_CALL = 4, // node_call is granted for at least one class.
	CO_FEATURE_MESSAGES = 5, // msg_wait and msg_post are granted.
	CO_FEATURE_STREAMS = 6, // Bodies and answers of routes can be streams.
	CO_FEATURE_REQUESTS = 7, // http_start is granted, and wait_any waits for it.
	CO_FEATURE_DRAFTS = 8, // asset_create, asset_store, asset_image and image_save are there, and saving is granted.
	CO_FEATURE_EVENTS = 9, // ws_post is granted.
	CO_FEATURE_PARTS = 10, // h_type, h_parts and h_build are there.
	CO_FEATURE_RECEIVES = 11, // Messages of clients reach the op ws, and a kind of them is granted.
};

// What t_info writes. Little-endian, as all structs.
typedef struct {
	uint32_t dtype; // one of the dtypes
	uint32_t rank; // number of dimensions
	uint32_t device; // 0: the processor's memory
	uint32_t flags; // 1: contiguous
	int64_t shape[8]; // sizes, outermost first; the rest is 0
	int64_t bytes; // elements times their size
	uint32_t kind; // one of the kinds
	uint32_t reserved; // 0
} co_tensor_info;
_Static_assert(sizeof(co_tensor_info) == 96, "layout");

// Starts a t_graph. Behind it follow the input handles (i64), the instructions, the integer pool (i64), the float pool (f64), the argument pool (u32) and the outputs (u32). Value i is input i; the results of the instructions follow the inputs.
typedef struct {
	uint32_t version; // 1
	uint32_t inputs; // number of input handles
	uint32_t instrs; // number of instructions
	uint32_t ints; // length of the integer pool
	uint32_t floats; // length of the float pool
	uint32_t args; // length of the argument pool
	uint32_t outputs; // number of outputs
	uint32_t reserved; // 0
} co_graph_head;
_Static_assert(sizeof(co_graph_head) == 32, "layout");

// One instruction of a t_graph.
typedef struct {
	uint16_t kind; // the op
	uint8_t args; // number of arguments
	uint8_t rank; // dimensions of the wanted shape; 255 where it follows from the arguments
	uint32_t args_at; // first argument in the pool: value numbers
	uint32_t ints_at; // first integer constant
	uint16_t ints; // number of integer constants
	uint16_t floats; // number of float constants
	uint32_t floats_at; // first float constant
	uint32_t shape_at; // the wanted shape in the integer pool
	uint64_t reserved; // 0
} co_graph_instr;
_Static_assert(sizeof(co_graph_instr) == 32, "layout");

// cocoon1: What every guest may do.
// Sets the call's reply. The last one counts.
__attribute__((import_module("cocoon1"), import_name("reply"))) void host_reply(uint32_t ptr, uint32_t len);
// Sets the call's failure: an errno and a text for the user. The call fails even if it replied.
__attribute__((import_module("cocoon1"), import_name("fail"))) void host_fail(int32_t code, uint32_t ptr, uint32_t len);
// Drains what did not fit into the out buffer of the last call that returned more than its cap: gives the number of bytes written.
__attribute__((import_module("cocoon1"), import_name("take"))) int64_t host_take(uint32_t ptr, uint32_t cap);
// Writes a line to the extension's log; levels 0 debug, 1 info, 2 warning, 3 error.
__attribute__((import_module("cocoon1"), import_name("log"))) void host_log(int32_t level, uint32_t ptr, uint32_t len);
// Says how far the node is. 1 when the call is cancelled.
__attribute__((import_module("cocoon1"), import_name("progress"))) int32_t host_progress(double value, double max);
// Shows a line on the node.
__attribute__((import_module("cocoon1"), import_name("progress_text"))) void host_progress_text(uint32_t ptr, uint32_t len);
// As progress, for clients that follow the state of all nodes only: no event of its own. 1 when the call is cancelled.
__attribute__((import_module("cocoon1"), import_name("progress_state"))) int32_t host_progress_state(double value, double max);
// As progress_text, for every client of the tenant rather than the one who asked for the prompt.
__attribute__((import_module("cocoon1"), import_name("progress_text_all"))) void host_progress_text_all(uint32_t ptr, uint32_t len);
// Shows the first picture of a batch as a preview, no side longer than max_side, 0 for its own size; format 0 JPEG, 1 PNG; flags 1 shows it together with the next progress. 1 when the call is cancelled.
__attribute__((import_module("cocoon1"), import_name("preview"))) int32_t host_preview(int64_t image, uint32_t max_side, uint32_t format, uint32_t flags);
// Waits for an input of the node that a link leads to, such as a lazy one that check_lazy did not name, while the server computes it, and writes its value: its length. A value that blocks comes as the tag BLOCKER. Only asynchronous nodes can ask, in execute and resume: EUNSUP elsewhere. ENOENT when there is no such link, ECANCEL when the call ends. Since 1.1.
__attribute__((import_module("cocoon1"), import_name("input"))) int64_t host_input(uint32_t name, uint32_t name_len, uint32_t out, uint32_t cap);
// Waits without using fuel; ECANCEL when the call ends meanwhile.
__attribute__((import_module("cocoon1"), import_name("sleep_ms"))) int32_t host_sleep_ms(uint32_t ms);
// Milliseconds since 1970. Without the capability real_clock it is the start of the call, the same at each question.
__attribute__((import_module("cocoon1"), import_name("now_ms"))) int64_t host_now_ms(void);
// Random bytes: drawn from the prompt, the node and the module, so that equal calls draw equal bytes; from the system with the capability secure_random.
__attribute__((import_module("cocoon1"), import_name("random"))) int32_t host_random(uint32_t ptr, uint32_t len);
// Instructions that the call may still execute.
__attribute__((import_module("cocoon1"), import_name("fuel_left"))) int64_t host_fuel_left(void);
// Milliseconds that the call may still run.
__attribute__((import_module("cocoon1"), import_name("deadline_ms"))) int64_t host_deadline_ms(void);
// 1 when the host has the feature.
__attribute__((import_module("cocoon1"), import_name("feature"))) int32_t host_feature(uint32_t id);
// Gives a handle back before the call ends.
__attribute__((import_module("cocoon1"), import_name("h_drop"))) void host_h_drop(int64_t h);
// A handle to a part of a value: "samples" and "noise_mask" of a latent. ENOENT when it has none.
__attribute__((import_module("cocoon1"), import_name("h_get"))) int64_t host_h_get(int64_t h, uint32_t key_ptr, uint32_t key_len);
// The tensor h as an image, a mask or a latent. EUNSUP when dtype or shape do not fit.
__attribute__((import_module("cocoon1"), import_name("h_make"))) int64_t host_h_make(uint32_t kind, int64_t h);
// Writes the name of the type that links of such a value have, such as LATENT or MODEL: its length. ENOENT when the host knows none.
__attribute__((import_module("cocoon1"), import_name("h_type"))) int64_t host_h_type(int64_t h, uint32_t out, uint32_t cap);
// Takes a value apart: {samples, noise_mask, batch_index} of a latent, {waveform, sample_rate} of audio, {image, width, height, batch, channels} of a picture; tensors come as handles, what is not there is null. Its length; EUNSUP for other kinds.
__attribute__((import_module("cocoon1"), import_name("h_parts"))) int64_t host_h_parts(int64_t h, uint32_t out, uint32_t cap);
// The reverse of h_parts, for LATENT and AUDIO: a new value of the parts that the message names. With {base: handle} a latent keeps from base what the message does not name. EUNSUP when dtypes or shapes do not fit.
__attribute__((import_module("cocoon1"), import_name("h_build"))) int64_t host_h_build(uint32_t kind, uint32_t ptr, uint32_t len);
// Waits until one of the count handles (i64) at ptr is ready and gives its place: a REQUEST is ready when its answer has begun, or will not. ETIMEOUT after timeout_ms, ECANCEL when the call ends, EUNSUP for other kinds and for none.
__attribute__((import_module("cocoon1"), import_name("wait_any"))) int64_t host_wait_any(uint32_t ptr, uint32_t count, uint32_t timeout_ms);

// cocoon1_route: What routes need beyond their request and their reply. Elsewhere these are EUNSUP.
// Waits for bytes of a BODY and copies them: how many; 0 at the end. ETOOBIG when it is longer than was granted, ECANCEL when the client is gone, ECONFLICT when it was given to a request.
__attribute__((import_module("cocoon1_route"), import_name("body_read"))) int64_t host_body_read(int64_t h, uint32_t ptr, uint32_t len);
// Begins a streamed answer with {status, headers}; the reply that the call returns does not count then. An answer of the type text/event-stream gets a comment from the host whenever it was silent for 15 seconds. ECONFLICT when it has begun.
__attribute__((import_module("cocoon1_route"), import_name("reply_head"))) int32_t host_reply_head(uint32_t ptr, uint32_t len);
// Sends bytes of the answer that reply_head began, as fast as the client takes them: how many. ECANCEL when the client is gone, ELIMIT when the answer is longer than was granted.
__attribute__((import_module("cocoon1_route"), import_name("reply_write"))) int64_t host_reply_write(uint32_t ptr, uint32_t len);

// cocoon1_tensor: Tensors by handle; pixels stay with the host until they are mapped.
// Writes a tensor_info.
__attribute__((import_module("cocoon1_tensor"), import_name("t_info"))) int32_t host_t_info(int64_t h, uint32_t out);
// A tensor filled with one value; shape points at rank sizes (i64).
__attribute__((import_module("cocoon1_tensor"), import_name("t_new"))) int64_t host_t_new(uint32_t dtype, uint32_t rank, uint32_t shape, double value);
// The tensor in another dtype.
__attribute__((import_module("cocoon1_tensor"), import_name("t_cast"))) int64_t host_t_cast(int64_t h, uint32_t dtype);
// A view of a range of one dimension.
__attribute__((import_module("cocoon1_tensor"), import_name("t_slice"))) int64_t host_t_slice(int64_t h, uint32_t axis, int64_t from, int64_t to);
// A view with the dimensions in another order; order points at rank numbers (u32).
__attribute__((import_module("cocoon1_tensor"), import_name("t_permute"))) int64_t host_t_permute(int64_t h, uint32_t order, uint32_t rank);
// The elements under another shape.
__attribute__((import_module("cocoon1_tensor"), import_name("t_reshape"))) int64_t host_t_reshape(int64_t h, uint32_t rank, uint32_t shape);
// Runs a small program over tensors and writes the handles (i64) of its outputs: the number of bytes.
__attribute__((import_module("cocoon1_tensor"), import_name("t_graph"))) int64_t host_t_graph(uint32_t ptr, uint32_t len, uint32_t out, uint32_t cap);
// Copies bytes of a tensor, row by row, into the guest: how many.
__attribute__((import_module("cocoon1_tensor"), import_name("t_read"))) int64_t host_t_read(int64_t h, int64_t at, uint32_t ptr, uint32_t len);
// Copies bytes into a tensor that this call made with t_new and has not given to a graph, a view or a reply.
__attribute__((import_module("cocoon1_tensor"), import_name("t_write"))) int64_t host_t_write(int64_t h, int64_t at, uint32_t ptr, uint32_t len);
// Copies a rectangle of one picture of [b, h, w, c] into the guest: how many bytes.
__attribute__((import_module("cocoon1_tensor"), import_name("t_read_rect"))) int64_t host_t_read_rect(int64_t h, uint32_t item, uint32_t y, uint32_t x, uint32_t height, uint32_t width, uint32_t ptr, uint32_t len);
// The reverse of t_read_rect, under the rule of t_write.
__attribute__((import_module("cocoon1_tensor"), import_name("t_write_rect"))) int64_t host_t_write_rect(int64_t h, uint32_t item, uint32_t y, uint32_t x, uint32_t height, uint32_t width, uint32_t ptr, uint32_t len);
// Makes a tensor's bytes appear at ptr, a page's start in the guest's memory. Writes there stay private. Gives the tensor's byte count.
__attribute__((import_module("cocoon1_tensor"), import_name("t_map"))) int64_t host_t_map(int64_t h, uint32_t ptr, uint32_t len);
// Makes the zeroed memory of a new tensor appear at ptr, to be written.
__attribute__((import_module("cocoon1_tensor"), import_name("t_map_out"))) int64_t host_t_map_out(uint32_t dtype, uint32_t rank, uint32_t shape, uint32_t ptr, uint32_t len);
// Ends the window that t_map_out opened at ptr and gives the tensor's handle. The memory there is zero afterwards.
__attribute__((import_module("cocoon1_tensor"), import_name("t_commit"))) int64_t host_t_commit(uint32_t ptr);
// Ends a window; the memory there is zero afterwards.
__attribute__((import_module("cocoon1_tensor"), import_name("t_unmap"))) int32_t host_t_unmap(uint32_t ptr);

// cocoon1_node: Granted built-in nodes as functions.
// Runs {class, inputs} and writes {outputs}: its length.
__attribute__((import_module("cocoon1_node"), import_name("node_call"))) int64_t host_node_call(uint32_t ptr, uint32_t len, uint32_t out, uint32_t cap);

// cocoon1_kv: Small values that stay, kept apart by tenant and extension. Scope 0 is the tenant's, 1 the prompt's.
// Writes the value: its length.
__attribute__((import_module("cocoon1_kv"), import_name("kv_get"))) int64_t host_kv_get(uint32_t scope, uint32_t key, uint32_t key_len, uint32_t out, uint32_t cap);
// Sets a value; ttl_ms 0 keeps it.
__attribute__((import_module("cocoon1_kv"), import_name("kv_put"))) int32_t host_kv_put(uint32_t scope, uint32_t key, uint32_t key_len, uint32_t ptr, uint32_t len, int64_t ttl_ms);
// Sets a value if the present one equals old; an absent one equals an old of length 0. ECONFLICT otherwise.
__attribute__((import_module("cocoon1_kv"), import_name("kv_cas"))) int32_t host_kv_cas(uint32_t scope, uint32_t key, uint32_t key_len, uint32_t old, uint32_t old_len, uint32_t ptr, uint32_t len);
// Forgets a value.
__attribute__((import_module("cocoon1_kv"), import_name("kv_delete"))) int32_t host_kv_delete(uint32_t scope, uint32_t key, uint32_t key_len);
// Writes the sorted keys that start with prefix, at most 1,000, as an array: its length.
__attribute__((import_module("cocoon1_kv"), import_name("kv_list"))) int64_t host_kv_list(uint32_t scope, uint32_t prefix, uint32_t prefix_len, uint32_t out, uint32_t cap);

// cocoon1_http: Requests to the addresses that the operator granted.
// Sends {method, url, headers, body} and writes {status, headers, body}: its length. {{secret:NAME}} in a header is filled by the host where the rule binds the secret; timeout_ms is how long it may take, 60000 when it is not there.
__attribute__((import_module("cocoon1_http"), import_name("http_fetch"))) int64_t host_http_fetch(uint32_t ptr, uint32_t len, uint32_t out, uint32_t cap);
// Begins a request as http_fetch sends it and gives a handle of kind REQUEST at once. Here body may also be a handle to an ASSET or a BODY, and timeout_ms may be up to 600000.
__attribute__((import_module("cocoon1_http"), import_name("http_start"))) int64_t host_http_start(uint32_t ptr, uint32_t len);
// Waits until the answer begins and writes {status, headers, length}: its length; length is null when it is not known.
__attribute__((import_module("cocoon1_http"), import_name("http_take"))) int64_t host_http_take(int64_t h, uint32_t out, uint32_t cap);
// Waits for bytes of the answer's body and copies them: how many; 0 at the end.
__attribute__((import_module("cocoon1_http"), import_name("http_read"))) int64_t host_http_read(int64_t h, uint32_t ptr, uint32_t len);

// cocoon1_asset: Files of the input, output and temp folders, by name.
// A handle to the file {type, subfolder, filename}, or {name} as widgets have it: a folder and a name, with [output] or [temp] behind it where it is not of the input folder. EPERM for a folder that is not granted, unless chosen is and an input of the node names the file.
__attribute__((import_module("cocoon1_asset"), import_name("asset_open"))) int64_t host_asset_open(uint32_t ptr, uint32_t len);
// Its bytes.
__attribute__((import_module("cocoon1_asset"), import_name("asset_size"))) int64_t host_asset_size(int64_t h);
// Copies bytes into the guest: how many; 0 at the end.
__attribute__((import_module("cocoon1_asset"), import_name("asset_read"))) int64_t host_asset_read(int64_t h, int64_t at, uint32_t ptr, uint32_t len);
// Saves a file in the output folder, below the extension's own subfolder, and writes {type, subfolder, filename}: its length.
__attribute__((import_module("cocoon1_asset"), import_name("asset_save"))) int64_t host_asset_save(uint32_t name, uint32_t name_len, uint32_t ptr, uint32_t len, uint32_t out, uint32_t cap);
// Begins a file of the output folder, below the extension's own subfolder: a handle for asset_write. Nothing is kept until asset_commit.
__attribute__((import_module("cocoon1_asset"), import_name("asset_create"))) int64_t host_asset_create(uint32_t name, uint32_t name_len);
// Adds bytes to a file that asset_create began: how many.
__attribute__((import_module("cocoon1_asset"), import_name("asset_write"))) int64_t host_asset_write(int64_t h, uint32_t ptr, uint32_t len);
// Saves the file that asset_create began, gives its handle back and writes {type, subfolder, filename}: its length.
__attribute__((import_module("cocoon1_asset"), import_name("asset_commit"))) int64_t host_asset_commit(int64_t h, uint32_t out, uint32_t cap);
// Saves what is left of a BODY or a REQUEST, or the whole of an ASSET, as asset_save does, and no byte of it crosses. ETOOBIG when it is over its bound; then nothing is kept.
__attribute__((import_module("cocoon1_asset"), import_name("asset_store"))) int64_t host_asset_store(int64_t h, uint32_t name, uint32_t name_len, uint32_t out, uint32_t cap);
// Decodes a picture file: part 0 is an IMAGE with 3 channels, with a picture for each frame, part 1 its transparency as a MASK, 1 where nothing is to be seen. EUNSUP for files that are no pictures, ELIMIT when it has too many pixels for the call.
__attribute__((import_module("cocoon1_asset"), import_name("asset_image"))) int64_t host_asset_image(int64_t h, uint32_t part);
// Saves the pictures of {image: handle, name, format, quality, level, text: {key: text}} as asset_save does, a file each, and writes an array of {type, subfolder, filename}: its length. format is png (the default), jpeg or webp; quality 1 to 100 is for jpeg, level 0 to 9 and text, such as prompt and workflow, for png.
__attribute__((import_module("cocoon1_asset"), import_name("image_save"))) int64_t host_image_save(uint32_t ptr, uint32_t len, uint32_t out, uint32_t cap);

// cocoon1_ws: Messages to the clients.
// Sends a JSON object as an event of type ext.<id>.<type> to the client that asked.
__attribute__((import_module("cocoon1_ws"), import_name("ws_send"))) int32_t host_ws_send(uint32_t name, uint32_t name_len, uint32_t ptr, uint32_t len);
// Sends a JSON object as an event of type ext.<id>.<type>: target 0 to the client of that id, or to the one that asked for an empty one; 1 to the client that asked for the prompt of that id, in which a node of the extension runs; 2 to all clients of the tenant. ENOENT when nobody is known, EAGAIN over 50 a second.
__attribute__((import_module("cocoon1_ws"), import_name("ws_post"))) int32_t host_ws_post(uint32_t target, uint32_t id, uint32_t id_len, uint32_t name, uint32_t name_len, uint32_t ptr, uint32_t len);
// Sends the first picture of a batch as a binary preview to a target of ws_post, no side longer than max_side, 0 for its own size; format 0 JPEG, 1 PNG. The type preview must be granted.
__attribute__((import_module("cocoon1_ws"), import_name("ws_image"))) int32_t host_ws_image(uint32_t target, uint32_t id, uint32_t id_len, int64_t image, uint32_t max_side, uint32_t format);

// cocoon1_msg: How a browser talks to a node while it runs: a route posts, the node waits.
// Waits for a message to this node without using fuel and writes it: its length.
__attribute__((import_module("cocoon1_msg"), import_name("msg_wait"))) int64_t host_msg_wait(uint32_t topic, uint32_t topic_len, uint32_t timeout_ms, uint32_t out, uint32_t cap);
// Leaves a message for a node of a prompt of the caller's tenant: 1 when a node took it, 0 when it is kept. An empty prompt means the one that runs that node, or will run it next.
__attribute__((import_module("cocoon1_msg"), import_name("msg_post"))) int32_t host_msg_post(uint32_t prompt, uint32_t prompt_len, uint32_t node, uint32_t node_len, uint32_t topic, uint32_t topic_len, uint32_t ptr, uint32_t len);

// Generated from cocoon1.json: end.

// ---------------------------------------------------------------------------------------------------------------------------
// Memory.

#define CO_PAGE 65536u

// A text or bytes: not ended by a zero.
typedef struct {
	const char *p;
	uint32_t n;
} co_str;

#define CO_S(literal) ((co_str){(literal), sizeof(literal) - 1})

CO_FN uint32_t co_at32(const void *p) { return (uint32_t)(uintptr_t)p; }

// What compilers call on their own. Weak, so that a libc may stand in.
__attribute__((weak)) void *memcpy(void *restrict to, const void *restrict from, size_t n) {
	for (size_t i = 0; i < n; i++) ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}
__attribute__((weak)) void *memset(void *p, int c, size_t n) {
	for (size_t i = 0; i < n; i++) ((volatile uint8_t *)p)[i] = (uint8_t)c;
	return p;
}
__attribute__((weak)) void *memmove(void *to, const void *from, size_t n) {
	volatile uint8_t *a = (volatile uint8_t *)to;
	const uint8_t *b = (const uint8_t *)from;
	if ((uintptr_t)to <= (uintptr_t)from)
		for (size_t i = 0; i < n; i++) a[i] = b[i];
	else
		while (n-- > 0) a[n] = b[n];
	return to;
}
__attribute__((weak)) int memcmp(const void *x, const void *y, size_t n) {
	const volatile uint8_t *a = (const volatile uint8_t *)x, *b = (const volatile uint8_t *)y;
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i]) return a[i] - b[i];
	return 0;
}
__attribute__((weak)) size_t strlen(const char *s) {
	size_t n = 0;
	while (((const volatile char *)s)[n]) n++;
	return n;
}

CO_FN co_str co_s(const char *s) { return (co_str){s, s ? (uint32_t)strlen(s) : 0}; }
CO_FN bool co_same(co_str a, const char *b) { return a.n == strlen(b) && memcmp(a.p, b, a.n) == 0; }

extern uint8_t __heap_base;
typedef struct {
	uint32_t at, end;
	struct {
		uint32_t at, size;
	} spare[8]; // windows that were closed
} co_heap_state;
__attribute__((weak)) co_heap_state co_heap;

// co_pages gives n whole pages that are zero, behind everything else.
CO_FN void *co_pages(uint32_t n) {
	size_t before = __builtin_wasm_memory_grow(0, n);
	if (before == (size_t)-1) __builtin_trap();
	return (void *)(uintptr_t)(before * CO_PAGE);
}

// co_alloc gives n zeroed bytes, aligned to 16, until the end of the call. When there is no memory the call ends.
CO_FN void *co_alloc(size_t n) {
	if (!co_heap.at) {
		co_heap.at = (co_at32(&__heap_base) + 15) & ~15u;
		co_heap.end = __builtin_wasm_memory_size(0) * CO_PAGE;
	}
	if (n > 0x7fff0000u) __builtin_trap();
	n = (n + 15) & ~(size_t)15;
	if (n > co_heap.end - co_heap.at) {
		uint32_t pages = (uint32_t)((n + CO_PAGE - 1) / CO_PAGE), at = co_at32(co_pages(pages));
		if (at != co_heap.end) co_heap.at = at; // a window is in between
		co_heap.end = at + pages * CO_PAGE;
	}
	void *p = (void *)(uintptr_t)co_heap.at;
	co_heap.at += n;
	return p;
}

// co_join copies texts behind each other, with a zero at the end: co_join(3, a, b, c).
CO_FN co_str co_join(int count, const co_str *parts) {
	uint32_t n = 0;
	for (int i = 0; i < count; i++) n += parts[i].n;
	char *p = (char *)co_alloc(n + 1), *q = p;
	for (int i = 0; i < count; i++) {
		memcpy(q, parts[i].p, parts[i].n);
		q += parts[i].n;
	}
	return (co_str){p, n};
}
#define CO_JOIN(...) co_join(sizeof((co_str[]){__VA_ARGS__}) / sizeof(co_str), (co_str[]){__VA_ARGS__})

// co_decimal writes a whole number.
CO_FN co_str co_decimal(int64_t v) {
	char *p = (char *)co_alloc(24) + 23, *end = p;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do *--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0) *--p = '-';
	return (co_str){p, (uint32_t)(end - p)};
}

// ---------------------------------------------------------------------------------------------------------------------------
// Reading messages. A co_val is one item of a message, where it lies. Absent ones have p == NULL; reading something as what it
// is not gives the default.

typedef struct {
	const uint8_t *p, *end;
} co_val;

typedef enum { CO_IS_ABSENT, CO_IS_INT, CO_IS_BYTES, CO_IS_TEXT, CO_IS_LIST, CO_IS_MAP, CO_IS_TAG, CO_IS_BOOL, CO_IS_NULL, CO_IS_FLOAT } co_is;

// co_head reads an item's major type and number and gives what follows; NULL when the message is broken.
CO_INLINE const uint8_t *co_head(co_val v, uint8_t *major, uint64_t *n) {
	if (!v.p || v.p >= v.end) return NULL;
	uint8_t info = *v.p & 31;
	const uint8_t *p = v.p + 1;
	*major = *v.p >> 5;
	*n = info;
	if (info < 24) return p;
	if (info > 27 || v.end - p < 1 << (info - 24)) return NULL;
	*n = 0;
	for (int i = 1 << (info - 24); i > 0; i--) *n = *n << 8 | *p++;
	return p;
}

// co_skip gives what follows an item; NULL when the message is broken.
CO_FN const uint8_t *co_skip(const uint8_t *p, const uint8_t *end) {
	for (uint64_t left = 1; left > 0; left--) {
		uint8_t major;
		uint64_t n;
		if (p < end && (*p & 31) < 24) { // most heads are one byte
			major = *p >> 5;
			n = *p++ & 31;
		} else if (!(p = co_head((co_val){p, end}, &major, &n))) {
			return NULL;
		}
		if (major == 2 || major == 3) {
			if (n > (uint64_t)(end - p)) return NULL;
			p += n;
		} else if (major == 4 || major == 5) {
			if (n > (uint64_t)(end - p)) return NULL;
			left += n * (major - 3);
		} else if (major == 6) {
			left++;
		}
	}
	return p;
}

CO_FN co_is co_type(co_val v) {
	uint8_t major;
	uint64_t n;
	if (!co_head(v, &major, &n)) return CO_IS_ABSENT;
	switch (major) {
	case 0:
	case 1: return CO_IS_INT;
	case 7: break;
	default: return (co_is)(major + (CO_IS_BYTES - 2));
	}
	return (*v.p & 31) == 27 ? CO_IS_FLOAT : n == 22 ? CO_IS_NULL : CO_IS_BOOL;
}

CO_FN int64_t co_as_int(co_val v, int64_t otherwise) {
	uint8_t major;
	uint64_t n;
	if (!co_head(v, &major, &n) || major > 1 || n > INT64_MAX) return otherwise;
	return major ? -1 - (int64_t)n : (int64_t)n;
}

// co_as_uint reads a whole number that is not negative, also one above the range of co_as_int.
CO_FN uint64_t co_as_uint(co_val v, uint64_t otherwise) {
	uint8_t major;
	uint64_t n;
	return co_head(v, &major, &n) && major == 0 ? n : otherwise;
}

CO_FN double co_as_float(co_val v, double otherwise) {
	uint8_t major;
	uint64_t n;
	if (!co_head(v, &major, &n)) return otherwise;
	if (major < 2) return major ? -1 - (double)n : (double)n;
	if (major != 7 || (*v.p & 31) != 27) return otherwise;
	union {
		uint64_t bits;
		double f;
	} u = {n};
	return u.f;
}

CO_FN bool co_as_bool(co_val v, bool otherwise) { return co_type(v) == CO_IS_BOOL ? (*v.p & 31) == 21 : otherwise; }

// co_as_str reads a text or bytes; the empty one otherwise.
CO_FN co_str co_as_str(co_val v) {
	uint8_t major;
	uint64_t n;
	const uint8_t *p = co_head(v, &major, &n);
	if (!p || (major != 2 && major != 3) || n > (uint64_t)(v.end - p)) return (co_str){"", 0};
	return (co_str){(const char *)p, (uint32_t)n};
}

// co_tagged gives what a tag stands before; absent for other tags and values.
CO_FN co_val co_tagged(co_val v, uint64_t tag) {
	uint8_t major;
	uint64_t n;
	const uint8_t *p = co_head(v, &major, &n);
	if (!p || major != 6 || n != tag) return (co_val){0};
	return (co_val){p, v.end};
}

// A walk over the items of a list, or the pairs of a map.
typedef struct {
	co_str key; // of a map
	co_val val;
	const uint8_t *next, *end;
	uint64_t left;
	bool map;
} co_walk;

CO_FN co_walk co_items(co_val v) {
	uint8_t major;
	uint64_t n;
	const uint8_t *p = co_head(v, &major, &n);
	if (!p || (major != 4 && major != 5)) return (co_walk){0};
	return (co_walk){.next = p, .end = v.end, .left = n, .map = major == 5};
}

// co_next goes to the next item: co_walk w = co_items(v); while (co_next(&w)) … w.key … w.val.
CO_FN bool co_next(co_walk *w) {
	if (w->left == 0) return false;
	w->left--;
	if (w->map) {
		w->key = co_as_str((co_val){w->next, w->end});
		if (!(w->next = co_skip(w->next, w->end))) return false;
	}
	w->val.p = w->next;
	w->val.end = w->next = co_skip(w->next, w->end);
	return w->next != NULL;
}

CO_FN co_val co_get(co_val map, const char *key) {
	co_walk w = co_items(map);
	while (co_next(&w))
		if (w.map && co_same(w.key, key)) return w.val;
	return (co_val){0};
}

CO_FN co_val co_nth(co_val list, uint32_t i) {
	co_walk w = co_items(list);
	while (co_next(&w))
		if (i-- == 0) return w.val;
	return (co_val){0};
}

CO_FN uint32_t co_count(co_val v) { return (uint32_t)co_items(v).left; }

// co_handle gives the handle that a value is; CO_ENOENT when it is none.
CO_FN int64_t co_handle(co_val v, uint32_t *kind) {
	co_val pair = co_tagged(v, CO_TAG_HANDLE);
	if (kind) *kind = (uint32_t)co_as_int(co_nth(pair, 0), 0);
	return co_as_int(co_nth(pair, 1), CO_ENOENT);
}

// ---------------------------------------------------------------------------------------------------------------------------
// Writing messages. Lists and maps are opened, filled and ended; their lengths and the order of a map's keys are seen to.

typedef struct {
	uint8_t *p;
	uint32_t n, cap;
	uint32_t open[CO_MAX_CBOR_DEPTH]; // where the items of what is open begin
	uint8_t map[CO_MAX_CBOR_DEPTH];
	uint32_t depth;
} co_out;

CO_FN uint8_t *co_room(co_out *o, uint32_t n) {
	if (n > o->cap - o->n) {
		uint32_t cap = o->cap * 2 + n + 256;
		uint8_t *p = (uint8_t *)co_alloc(cap);
		memcpy(p, o->p, o->n);
		o->p = p;
		o->cap = cap;
	}
	o->n += n;
	return o->p + o->n - n;
}

CO_FN uint32_t co_head_bytes(uint64_t n) { return n < 24 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : n <= 0xffffffffu ? 5 : 9; }

CO_FN uint8_t *co_write_head(uint8_t *p, uint8_t major, uint64_t n) {
	uint32_t size = co_head_bytes(n) - 1;
	*p++ = (uint8_t)(major << 5 | (size == 0 ? (uint8_t)n : size == 1 ? 24 : size == 2 ? 25 : size == 4 ? 26 : 27));
	for (uint32_t i = size; i-- > 0;) *p++ = (uint8_t)(n >> 8 * i);
	return p;
}

CO_FN void co_put_head(co_out *o, uint8_t major, uint64_t n) { co_write_head(co_room(o, co_head_bytes(n)), major, n); }
CO_FN void co_put_null(co_out *o) { *co_room(o, 1) = 0xf6; }
CO_FN void co_put_bool(co_out *o, bool v) { *co_room(o, 1) = v ? 0xf5 : 0xf4; }
CO_FN void co_put_int(co_out *o, int64_t v) { co_put_head(o, v < 0, v < 0 ? (uint64_t)(-1 - v) : (uint64_t)v); }
CO_FN void co_put_uint(co_out *o, uint64_t v) { co_put_head(o, 0, v); }
CO_FN void co_put_float(co_out *o, double v) {
	union {
		double f;
		uint64_t bits;
	} u = {v};
	if (v != v) u.bits = 0x7ff8000000000000u;
	uint8_t *p = co_room(o, 9);
	*p++ = 0xfb;
	for (int i = 8; i-- > 0;) *p++ = (uint8_t)(u.bits >> 8 * i);
}
CO_FN void co_put_raw(co_out *o, const void *p, uint32_t n) { memcpy(co_room(o, n), p, n); }
// co_put_str writes a text, which must be UTF-8.
CO_FN void co_put_str(co_out *o, co_str s) {
	co_put_head(o, 3, s.n);
	co_put_raw(o, s.p, s.n);
}
CO_FN void co_put_text(co_out *o, const char *s) { co_put_str(o, co_s(s)); }
CO_FN void co_put_bytes(co_out *o, const void *p, uint32_t n) {
	co_put_head(o, 2, n);
	co_put_raw(o, p, n);
}
// co_put_val copies an item of another message.
CO_FN void co_put_val(co_out *o, co_val v) {
	const uint8_t *end = co_skip(v.p, v.end);
	if (end)
		co_put_raw(o, v.p, (uint32_t)(end - v.p));
	else
		co_put_null(o);
}
// co_put_tag stands before a value.
CO_FN void co_put_tag(co_out *o, uint64_t tag) { co_put_head(o, 6, tag); }
CO_FN void co_put_handle(co_out *o, uint32_t kind, int64_t h) {
	co_put_tag(o, CO_TAG_HANDLE);
	co_put_head(o, 4, 2);
	co_put_uint(o, kind);
	co_put_uint(o, (uint64_t)h);
}
// co_put_link is a link to an output of a node of an expansion.
CO_FN void co_put_link(co_out *o, const char *node, uint32_t output) {
	co_put_tag(o, CO_TAG_LINK);
	co_put_head(o, 4, 2);
	co_put_text(o, node);
	co_put_uint(o, output);
}
CO_FN void co_open(co_out *o, bool map) {
	if (o->depth == CO_MAX_CBOR_DEPTH) __builtin_trap();
	o->open[o->depth] = o->n;
	o->map[o->depth++] = map;
}
CO_FN void co_list(co_out *o) { co_open(o, false); }
CO_FN void co_map(co_out *o) { co_open(o, true); }
CO_FN void co_key(co_out *o, const char *key) { co_put_text(o, key); }

typedef struct {
	co_str key;
	const uint8_t *p;
	uint32_t n;
} co_pair;

CO_FN bool co_after(co_str a, co_str b) { return a.n != b.n ? a.n > b.n : memcmp(a.p, b.p, a.n) > 0; }

// co_sort puts a map's pairs, all items from at on, into the order of messages.
CO_FN void co_sort(co_out *o, uint32_t at, uint64_t pairs) {
	co_pair *all = (co_pair *)co_alloc(pairs * sizeof(co_pair));
	const uint8_t *p = o->p + at, *end = o->p + o->n;
	bool sorted = true;
	for (uint64_t i = 0; i < pairs; i++) {
		const uint8_t *next = co_skip(co_skip(p, end), end);
		co_pair x = {co_as_str((co_val){p, end}), p, (uint32_t)(next - p)};
		uint64_t k = i;
		for (; k > 0 && co_after(all[k - 1].key, x.key); k--) {
			all[k] = all[k - 1];
			sorted = false;
		}
		all[k] = x;
		p = next;
	}
	if (sorted) return;
	uint8_t *copy = (uint8_t *)co_alloc(o->n - at), *q = copy;
	for (uint64_t i = 0; i < pairs; i++) {
		memcpy(q, all[i].p, all[i].n);
		q += all[i].n;
	}
	memcpy(o->p + at, copy, o->n - at);
}

// co_end ends the list or map that was opened last.
CO_FN void co_end(co_out *o) {
	if (o->depth == 0) __builtin_trap();
	uint32_t at = o->open[--o->depth];
	bool map = o->map[o->depth];
	uint64_t items = 0;
	for (const uint8_t *p = o->p + at, *end = o->p + o->n; p < end; items++)
		if (!(p = co_skip(p, end))) __builtin_trap();
	if (map) {
		if (items % 2) __builtin_trap();
		co_sort(o, at, items /= 2);
	}
	uint32_t size = co_head_bytes(items), body = o->n - at;
	co_room(o, size);
	memmove(o->p + at + size, o->p + at, body);
	co_write_head(o->p + at, map ? 5 : 4, items);
}

CO_FN void co_key_text(co_out *o, const char *key, const char *v) {
	if (!v) return;
	co_key(o, key);
	co_put_text(o, v);
}

// co_part_of copies what one writer has into another, as a list or a map.
CO_FN void co_part_of(co_out *o, const char *key, co_out *part, bool map) {
	co_key(o, key);
	co_open(o, map);
	co_put_raw(o, part->p, part->n);
	co_end(o);
}

// co_read starts to read what was written.
CO_FN co_val co_read(const co_out *o) { return (co_val){o->p, o->p + o->n}; }

// co_fetched reads a message that a host function left: n is what the function gave, of room bytes at buf.
CO_FN co_val co_fetched(void *buf, uint32_t room, int64_t n) {
	if (n < 0) return (co_val){0};
	uint8_t *p = (uint8_t *)buf;
	if (n > room) {
		p = (uint8_t *)co_alloc((size_t)n);
		host_take(co_at32(p), (uint32_t)n);
	}
	return (co_val){p, p + n};
}

// ---------------------------------------------------------------------------------------------------------------------------
// What every extension may do.

// co_fail says why a call cannot be done and gives the errno, to be returned.
CO_FN int32_t co_fail(int64_t code, const char *text) {
	co_str s = co_s(text);
	host_fail((int32_t)code, co_at32(s.p), s.n);
	return (int32_t)code;
}
CO_FN void co_log(int32_t level, co_str s) { host_log(level, co_at32(s.p), s.n); }
// co_progress is true when the call is being cancelled: return soon.
CO_FN bool co_progress(double value, double max) { return host_progress(value, max) == 1; }
// co_preview shows a picture on the node while it runs, no side longer than max_side, 0 for its own size: 0, 1 when the call is being
// cancelled, or an errno. co_progress_with shows it together with how far the node is.
CO_FN int32_t co_preview(int64_t image, uint32_t max_side, bool png) { return image < 0 ? (int32_t)image : host_preview(image, max_side, png, 0); }
CO_FN int32_t co_progress_with(double value, double max, int64_t image, uint32_t max_side, bool png) {
	int32_t n = image < 0 ? (int32_t)image : host_preview(image, max_side, png, 1);
	return n < 0 ? n : co_progress(value, max);
}
// co_sleep waits; false when the call is being cancelled.
CO_FN bool co_sleep(uint32_t ms) { return host_sleep_ms(ms) == 0; }
CO_FN void co_progress_text(co_str s) { host_progress_text(co_at32(s.p), s.n); }
CO_FN uint64_t co_random(void) {
	uint64_t v = 0;
	host_random(co_at32(&v), sizeof v);
	return v;
}

// co_type_of gives the type that links of a value have, such as LATENT or MODEL; n is its length or an errno.
CO_FN int64_t co_type_of(int64_t h, co_str *name) {
	uint8_t *buf = (uint8_t *)co_alloc(256);
	int64_t n = h < 0 ? h : host_h_type(h, co_at32(buf), 256);
	co_val v = co_fetched(buf, 256, n);
	*name = n < 0 ? (co_str){"", 0} : (co_str){(const char *)v.p, (uint32_t)n};
	return n;
}
// co_parts takes a latent, sound or a picture apart: a map, see docs/abi.md; n is an errno or not negative.
CO_FN co_val co_parts(int64_t h, int64_t *n) {
	uint8_t *buf = (uint8_t *)co_alloc(4096);
	*n = h < 0 ? h : host_h_parts(h, co_at32(buf), 4096);
	return co_fetched(buf, 4096, *n);
}
// co_build makes a latent or sound of a map of parts.
CO_FN int64_t co_build(uint32_t kind, const co_out *parts) { return host_h_build(kind, co_at32(parts->p), parts->n); }

// ---------------------------------------------------------------------------------------------------------------------------
// Tensors.

CO_FN int64_t co_info(int64_t h, co_tensor_info *info) { return h < 0 ? h : host_t_info(h, co_at32(info)); }
CO_FN int64_t co_part(int64_t h, const char *key) { return h < 0 ? h : host_h_get(h, co_at32(key), (uint32_t)strlen(key)); }
CO_FN int64_t co_tensor(uint32_t dtype, uint32_t rank, const int64_t *shape, double value) { return host_t_new(dtype, rank, co_at32(shape), value); }

CO_FN uint32_t co_whole_pages(int64_t bytes) { return (uint32_t)((bytes + CO_PAGE - 1) / CO_PAGE * CO_PAGE); }

// co_window is room for a window: pages that a closed window left, or new ones. NULL when the memory has none.
CO_FN void *co_window(int64_t bytes, uint32_t *size) {
	*size = co_whole_pages(bytes > 0 ? bytes : 1);
	for (int i = 0; i < 8; i++)
		if (co_heap.spare[i].size >= *size) {
			void *p = (void *)(uintptr_t)co_heap.spare[i].at;
			*size = co_heap.spare[i].size;
			co_heap.spare[i].size = 0;
			return p;
		}
	size_t before = __builtin_wasm_memory_grow(0, *size / CO_PAGE);
	return before == (size_t)-1 ? NULL : (void *)(uintptr_t)(before * CO_PAGE);
}

CO_FN void co_window_closed(void *p, uint32_t size) {
	for (int i = 0; i < 8; i++)
		if (co_heap.spare[i].size == 0) {
			co_heap.spare[i].at = co_at32(p);
			co_heap.spare[i].size = size;
			return;
		}
}

// A tensor whose elements appear in the module's memory. Where err is not 0 there is none and p is NULL.
typedef struct {
	void *p;
	int64_t err;
	int64_t bytes;
	uint32_t size;
} co_map_window;

// co_map_in shows a tensor's elements, to be read. Nothing is copied where the host can share memory (CO_FEATURE_TENSOR_WINDOWS).
CO_FN co_map_window co_map_in(int64_t h) {
	co_tensor_info info;
	co_map_window w = {.err = co_info(h, &info)};
	if (w.err) return w;
	void *p = co_window(w.bytes = info.bytes, &w.size);
	int64_t n = !p ? CO_ENOMEM : host_t_map(h, co_at32(p), w.size);
	if (n < 0)
		w.err = n;
	else
		w.p = p;
	return w;
}

// co_map_new shows the elements of a new tensor, all 0, to be written; co_commit makes it a tensor.
CO_FN co_map_window co_map_new(uint32_t dtype, uint32_t rank, const int64_t *shape) {
	static const uint8_t sizes[] = {0, 4, 2, 2, 8, 8, 4, 2, 1, 1, 1};
	co_map_window w = {.bytes = dtype < sizeof sizes ? sizes[dtype] : 0};
	for (uint32_t i = 0; i < rank; i++) w.bytes *= shape[i];
	if (w.bytes <= 0 || w.bytes > 0x7fff0000) {
		w.err = CO_ETOOBIG;
		return w;
	}
	void *p = co_window(w.bytes, &w.size);
	int64_t n = !p ? CO_ENOMEM : host_t_map_out(dtype, rank, co_at32(shape), co_at32(p), w.size);
	if (n < 0)
		w.err = n;
	else
		w.p = p;
	return w;
}

// co_commit ends a window of co_map_new and gives the tensor.
CO_FN int64_t co_commit(co_map_window *w) {
	if (!w->p) return w->err;
	int64_t h = host_t_commit(co_at32(w->p));
	co_window_closed(w->p, w->size);
	w->p = NULL;
	return h;
}

// co_unmap ends a window of either sort and leaves nothing.
CO_FN void co_unmap(co_map_window *w) {
	if (!w->p) return;
	host_t_unmap(co_at32(w->p));
	co_window_closed(w->p, w->size);
	w->p = NULL;
}

// A graph is a small program over tensors that the host runs in one call. Refs are its values.
typedef uint32_t co_ref;
typedef struct {
	uint8_t *p;
	uint32_t n, cap; // entries
} co_pool;
typedef struct {
	co_pool inputs, instrs, ints, floats, args;
	int64_t err;
} co_graph;

#define CO_RESULT 0x80000000u // marks refs of results until the number of inputs is known

CO_FN void *co_push(co_pool *p, uint32_t n, uint32_t each) {
	if (n > p->cap - p->n) {
		uint32_t cap = p->cap * 2 + n + 16;
		uint8_t *q = (uint8_t *)co_alloc((size_t)cap * each);
		memcpy(q, p->p, (size_t)p->n * each);
		p->p = q;
		p->cap = cap;
	}
	p->n += n;
	return p->p + (size_t)(p->n - n) * each;
}

// co_graph_in makes a tensor a value of the graph.
CO_FN co_ref co_graph_in(co_graph *g, int64_t h) {
	if (h < 0 && !g->err) g->err = h;
	*(int64_t *)co_push(&g->inputs, 1, 8) = h;
	return g->inputs.n - 1;
}

// What an op needs besides its arguments: constants, and the result's shape where it does not follow from the arguments.
typedef struct {
	uint32_t ints, floats, rank;
	const int64_t *i, *shape;
	const double *f;
} co_attr;

#define CO_INTS(...) .ints = sizeof((int64_t[]){__VA_ARGS__}) / 8, .i = (int64_t[]){__VA_ARGS__}
#define CO_FLOATS(...) .floats = sizeof((double[]){__VA_ARGS__}) / 8, .f = (double[]){__VA_ARGS__}
#define CO_SHAPE(...) .rank = sizeof((int64_t[]){__VA_ARGS__}) / 8, .shape = (int64_t[]){__VA_ARGS__}

// co_graph_op adds an op; CO_DO is shorter.
CO_FN co_ref co_graph_op(co_graph *g, uint16_t kind, uint8_t count, const co_ref *args, co_attr a) {
	co_graph_instr *in = (co_graph_instr *)co_push(&g->instrs, 1, sizeof *in);
	*in = (co_graph_instr){.kind = kind, .args = count, .rank = a.shape ? (uint8_t)a.rank : 255, .args_at = g->args.n, .ints_at = g->ints.n,
			       .ints = (uint16_t)a.ints, .floats = (uint16_t)a.floats, .floats_at = g->floats.n, .shape_at = g->ints.n + a.ints};
	memcpy(co_push(&g->args, count, 4), args, count * 4u);
	memcpy(co_push(&g->ints, a.ints, 8), a.i, a.ints * 8);
	if (a.shape) memcpy(co_push(&g->ints, a.rank, 8), a.shape, a.rank * 8);
	memcpy(co_push(&g->floats, a.floats, 8), a.f, a.floats * 8);
	return CO_RESULT | (g->instrs.n - 1);
}

// CO_DO adds an op: CO_DO(&g, CO_T_CLAMP, (x), CO_FLOATS(0, 1)), CO_DO(&g, CO_T_ADD, (x, y)).
#define CO_DO(g, kind, refs, ...) co_graph_op((g), (kind), sizeof((co_ref[]){CO_UNWRAP refs}) / sizeof(co_ref), (co_ref[]){CO_UNWRAP refs}, (co_attr){__VA_ARGS__})
#define CO_UNWRAP(...) __VA_ARGS__

CO_FN co_ref co_affine(co_graph *g, co_ref x, double scale, double add) { return CO_DO(g, CO_T_AFFINE, (x), CO_FLOATS(scale, add)); }
CO_FN co_ref co_clamp(co_graph *g, co_ref x, double low, double high) { return CO_DO(g, CO_T_CLAMP, (x), CO_FLOATS(low, high)); }

// Methods of co_resize.
enum { CO_NEAREST, CO_NEAREST_EXACT, CO_BILINEAR, CO_BICUBIC, CO_AREA };
// co_resize gives pictures another size; shape is the whole of it: batch, height, width, channels.
CO_FN co_ref co_resize(co_graph *g, co_ref x, int64_t method, const int64_t shape[4]) { return CO_DO(g, CO_T_RESIZE, (x), CO_INTS(method), .rank = 4, .shape = shape); }
CO_FN co_ref co_add_refs(co_graph *g, co_ref x, co_ref y) { return CO_DO(g, CO_T_ADD, (x, y)); }
CO_FN co_ref co_sub(co_graph *g, co_ref x, co_ref y) { return CO_DO(g, CO_T_SUB, (x, y)); }
CO_FN co_ref co_mul(co_graph *g, co_ref x, co_ref y) { return CO_DO(g, CO_T_MUL, (x, y)); }
CO_FN co_ref co_div(co_graph *g, co_ref x, co_ref y) { return CO_DO(g, CO_T_DIV, (x, y)); }
CO_FN co_ref co_lerp(co_graph *g, co_ref x, co_ref y, co_ref t) { return CO_DO(g, CO_T_LERP, (x, y, t)); } // x + t*(y-x)

CO_FN void co_copy_refs(const co_graph *g, uint32_t *to, const co_ref *refs, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) to[i] = refs[i] & CO_RESULT ? (refs[i] & ~CO_RESULT) + g->inputs.n : refs[i];
}

// co_graph_run runs the graph and gives the tensors of n values: 0, or an errno.
CO_FN int64_t co_graph_run(co_graph *g, uint32_t n, const co_ref *refs, int64_t *out) {
	if (g->err) return g->err;
	co_graph_head head = {.version = 1, .inputs = g->inputs.n, .instrs = g->instrs.n, .ints = g->ints.n, .floats = g->floats.n, .args = g->args.n, .outputs = n};
	uint32_t size = (uint32_t)sizeof head + 8 * (head.inputs + head.ints + head.floats) + 32 * head.instrs + 4 * (head.args + n);
	uint8_t *all = (uint8_t *)co_alloc(size), *p = all;
	memcpy(p, &head, sizeof head);
	p += sizeof head;
	memcpy(p, g->inputs.p, 8 * head.inputs);
	p += 8 * head.inputs;
	memcpy(p, g->instrs.p, 32 * head.instrs);
	p += 32 * head.instrs;
	memcpy(p, g->ints.p, 8 * head.ints);
	p += 8 * head.ints;
	memcpy(p, g->floats.p, 8 * head.floats);
	p += 8 * head.floats;
	co_copy_refs(g, (uint32_t *)p, (const co_ref *)g->args.p, head.args);
	p += 4 * head.args;
	co_copy_refs(g, (uint32_t *)p, refs, n);
	int64_t got = host_t_graph(co_at32(all), size, co_at32(out), 8 * n);
	return got < 0 ? got : 0;
}

// co_graph_one runs the graph for one value.
CO_FN int64_t co_graph_one(co_graph *g, co_ref x) {
	int64_t h = 0, err = co_graph_run(g, 1, &x, &h);
	return err ? err : h;
}

// ---------------------------------------------------------------------------------------------------------------------------
// A call.

typedef struct co_call {
	co_val request, inputs;
	co_str state; // that the node left for later; empty the first time
	bool resumed;
	co_out outputs, ui, nodes, rows, reply; // nodes: of an expansion; rows: of a loop
	bool keep;				// the cache may keep what the loop's body gave
} co_call;

CO_FN co_str co_class(const co_call *c) { return co_as_str(co_get(c->request, "class")); }
CO_FN co_str co_node_id(const co_call *c) { return co_as_str(co_get(c->request, "node")); }
CO_FN co_str co_prompt_id(const co_call *c) { return co_as_str(co_get(c->request, "prompt")); }

// Inputs by name.
CO_FN co_val co_in(const co_call *c, const char *name) { return co_get(c->inputs, name); }
CO_FN bool co_in_there(const co_call *c, const char *name) { return co_in(c, name).p != NULL; }
CO_FN int64_t co_in_int(const co_call *c, const char *name) { return co_as_int(co_in(c, name), 0); }
CO_FN double co_in_float(const co_call *c, const char *name) { return co_as_float(co_in(c, name), 0); }
CO_FN bool co_in_bool(const co_call *c, const char *name) { return co_as_bool(co_in(c, name), false); }
CO_FN co_str co_in_text(const co_call *c, const char *name) { return co_as_str(co_in(c, name)); }
// co_in_handle is an input that stays with the host: an image, a mask, a model. CO_ENOENT when it is absent.
CO_FN int64_t co_in_handle(const co_call *c, const char *name) { return co_handle(co_in(c, name), NULL); }

// co_in_as is an input of one kind; CO_EUNSUP when it is another.
CO_FN int64_t co_in_as(const co_call *c, const char *name, uint32_t kind) {
	uint32_t is;
	int64_t h = co_handle(co_in(c, name), &is);
	return h >= 0 && is != kind ? CO_EUNSUP : h;
}
CO_FN int64_t co_in_image(const co_call *c, const char *name) { return co_in_as(c, name, CO_KIND_IMAGE); }
// co_in_list is an input of a node that takes lists, for co_items and co_nth.
CO_FN co_val co_in_list(const co_call *c, const char *name) { return co_tagged(co_in(c, name), CO_TAG_LIST); }

// Outputs, in the order of the declaration. Each gives 0, or the errno that it was handed.
CO_FN int32_t co_give_handle(co_call *c, uint32_t kind, int64_t h) {
	if (h == CO_ENOENT) return co_fail(h, "a step works on an input that is not there: is its name the declared one?");
	if (h < 0) return co_fail(h, "the host refused a step; the extension's log says why");
	co_put_handle(&c->outputs, kind, h);
	return 0;
}
// co_give_as makes a tensor an image, a mask or a latent and gives it.
CO_FN int32_t co_give_as(co_call *c, uint32_t kind, int64_t h) { return co_give_handle(c, kind, h < 0 ? h : host_h_make(kind, h)); }
CO_FN int32_t co_give_image(co_call *c, int64_t h) { return co_give_as(c, CO_KIND_IMAGE, h); }
CO_FN int32_t co_give_mask(co_call *c, int64_t h) { return co_give_as(c, CO_KIND_MASK, h); }
CO_FN int32_t co_give_int(co_call *c, int64_t v) { return co_put_int(&c->outputs, v), 0; }
CO_FN int32_t co_give_float(co_call *c, double v) { return co_put_float(&c->outputs, v), 0; }
CO_FN int32_t co_give_bool(co_call *c, bool v) { return co_put_bool(&c->outputs, v), 0; }
CO_FN int32_t co_give_text(co_call *c, co_str s) { return co_put_str(&c->outputs, s), 0; }
// co_give_val passes an input on.
CO_FN int32_t co_give_val(co_call *c, co_val v) { return co_put_val(&c->outputs, v), 0; }
CO_FN int32_t co_give_link(co_call *c, const char *node, uint32_t output) { return co_put_link(&c->outputs, node, output), 0; }
// co_give_blocker is an output whose consumers do not run; text may be NULL.
CO_FN int32_t co_give_blocker(co_call *c, const char *text) {
	co_put_tag(&c->outputs, CO_TAG_BLOCKER);
	if (text)
		co_put_text(&c->outputs, text);
	else
		co_put_null(&c->outputs);
	return 0;
}
// co_give_list opens an output that is declared as a list; write its values into what it gives, and co_end that.
CO_FN co_out *co_give_list(co_call *c) {
	co_put_tag(&c->outputs, CO_TAG_LIST);
	co_list(&c->outputs);
	return &c->outputs;
}
// co_give_map opens an output that is a map, of a type of your own; write its keys and values into what it gives, and co_end that.
CO_FN co_out *co_give_map(co_call *c) {
	co_map(&c->outputs);
	return &c->outputs;
}
// co_block blocks every output; text tells the user why, NULL nothing.
CO_FN int32_t co_block(co_call *c, const char *text) {
	c->reply.n = 0;
	co_map(&c->reply);
	co_key(&c->reply, "block");
	co_put_text(&c->reply, text ? text : "");
	co_end(&c->reply);
	return 0;
}
// co_raise ends the call with an error that has a name for its kind, such as ValueError.
CO_FN int32_t co_raise(co_call *c, const char *kind, const char *text) {
	c->reply.n = 0;
	co_put_tag(&c->reply, CO_TAG_RAISE);
	co_put_head(&c->reply, 4, 2);
	co_put_text(&c->reply, kind);
	co_put_text(&c->reply, text);
	return 0;
}
// co_show opens the items of a kind, "text", "images", …, that the node shows; write them into what it gives, and co_end that. Once for a
// kind.
CO_FN co_out *co_show(co_call *c, const char *kind) {
	co_key(&c->ui, kind);
	co_list(&c->ui);
	return &c->ui;
}
// co_show_text shows a text on the node.
CO_FN void co_show_text(co_call *c, co_str s) {
	co_out *o = co_show(c, "text");
	co_put_str(o, s);
	co_end(o);
}
// co_later ends the call with nothing but a wish: to be called again in ms milliseconds, with state.
CO_FN int32_t co_later(co_call *c, int64_t ms, const void *state, uint32_t n) {
	co_map(&c->reply);
	co_key(&c->reply, "retry_after_ms");
	co_put_int(&c->reply, ms);
	co_key(&c->reply, "state");
	co_put_bytes(&c->reply, state, n);
	co_end(&c->reply);
	return 0;
}

// co_add starts a node of an expansion, which co_set functions fill. Its id is for links inside of the expansion. With co_add_as events of
// the node name another one; the others name the one that expands.
CO_FN void co_add_done(co_call *c) {
	while (c->nodes.depth) co_end(&c->nodes);
}
CO_FN void co_add_as(co_call *c, const char *id, const char *class_id, const char *display) {
	co_out *o = &c->nodes;
	co_add_done(c);
	co_map(o);
	co_key_text(o, "display", display);
	co_key_text(o, "id", id);
	co_key_text(o, "class", class_id);
	co_key(o, "inputs");
	co_list(o);
}
CO_FN void co_add(co_call *c, const char *id, const char *class_id) { co_add_as(c, id, class_id, NULL); }
CO_FN co_out *co_set(co_call *c, const char *name) {
	co_put_head(&c->nodes, 4, 2);
	co_put_text(&c->nodes, name);
	return &c->nodes; // the value comes next
}
CO_FN void co_set_int(co_call *c, const char *name, int64_t v) { co_put_int(co_set(c, name), v); }
CO_FN void co_set_float(co_call *c, const char *name, double v) { co_put_float(co_set(c, name), v); }
CO_FN void co_set_text(co_call *c, const char *name, co_str v) { co_put_str(co_set(c, name), v); }
CO_FN void co_set_bool(co_call *c, const char *name, bool v) { co_put_bool(co_set(c, name), v); }
CO_FN void co_set_val(co_call *c, const char *name, co_val v) { co_put_val(co_set(c, name), v); }
CO_FN void co_set_link(co_call *c, const char *name, const char *node, uint32_t output) { co_put_link(co_set(c, name), node, output); }

// co_row starts an iteration of a loop, in the node that begins it; write the outputs but the last, which carries a value from one
// iteration to the next, into what it gives.
CO_FN co_out *co_row(co_call *c) {
	if (c->rows.depth) co_end(&c->rows);
	co_list(&c->rows);
	return &c->rows;
}

// co_linked is the type that a linked input has; for co_node.validate, with the flag validates_links.
CO_FN co_str co_linked(const co_call *c, const char *name) { return co_as_str(co_get(co_get(c->request, "linked"), name)); }

// co_need names a lazy input that the node needs; for co_node.needs.
CO_FN void co_need(co_call *c, const char *name) { co_put_text(&c->outputs, name); }

// Requests, in routes.
CO_FN co_str co_param(const co_call *c, const char *name) { return co_as_str(co_get(co_get(c->request, "params"), name)); }
CO_FN co_str co_query(const co_call *c, const char *name) { return co_as_str(co_nth(co_get(co_get(c->request, "query"), name), 0)); }
CO_FN co_str co_form(const co_call *c, const char *name) { return co_as_str(co_nth(co_get(co_get(c->request, "form"), name), 0)); }
CO_FN co_str co_body(const co_call *c) { return co_as_str(co_get(c->request, "body")); }
CO_FN co_str co_header(const co_call *c, const char *name) { return co_as_str(co_get(co_get(c->request, "headers"), name)); } // name in lower case
CO_FN co_str co_method(const co_call *c) { return co_as_str(co_get(c->request, "method")); }
CO_FN co_str co_path(const co_call *c) { return co_as_str(co_get(c->request, "path")); } // below /ext/<id>
// co_files are the files of a form, for co_items and co_nth: maps of field, filename, type and data, or stream of a long one.
CO_FN co_val co_files(const co_call *c) { return co_get(c->request, "files"); }
CO_FN co_str co_tenant(const co_call *c) { return co_as_str(co_get(c->request, "tenant")); }			      // who asks

// Messages of clients: what they sent as {"type": "ext.<id>.<kind>", "data": {…}}, and the client's id, for co_ws_post. co_tenant says
// whose the client is, and co_prompt_id in which prompt of the client a node of the extension runs; empty for none.
CO_FN co_val co_data(const co_call *c) { return co_get(c->request, "data"); }
CO_FN co_str co_client(const co_call *c) { return co_as_str(co_get(c->request, "client")); }

// co_answer_with answers a request with further headers: names and values in turn, ended by NULL; CO_TEXTS makes them.
CO_FN int32_t co_answer_with(co_call *c, int status, const char *type, co_str body, const char *const *headers) {
	co_out *o = &c->reply;
	o->n = 0;
	co_map(o);
	co_key(o, "status");
	co_put_int(o, status);
	co_key(o, "headers");
	co_map(o);
	co_key_text(o, "content-type", type);
	for (; headers && *headers; headers += 2) co_key_text(o, headers[0], headers[1]);
	co_end(o);
	co_key(o, "body");
	co_put_bytes(o, body.p, body.n);
	co_end(o);
	return 0;
}
// co_stream is the body of a request that is too long to come with it, for host_body_read and co_store; CO_ENOENT when it is not.
CO_FN int64_t co_stream(const co_call *c) { return co_handle(co_get(c->request, "stream"), NULL); }

// co_answer_handle answers with an open file, of which no byte crosses.
CO_FN int32_t co_answer_handle(co_call *c, int status, const char *type, uint32_t kind, int64_t h) {
	co_out *o = &c->reply;
	if (h < 0) return co_fail(h, "there is no such file");
	o->n = 0;
	co_map(o);
	co_key(o, "status");
	co_put_int(o, status);
	co_key(o, "headers");
	co_map(o);
	co_key_text(o, "content-type", type);
	co_end(o);
	co_key(o, "body");
	co_put_handle(o, kind, h);
	co_end(o);
	return 0;
}
// co_answer_image answers with the first picture of a batch: format "png", "jpeg" or "webp".
CO_FN int32_t co_answer_image(co_call *c, int status, int64_t image, const char *format) {
	co_out *o = &c->reply;
	if (image < 0) return co_fail(image, "there is no such picture");
	o->n = 0;
	co_map(o);
	co_key(o, "status");
	co_put_int(o, status);
	co_key(o, "body");
	co_map(o);
	co_key(o, "image");
	co_put_handle(o, CO_KIND_IMAGE, image);
	co_key_text(o, "format", format);
	co_end(o);
	co_end(o);
	return 0;
}
// co_begin begins an answer that is sent piece by piece by co_write; what the route answers by itself does not count then.
CO_FN int32_t co_begin(int status, const char *type) {
	co_out o = {0};
	co_map(&o);
	co_key(&o, "status");
	co_put_int(&o, status);
	co_key(&o, "headers");
	co_map(&o);
	co_key_text(&o, "content-type", type);
	co_end(&o);
	co_end(&o);
	return host_reply_head(co_at32(o.p), o.n);
}
// co_write sends a piece: how many bytes, or an errno; CO_ECANCEL when the client is gone.
CO_FN int64_t co_write(co_str s) { return host_reply_write(co_at32(s.p), s.n); }

// co_answer answers a request.
CO_FN int32_t co_answer(co_call *c, int status, const char *type, co_str body) { return co_answer_with(c, status, type, body, NULL); }
// co_answer_html answers with a page, self-contained: it runs in an origin of its own and reaches the extension's routes through the bridge.
CO_FN int32_t co_answer_html(co_call *c, co_str page) { return co_answer(c, 200, "text/html; charset=utf-8", page); }

// co_events begins an answer of Server-Sent Events, which the host keeps alive while there are none: 0, or an errno.
CO_FN int32_t co_events(void) { return co_begin(200, "text/event-stream"); }
// co_event_line writes a field of an event; line ends in it become spaces, or in data, further fields.
CO_FN void co_event_line(co_out *o, const char *field, co_str v, bool data) {
	co_put_raw(o, field, (uint32_t)strlen(field));
	for (uint32_t i = 0; i < v.n; i++) {
		bool end = v.p[i] == '\n' || v.p[i] == '\r';
		if (end && data && v.p[i] == '\r' && i + 1 < v.n && v.p[i + 1] == '\n') continue;
		if (end && data) {
			co_put_raw(o, "\n", 1);
			co_put_raw(o, field, (uint32_t)strlen(field));
		} else {
			co_put_raw(o, end ? " " : v.p + i, 1);
		}
	}
	co_put_raw(o, "\n", 1);
}
// co_event sends an event: name is empty for a plain message, id for none. How many bytes, or an errno; CO_ECANCEL when the client is gone.
CO_FN int64_t co_event(co_str name, co_str id, co_str data) {
	co_out o = {0};
	if (name.n) co_event_line(&o, "event: ", name, false);
	if (id.n) co_event_line(&o, "id: ", id, false);
	co_event_line(&o, "data: ", data, true);
	co_put_raw(&o, "\n", 1);
	return co_write((co_str){(const char *)o.p, o.n});
}

// ---------------------------------------------------------------------------------------------------------------------------
// What needs a capability.

// co_kv_get reads a value of the tenant (scope 0) or of the prompt (1); n is its length or an errno.
CO_FN int64_t co_kv_get(uint32_t scope, co_str key, co_str *value) {
	uint8_t *buf = (uint8_t *)co_alloc(4096);
	int64_t n = host_kv_get(scope, co_at32(key.p), key.n, co_at32(buf), 4096);
	co_val v = co_fetched(buf, 4096, n);
	*value = n < 0 ? (co_str){"", 0} : (co_str){(const char *)v.p, (uint32_t)n};
	return n;
}
CO_FN int32_t co_kv_put(uint32_t scope, co_str key, co_str value, int64_t ttl_ms) {
	return host_kv_put(scope, co_at32(key.p), key.n, co_at32(value.p), value.n, ttl_ms);
}
CO_FN int32_t co_kv_cas(uint32_t scope, co_str key, co_str old, co_str value) {
	return host_kv_cas(scope, co_at32(key.p), key.n, co_at32(old.p), old.n, co_at32(value.p), value.n);
}
CO_FN int32_t co_kv_delete(uint32_t scope, co_str key) { return host_kv_delete(scope, co_at32(key.p), key.n); }
// co_kv_keys gives the sorted keys that start with prefix, as a list; n is an errno or not negative.
CO_FN co_val co_kv_keys(uint32_t scope, co_str prefix, int64_t *n) {
	uint8_t *buf = (uint8_t *)co_alloc(16384);
	*n = host_kv_list(scope, co_at32(prefix.p), prefix.n, co_at32(buf), 16384);
	return co_fetched(buf, 16384, *n);
}
// co_kv_list is co_kv_keys where the reason of a refusal does not matter: the list is absent then.
CO_FN co_val co_kv_list(uint32_t scope, co_str prefix) {
	int64_t n;
	return co_kv_keys(scope, prefix, &n);
}

// co_ask sends a message to a host function with a message as result, such as host_node_call and host_http_fetch.
CO_FN co_val co_ask(int64_t (*function)(uint32_t, uint32_t, uint32_t, uint32_t), const co_out *o, int64_t *n) {
	uint8_t *buf = (uint8_t *)co_alloc(16384);
	int64_t got = function(co_at32(o->p), o->n, co_at32(buf), 16384);
	if (n) *n = got;
	return co_fetched(buf, 16384, got);
}
// co_node_call runs a built-in node: request is a map of class and inputs. The result has outputs; n is an errno or not negative.
CO_FN co_val co_node_call(const co_out *request, int64_t *n) { return co_ask(host_node_call, request, n); }
// co_http_fetch sends a request: a map of method, url, headers and body. The result has status, headers and body.
CO_FN co_val co_http_fetch(const co_out *request, int64_t *n) { return co_ask(host_http_fetch, request, n); }

// co_http_start begins a request, which goes on beside the module, and gives its handle; body may also be a handle to a file or
// to the body of a route's request. co_http_head waits until the answer begins: a map of status, headers and length; n is an
// errno or not negative. host_http_read waits for bytes of its body: how many, 0 at the end.
CO_FN int64_t co_http_start(const co_out *request) { return host_http_start(co_at32(request->p), request->n); }
CO_FN co_val co_http_head(int64_t h, int64_t *n) {
	uint8_t *buf = (uint8_t *)co_alloc(16384);
	*n = h < 0 ? h : host_http_take(h, co_at32(buf), 16384);
	return co_fetched(buf, 16384, *n);
}
// co_wait_any waits until one of the requests is ready and gives its place.
CO_FN int64_t co_wait_any(const int64_t *handles, uint32_t count, uint32_t timeout_ms) { return host_wait_any(co_at32(handles), count, timeout_ms); }

// co_pull waits for an input of the running node that a link leads to, such as a lazy one that .needs did not name, while the server
// computes it; n is an errno or not negative. The node needs the flag async, else it is CO_EUNSUP; CO_ENOENT says that nothing is linked
// there. A manifest of an extension that calls it asks for cocoon1>=1.1.
CO_FN co_val co_pull(co_str name, int64_t *n) {
	uint8_t *buf = (uint8_t *)co_alloc(4096);
	*n = host_input(co_at32(name.p), name.n, co_at32(buf), 4096);
	return co_fetched(buf, 4096, *n);
}

// co_msg_wait waits for a message to this node; n is its length or an errno.
CO_FN int64_t co_msg_wait(co_str topic, uint32_t timeout_ms, co_str *message) {
	uint8_t *buf = (uint8_t *)co_alloc(4096);
	int64_t n = host_msg_wait(co_at32(topic.p), topic.n, timeout_ms, co_at32(buf), 4096);
	co_val v = co_fetched(buf, 4096, n);
	*message = n < 0 ? (co_str){"", 0} : (co_str){(const char *)v.p, (uint32_t)n};
	return n;
}
CO_FN int32_t co_msg_post(co_str prompt, co_str node, co_str topic, co_str message) {
	return host_msg_post(co_at32(prompt.p), prompt.n, co_at32(node.p), node.n, co_at32(topic.p), topic.n, co_at32(message.p), message.n);
}
// co_asset_save saves a file in the output folder and says where: a map of type, subfolder and filename; n is an errno or not
// negative.
CO_FN co_val co_asset_save(co_str name, co_str data, int64_t *n) {
	uint8_t *buf = (uint8_t *)co_alloc(4096);
	*n = host_asset_save(co_at32(name.p), name.n, co_at32(data.p), data.n, co_at32(buf), 4096);
	return co_fetched(buf, 4096, *n);
}
// co_open_file opens a file of a folder, "input", "output" or "temp", for host_asset_size, host_asset_read and host_asset_image; subfolder may
// be empty. co_chosen opens one as widgets name it: "folder/name.png [output]", without a type in the input folder. A handle, or an errno.
CO_FN int64_t co_open_file(const char *type, co_str subfolder, co_str filename) {
	co_out o = {0};
	co_map(&o);
	co_key_text(&o, "type", type);
	co_key(&o, "subfolder");
	co_put_str(&o, subfolder);
	co_key(&o, "filename");
	co_put_str(&o, filename);
	co_end(&o);
	return host_asset_open(co_at32(o.p), o.n);
}
CO_FN int64_t co_chosen(co_str name) {
	co_out o = {0};
	co_map(&o);
	co_key(&o, "name");
	co_put_str(&o, name);
	co_end(&o);
	return host_asset_open(co_at32(o.p), o.n);
}
// co_create begins a file of the output folder and gives a handle for host_asset_write; co_commit_file keeps it and says where.
CO_FN int64_t co_create(co_str name) { return host_asset_create(co_at32(name.p), name.n); }
CO_FN co_val co_commit_file(int64_t h, int64_t *n) {
	uint8_t *buf = (uint8_t *)co_alloc(4096);
	*n = h < 0 ? h : host_asset_commit(h, co_at32(buf), 4096);
	return co_fetched(buf, 4096, *n);
}
// co_store saves the body of a route's request, what is left of an answer, or a file, and says where. No byte of it crosses.
CO_FN co_val co_store(int64_t h, co_str name, int64_t *n) {
	uint8_t *buf = (uint8_t *)co_alloc(4096);
	*n = h < 0 ? h : host_asset_store(h, co_at32(name.p), name.n, co_at32(buf), 4096);
	return co_fetched(buf, 4096, *n);
}
// co_image_save saves the pictures of a batch, a file each, and gives a list of where: request is a map of image, name, format,
// quality, level and text.
CO_FN co_val co_image_save(const co_out *request, int64_t *n) { return co_ask(host_image_save, request, n); }

// Targets of co_ws_post and co_ws_image.
enum {
	CO_TO_CLIENT, // the one of the id, or the one that asked for an empty id
	CO_TO_PROMPT, // the one that asked for the prompt of the id
	CO_TO_ALL,    // all of the tenant
};
// co_ws_post sends a JSON object to a target, as the event ext.<id>.<name>.
CO_FN int32_t co_ws_post(uint32_t target, co_str id, co_str name, co_str json) {
	return host_ws_post(target, co_at32(id.p), id.n, co_at32(name.p), name.n, co_at32(json.p), json.n);
}
// co_ws_image sends the first picture of a batch to a target; format 0 JPEG, 1 PNG.
CO_FN int32_t co_ws_image(uint32_t target, co_str id, int64_t image, uint32_t max_side, uint32_t format) {
	return host_ws_image(target, co_at32(id.p), id.n, image, max_side, format);
}

// co_ws_send sends a JSON object to the client that asked, as the event ext.<id>.<name>.
CO_FN int32_t co_ws_send(co_str name, co_str json) { return host_ws_send(co_at32(name.p), name.n, co_at32(json.p), json.n); }

// ---------------------------------------------------------------------------------------------------------------------------
// Declarations.

// One choice of a dynamic combo and the inputs that it brings.
typedef struct {
	const char *key;
	const struct co_input *inputs; // NULL for none
} co_case;

typedef struct co_input {
	const char *name, *type, *help;
	bool optional, lazy, force_input, raw_link, multiline, seed, slider;
	char widget;	  // 'i', 'f', 's', 'b', 'c' or 0
	double def, min, max, step; // no bounds when min is max
	const char *text; // default of a text or a choice
	const char *const *choices;
	void (*more)(co_out *options); // writes further options: keys and values
	// Of a dynamic input: the input that each of least to most has, by a name of prefix and a number; or the choices of a combo.
	const struct co_input *each;
	const char *prefix;
	int least, most;
	const co_case *cases;
	const char *const *names;	 // in the place of prefix
	const char *slot;		 // the type of a slot, which brings the inputs of each once it is linked
	bool group;			 // rows, each of the inputs of each; text is what a row is called
	const char *template_id, *allowed; // of an input that takes what the others of the template take, of these types
} co_input;

typedef struct {
	const char *type, *name, *help;
	bool list;
	const char *match; // the template whose inputs say the type; see CO_MATCHING
} co_output;

typedef struct {
	const char *name, *kind; // UNIQUE_ID, PROMPT or EXTRA_PNGINFO
} co_hidden;

// Inputs: a link, and values with a widget. Options follow as fields: CO_FLOAT("amount", 0.5, .min = 0, .max = 1, .step = 0.01).
#define CO_LINK(n, t, ...) {.name = (n), .type = (t), __VA_ARGS__}
#define CO_INT(n, d, ...) {.name = (n), .type = "INT", .widget = 'i', .def = (d), __VA_ARGS__}
#define CO_FLOAT(n, d, ...) {.name = (n), .type = "FLOAT", .widget = 'f', .def = (d), __VA_ARGS__}
#define CO_STRING(n, d, ...) {.name = (n), .type = "STRING", .widget = 's', .text = (d), __VA_ARGS__}
#define CO_BOOLEAN(n, d, ...) {.name = (n), .type = "BOOLEAN", .widget = 'b', .def = (d), __VA_ARGS__}
#define CO_CHOICE(n, list, ...) {.name = (n), .type = "COMBO", .widget = 'c', .choices = (const char *const[]){CO_UNWRAP list, NULL}, __VA_ARGS__}
// Inputs that grow, named prefix and a number, and a combo whose choice brings inputs. Their value is a map by those names.
#define CO_GROW(n, start, low, high, one, ...) {.name = (n), .type = "COMFY_AUTOGROW_V3", .prefix = (start), .least = (low), .most = (high), .each = (one), __VA_ARGS__}
#define CO_CASES(n, list, ...) {.name = (n), .type = "COMFY_DYNAMICCOMBO_V3", .cases = (const co_case[]){CO_UNWRAP list, {0}}, __VA_ARGS__}
// CO_GROW with names instead of a prefix; a type that brings further inputs once it is linked; rows of inputs; and an input that takes what
// the other inputs and outputs of the template take, of the allowed types.
#define CO_GROW_NAMED(n, low, list, one, ...) {.name = (n), .type = "COMFY_AUTOGROW_V3", .names = (const char *const[]){CO_UNWRAP list, NULL}, .least = (low), .each = (one), __VA_ARGS__}
#define CO_SLOT(n, t, brings, ...) {.name = (n), .type = "COMFY_DYNAMICSLOT_V3", .slot = (t), .each = (brings), __VA_ARGS__}
#define CO_GROUP(n, label, low, high, row, ...) {.name = (n), .type = "COMFY_DYNAMICGROUP_V3", .group = true, .text = (label), .least = (low), .most = (high), .each = (row), __VA_ARGS__}
#define CO_MATCHING(n, id, types, ...) {.name = (n), .type = "COMFY_MATCHTYPE_V3", .template_id = (id), .allowed = (types), __VA_ARGS__}
#define CO_GIVES_MATCHING(id, ...) {.type = "COMFY_MATCHTYPE_V3", .match = (id), __VA_ARGS__}
#define CO_GIVES(t, ...) {.type = (t), __VA_ARGS__}
#define CO_INPUTS(...) ((const co_input[]){__VA_ARGS__, {0}})
#define CO_OUTPUTS(...) ((const co_output[]){__VA_ARGS__, {0}})
#define CO_HIDDEN(...) ((const co_hidden[]){__VA_ARGS__, {0}})
#define CO_TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

typedef struct {
	const char *id, *name, *category, *help;
	const co_input *inputs;
	const co_output *outputs;
	const co_hidden *hidden;
	const char *const *flags;			 // CO_TEXTS("output_node", "expands")
	int32_t (*run)(co_call *c);			 // gives the outputs: 0, or what co_fail gave
	void (*needs)(co_call *c);			 // names lazy inputs by co_need; without it they are all that are not there
	const char *(*validate)(co_call *c);		 // NULL, or why the inputs will not do; co_raise says that it broke
	const char *const *checks;			 // inputs that validate looks at; NULL for all
	void (*fingerprint)(co_call *c, co_out *value); // writes one value
	void (*more)(co_out *description);		 // writes further keys and values: aliases, loop, essentials, …
} co_node;

typedef struct {
	const char *method, *path;
	int32_t (*run)(co_call *c); // answers by co_answer
} co_route;

typedef struct {
	const char *kind;		 // what stands behind ext.<id>.; the capability ws receives it
	int32_t (*run)(co_call *c); // 0, or what co_fail gave, which reaches the client as the event ext.<id>.error
} co_message;

typedef struct {
	const co_node *nodes;
	const co_route *routes;
	const co_message *messages; // of clients; those of one client come one after the other
	int32_t (*other)(int32_t op, co_val request, co_out *reply); // migrate and selftest
} co_extension;

#define CO_NODES(...) ((const co_node[]){__VA_ARGS__, {0}})
#define CO_ROUTES(...) ((const co_route[]){__VA_ARGS__, {0}})
#define CO_MESSAGES(...) ((const co_message[]){__VA_ARGS__, {0}})

CO_FN void co_describe_number(co_out *o, const co_input *in, double v) {
	if (in->widget == 'i')
		co_put_int(o, (int64_t)v);
	else
		co_put_float(o, v);
}

CO_FN void co_describe_options(co_out *o, const co_input *in) {
	co_key_text(o, "tooltip", in->help);
	const struct {
		bool on;
		const char *key;
	} flags[] = {{in->lazy, "lazy"}, {in->force_input, "forceInput"}, {in->raw_link, "rawLink"}, {in->multiline, "multiline"}, {in->seed, "control_after_generate"}};
	for (int i = 0; i < 5; i++)
		if (flags[i].on) {
			co_key(o, flags[i].key);
			co_put_bool(o, true);
		}
	if (in->widget == 'b') {
		co_key(o, "default");
		co_put_bool(o, in->def != 0);
	}
	if (in->widget == 's' || (in->widget == 'c' && in->text)) co_key_text(o, "default", in->text ? in->text : "");
	if (in->widget == 'i' || in->widget == 'f') {
		co_key(o, "default");
		co_describe_number(o, in, in->def);
		if (in->step > 0) {
			co_key(o, "step");
			co_describe_number(o, in, in->step);
		}
		if (in->seed || in->min != in->max) {
			co_key(o, "min");
			co_describe_number(o, in, in->min);
			co_key(o, "max");
			if (in->seed)
				co_put_uint(o, UINT64_MAX);
			else
				co_describe_number(o, in, in->max);
		}
	}
	if (in->slider) co_key_text(o, "display", "slider");
	if (in->template_id) {
		co_key(o, "template");
		co_map(o);
		co_key_text(o, "template_id", in->template_id);
		co_key_text(o, "allowed_types", in->allowed);
		co_end(o);
	}
	if (in->more) in->more(o);
}

CO_FN void co_describe_texts(co_out *o, const char *key, const char *const *texts) {
	if (!texts) return;
	co_key(o, key);
	co_list(o);
	while (*texts) co_put_text(o, *texts++);
	co_end(o);
}

CO_FN void co_describe_inputs(co_out *o, const char *key, const co_input *in);

CO_FN void co_describe_forms(co_out *o, const co_input *in) {
	if (!in->each && !in->cases) return;
	co_key(o, "forms");
	co_map(o);
	if (in->slot) {
		co_key_text(o, "slot_type", in->slot);
		co_describe_inputs(o, "template", in->each);
	} else if (in->each) {
		int most = in->most;
		if (in->names)
			for (most = 0; in->names[most];) most++;
		co_describe_texts(o, "names", in->names);
		co_key_text(o, "prefix", in->prefix);
		if (in->group) co_key_text(o, "group", in->text ? in->text : "");
		co_key(o, "min");
		co_put_int(o, in->least);
		co_key(o, "max");
		co_put_int(o, most);
		co_describe_inputs(o, "template", in->each);
	} else {
		co_key(o, "cases");
		co_list(o);
		for (const co_case *k = in->cases; k->key; k++) {
			co_map(o);
			co_key_text(o, "key", k->key);
			co_describe_inputs(o, "inputs", k->inputs);
			co_end(o);
		}
		co_end(o);
	}
	co_end(o);
}

CO_FN void co_describe_input(co_out *o, const co_input *in) {
	co_map(o);
	co_key_text(o, "name", in->name);
	co_key_text(o, "type", in->type);
	if (in->optional) {
		co_key(o, "optional");
		co_put_bool(o, true);
	}
	co_describe_texts(o, "choices", in->choices);
	if (in->choices) {
		co_key(o, "classic");
		co_put_bool(o, true);
	}
	co_out options = {0};
	co_describe_options(&options, in);
	if (options.n) co_part_of(o, "options", &options, true);
	co_describe_forms(o, in);
	co_end(o);
}

CO_FN void co_describe_inputs(co_out *o, const char *key, const co_input *in) {
	co_key(o, key);
	co_list(o);
	for (; in && in->name; in++) co_describe_input(o, in);
	co_end(o);
}

CO_FN void co_describe_output(co_out *o, const co_output *out) {
	co_map(o);
	co_key_text(o, "type", out->type);
	co_key_text(o, "name", out->name ? out->name : out->type);
	co_key_text(o, "help", out->help);
	co_key_text(o, "match", out->match);
	if (out->list) {
		co_key(o, "list");
		co_put_bool(o, true);
	}
	co_end(o);
}

CO_FN void co_describe_node(co_out *o, const co_node *n) {
	co_map(o);
	co_key_text(o, "id", n->id);
	co_key_text(o, "name", n->name ? n->name : n->id);
	co_key_text(o, "category", n->category);
	co_key_text(o, "help", n->help);
	co_describe_inputs(o, "inputs", n->inputs);
	co_key(o, "outputs");
	co_list(o);
	for (const co_output *out = n->outputs; out && out->type; out++) co_describe_output(o, out);
	co_end(o);
	co_key(o, "hidden");
	co_list(o);
	for (const co_hidden *h = n->hidden; h && h->name; h++) {
		co_map(o);
		co_key_text(o, "name", h->name);
		co_key_text(o, "kind", h->kind);
		co_end(o);
	}
	co_end(o);
	co_key(o, "flags");
	co_list(o);
	for (const char *const *f = n->flags; f && *f; f++) co_put_text(o, *f);
	if (n->validate) co_put_text(o, "validates");
	if (n->fingerprint) co_put_text(o, "fingerprints");
	co_end(o);
	co_describe_texts(o, "checks", n->checks);
	if (n->more) n->more(o);
	co_end(o);
}

CO_FN void co_describe(const co_extension *e, co_out *o) {
	co_map(o);
	co_key(o, "nodes");
	co_list(o);
	for (const co_node *n = e->nodes; n && n->id; n++) co_describe_node(o, n);
	co_end(o);
	co_key(o, "routes");
	co_list(o);
	for (const co_route *r = e->routes; r && r->path; r++) {
		co_map(o);
		co_key_text(o, "method", r->method);
		co_key_text(o, "path", r->path);
		co_end(o);
	}
	co_end(o);
	co_key(o, "messages");
	co_list(o);
	for (const co_message *m = e->messages; m && m->kind; m++) co_put_text(o, m->kind);
	co_end(o);
	co_end(o);
}

// ---------------------------------------------------------------------------------------------------------------------------
// What the host calls.

CO_FN int32_t co_execute(const co_node *n, co_call *c) {
	int32_t err = n->run(c);
	co_out *o = &c->reply;
	if (err || o->n) return err;
	co_map(o);
	if (c->rows.n) {
		co_end(&c->rows);
		co_key(o, "loop");
		co_map(o);
		co_part_of(o, "outputs", &c->rows, false);
		co_key(o, "keep");
		co_put_bool(o, c->keep);
		co_end(o);
		co_end(o);
		return 0;
	}
	co_part_of(o, "outputs", &c->outputs, false);
	if (c->ui.n) co_part_of(o, "ui", &c->ui, true);
	if (c->nodes.n) {
		co_add_done(c);
		co_key(o, "expand");
		co_map(o);
		co_part_of(o, "nodes", &c->nodes, false);
		co_end(o);
	}
	co_end(o);
	return 0;
}

CO_FN int32_t co_on_node(const co_node *n, int32_t op, co_call *c) {
	const char *text;
	switch (op) {
	case CO_OP_EXECUTE:
	case CO_OP_RESUME: return co_execute(n, c);
	case CO_OP_CHECK_LAZY:
		co_list(&c->reply);
		if (n->needs)
			n->needs(c);
		else
			for (const co_input *in = n->inputs; in && in->name; in++)
				if (in->lazy && (!co_in_there(c, in->name) || co_type(co_in(c, in->name)) == CO_IS_NULL)) co_need(c, in->name);
		co_put_raw(&c->reply, c->outputs.p, c->outputs.n);
		co_end(&c->reply);
		return 0;
	case CO_OP_VALIDATE:
		text = n->validate ? n->validate(c) : NULL;
		if (c->reply.n) return 0; // it raised
		if (text)
			co_put_text(&c->reply, text);
		else
			co_put_null(&c->reply);
		return 0;
	case CO_OP_FINGERPRINT:
		if (n->fingerprint)
			n->fingerprint(c, &c->reply);
		else
			co_put_null(&c->reply);
		return 0;
	}
	return co_fail(CO_EUNSUP, "the extension does not know this op");
}

CO_FN int32_t co_dispatch(const co_extension *e, int32_t op, co_call *c) {
	if (op == CO_OP_DESCRIBE) return co_describe(e, &c->reply), 0;
	if (op == CO_OP_ROUTE) {
		co_str route = co_as_str(co_get(c->request, "route")), method = co_as_str(co_get(c->request, "method"));
		for (const co_route *r = e->routes; r && r->path; r++)
			if (co_same(route, CO_JOIN(co_s(r->method), CO_S(" "), co_s(r->path)).p) || (co_same(route, r->path) && co_same(method, r->method))) {
				int32_t err = r->run(c);
				if (!err && !c->reply.n) co_put_null(&c->reply); // it was sent piece by piece
				return err;
			}
		return co_fail(CO_ENOENT, "the extension has no such route");
	}
	if (op == CO_OP_WS) {
		co_str kind = co_as_str(co_get(c->request, "type"));
		for (const co_message *m = e->messages; m && m->kind; m++)
			if (co_same(kind, m->kind)) {
				int32_t err = m->run(c);
				if (!err && !c->reply.n) co_put_null(&c->reply);
				return err;
			}
		return co_fail(CO_ENOENT, "the extension takes no such messages");
	}
	if (op == CO_OP_MIGRATE || op == CO_OP_SELFTEST)
		return e->other ? e->other(op, c->request, &c->reply) : co_fail(CO_EUNSUP, "the extension does not know this op");
	co_str class_id = co_class(c);
	for (const co_node *n = e->nodes; n && n->id; n++)
		if (co_same(class_id, n->id)) return co_on_node(n, op, c);
	return co_fail(CO_ENOENT, "the extension has no such node");
}

CO_FN int32_t co_called(const co_extension *e, int32_t op, uint32_t ptr, uint32_t n) {
	const uint8_t *p = (const uint8_t *)(uintptr_t)ptr;
	co_call c = {.request = {p, p + n}};
	c.inputs = co_get(c.request, "inputs");
	co_val state = co_get(c.request, "state");
	c.resumed = op == CO_OP_RESUME;
	c.state = co_as_str(state);
	int32_t err = co_dispatch(e, op, &c);
	if (!err) host_reply(co_at32(c.reply.p), c.reply.n);
	return err;
}

// CO_EXTENSION declares what the module has: CO_EXTENSION(.nodes = CO_NODES({…}, {…}), .routes = CO_ROUTES({…})).
#define CO_EXTENSION(...)                                                                                                       \
	static const co_extension co_this = {__VA_ARGS__};                                                                      \
	__attribute__((export_name("cocoon_abi"))) int32_t cocoon_abi(void) { return CO_MAJOR << 16 | CO_MINOR; }               \
	__attribute__((export_name("cocoon_buf"))) uint32_t cocoon_buf(uint32_t n) { return co_at32(co_alloc(n)); }              \
	__attribute__((export_name("cocoon_call"))) int32_t cocoon_call(int32_t op, uint32_t ptr, uint32_t n) { return co_called(&co_this, op, ptr, n); } \
	_Static_assert(1, "")

#endif
