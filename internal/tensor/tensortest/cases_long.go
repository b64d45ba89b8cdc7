package tensortest

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// longCases have lines, rows and windows that are longer than what a backend computes at once.
func longCases() []tc {
	const long = 50_001
	axis := func(k tensor.Kind, tol float64, i ...int) tc {
		return tc{"long " + k.String(), tol, func(g *graph) {
			x := g.in(2, long)
			if k == tensor.KindProd || k == tensor.KindCumProd {
				x = g.Affine(x, 0.001, 1)
			}
			g.Output(g.Op(k, tensor.Attr{I: append([]int{1}, i...), F: []float64{0.3}}, nil, x))
			g.Output(g.Op(k, tensor.Attr{I: append([]int{0}, i...), F: []float64{0.3}}, nil, g.Permute(x, 1, 0)))
		}}
	}
	var cs []tc
	for k := tensor.KindSum; k <= tensor.KindSoftmax; k++ {
		cs = append(cs, axis(k, long32(k)))
	}
	for k := tensor.KindArgMin; k <= tensor.KindArgSort; k++ {
		cs = append(cs, axis(k, long32(k), 0))
	}
	cs = append(cs, axis(tensor.KindTopK, exact, 40_000, 1), axis(tensor.KindTopKIndex, exact, 40_000, 0))
	return append(append(cs, longQuantiles(), longRows()), longSums()...)
}

// long32 is the tolerance of a kind: of products the factors are rounded, each by 6e-8.
func long32(k tensor.Kind) float64 {
	if k == tensor.KindProd || k == tensor.KindCumProd {
		return 1e-4
	}
	return wide
}

// longQuantiles are of lines with many equal elements, both zeros and neighbours far apart.
func longQuantiles() tc {
	return tc{"long quantiles", summed, func(g *graph) {
		x := g.in(40_000)
		for _, q := range []float64{0, 0.001, 0.5, 0.77777, 0.99999, 1} {
			for _, of := range []tensor.Ref{x, g.Unary(tensor.KindRound, x), g.Unary(tensor.KindSign, g.Unary(tensor.KindRound, x)), g.Unary(tensor.KindNot, x)} {
				g.Output(g.Op(tensor.KindQuantile, tensor.Attr{I: []int{0}, F: []float64{q}}, nil, of))
			}
		}
	}}
}

func longRows() tc {
	return tc{"long rows", wide, func(g *graph) {
		const long = 40_002
		x, y := g.in(2, long), g.in(2, 1)
		one := g.w(tensor.F32, 1, long)
		g.Output(g.Add(x, y), g.Binary(tensor.KindPow, g.Unary(tensor.KindAbs, x), y), g.LayerNorm(x, one, one, 1e-5), g.GroupNorm(g.Reshape(x, 1, 2, long), one, one, 2, 1e-5))
		g.Output(g.SiLU(g.Slice(x, 1, 1, long-1)), g.GLU(x, tensor.GateSiLU), g.Gather(x, g.Weight(tensor.FromI64([]int64{1, 0, 1}, 3))))
		g.Output(g.Op(tensor.KindScatterAdd, tensor.Attr{}, nil, x, g.Weight(tensor.FromI64([]int64{1, 1}, 2)), x), g.Op(tensor.KindOneHot, tensor.Attr{I: []int{long}}, nil, g.Weight(tensor.FromI64([]int64{long - 1, 7}, 2))))
		for _, k := range []int{-1, 0, 20_000, long - 1} {
			g.Output(g.Op(tensor.KindTriu, tensor.Attr{I: []int{k}}, nil, x), g.Op(tensor.KindTril, tensor.Attr{I: []int{k}}, nil, x))
		}
		g.Output(g.Op(tensor.KindIota, tensor.Attr{I: []int{0}, F: []float64{1, 2}}, tensor.Shape{3, long}), g.Op(tensor.KindHistogram, tensor.Attr{I: []int{5}, F: []float64{-1, 1}}, nil, x))
		g.Output(g.Permute(g.Reshape(x, 2, 2, long/2), 2, 0, 1), g.Broadcast(y, 3, 2, long), g.Op(tensor.KindFlip, tensor.Attr{I: []int{1}}, nil, x), g.Op(tensor.KindPad, tensor.Attr{I: []int{1, 30_000, 40_000, 0}, F: []float64{0.5}}, nil, x))
		p := g.Reshape(x, 1, 1, 2, long) // a picture of many channels
		g.Output(g.Op(tensor.KindBoxBlur, tensor.Attr{I: []int{1, 3, 1}}, nil, p), g.Op(tensor.KindDilate, tensor.Attr{I: []int{1, 3, 0}}, nil, p), g.Resize(p, 2, 3, tensor.Bilinear), g.Resize(p, 1, 1, tensor.Nearest))
		g.Output(g.Op(tensor.KindAvgPool, tensor.Attr{I: []int{1, 2, 1, 1}}, nil, p), g.Op(tensor.KindMaxPool, tensor.Attr{I: []int{1, 2, 1, 1}}, nil, p))
		g.Output(g.Op(tensor.KindGridSample, tensor.Attr{I: []int{0, 1, 0}}, nil, p, g.in(1, 1, 1, 2)), g.Op(tensor.KindResizeAA, tensor.Attr{I: []int{tensor.AABicubic}}, tensor.Shape{1, 1, 1, long}, p))
	}}
}

// longSums have many taps, wide heads and deep products.
func longSums() []tc {
	const long = 9_001
	return []tc{
		{"conv of many taps", wide, func(g *graph) {
			g.Output(g.Conv2D(g.in(1, 140, 141, 2), g.w(tensor.F16, 0.1, 3, 2, 130, 131), g.w(tensor.F32, 1, 3), tensor.Conv{Stride: 2, Pad: [4]int{1, 0, 0, 1}}))
			g.Output(g.Conv2D(g.in(1, 10, 66, 1), g.w(tensor.F32, 0.1, 2, 1, 9, 64), tensor.None, tensor.Conv{Stride: 1}))
		}},
		{"attention of wide heads", wide, func(g *graph) {
			g.Output(g.Attention(g.in(1, 3, 40_000), g.in(1, 2, 40_000), g.in(1, 2, 5), tensor.None, 1, false))
		}},
		{"deep linear", wide, func(g *graph) {
			g.Output(g.Linear(g.in(3, long), g.w(tensor.BF16, 0.1, 5, long), tensor.None), g.MatMul(g.in(2, 9000), g.in(9000, 3)))
		}},
	}
}
