package tensor

// scratches are the kinds that need memory of their own, with x the first argument.
var scratches = map[Kind]func(o *Op, x, out Shape, args []Value) int64{
	KindSum: lineScratch(4), KindMean: lineScratch(4), KindAmax: lineScratch(4), KindAmin: lineScratch(4), KindProd: lineScratch(4), KindCumSum: lineScratch(4), KindArgMax: lineScratch(4),
	KindSoftmax: lineScratch(4), KindArgMin: lineScratch(28), KindVar: lineScratch(28), KindStd: lineScratch(28), KindLogSumExp: lineScratch(28), KindCumProd: lineScratch(28),
	KindCumMax: lineScratch(28), KindCumMin: lineScratch(28), KindLogSoftmax: lineScratch(28), KindMedian: lineScratch(28), KindQuantile: lineScratch(28), KindNorm: lineScratch(28),
	KindSort: lineScratch(28), KindArgSort: lineScratch(28), KindTopK: lineScratch(28), KindTopKIndex: lineScratch(28),

	KindMatMul: func(o *Op, x, out Shape, _ []Value) int64 { return productScratch(out.Last(), x.Last(), 1) },
	KindLinear: func(_ *Op, x, _ Shape, args []Value) int64 { return productScratch(args[1].Shape[0], x.Last(), 1) },
	KindConv2D: convScratch, KindAttention: attentionScratch,
	KindGroupNorm: func(_ *Op, x, _ Shape, _ []Value) int64 {
		ch := int64(x.Last())
		return 8 * ch * int64(x[0]) * (count(x[1:len(x)-1])/max(16<<10/max(ch, 1), 8) + 2)
	},
	KindGLU: func(_ *Op, x, _ Shape, _ []Value) int64 { return scratchLanes * 4 * min(int64(x.Last()), 64<<10) },

	KindResize: func(o *Op, x, out Shape, _ []Value) int64 {
		taps := []int64{Nearest: 1, NearestExact: 1, Bilinear: 2, Bicubic: 4, Area: 2}[o.Attr.I[0]]
		return 4*middle(x, out) + tables(x, out, taps, taps)
	},
	KindResizeAA: func(o *Op, x, out Shape, _ []Value) int64 { return 4*middle(x, out) + tables(x, out, 7, 7) },
	KindAvgPool:  poolScratch, KindMaxPool: poolScratch,

	KindConvTranspose2D: func(_ *Op, _, _ Shape, args []Value) int64 { return 4 * count(args[1].Shape) },
	KindFilter2D:        func(_ *Op, x, _ Shape, args []Value) int64 { return rowScratch(x, args[1].Shape[1]) },
	KindGaussianBlur:    windowScratch, KindBoxBlur: windowScratch, KindDilate: windowScratch, KindErode: windowScratch,
	KindMedianFilter: func(o *Op, x, _ Shape, _ []Value) int64 {
		return rowScratch(x, o.Attr.I[1])*int64(o.Attr.I[0]) + 128<<10
	},
	KindFFT:       func(o *Op, x, _ Shape, _ []Value) int64 { return (scratchLanes + 3) * 16 * 4 * int64(x[o.Attr.I[0]]) },
	KindOver:      func(_ *Op, _, out Shape, _ []Value) int64 { return 8 * count(out) },
	KindHistogram: func(_ *Op, _, out Shape, _ []Value) int64 { return scratchLanes * 8 * count(out) },
}

// lineScratch is of kinds along an axis, by the bytes that each thread keeps of an element of its line.
func lineScratch(each int64) func(o *Op, x, out Shape, args []Value) int64 {
	return func(o *Op, x, _ Shape, _ []Value) int64 {
		n := int64(x[o.Attr.I[0]])
		return (each*n + 128) * min(count(x)/max(n, 1)+1, scratchLanes)
	}
}

// productScratch is of sums of depth steps of so many taps: packed columns, columns on their way, a tile of rows, and the
// gates of a GLU that may be fused.
func productScratch(cols, depth, taps int) int64 {
	blocks := max((depth*taps+blockDepth-1)/blockDepth, 1)
	steps := min((depth+blocks-1)/blocks+15, max(depth, 1))
	at := max(blockFloats/(steps*taps), maxTileCols) // columns at once
	at = min(at, cols+maxTileCols)
	panels := 2 * int64(at) * int64(steps) * int64(taps)
	stage := min(int64(steps)*int64(taps)*maxTileCols, packFloats)
	return scratchLanes*4*(panels+stage+maxTileRows*int64(steps+16)+2*maxTileRows*int64(at)) + 64*int64(taps)
}

func convScratch(o *Op, x, out Shape, args []Value) int64 {
	w, i := args[1].Shape, o.Attr.I
	cin, cout := int64(w[1]), int64(w[0])
	halo := 4 * int64(x[0]) * int64(x[1]+i[2]+i[4]+4) * int64(x[2]+i[3]+i[5]+4) * int64(x[3]+x[3]/16)
	total := halo + productScratch(w[0]/i[8], w[1], w[2]*w[3])
	if w[2] != 3 || w[3] != 3 || min(cin, cout) < 128 {
		return total
	}
	const points = 36 // by Winograd's way: transformed weights, pixels and sums
	group := cout + maxTileCols
	weights := min(cin*group, max(16<<20/points, cin*maxTileCols)) + 48
	tile := cin + group + 32
	tiles := min(int64(out[0])*int64((out[1]+3)/4)*int64((out[2]+3)/4), max(4<<20/(points*tile), 4*maxTileRows))
	return total + 4*points*(weights+tiles*tile+96) + scratchLanes*4*(points*16+17*group+2*64*9*maxTileCols)
}

func attentionScratch(o *Op, q, out Shape, args []Value) int64 {
	d, dv := int64(q[2]/o.Attr.I[0]), int64(out[2]/o.Attr.I[0])
	keys := int64(min(512, args[1].Shape[1]) + maxTileCols)
	queries := max(min(896, 64<<10/(dv+16)), 8*maxTileRows)
	wide := dv + 2*maxTileCols
	return scratchLanes * (4*(keys*d+keys*wide+maxTileRows*(keys+16)+queries*(wide+2)+96) + 1024)
}

func middle(x, out Shape) int64 { return int64(x[0]) * int64(x[1]) * int64(x[3]) * int64(out[2]) }

// tables are of the sources of each place: of so many taps, and as many more as the picture shrinks by.
func tables(x, out Shape, ty, tx int64) int64 {
	h, w := int64(out[1]), int64(out[2])
	return spanBytes*(h+w) + tapBytes*(h*ty+w*tx+7*int64(x[1]+x[2])) + 64<<10
}

func poolScratch(o *Op, _, out Shape, _ []Value) int64 {
	h, w := int64(out[1]), int64(out[2])
	return spanBytes*(h+w) + tapBytes*(h*int64(o.Attr.I[0])+w*int64(o.Attr.I[1])) + 64<<10
}

// rowScratch is a row of a picture with its borders, for each thread.
func rowScratch(x Shape, kw int) int64 { return scratchLanes * (4*int64(x[2]+kw)*int64(x[3]) + 64) }

func windowScratch(o *Op, x, _ Shape, _ []Value) int64 {
	return rowScratch(x, o.Attr.I[1]) + 8*count(x) + 4*int64(o.Attr.I[0]+o.Attr.I[1])*4
}
