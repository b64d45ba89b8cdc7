package tensor

import (
	"maps"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// rule is what the recorder and the checker know of a kind.
type rule struct {
	name     string
	min, max int // number of arguments; max -1 is any number
	ints     int // least number of I
	floats   int // least number of F
	// infer gives the result's dtype and shape. want is the shape the recorder asked for, nil when it follows from the rest.
	infer func(o *Op, args []Value, want Shape) (DType, Shape, error)
}

// rules are all kinds there are.
var rules = joined(coreRules, elementRules, orderRules, pictureRules)

func joined(tables ...map[Kind]rule) map[Kind]rule {
	all := map[Kind]rule{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// Kinds lists every kind, by number.
func Kinds() []Kind { return slices.Sorted(maps.Keys(rules)) }

var coreRules = map[Kind]rule{
	KindNeg: unary("neg", 0), KindAbs: unary("abs", 0), KindExp: unary("exp", 0), KindLog: unary("log", 0),
	KindSqrt: unary("sqrt", 0), KindRsqrt: unary("rsqrt", 0), KindRecip: unary("recip", 0), KindSquare: unary("square", 0),
	KindSin: unary("sin", 0), KindCos: unary("cos", 0), KindTan: unary("tan", 0), KindTanh: unary("tanh", 0),
	KindSigmoid: unary("sigmoid", 0), KindSiLU: unary("silu", 0), KindGELU: unary("gelu", 0),
	KindGELUTanh: unary("gelu_tanh", 0), KindQuickGELU: unary("quick_gelu", 0), KindReLU: unary("relu", 0),
	KindFloor: unary("floor", 0), KindCeil: unary("ceil", 0), KindRound: unary("round", 0), KindErf: unary("erf", 0),
	KindSign: unary("sign", 0), KindSoftplus: unary("softplus", 0), KindLeakyReLU: unary("leaky_relu", 1),
	KindELU: unary("elu", 1), KindAffine: unary("affine", 2), KindClamp: unary("clamp", 2),
	KindPowScalar: unary("pow_scalar", 1), KindNot: unary("not", 0), KindHardSwish: unary("hard_swish", 0), KindMish: unary("mish", 0),

	KindAdd: broadcast("add", 2), KindSub: broadcast("sub", 2), KindMul: broadcast("mul", 2), KindDiv: broadcast("div", 2),
	KindMin: broadcast("min", 2), KindMax: broadcast("max", 2), KindPow: broadcast("pow", 2), KindMod: broadcast("mod", 2),
	KindAtan2: broadcast("atan2", 2), KindLess: broadcast("less", 2), KindLessEqual: broadcast("less_equal", 2),
	KindEqual: broadcast("equal", 2), KindWhere: broadcast("where", 3), KindLerp: broadcast("lerp", 3),

	KindReshape:   {name: "reshape", min: 1, max: 1, infer: inferReshape},
	KindPermute:   {name: "permute", min: 1, max: 1, infer: inferPermute},
	KindBroadcast: {name: "broadcast", min: 1, max: 1, infer: inferBroadcastTo},
	KindSlice:     {name: "slice", min: 1, max: 1, ints: 4, infer: inferSlice},
	KindConcat:    {name: "concat", min: 1, max: -1, ints: 1, infer: inferConcat},
	KindPad:       {name: "pad", min: 1, max: 1, ints: 4, floats: 1, infer: inferPad},
	KindFlip:      {name: "flip", min: 1, max: 1, ints: 1, infer: inferAlong},
	KindRoll:      {name: "roll", min: 1, max: 1, ints: 2, infer: inferAlong},
	KindTile:      {name: "tile", min: 1, max: 1, ints: 2, infer: inferTile},
	KindGather:    {name: "gather", min: 2, max: 2, infer: inferGather},

	KindSum: reduction("sum", dropAxis), KindMean: reduction("mean", dropAxis), KindAmax: reduction("amax", dropAxis),
	KindAmin: reduction("amin", dropAxis), KindProd: reduction("prod", dropAxis), KindCumSum: reduction("cumsum", keepAxis),
	KindArgMax: {name: "argmax", min: 1, max: 1, ints: 1, infer: inferArgMax}, KindSoftmax: reduction("softmax", keepAxis),

	KindMatMul:    {name: "matmul", min: 2, max: 2, infer: inferMatMul},
	KindLinear:    {name: "linear", min: 2, max: 3, infer: inferLinear},
	KindConv2D:    {name: "conv2d", min: 2, max: 3, ints: 9, infer: inferConv},
	KindGroupNorm: {name: "group_norm", min: 1, max: 3, ints: 1, floats: 1, infer: inferGroupNorm},
	KindLayerNorm: {name: "layer_norm", min: 1, max: 3, floats: 1, infer: inferNorm},
	KindRMSNorm:   {name: "rms_norm", min: 1, max: 2, floats: 1, infer: inferNorm},
	KindAttention: {name: "attention", min: 3, max: 4, ints: 2, floats: 1, infer: inferAttention},
	KindGLU:       {name: "glu", min: 1, max: 1, ints: 1, infer: inferGLU},

	KindResize:  {name: "resize", min: 1, max: 1, ints: 1, infer: inferResize},
	KindAvgPool: {name: "avg_pool", min: 1, max: 1, ints: 4, infer: inferPool},
	KindMaxPool: {name: "max_pool", min: 1, max: 1, ints: 4, infer: inferPool},
	KindCast:    {name: "cast", min: 1, max: 1, ints: 1, infer: inferCast},
}

func unary(name string, floats int) rule {
	return rule{name: name, min: 1, max: 1, floats: floats, infer: func(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
		return F32, args[0].Shape, nil
	}}
}

func broadcast(name string, n int) rule {
	return rule{name: name, min: n, max: n, infer: func(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
		s := args[0].Shape
		for _, a := range args[1:] {
			var ok bool
			if s, ok = Broadcast(s, a.Shape); !ok {
				return 0, nil, bad("%v and %v do not broadcast", args[0].Shape, a.Shape)
			}
		}
		return F32, s, nil
	}}
}

func reduction(name string, axis func(int) int) rule {
	return rule{name: name, min: 1, max: 1, ints: 1, infer: inferAxis(axis)}
}

func keepAxis(n int) int { return n }
func dropAxis(int) int   { return 1 }

func bad(format string, args ...any) error { return fault.New(fault.BadTensor, format, args...) }
