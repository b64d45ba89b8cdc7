package tensor

import (
	"math"
	"math/bits"
)

// price says what an op of a kind costs, in additions: what one element of a sum of two tensors takes, some half a nanosecond
// of one processor. Each number is the most that the kind's examples (package tensortest) took at any level of instructions,
// rounded up; `go test ./internal/tensor/cpu -run '^$' -bench Kinds -benchtime 1x` measures them again.
type price struct {
	out    float64 // of an element of the result
	in     float64 // of an element of the first argument
	line   float64 // of a line along the axis I[0], or a row where the kind has no axis
	across float64 // more for an element of a line whose elements lie apart
	// work is what else there is, for kinds whose cost is no number of elements.
	work func(o *Op, x, out Shape, args []Value) float64
}

const (
	// opCost is what planning and starting an op takes.
	opCost = 4000
	// otherCost is reading an element that is no F32.
	otherCost = 6
	// MaxCost is more than any budget.
	MaxCost = math.MaxInt64 / 8
)

// Cost is what a program costs to compile and run, in additions of an element, by shapes alone. It grows with every dimension
// and never wraps: what is too much is MaxCost.
func Cost(p *Program) int64 {
	total := 0.0
	for i := range p.Ops {
		total += opCost + costOf(p, &p.Ops[i])
	}
	return int64(min(total, MaxCost))
}

// HasPrice reports whether it is known what a kind costs.
func HasPrice(k Kind) bool { _, ok := prices[k]; return ok }

func costOf(p *Program, o *Op) float64 {
	r, out := prices[o.Kind], p.Values[o.Out]
	args := make([]Value, len(o.Args))
	cost := r.out * elems(out.Shape)
	for i, a := range o.Args {
		if args[i] = p.Values[a]; args[i].DType != F32 && !keepsDType(o.Kind) {
			cost += otherCost * elems(args[i].Shape)
		}
	}
	var x Shape
	if len(args) > 0 {
		x = args[0].Shape
		cost += r.in * elems(x)
	}
	if r.line > 0 {
		n, apart := lineOf(o, x)
		cost += r.line * elems(x) / max(n, 1)
		if apart {
			cost += r.across * elems(x)
		}
	}
	if r.work != nil {
		cost += r.work(o, x, out.Shape, args)
	}
	return cost
}

func elems(s Shape) float64 { return float64(s.Elems()) }

// lineOf is how long the lines of x are, and whether their elements lie apart.
func lineOf(o *Op, x Shape) (n float64, apart bool) {
	if o.Kind < KindSum || o.Kind > KindSoftmax && o.Kind < KindArgMin || o.Kind > KindTopKIndex {
		return float64(x.Last()), false
	}
	axis := o.Attr.I[0]
	return float64(x[axis]), x[axis+1:].Elems() > 1
}

// keepsDType reports whether a kind reads elements as they are: it moves them, or reads them while it computes.
func keepsDType(k Kind) bool {
	return k >= KindReshape && k <= KindTile || k >= KindPixelShuffle && k <= KindRepeat || k == KindCast || k >= KindScatterAdd && k <= KindTakeAlong
}

func flat(out float64) price { return price{out: out} }

func lines(in, line, across float64) price { return price{in: in, line: line, across: across} }

// prices are those of all kinds.
var prices = map[Kind]price{
	KindNeg: flat(7), KindAbs: flat(7), KindExp: flat(22), KindLog: flat(55), KindSqrt: flat(14), KindRsqrt: flat(28), KindRecip: flat(12), KindSquare: flat(7),
	KindSin: flat(50), KindCos: flat(50), KindTanh: flat(24), KindSigmoid: flat(24), KindSiLU: flat(24), KindGELU: flat(26), KindGELUTanh: flat(26), KindQuickGELU: flat(24),
	KindReLU: flat(6), KindFloor: flat(22), KindCeil: flat(24), KindRound: flat(12), KindErf: flat(24), KindSign: flat(8), KindSoftplus: flat(125), KindTan: flat(60), KindLeakyReLU: flat(8),
	KindELU: flat(75), KindAffine: flat(2), KindClamp: flat(8), KindPowScalar: flat(150), KindNot: flat(6), KindHardSwish: flat(30), KindMish: flat(210),

	KindAdd: flat(1), KindSub: flat(2), KindMul: flat(2), KindDiv: flat(4), KindMin: flat(8), KindMax: flat(8), KindPow: flat(160), KindMod: flat(48), KindAtan2: flat(65),
	KindLess: flat(18), KindLessEqual: flat(18), KindEqual: flat(10), KindWhere: flat(8), KindLerp: flat(10),

	KindReshape: flat(2), KindPermute: flat(24), KindBroadcast: flat(3), KindSlice: flat(3), KindConcat: flat(3), KindPad: flat(4), KindFlip: flat(5), KindRoll: flat(3), KindTile: flat(4),
	KindGather: {out: 4, work: func(_ *Op, _, _ Shape, args []Value) float64 { return 26 * elems(args[1].Shape) }},

	KindSum: lines(3, 80, 18), KindMean: lines(3, 80, 18), KindAmax: lines(8, 80, 18), KindAmin: lines(7, 80, 18), KindProd: lines(3, 80, 18), KindCumSum: lines(5, 80, 45), KindArgMax: lines(5, 80, 18),
	KindSoftmax: lines(24, 140, 45),

	KindMatMul: {work: workMatMul}, KindLinear: {work: workLinear}, KindConv2D: {work: workConv}, KindAttention: {work: workAttention},
	KindGroupNorm: {in: 10, work: func(_ *Op, x, _ Shape, _ []Value) float64 { return float64(x[0]) * (400 + 40*float64(x.Last())) }},
	KindLayerNorm: lines(7, 90, 0), KindRMSNorm: lines(6, 90, 0), KindGLU: {out: 12, line: 40},

	KindResize: {work: workResize}, KindAvgPool: {work: workPool}, KindMaxPool: {work: workPool}, KindCast: {work: workCast},

	KindExp2: flat(65), KindLog2: flat(65), KindLog10: flat(60), KindLog1p: flat(65), KindExpm1: flat(70), KindTrunc: flat(20), KindFrac: flat(12), KindAsin: flat(60), KindAcos: flat(60),
	KindAtan: flat(50), KindSinh: flat(65), KindCosh: flat(75), KindAsinh: flat(95), KindAcosh: flat(95), KindAtanh: flat(80), KindIsNaN: flat(8), KindIsInf: flat(8), KindIsFinite: flat(8),
	KindNanToNum: flat(10), KindSRGBToLinear: flat(130), KindLinearToSRGB: flat(130), KindPosterize: flat(36), KindThreshold: flat(8), KindSmoothStep: flat(36),

	KindGreater: flat(18), KindGreaterEqual: flat(18), KindNotEqual: flat(10), KindAnd: flat(10), KindOr: flat(10), KindXor: flat(10), KindHypot: flat(40), KindFmod: flat(40), KindFloorDiv: flat(18),
	KindCopySign: flat(10), KindBlend: flat(26),

	KindArgMin: lines(5, 80, 18), KindVar: lines(4, 110, 18), KindStd: lines(4, 110, 18), KindLogSumExp: lines(22, 200, 18), KindCumProd: lines(6, 90, 45), KindCumMax: lines(10, 90, 45), KindCumMin: lines(10, 90, 45),
	KindLogSoftmax: lines(26, 280, 45), KindMedian: lines(32, 100, 18), KindQuantile: lines(32, 100, 18), KindNorm: lines(3, 90, 18),
	KindSort: {line: 350, across: 45, work: workSort}, KindArgSort: {line: 350, across: 45, work: workSort}, KindTopK: {line: 350, across: 45, work: workSort}, KindTopKIndex: {line: 350, across: 45, work: workSort},

	KindScatterAdd: {out: 3, work: func(_ *Op, _, _ Shape, args []Value) float64 { return 22*elems(args[1].Shape) + 3*elems(args[2].Shape) }},
	KindOneHot:     {out: 2, in: 20}, KindTakeAlong: flat(18), KindIota: flat(8), KindFull: flat(3), KindUniform: flat(18), KindNormal: flat(52),
	KindTriu: flat(3), KindTril: flat(3), KindPixelShuffle: flat(6), KindPixelUnshuffle: flat(6), KindUnfold: flat(12), KindRepeat: flat(5),

	KindConvTranspose2D: {out: 3, work: workConvTranspose}, KindResizeAA: {work: workResizeAA}, KindFilter2D: {out: 3, work: workFilter},
	KindGaussianBlur: {work: workWindow(0.9)}, KindBoxBlur: {work: workWindow(0.9)}, KindDilate: {work: workWindow(1.4)}, KindErode: {work: workWindow(1.4)},
	KindMedianFilter: {work: workMedian}, KindGridSample: {work: workGrid}, KindFFT: {work: workFFT},
	KindHistogram: {in: 9, work: func(_ *Op, _, out Shape, _ []Value) float64 { return 40 * elems(out) }},
	KindRGBToHSV:  flat(22), KindHSVToRGB: flat(34), KindRGBToYUV: flat(12), KindYUVToRGB: flat(12), KindRGBToLab: flat(95), KindLabToRGB: flat(26), KindLuminance: {in: 4}, KindOver: flat(8),
}

// workCast is nothing where the dtype stays, and most where numbers are rounded.
func workCast(o *Op, x, _ Shape, args []Value) float64 {
	switch from, to := args[0].DType, DType(o.Attr.I[0]); {
	case from == to:
		return 2 * elems(x)
	case to == F32:
		return 8 * elems(x)
	}
	return 24 * elems(x)
}

// workSort is of keys: by their digits, or by comparing where there are few.
func workSort(o *Op, x, _ Shape, _ []Value) float64 {
	n := x[o.Attr.I[0]]
	return elems(x) * (34 + 3*float64(bits.Len(uint(n))))
}

// workFFT is by halves, or by a convolution of at least twice the length.
func workFFT(o *Op, x, _ Shape, _ []Value) float64 {
	n := x[o.Attr.I[0]]
	m := float64(n)
	per := 14 + 2*float64(bits.Len(uint(n)))
	if n&(n-1) != 0 {
		m = 4 * m
		per = 3 * (10 + 2*float64(bits.Len(uint(4*n))))
	}
	return elems(x)*(per+30/float64(max(n, 1))) + 100*(m+float64(n))
}
