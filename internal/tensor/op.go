package tensor

import "fmt"

// Kind says what an Op computes. Each kind's comment gives its arguments and attributes; w stands for values that are
// usually weights. Unless it says otherwise a result is F32 and has the first argument's shape.
type Kind uint16

// The kinds. Never renumber: guests name them by number.
const (
	KindInvalid Kind = 0

	// One argument, element by element.
	KindNeg       Kind = 1
	KindAbs       Kind = 2
	KindExp       Kind = 3
	KindLog       Kind = 4
	KindSqrt      Kind = 5
	KindRsqrt     Kind = 6
	KindRecip     Kind = 7
	KindSquare    Kind = 8
	KindSin       Kind = 9
	KindCos       Kind = 10
	KindTanh      Kind = 11
	KindSigmoid   Kind = 12
	KindSiLU      Kind = 13 // x * sigmoid(x)
	KindGELU      Kind = 14 // x * 0.5 * (1 + erf(x/sqrt 2))
	KindGELUTanh  Kind = 15 // the tanh approximation
	KindQuickGELU Kind = 16 // x * sigmoid(1.702 x)
	KindReLU      Kind = 17
	KindFloor     Kind = 18
	KindCeil      Kind = 19
	KindRound     Kind = 20 // half to even
	KindErf       Kind = 21
	KindSign      Kind = 22
	KindSoftplus  Kind = 23
	KindTan       Kind = 24
	KindLeakyReLU Kind = 25 // F[0]: slope below zero
	KindELU       Kind = 26 // F[0]: alpha
	KindAffine    Kind = 27 // x*F[0] + F[1]
	KindClamp     Kind = 28 // to F[0]..F[1]
	KindPowScalar Kind = 29 // x ** F[0]
	KindNot       Kind = 30 // 1 where x is 0, else 0
	KindHardSwish Kind = 31
	KindMish      Kind = 32

	// Two arguments, broadcast by NumPy's rule.
	KindAdd       Kind = 40
	KindSub       Kind = 41
	KindMul       Kind = 42
	KindDiv       Kind = 43
	KindMin       Kind = 44
	KindMax       Kind = 45
	KindPow       Kind = 46
	KindMod       Kind = 47 // x - y*floor(x/y), the sign of y; torch's remainder
	KindAtan2     Kind = 48
	KindLess      Kind = 49 // comparisons give 1 or 0
	KindLessEqual Kind = 50
	KindEqual     Kind = 51

	// Three arguments, broadcast.
	KindWhere Kind = 60 // c, x, y: x where c is not 0, else y
	KindLerp  Kind = 61 // x, y, t: x + t*(y-x)

	// Movement of elements: the result has the first argument's dtype, Gather's is F32.
	KindReshape   Kind = 70 // to the result's shape
	KindPermute   Kind = 71 // I: dimension i of the result is dimension I[i] of x
	KindBroadcast Kind = 72 // to the result's shape
	KindSlice     Kind = 73 // I: axis, from, to, step (step at least 1)
	KindConcat    Kind = 74 // any number of arguments; I[0]: axis
	KindPad       Kind = 75 // I: axis, before, after, mode (0 constant F[0], 1 reflect, 2 replicate, 3 circular)
	KindFlip      Kind = 76 // I[0]: axis
	KindRoll      Kind = 77 // I: axis, shift
	KindGather    Kind = 78 // w table [n, d], ids I64 or I32 [...]: rows [..., d]
	KindTile      Kind = 79 // I: axis, count: the whole axis repeated

	// Reductions over one axis, which stays with size 1. I[0]: axis.
	KindSum     Kind = 90
	KindMean    Kind = 91
	KindAmax    Kind = 92
	KindAmin    Kind = 93
	KindProd    Kind = 94
	KindCumSum  Kind = 95 // keeps the shape
	KindArgMax  Kind = 96 // I64
	KindSoftmax Kind = 97 // keeps the shape; in F32 with the maximum taken off

	// Linear algebra and layers.
	KindMatMul    Kind = 110 // x [..., m, k], y [..., k, n], leading dimensions broadcast
	KindLinear    Kind = 111 // x [..., k], w [n, k], optional bias [n]: x wᵀ + bias
	KindConv2D    Kind = 112 // x [b, h, w, c], w [o, c/groups, kh, kw], optional bias [o]; I: stride y, x, pad top, left, bottom, right, dilation y, x, groups
	KindGroupNorm Kind = 113 // x [b, ..., c], optional w [c], bias [c]; I[0]: groups; F[0]: eps; statistics over all but b and within the group
	KindLayerNorm Kind = 114 // over the last dimension; optional w [c], bias [c]; F[0]: eps
	KindRMSNorm   Kind = 115 // over the last dimension; optional w [c]; F[0]: eps
	KindAttention Kind = 116 // q [b, lq, h*d], k [b, lk, h*d], v [b, lk, h*dv], optional additive mask broadcast to [b, h, lq, lk]; I: heads, causal (0 or 1); F[0]: scale
	KindGLU       Kind = 117 // x [..., 2c]: x[:c] * act(x[c:]); I[0]: 0 sigmoid, 1 GELU, 2 SiLU, 3 GELU tanh

	// Pictures, [b, h, w, c].
	KindResize  Kind = 130 // to the result's height and width; I[0]: 0 nearest, 1 nearest-exact, 2 bilinear, 3 bicubic (a -0.75), 4 area; torch's interpolate with align_corners false
	KindAvgPool Kind = 131 // I: kernel y, x, stride y, x
	KindMaxPool Kind = 132 // as KindAvgPool

	KindCast Kind = 140 // to the result's dtype, by value; floats to integers truncate
)

// Attr is an op's constants; the kind says what each means.
type Attr struct {
	I []int
	F []float64
}

// ID names a value of a program.
type ID int32

// Op computes one value from others.
type Op struct {
	Kind Kind
	Args []ID
	Out  ID
	Attr Attr
}

// String gives the kind's name.
func (k Kind) String() string {
	if r, ok := rules[k]; ok {
		return r.name
	}
	return fmt.Sprintf("Kind(%d)", uint16(k))
}
