package tensortest

import (
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Tolerances. A function of one element is held to a few steps of float32; sums lose with the root of their length; a
// convolution may go Winograd's way where it has many channels.
const (
	exact  = 0
	single = 5e-7
	summed = 3e-6
	wide   = 1e-5

	winograd = 2e-5
)

func elementCases() []tc {
	var cs []tc
	for k := tensor.KindNeg; k <= tensor.KindMish; k++ {
		attr := tensor.Attr{F: []float64{0.25, 0.75}}
		cs = append(cs, tc{k.String(), 2e-6, func(g *graph) {
			for _, n := range []int{0, 1, 7, 16, 33, 20000} {
				x := g.in(n)
				if k == tensor.KindLog || k == tensor.KindSqrt || k == tensor.KindRsqrt || k == tensor.KindPowScalar || k == tensor.KindRecip {
					x = g.Affine(g.Unary(tensor.KindSquare, x), 1, 0.5)
				}
				g.Output(g.Op(k, attr, nil, x))
			}
		}})
	}
	for k := tensor.KindAdd; k <= tensor.KindEqual; k++ {
		cs = append(cs, tc{k.String(), 2e-6, func(g *graph) {
			for _, s := range [][2]tensor.Shape{{{5}, {5}}, {{3, 40}, {40}}, {{3, 40}, {}}, {{2, 1, 33}, {7, 1}}, {{1, 9}, {4, 1, 9}}, {{0, 3}, {3}}, {{70000}, {70000}}, {{}, {}}} {
				x, y := g.in(s[0]...), g.in(s[1]...)
				if k == tensor.KindPow || k == tensor.KindDiv || k == tensor.KindMod {
					x, y = g.Affine(g.Unary(tensor.KindAbs, x), 1, 0.5), g.Affine(g.Unary(tensor.KindAbs, y), 1, 0.5)
				}
				g.Output(g.Binary(k, x, y))
			}
			x := g.in(40)
			g.Output(g.Binary(k, g.Unary(tensor.KindAbs, x), g.Unary(tensor.KindAbs, x)))
		}})
	}
	cs = append(cs, tc{"where and lerp", single, func(g *graph) {
		c, x, y := g.in(4, 1), g.in(4, 9), g.in(9)
		g.Output(g.Op(tensor.KindWhere, tensor.Attr{}, nil, g.Unary(tensor.KindReLU, c), x, y))
		g.Output(g.Op(tensor.KindLerp, tensor.Attr{}, nil, x, y, c))
	}})
	for dt := tensor.F32; dt <= tensor.F8E5M2; dt++ {
		cs = append(cs, tc{"add of " + dt.String(), single, func(g *graph) {
			g.Output(g.Add(g.w(dt, 20, 31), g.in(3, 31)), g.SiLU(g.inOf(dt, 3, 5, 7)))
		}}, tc{"cast from " + dt.String(), exact, func(g *graph) {
			x := g.inOf(dt, 9, 77)
			for to := tensor.F32; to <= tensor.Bool; to++ {
				g.Output(g.Cast(x, to))
			}
		}})
	}
	return cs
}

func moveCases() []tc {
	op := func(k tensor.Kind, shape tensor.Shape, want tensor.Shape, f []float64, i ...int) tc {
		return tc{fmt.Sprint(k, i, shape), exact, func(g *graph) {
			for _, dt := range []tensor.DType{tensor.F32, tensor.F16, tensor.U8, tensor.I64} {
				x := g.inOf(dt, 9, shape...)
				g.Output(g.Op(k, tensor.Attr{I: i, F: f}, want, x))
			}
		}}
	}
	zero := []float64{0.5}
	return []tc{
		op(tensor.KindReshape, tensor.Shape{4, 6}, tensor.Shape{3, -1, 2}, nil),
		op(tensor.KindReshape, tensor.Shape{1, 1}, tensor.Shape{}, nil),
		op(tensor.KindPermute, tensor.Shape{2, 3, 4}, nil, nil, 2, 0, 1),
		op(tensor.KindPermute, tensor.Shape{2, 1, 5, 3}, nil, nil, 1, 0, 2, 3),
		op(tensor.KindPermute, tensor.Shape{2, 37, 41}, nil, nil, 0, 2, 1),
		op(tensor.KindPermute, tensor.Shape{}, nil, nil),
		op(tensor.KindBroadcast, tensor.Shape{3, 1}, tensor.Shape{2, 3, 5}, nil),
		op(tensor.KindSlice, tensor.Shape{5, 8}, nil, nil, 0, 1, 4, 1),
		op(tensor.KindSlice, tensor.Shape{5, 8}, nil, nil, 1, 1, 8, 3),
		op(tensor.KindSlice, tensor.Shape{5, 8, 3}, nil, nil, 1, 2, 6, 1),
		op(tensor.KindSlice, tensor.Shape{5, 8}, nil, nil, 1, 2, 2, 1),
		op(tensor.KindPad, tensor.Shape{3, 4}, nil, zero, 1, 2, 3, 0),
		op(tensor.KindPad, tensor.Shape{3, 4}, nil, zero, 0, 2, 1, 1),
		op(tensor.KindPad, tensor.Shape{3, 4}, nil, zero, 1, 2, 9, 2),
		op(tensor.KindPad, tensor.Shape{3, 4}, nil, zero, 1, 2, 4, 3),
		op(tensor.KindPad, tensor.Shape{0, 4}, nil, zero, 0, 2, 4, 0),
		op(tensor.KindFlip, tensor.Shape{3, 4}, nil, nil, 0),
		op(tensor.KindFlip, tensor.Shape{3, 4}, nil, nil, 1),
		op(tensor.KindRoll, tensor.Shape{3, 7}, nil, nil, 1, -9),
		op(tensor.KindRoll, tensor.Shape{3, 7}, nil, nil, 0, 1),
		op(tensor.KindTile, tensor.Shape{3, 2}, nil, nil, 0, 3),
		{"concat", exact, func(g *graph) {
			x, y := g.in(2, 3, 4), g.in(2, 3, 5)
			g.Output(g.Concat(2, x, y, x), g.Concat(0, x, x), g.Concat(1, y, g.Slice(y, 1, 0, 0)))
		}},
		{"views of views", single, func(g *graph) {
			x := g.in(2, 6, 32)
			a := g.Slice(x, 2, 8, 24)
			b := g.Reshape(a, 12, 16)
			g.Output(g.SiLU(b), g.Reshape(a, 2, 6, 4, 4), g.Permute(a, 1, 0, 2), g.Add(a, g.Slice(x, 2, 0, 16)), g.Slice(a, 0, 1, 2))
		}},
		{"gather", exact, func(g *graph) {
			ids := g.Weight(tensor.FromI64([]int64{3, 0, 3, 6}, 2, 2))
			for _, dt := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16, tensor.F8E4M3} {
				g.Output(g.Gather(g.w(dt, 1, 7, 19), ids))
			}
		}},
		{"gather past the end", exact, func(g *graph) {
			g.Output(g.Gather(g.w(tensor.F32, 1, 7, 19), g.Weight(tensor.FromI64([]int64{7}, 1))))
		}},
		{"gather below 0", exact, func(g *graph) {
			g.Output(g.Gather(g.w(tensor.F32, 1, 7, 19), g.Weight(tensor.FromI64([]int64{-1}, 1))))
		}},
		{"outputs of inputs, weights and twice", exact, func(g *graph) {
			x, w := g.in(3, 4), g.w(tensor.BF16, 1, 5)
			y := g.Affine(x, 2, 1)
			g.Output(x, w, y, y, g.Reshape(y, 12), g.Slice(y, 1, 1, 3))
		}},
	}
}

func reduceCases() []tc {
	var cs []tc
	for k := tensor.KindSum; k <= tensor.KindSoftmax; k++ {
		cs = append(cs, tc{k.String(), summed, func(g *graph) {
			for _, s := range []tensor.Shape{{7}, {3, 5, 4}, {2, 333, 3}, {4, 3000}, {2, 0, 3}} {
				for axis := range s {
					if s[axis] == 0 && (k == tensor.KindMean || k == tensor.KindArgMax) {
						continue
					}
					x := g.in(s...)
					if k == tensor.KindProd {
						x = g.Affine(x, 0.01, 1)
					}
					g.Output(g.Op(k, tensor.Attr{I: []int{axis}}, nil, x))
				}
			}
		}})
	}
	return cs
}

func pictureCases() []tc {
	var cs []tc
	for f := tensor.Nearest; f <= tensor.Area; f++ {
		cs = append(cs, tc{fmt.Sprint("resize by filter ", f), 1e-6, func(g *graph) {
			for _, s := range [][4]int{{5, 7, 10, 14}, {8, 8, 3, 5}, {3, 4, 7, 5}, {1, 1, 4, 4}, {9, 6, 9, 6}} {
				g.Output(g.Resize(g.in(2, s[0], s[1], 5), s[2], s[3], f))
			}
		}})
	}
	for _, k := range []tensor.Kind{tensor.KindAvgPool, tensor.KindMaxPool} {
		cs = append(cs, tc{k.String(), 1e-6, func(g *graph) {
			g.Output(g.Op(k, tensor.Attr{I: []int{2, 2, 2, 2}}, nil, g.in(2, 6, 7, 3)), g.Op(k, tensor.Attr{I: []int{3, 1, 1, 2}}, nil, g.in(1, 6, 7, 20)))
		}})
	}
	return cs
}

// specialCases carry infinities, NaN and numbers at the ends of the range through.
func specialCases() []tc {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	vals := []float32{0, 1, -1, inf, -inf, nan, 3e38, -3e38, 1e-40, -1e-40, 88, -88, 104, -104, 200, -200, 9, -9, 4, -4}
	var cs []tc
	for _, k := range []tensor.Kind{tensor.KindExp, tensor.KindSigmoid, tensor.KindSiLU, tensor.KindTanh, tensor.KindErf, tensor.KindReLU, tensor.KindSoftplus, tensor.KindSign, tensor.KindNot, tensor.KindRound} {
		cs = append(cs, tc{"special values of " + k.String(), 2e-6, func(g *graph) {
			g.Output(g.Unary(k, g.Weight(tensor.FromF32(vals, len(vals)))))
		}})
	}
	for _, k := range []tensor.Kind{tensor.KindAdd, tensor.KindSub, tensor.KindMul, tensor.KindDiv, tensor.KindMin, tensor.KindMax, tensor.KindLess, tensor.KindEqual} {
		cs = append(cs, tc{"special values of " + k.String(), 2e-6, func(g *graph) {
			g.Output(g.Binary(k, g.Weight(tensor.FromF32(vals[:10], 10, 1)), g.Weight(tensor.FromF32(vals[:7:7], 7))))
		}})
	}
	return append(cs, tc{"special values in sums", summed, func(g *graph) {
		x := g.Weight(tensor.FromF32([]float32{1, 2, 3, nan, 1, 2, inf, 1, 2, 3, 4, 5}, 4, 3))
		g.Output(g.Op(tensor.KindAmax, tensor.Attr{I: []int{1}}, nil, x), g.Op(tensor.KindAmin, tensor.Attr{I: []int{0}}, nil, x), g.Softmax(x, 1), g.Op(tensor.KindArgMax, tensor.Attr{I: []int{0}}, nil, x))
		g.Output(g.Linear(x, g.w(tensor.F32, 1, 40, 3), tensor.None), g.LayerNorm(x, tensor.None, tensor.None, 1e-5))
		g.Output(g.GroupNorm(g.Reshape(x, 2, 2, 3), tensor.None, tensor.None, 3, 1e-5))
	}})
}
