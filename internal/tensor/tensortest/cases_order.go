package tensortest

import (
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// lineAttr is the constants of a kind along an axis.
func lineAttr(k tensor.Kind, axis, n int) tensor.Attr {
	switch k {
	case tensor.KindTopK, tensor.KindTopKIndex:
		return tensor.Attr{I: []int{axis, (n + 2) / 3, axis % 2}}
	}
	return tensor.Attr{I: []int{axis, axis % 2}, F: []float64{0.3}}
}

// lineCases are of the kinds from KindArgMin to KindTopKIndex.
func lineCases() []tc {
	var cs []tc
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, k := range between(tensor.KindArgMin, tensor.KindTopKIndex) {
		cs = append(cs, tc{k.String(), summed, func(g *graph) {
			for _, s := range []tensor.Shape{{7}, {1}, {3, 5, 4}, {2, 333, 3}, {4, 3000}, {0, 3}} {
				for axis := range s {
					if s[axis] == 0 {
						continue
					}
					x := g.in(s...)
					if k == tensor.KindCumProd {
						x = g.Affine(x, 0.01, 1)
					}
					g.Output(g.Op(k, lineAttr(k, axis, s[axis]), nil, x))
				}
			}
			equal := g.Op(tensor.KindRound, tensor.Attr{}, nil, g.in(3, 500))
			x := g.Weight(tensor.FromF32([]float32{1, 2, 3, nan, 1, 2, inf, 1, 2, 3, -inf, 5, float32(math.Copysign(0, -1)), 0, 1}, 5, 3))
			g.Output(g.Op(k, lineAttr(k, 0, 5), nil, x), g.Op(k, lineAttr(k, 1, 3), nil, x), g.Op(k, lineAttr(k, 1, 5), nil, g.Slice(g.in(4, 9), 1, 2, 7)))
			if k != tensor.KindCumProd {
				g.Output(g.Op(k, lineAttr(k, 1, 500), nil, equal))
			}
		}})
	}
	return append(cs, tc{"var and norm of no elements", exact, func(g *graph) {
		for _, k := range []tensor.Kind{tensor.KindVar, tensor.KindStd, tensor.KindNorm, tensor.KindLogSumExp, tensor.KindArgMin} {
			g.Output(g.Op(k, tensor.Attr{I: []int{1, 1}}, nil, g.in(2, 0, 3)), g.Op(k, tensor.Attr{I: []int{0, 0}}, nil, g.in(0)))
		}
	}}, tc{"var far from 0", 1e-4, func(g *graph) {
		g.Output(g.Op(tensor.KindVar, tensor.Attr{I: []int{0, 1}}, nil, g.Affine(g.in(5000), 0.1, 100)))
	}}, tc{"quantiles", summed, func(g *graph) {
		for _, q := range []float64{0, 0.1, 0.5, 0.99, 1} {
			for _, n := range []int{1, 2, 5, 64, 1001} {
				g.Output(g.Op(tensor.KindQuantile, tensor.Attr{I: []int{1}, F: []float64{q}}, nil, g.in(2, n)))
			}
		}
	}})
}

// indexCases are of the kinds with ids.
func indexCases() []tc {
	ids := func(g *graph, dt tensor.DType, shape []int, v ...int64) tensor.Ref {
		return g.Weight(tensor.Convert(tensor.FromI64(v, shape...), dt))
	}
	along := func(g *graph, axis int, x, id tensor.Ref) tensor.Ref {
		return g.Op(tensor.KindTakeAlong, tensor.Attr{I: []int{axis}}, nil, x, id)
	}
	return []tc{
		{"scatter add", summed, func(g *graph) {
			for _, d := range []int{1, 5, 200} {
				g.Output(g.Op(tensor.KindScatterAdd, tensor.Attr{}, nil, g.in(7, d), ids(g, tensor.I64, []int{2, 3}, 6, 0, 3, 3, 3, 0), g.in(2, 3, d)))
				g.Output(g.Op(tensor.KindScatterAdd, tensor.Attr{}, nil, g.in(2, d), ids(g, tensor.I32, []int{}, 1), g.in(d)))
				x := g.Affine(g.in(4, d), 2, 1)
				g.Output(g.Op(tensor.KindScatterAdd, tensor.Attr{}, nil, x, ids(g, tensor.I64, []int{4}, 1, 1, 0, 3), x))
			}
		}},
		{"one hot", exact, func(g *graph) {
			g.Output(g.Op(tensor.KindOneHot, tensor.Attr{I: []int{5}}, nil, ids(g, tensor.I64, []int{2, 3}, 4, 0, 1, 1, 2, 3)), g.Op(tensor.KindOneHot, tensor.Attr{I: []int{1}}, nil, ids(g, tensor.I32, []int{}, 0)))
		}},
		{"take along", exact, func(g *graph) {
			x := g.in(3, 4, 2)
			order := g.Op(tensor.KindArgSort, tensor.Attr{I: []int{1, 1}}, nil, x)
			g.Output(along(g, 1, x, order), along(g, 0, g.in(5), ids(g, tensor.I32, []int{7}, 0, 4, 4, 1, 2, 3, 0)))
			g.Output(along(g, 1, g.in(2, 3), ids(g, tensor.I64, []int{2, 1}, 2, 0)), along(g, 0, g.in(3, 2), ids(g, tensor.I64, []int{2, 2}, 2, 0, 1, 1)))
		}},
		{"one hot past the end", exact, func(g *graph) {
			g.Output(g.Op(tensor.KindOneHot, tensor.Attr{I: []int{5}}, nil, ids(g, tensor.I64, []int{1}, 5)))
		}},
		{"scatter below 0", exact, func(g *graph) {
			g.Output(g.Op(tensor.KindScatterAdd, tensor.Attr{}, nil, g.in(2, 2), ids(g, tensor.I64, []int{1}, -1), g.in(1, 2)))
		}},
		{"take past the end", exact, func(g *graph) {
			g.Output(along(g, 0, g.in(3), ids(g, tensor.I64, []int{1}, math.MaxInt64)))
		}},
	}
}

// makeCases are of the kinds without arguments and of those that move elements from KindTriu on.
func makeCases() []tc {
	var cs []tc
	for _, k := range []tensor.Kind{tensor.KindUniform, tensor.KindNormal, tensor.KindFull} {
		cs = append(cs, tc{k.String(), exact, func(g *graph) {
			for i, s := range []tensor.Shape{{}, {1}, {7}, {3, 5, 2}, {40000}, {0, 4}} {
				g.Output(g.Op(k, tensor.Attr{I: []int{-i, 1 << 30, i}, F: []float64{-1.25}}, s))
			}
		}})
	}
	cs = append(cs, tc{"iota", exact, func(g *graph) {
		for _, s := range []tensor.Shape{{7}, {3, 5, 2}, {1, 20000}, {0, 4}} {
			for axis := range s {
				g.Output(g.Op(tensor.KindIota, tensor.Attr{I: []int{axis}, F: []float64{-1, 0.1}}, s))
			}
		}
	}}, tc{"triangles", exact, func(g *graph) {
		for _, s := range []tensor.Shape{{5, 5}, {2, 3, 7}, {2, 6, 2}, {0, 3}} {
			for _, k := range []int{-9, -1, 0, 2, 9} {
				g.Output(g.Op(tensor.KindTriu, tensor.Attr{I: []int{k}}, nil, g.in(s...)), g.Op(tensor.KindTril, tensor.Attr{I: []int{k}}, nil, g.Affine(g.in(s...), 2, 0)))
			}
		}
	}})
	op := func(k tensor.Kind, shape tensor.Shape, i ...int) {
		cs = append(cs, tc{fmt.Sprint(k, i, shape), exact, func(g *graph) {
			for _, dt := range []tensor.DType{tensor.F32, tensor.F16, tensor.U8, tensor.I64} {
				g.Output(g.Op(k, tensor.Attr{I: i}, nil, g.inOf(dt, 9, shape...)))
			}
		}})
	}
	op(tensor.KindRepeat, tensor.Shape{3, 2}, 0, 3)
	op(tensor.KindRepeat, tensor.Shape{3, 2, 4}, 1, 2)
	op(tensor.KindRepeat, tensor.Shape{3, 7}, 1, 5)
	op(tensor.KindPixelShuffle, tensor.Shape{2, 3, 5, 12}, 2)
	op(tensor.KindPixelShuffle, tensor.Shape{1, 2, 1, 18}, 3)
	op(tensor.KindPixelShuffle, tensor.Shape{0, 2, 1, 4}, 2)
	op(tensor.KindPixelUnshuffle, tensor.Shape{2, 4, 6, 3}, 2)
	op(tensor.KindPixelUnshuffle, tensor.Shape{1, 3, 9, 1}, 3)
	op(tensor.KindUnfold, tensor.Shape{2, 5, 7, 3}, 3, 2, 1, 2, 1, 0, 1, 1)
	op(tensor.KindUnfold, tensor.Shape{1, 9, 8, 2}, 2, 3, 2, 1, 0, 2, 3, 2)
	op(tensor.KindUnfold, tensor.Shape{1, 1, 1, 1}, 3, 3, 1, 1, 1, 1, 1, 1)
	return append(cs, tc{"shuffle of views", exact, func(g *graph) {
		g.Output(g.Op(tensor.KindPixelShuffle, tensor.Attr{I: []int{2}}, nil, g.Slice(g.in(1, 3, 2, 20), 3, 4, 12)))
		g.Output(g.Op(tensor.KindRepeat, tensor.Attr{I: []int{0, 2}}, nil, g.Slice(g.in(4, 20), 1, 4, 12)), g.Op(tensor.KindUnfold, tensor.Attr{I: []int{2, 2, 1, 1, 0, 0, 1, 1}}, nil, g.Slice(g.in(1, 3, 2, 20), 3, 4, 7)))
	}})
}
