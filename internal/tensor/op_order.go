package tensor

// More kinds along one axis, kinds that order, pick and place elements, and kinds that make values from nothing.
const (
	// Reductions over one axis, which stays with size 1. I[0]: axis.
	KindArgMin     Kind = 195 // I64; the first of equals; NaN is least
	KindVar        Kind = 196 // I: axis, correction: the sum of squared distances from the mean / max(0, n - correction)
	KindStd        Kind = 197 // the square root of KindVar
	KindLogSumExp  Kind = 198 // log(sum(exp(x))), the maximum taken off
	KindCumProd    Kind = 199 // keeps the shape, as the next three
	KindCumMax     Kind = 200 // NaN from the first NaN on
	KindCumMin     Kind = 201
	KindLogSoftmax Kind = 202 // x - logsumexp(x)
	KindMedian     Kind = 203 // the lower of two middle elements; NaN if any is
	KindQuantile   Kind = 204 // F[0]: q in 0..1; linear between the elements around q*(n-1); NaN if any is
	KindNorm       Kind = 205 // sqrt(sum(x*x))

	// Order along one axis: NaN is greatest, equals stay in order. I: axis, descending (0 or 1); the top kinds: axis, k, largest (0 or 1).
	KindSort      Kind = 206
	KindArgSort   Kind = 207 // I64
	KindTopK      Kind = 208 // the k largest or smallest, from the extreme on
	KindTopKIndex Kind = 209 // I64: where they are

	// By index: I64 or I32 ids. One outside the range is an error.
	KindScatterAdd Kind = 210 // x [n, d], ids [...], rows [..., d]: x with each row added at its id, in order
	KindOneHot     Kind = 211 // ids [...]; I[0]: classes: [..., classes]
	KindTakeAlong  Kind = 212 // x, ids of x's shape but for the axis I[0]: elements of x at the ids along the axis; torch's gather

	// No arguments; the shape is the result's.
	KindIota    Kind = 213 // I[0]: axis; F[0] + F[1]*(index on the axis)
	KindFull    Kind = 214 // F[0]
	KindUniform Kind = 215 // I: seed (low and high half, as signed 32 bit), stream: [0, 1) in steps of 2^-24, see Noise
	KindNormal  Kind = 216 // as KindUniform: mean 0, variance 1, see Noise

	// Movement; Triu and Tril give F32, the others the first argument's dtype.
	KindTriu           Kind = 217 // over the last two dimensions; I[0]: k: 0 where column - row is under k
	KindTril           Kind = 218 // 0 where column - row is over k
	KindPixelShuffle   Kind = 219 // x [b, h, w, c*r*r] to [b, h*r, w*r, c]; I[0]: r, 1 to 64; channel (c*r + dy)*r + dx, as torch
	KindPixelUnshuffle Kind = 220 // the way back
	KindUnfold         Kind = 221 // x [b, h, w, c]; I: kernel y, x, stride y, x, pad y, x (zeros), dilation y, x: [b, oh*ow, c*kh*kw], columns as torch's unfold
	KindRepeat         Kind = 222 // I: axis, count: each element repeated in place
)

var orderRules = map[Kind]rule{
	KindArgMin: {name: "argmin", min: 1, max: 1, ints: 1, infer: inferArgMax},
	KindVar:    {name: "var", min: 1, max: 1, ints: 2, infer: inferVar}, KindStd: {name: "std", min: 1, max: 1, ints: 2, infer: inferVar},
	KindLogSumExp: reduction("logsumexp", dropAxis), KindCumProd: reduction("cumprod", keepAxis), KindCumMax: reduction("cummax", keepAxis),
	KindCumMin: reduction("cummin", keepAxis), KindLogSoftmax: reduction("log_softmax", keepAxis), KindNorm: reduction("norm", dropAxis),
	KindMedian:   {name: "median", min: 1, max: 1, ints: 1, infer: inferMiddle},
	KindQuantile: {name: "quantile", min: 1, max: 1, ints: 1, floats: 1, infer: inferQuantile},

	KindSort: {name: "sort", min: 1, max: 1, ints: 2, infer: inferSort(F32)}, KindArgSort: {name: "argsort", min: 1, max: 1, ints: 2, infer: inferSort(I64)},
	KindTopK: {name: "topk", min: 1, max: 1, ints: 3, infer: inferTopK(F32)}, KindTopKIndex: {name: "topk_index", min: 1, max: 1, ints: 3, infer: inferTopK(I64)},

	KindScatterAdd: {name: "scatter_add", min: 3, max: 3, infer: inferScatter},
	KindOneHot:     {name: "one_hot", min: 1, max: 1, ints: 1, infer: inferOneHot},
	KindTakeAlong:  {name: "take_along", min: 2, max: 2, ints: 1, infer: inferTakeAlong},

	KindIota:    {name: "iota", ints: 1, floats: 2, infer: inferIota},
	KindFull:    {name: "full", floats: 1, infer: inferWanted},
	KindUniform: {name: "uniform", ints: 3, infer: inferWanted}, KindNormal: {name: "normal", ints: 3, infer: inferWanted},

	KindTriu: {name: "triu", min: 1, max: 1, ints: 1, infer: inferTriangle}, KindTril: {name: "tril", min: 1, max: 1, ints: 1, infer: inferTriangle},
	KindPixelShuffle:   {name: "pixel_shuffle", min: 1, max: 1, ints: 1, infer: inferShuffle},
	KindPixelUnshuffle: {name: "pixel_unshuffle", min: 1, max: 1, ints: 1, infer: inferUnshuffle},
	KindUnfold:         {name: "unfold", min: 1, max: 1, ints: 8, infer: inferUnfold},
	KindRepeat:         {name: "repeat", min: 1, max: 1, ints: 2, infer: inferTile},
}

// maxSorted is the most elements of an axis that is sorted: indices and a key go into 64 bits.
const maxSorted = 1 << 26

func inferVar(o *Op, args []Value, want Shape) (DType, Shape, error) {
	if o.Attr.I[1] < 0 {
		return 0, nil, bad("correction %d", o.Attr.I[1])
	}
	return inferAxis(dropAxis)(o, args, want)
}

// inferMiddle is of reductions that need an element.
func inferMiddle(o *Op, args []Value, want Shape) (DType, Shape, error) {
	dt, s, err := inferAxis(dropAxis)(o, args, want)
	if err == nil && args[0].Shape[o.Attr.I[0]] == 0 {
		err = bad("axis %d of %v is empty", o.Attr.I[0], args[0].Shape)
	}
	return dt, s, err
}

func inferQuantile(o *Op, args []Value, want Shape) (DType, Shape, error) {
	if q := o.Attr.F[0]; !(q >= 0 && q <= 1) {
		return 0, nil, bad("q %v", q)
	}
	return inferMiddle(o, args, want)
}

func inferSort(dt DType) func(*Op, []Value, Shape) (DType, Shape, error) {
	return func(o *Op, args []Value, want Shape) (DType, Shape, error) {
		_, s, err := inferAxis(keepAxis)(o, args, want)
		if err == nil && (s[o.Attr.I[0]] > maxSorted || o.Attr.I[1]&^1 != 0) {
			err = bad("axis %d of %v with %d", o.Attr.I[0], s, o.Attr.I[1])
		}
		return dt, s, err
	}
}

func inferTopK(dt DType) func(*Op, []Value, Shape) (DType, Shape, error) {
	return func(o *Op, args []Value, want Shape) (DType, Shape, error) {
		_, s, err := inferAxis(keepAxis)(o, args, want)
		if err != nil {
			return 0, nil, err
		}
		axis, k := o.Attr.I[0], o.Attr.I[1]
		if k < 1 || k > s[axis] || s[axis] > maxSorted || o.Attr.I[2]&^1 != 0 {
			return 0, nil, bad("%v of axis %d of %v", o.Attr.I, axis, s)
		}
		s[axis] = k
		return dt, s, nil
	}
}

func isIndex(dt DType) bool { return dt == I64 || dt == I32 }

func inferScatter(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, ids, rows := args[0].Shape, args[1], args[2].Shape
	if len(x) != 2 || !isIndex(ids.DType) || !rows.Equal(append(ids.Shape.Clone(), x[1])) {
		return 0, nil, bad("%v rows of %v by %v %v", x, rows, ids.DType, ids.Shape)
	}
	return F32, x, nil
}

func inferOneHot(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	if !isIndex(args[0].DType) || o.Attr.I[0] < 1 {
		return 0, nil, bad("%d classes of %v %v", o.Attr.I[0], args[0].DType, args[0].Shape)
	}
	return F32, append(args[0].Shape.Clone(), o.Attr.I[0]), nil
}

func inferTakeAlong(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, ids, axis := args[0].Shape, args[1], o.Attr.I[0]
	if len(x) != len(ids.Shape) || !isIndex(ids.DType) || axis < 0 || axis >= len(x) {
		return 0, nil, bad("%v by %v %v on axis %d", x, ids.DType, ids.Shape, axis)
	}
	s := x.Clone()
	if s[axis] = ids.Shape[axis]; !s.Equal(ids.Shape) {
		return 0, nil, bad("%v by %v on axis %d", x, ids.Shape, axis)
	}
	return F32, s, nil
}

func inferWanted(_ *Op, _ []Value, want Shape) (DType, Shape, error) {
	if want == nil {
		return 0, nil, bad("no shape")
	}
	return F32, want.Clone(), nil
}

func inferIota(o *Op, args []Value, want Shape) (DType, Shape, error) {
	if axis := o.Attr.I[0]; axis < 0 || axis >= len(want) {
		return 0, nil, bad("axis %d of %v", axis, want)
	}
	return inferWanted(o, args, want)
}

func inferTriangle(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
	if len(args[0].Shape) < 2 {
		return 0, nil, bad("a triangle of %v", args[0].Shape)
	}
	return F32, args[0].Shape, nil
}

// maxShuffle is the most pixels a side that one of KindPixelShuffle becomes.
const maxShuffle = 64

func inferShuffle(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, r := args[0].Shape, o.Attr.I[0]
	if len(x) != 4 || r < 1 || r > maxShuffle || x[3]%(r*r) != 0 {
		return 0, nil, bad("%v by %d", x, r)
	}
	return args[0].DType, Shape{x[0], x[1] * r, x[2] * r, x[3] / (r * r)}, nil
}

func inferUnshuffle(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, r := args[0].Shape, o.Attr.I[0]
	if len(x) != 4 || r < 1 || r > maxShuffle || x[1]%r != 0 || x[2]%r != 0 || x[3] > maxAttr/(r*r) {
		return 0, nil, bad("%v by %d", x, r)
	}
	return args[0].DType, Shape{x[0], x[1] / r, x[2] / r, x[3] * r * r}, nil
}

func inferUnfold(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, i := args[0].Shape, o.Attr.I
	if len(x) != 4 || !kernelFits(i[0], i[1]) || min(i[2], i[3], i[6], i[7]) < 1 || max(i[6], i[7]) > maxKernel || min(i[4], i[5]) < 0 || x[3] > maxAttr/(i[0]*i[1]) {
		return 0, nil, bad("%v by %v", x, i)
	}
	h, w := x[1]+2*i[4]-i[6]*(i[0]-1)-1, x[2]+2*i[5]-i[7]*(i[1]-1)-1
	if h < 0 || w < 0 || max(i[4], i[5]) >= maxKernel {
		return 0, nil, bad("%v by %v", x, i)
	}
	oh, ow := h/i[2]+1, w/i[3]+1
	if oh > maxAttr/ow {
		return 0, nil, bad("%v by %v", x, i)
	}
	return args[0].DType, Shape{x[0], oh * ow, x[3] * i[0] * i[1]}, nil
}
