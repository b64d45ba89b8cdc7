package tensortest

import (
	"fmt"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

func productCases() []tc {
	var cs []tc
	for _, s := range [][3]int{{1, 1, 1}, {3, 5, 7}, {14, 32, 16}, {15, 33, 17}, {29, 31, 100}, {77, 96, 64}, {130, 70, 1100}, {20, 40, 1024}, {5, 64, 2500}, {0, 3, 4}, {4, 3, 0}, {33, 200, 320}} {
		m, n, k := s[0], s[1], s[2]
		cs = append(cs, tc{fmt.Sprintf("linear %dx%dx%d", m, n, k), summed, func(g *graph) {
			x := g.in(m, k)
			for _, dt := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16, tensor.F8E4M3, tensor.F8E5M2, tensor.F64} {
				g.Output(g.Linear(x, g.w(dt, 0.5, n, k), tensor.None))
			}
			g.Output(g.Linear(x, g.w(tensor.F32, 0.5, n, k), g.w(tensor.F16, 1, n)))
		}}, tc{fmt.Sprintf("matmul %dx%dx%d", m, n, k), summed, func(g *graph) {
			g.Output(g.MatMul(g.in(m, k), g.in(k, n)), g.MatMul(g.in(m, k), g.w(tensor.F16, 1, k, n)))
		}})
	}
	return append(cs, tc{"matmul of batches", summed, func(g *graph) {
		g.Output(g.MatMul(g.in(3, 5, 8), g.in(3, 8, 6)), g.MatMul(g.in(2, 1, 5, 8), g.in(3, 8, 6)), g.MatMul(g.in(5, 8), g.in(2, 8, 40)))
	}}, tc{"linear of views", summed, func(g *graph) {
		x := g.in(2, 9, 60)
		g.Output(g.Linear(g.Slice(x, 2, 20, 52), g.w(tensor.F32, 1, 40, 32), tensor.None), g.Linear(g.in(6), g.w(tensor.BF16, 1, 5, 6), tensor.None))
		g.Output(g.MatMul(g.Slice(x, 2, 0, 9), g.Slice(x, 2, 30, 60)))
	}})
}

func convCases() []tc {
	type conv struct {
		name              string
		b, h, w, cin, out int
		kh, kw            int
		stride, dilation  int
		pad               [4]int
		groups            int
		dt                tensor.DType
	}
	same := [4]int{1, 1, 1, 1}
	var cs []tc
	for _, v := range []conv{
		{"3x3", 2, 16, 16, 64, 64, 3, 3, 1, 1, same, 1, tensor.F32},
		{"3x3 of halves", 2, 9, 11, 20, 33, 3, 3, 1, 1, same, 1, tensor.F16},
		{"3x3 of many channels", 1, 8, 8, 320, 40, 3, 3, 1, 1, same, 1, tensor.BF16},
		{"3x3 of 256 channels", 1, 5, 17, 256, 70, 3, 3, 1, 1, same, 1, tensor.F32},
		{"3x3 to 3 channels", 1, 12, 20, 32, 3, 3, 3, 1, 1, same, 1, tensor.F8E4M3},
		{"3x3 of 4 channels", 2, 16, 16, 4, 64, 3, 3, 1, 1, same, 1, tensor.F32},
		{"stride 2", 2, 16, 15, 24, 40, 3, 3, 2, 1, same, 1, tensor.F32},
		{"stride 2 padded behind", 1, 16, 16, 24, 40, 3, 3, 2, 1, [4]int{0, 0, 1, 1}, 1, tensor.F32},
		{"1x1", 2, 7, 9, 40, 24, 1, 1, 1, 1, [4]int{}, 1, tensor.F16},
		{"1x1 stride 2", 2, 7, 9, 40, 24, 1, 1, 2, 1, [4]int{}, 1, tensor.F32},
		{"dilated", 1, 12, 12, 8, 8, 3, 3, 1, 2, [4]int{2, 2, 2, 2}, 1, tensor.F32},
		{"5x2", 1, 12, 12, 8, 8, 5, 2, 1, 1, [4]int{1, 0, 3, 2}, 1, tensor.F32},
		{"14x14 patches", 1, 28, 42, 3, 48, 14, 14, 14, 1, [4]int{}, 1, tensor.F32},
		{"groups", 2, 6, 7, 24, 36, 3, 3, 1, 1, same, 3, tensor.F32},
		{"depthwise", 1, 6, 7, 24, 24, 3, 3, 1, 1, same, 24, tensor.F16},
		{"3x3 of many pixels and channels", 2, 16, 16, 160, 144, 3, 3, 1, 1, same, 1, tensor.F32},
		{"3x3 of odd sides and many channels", 1, 23, 21, 128, 176, 3, 3, 1, 1, same, 1, tensor.F16},
		{"3x3 of many channels without padding", 1, 26, 26, 128, 128, 3, 3, 1, 1, [4]int{}, 1, tensor.F8E5M2},
		{"one pixel", 1, 1, 1, 5, 6, 3, 3, 1, 1, same, 1, tensor.F32},
		{"no images", 0, 4, 4, 5, 6, 3, 3, 1, 1, same, 1, tensor.F32},
	} {
		tol := float64(summed)
		if v.kh == 3 && min(v.cin, v.out) >= 128 {
			tol = winograd
		}
		cs = append(cs, tc{"conv " + v.name, tol, func(g *graph) {
			x := g.in(v.b, v.h, v.w, v.cin)
			w := g.w(v.dt, 0.5, v.out, v.cin/v.groups, v.kh, v.kw)
			c := tensor.Conv{Stride: v.stride, Pad: v.pad, Dilation: v.dilation, Groups: v.groups}
			g.Output(g.Conv2D(x, w, tensor.None, c))
			y := g.Conv2D(x, w, g.w(tensor.F32, 1, v.out), c)
			g.Output(g.Add(y, g.in(y.Shape()...)))
			g.Output(g.SiLU(g.Add(g.Conv2D(x, w, g.w(tensor.F16, 1, v.out), c), g.in(v.b, 1, 1, v.out))))
		}})
	}
	return cs
}

func normCases() []tc {
	return []tc{
		{"group norm", summed, func(g *graph) {
			for _, s := range []tensor.Shape{{2, 16, 16, 64}, {1, 3, 5, 32}, {2, 1000, 96}, {3, 40}, {0, 4, 32}} {
				x := g.in(s...)
				c := s.Last()
				g.Output(g.GroupNorm(x, g.w(tensor.F16, 1, c), g.w(tensor.F32, 1, c), 8, 1e-5))
				g.Output(g.SiLU(g.GroupNorm(x, g.w(tensor.F32, 1, c), g.w(tensor.F32, 1, c), 4, 1e-6)), g.GroupNorm(x, tensor.None, tensor.None, 2, 1e-5))
			}
		}},
		{"group norm far from 0", 4e-5, func(g *graph) {
			x := g.in(1, 64, 64, 32)
			for i, v := range g.inputs[0].F32() {
				g.inputs[0].F32()[i] = v*0.1 + 100
			}
			g.Output(g.GroupNorm(x, tensor.None, tensor.None, 4, 1e-5))
		}},
		{"group norm of views", summed, func(g *graph) {
			g.Output(g.GroupNorm(g.Slice(g.in(2, 30, 48), 2, 16, 48), tensor.None, tensor.None, 4, 1e-5))
		}},
		{"layer norm", summed, func(g *graph) {
			for _, s := range []tensor.Shape{{7, 320}, {2, 3, 77}, {1, 1}, {5000, 16}, {0, 8}} {
				x, c := g.in(s...), s.Last()
				g.Output(g.LayerNorm(x, g.w(tensor.BF16, 1, c), g.w(tensor.F32, 1, c), 1e-5), g.LayerNorm(g.Affine(x, 1, 10), tensor.None, tensor.None, 1e-5))
				g.Output(g.Op(tensor.KindRMSNorm, tensor.Attr{F: []float64{1e-6}}, nil, x, g.w(tensor.F32, 1, c)), g.Op(tensor.KindRMSNorm, tensor.Attr{F: []float64{1e-6}}, nil, x))
			}
			g.Output(g.LayerNorm(g.Slice(g.in(9, 40), 1, 3, 27), tensor.None, tensor.None, 1e-5))
		}},
		{"glu", summed, func(g *graph) {
			for gate := tensor.GateSigmoid; gate <= tensor.GateGELUTanh; gate++ {
				g.Output(g.GLU(g.in(3, 5, 38), gate), g.GLU(g.Linear(g.in(40, 24), g.w(tensor.F32, 0.5, 140, 24), g.w(tensor.F32, 1, 140)), gate))
			}
			g.Output(g.GLU(g.Linear(g.in(9, 2100), g.w(tensor.F16, 0.1, 72, 2100), tensor.None), tensor.GateGELU))
		}},
	}
}

func attentionCases() []tc {
	var cs []tc
	for _, s := range [][6]int{{2, 64, 64, 4, 40, 40}, {1, 77, 77, 3, 16, 16}, {2, 100, 7, 2, 8, 24}, {1, 33, 1300, 1, 40, 40}, {1, 1200, 50, 2, 5, 3}, {1, 1, 1, 1, 1, 1}, {2, 5, 0, 1, 8, 8}, {1, 30, 600, 2, 64, 160}} {
		b, lq, lk, h, d, dv := s[0], s[1], s[2], s[3], s[4], s[5]
		cs = append(cs, tc{fmt.Sprint("attention ", s), wide, func(g *graph) {
			q, k, v := g.in(b, lq, h*d), g.in(b, lk, h*d), g.in(b, lk, h*dv)
			g.Output(g.Attention(q, k, v, tensor.None, h, false), g.Attention(q, k, v, tensor.None, h, true))
			for _, m := range []tensor.Shape{{b, h, lq, lk}, {1, 1, lq, lk}, {b, 1, 1, lk}, {lq, 1}, {1}} {
				g.Output(g.Attention(q, k, v, g.in(m...), h, false))
			}
			g.Output(g.Op(tensor.KindAttention, tensor.Attr{I: []int{h, 0}, F: []float64{-0.3}}, nil, q, k, v))
		}})
	}
	return append(cs, tc{"attention of views", wide, func(g *graph) {
		x := g.in(2, 50, 3*48)
		q, k, v := g.Slice(x, 2, 0, 48), g.Slice(x, 2, 48, 96), g.Slice(x, 2, 96, 144)
		g.Output(g.Attention(q, k, v, tensor.None, 6, false))
	}}, tc{"attention with sharp scores", wide, func(g *graph) {
		q, k := g.Affine(g.in(1, 40, 32), 30, 0), g.in(1, 1100, 32)
		g.Output(g.Attention(q, k, g.in(1, 1100, 32), tensor.None, 1, false))
	}})
}

// fusedCases are ops that a backend may compute together.
func fusedCases() []tc {
	return []tc{
		{"residual block", wide, func(g *graph) {
			x := g.in(2, 8, 8, 32)
			c := tensor.Conv{Stride: 1, Pad: [4]int{1, 1, 1, 1}}
			h := g.Conv2D(g.SiLU(g.GroupNorm(x, g.w(tensor.F32, 1, 32), g.w(tensor.F32, 1, 32), 8, 1e-5)), g.w(tensor.F16, 0.1, 48, 32, 3, 3), g.w(tensor.F32, 1, 48), c)
			h = g.Add(h, g.Reshape(g.Linear(g.SiLU(g.in(2, 20)), g.w(tensor.F32, 0.3, 48, 20), g.w(tensor.F32, 1, 48)), 2, 1, 1, 48))
			h = g.Conv2D(g.SiLU(g.GroupNorm(h, g.w(tensor.F32, 1, 48), g.w(tensor.F32, 1, 48), 8, 1e-5)), g.w(tensor.F16, 0.1, 48, 48, 3, 3), g.w(tensor.F32, 1, 48), c)
			skip := g.Conv2D(x, g.w(tensor.F32, 0.3, 48, 32, 1, 1), g.w(tensor.F32, 1, 48), tensor.Conv{Stride: 1})
			g.Output(g.Add(skip, h))
		}},
		{"padded by the op before", summed, func(g *graph) {
			w := g.w(tensor.F16, 0.1, 20, 256, 3, 3)
			c := tensor.Conv{Stride: 1, Pad: [4]int{1, 1, 1, 1}}
			g.Output(g.Conv2D(g.Resize(g.in(2, 3, 5, 256), 6, 10, tensor.Nearest), w, tensor.None, c))
			g.Output(g.Conv2D(g.GroupNorm(g.in(2, 5, 4, 256), tensor.None, tensor.None, 2, 1e-5), w, tensor.None, tensor.Conv{Stride: 2, Pad: [4]int{0, 2, 1, 0}}))
			x := g.GroupNorm(g.in(1, 5, 4, 256), tensor.None, tensor.None, 2, 1e-5)
			g.Output(g.Conv2D(x, w, tensor.None, c), g.SiLU(x))
		}},
		{"padded by the op before, many channels", winograd, func(g *graph) {
			x := g.SiLU(g.GroupNorm(g.in(1, 21, 23, 128), g.w(tensor.F32, 1, 128), g.w(tensor.F32, 1, 128), 8, 1e-5))
			g.Output(g.Conv2D(x, g.w(tensor.BF16, 0.1, 128, 128, 3, 3), tensor.None, tensor.Conv{Stride: 1, Pad: [4]int{1, 1, 1, 1}}))
			g.Output(g.Conv2D(g.Resize(g.in(1, 11, 12, 128), 22, 24, tensor.Nearest), g.w(tensor.BF16, 0.1, 128, 128, 3, 3), tensor.None, tensor.Conv{Stride: 1, Pad: [4]int{1, 1, 1, 1}}))
		}},
		{"residual read twice", summed, func(g *graph) {
			x := g.in(10, 24)
			y := g.Linear(x, g.w(tensor.F32, 0.3, 24, 24), g.w(tensor.F32, 1, 24))
			z := g.Add(g.Linear(y, g.w(tensor.F32, 0.3, 24, 24), tensor.None), y)
			g.Output(g.Add(z, y), g.Add(x, g.Linear(x, g.w(tensor.F32, 0.3, 24, 24), tensor.None)), g.Add(z, z))
		}},
		{"act before and behind an add", summed, func(g *graph) {
			x := g.in(10, 24)
			w := g.w(tensor.F32, 0.3, 24, 24)
			g.Output(g.Add(g.SiLU(g.Linear(x, w, tensor.None)), x), g.Unary(tensor.KindGELU, g.Add(g.Linear(x, w, tensor.None), x)))
			y := g.Linear(x, w, tensor.None)
			g.Output(y, g.Unary(tensor.KindTanh, y))
		}},
		{"add of one's own view", summed, func(g *graph) {
			y := g.Linear(g.in(16, 16), g.w(tensor.F32, 0.3, 16, 16), tensor.None)
			g.Output(g.Add(y, g.Permute(y, 1, 0)))
			z := g.Affine(g.in(1, 16), 2, 0)
			g.Output(g.Add(z, g.Slice(z, 1, 3, 4)))
		}},
	}
}
