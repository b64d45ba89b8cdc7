package tensortest

import (
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// between lists the kinds of a range of numbers.
func between(from, to tensor.Kind) (ks []tensor.Kind) {
	for _, k := range tensor.Kinds() {
		if k >= from && k <= to {
			ks = append(ks, k)
		}
	}
	return ks
}

// wild is what functions have trouble with.
func wild() []float32 {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	return []float32{0, 1, -1, inf, -inf, nan, 3e38, -3e38, 1e-40, -1e-40, 88, -88, 200, 0.5, -0.5, 0.25, float32(math.Copysign(0, -1)), 2, -2, 0.04045, 0.0031308}
}

// moreElementCases are of the kinds from KindExp2 to KindBlend.
func moreElementCases() []tc {
	var cs []tc
	special := func(g *graph) tensor.Ref { return g.Weight(tensor.FromF32(wild(), len(wild()))) }
	for _, k := range between(tensor.KindExp2, tensor.KindSmoothStep) {
		f := []float64{0.25, 0.75, -3}
		if k == tensor.KindPosterize {
			f[0] = 5
		}
		cs = append(cs, tc{k.String(), 2e-6, func(g *graph) {
			for _, n := range []int{0, 1, 7, 33, 20000} {
				x := g.in(n)
				g.Output(g.Op(k, tensor.Attr{F: f}, nil, x), g.Op(k, tensor.Attr{F: f}, nil, g.Affine(g.Unary(tensor.KindAbs, x), 0.5, 1.25)))
			}
			g.Output(g.Op(k, tensor.Attr{F: f}, nil, g.Slice(g.in(9, 20), 1, 3, 14)), g.Op(k, tensor.Attr{F: f}, nil, g.inOf(tensor.F16, 1, 3, 5)))
			g.Output(g.Op(k, tensor.Attr{F: f}, nil, special(g)))
		}})
	}
	both := func(k tensor.Kind, name string, mode int) {
		attr := tensor.Attr{I: []int{mode}}
		cs = append(cs, tc{name, 2e-6, func(g *graph) {
			for _, s := range [][2]tensor.Shape{{{5}, {5}}, {{3, 40}, {40}}, {{3, 40}, {}}, {{2, 1, 33}, {7, 1}}, {{0, 3}, {3}}, {{20000}, {20000}}, {{}, {}}} {
				x, y := g.in(s[0]...), g.in(s[1]...)
				g.Output(g.Op(k, attr, nil, x, y), g.Op(k, attr, nil, g.Op(tensor.KindRound, tensor.Attr{}, nil, x), g.Op(tensor.KindRound, tensor.Attr{}, nil, y)))
			}
			v := wild()
			g.Output(g.Op(k, attr, nil, g.Weight(tensor.FromF32(v, len(v), 1)), g.Weight(tensor.FromF32(v, len(v)))))
		}})
	}
	for _, k := range between(tensor.KindGreater, tensor.KindCopySign) {
		both(k, k.String(), 0)
	}
	for mode := tensor.BlendMultiply; mode <= tensor.BlendExclusion; mode++ {
		both(tensor.KindBlend, fmt.Sprint("blend mode ", mode), mode)
	}
	return cs
}

// colourCases are of the kinds from KindRGBToHSV to KindOver.
func colourCases() []tc {
	var cs []tc
	for _, k := range between(tensor.KindRGBToHSV, tensor.KindLabToRGB) {
		cs = append(cs, tc{k.String(), 2e-6, func(g *graph) {
			for _, s := range []tensor.Shape{{3}, {2, 5, 7, 3}, {1, 4, 4, 4}, {0, 3}, {1, 40, 40, 3}} {
				x := g.in(s...)
				g.Output(g.Op(k, tensor.Attr{}, nil, x), g.Op(k, tensor.Attr{}, nil, g.Unary(tensor.KindSigmoid, g.in(s...))))
			}
			x := g.Weight(tensor.FromF32([]float32{0, 0, 0, 1, 1, 1, 0, 1, 0.5, 0.5, 0.5, 0.5, 1, 0.5, 1, -1, 0, 1}, 6, 3))
			g.Output(g.Op(k, tensor.Attr{}, nil, x), g.Op(k, tensor.Attr{}, nil, g.Slice(g.in(3, 9), 1, 2, 5)))
		}})
	}
	return append(cs, tc{"luminance", single, func(g *graph) {
		for mode := range 3 {
			g.Output(g.Op(tensor.KindLuminance, tensor.Attr{I: []int{mode}}, nil, g.in(2, 5, 7, 3)), g.Op(tensor.KindLuminance, tensor.Attr{I: []int{mode}}, nil, g.in(9, 4)))
		}
	}}, tc{"over", 2e-6, func(g *graph) {
		for _, s := range [][2]tensor.Shape{{{2, 3, 5, 4}, {2, 3, 5, 4}}, {{4}, {3, 4}}, {{2, 1, 4}, {5, 4}}, {{0, 4}, {1, 4}}} {
			g.Output(g.Op(tensor.KindOver, tensor.Attr{}, nil, g.Unary(tensor.KindSigmoid, g.in(s[0]...)), g.Unary(tensor.KindSigmoid, g.in(s[1]...))))
		}
		clearBoth := g.Weight(tensor.FromF32([]float32{1, 2, 3, 0}, 1, 4))
		g.Output(g.Op(tensor.KindOver, tensor.Attr{}, nil, clearBoth, clearBoth))
	}})
}
