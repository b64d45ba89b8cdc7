package tensortest

import (
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

func ints(i ...int) tensor.Attr { return tensor.Attr{I: i} }

// windowCases are of the kinds that look at a window around each pixel.
func windowCases() []tc {
	var cs []tc
	nan := float32(math.NaN())
	for border := tensor.BorderZero; border <= tensor.BorderCircular; border++ {
		cs = append(cs, tc{fmt.Sprint("filters with border ", border), summed, func(g *graph) {
			for _, s := range []tensor.Shape{{2, 7, 9, 3}, {1, 5, 6, 1}, {1, 4, 8, 20}, {0, 5, 5, 3}, {1, 30, 41, 4}} {
				x := g.in(s...)
				g.Output(g.Op(tensor.KindFilter2D, ints(border), nil, x, g.in(3, 3)), g.Op(tensor.KindFilter2D, ints(border), nil, x, g.in(2, 4)))
				g.Output(g.Op(tensor.KindGaussianBlur, tensor.Attr{I: []int{5, 3, border}, F: []float64{1.2, 0.5}}, nil, x))
				g.Output(g.Op(tensor.KindBoxBlur, ints(1, 7, border), nil, x), g.Op(tensor.KindBoxBlur, ints(5, 5, border), nil, g.Affine(x, 2, 1)))
				g.Output(g.Op(tensor.KindMedianFilter, ints(3, 5, border), nil, x), g.Op(tensor.KindMedianFilter, ints(1, 1, border), nil, x))
			}
		}})
	}
	cs = append(cs, tc{"windows larger than the picture", summed, func(g *graph) {
		x := g.in(1, 2, 3, 2)
		for _, border := range []int{tensor.BorderZero, tensor.BorderReplicate} {
			g.Output(g.Op(tensor.KindBoxBlur, ints(255, 9, border), nil, x), g.Op(tensor.KindMedianFilter, ints(31, 31, border), nil, x), g.Op(tensor.KindFilter2D, ints(border), nil, x, g.in(8, 8)))
		}
		g.Output(g.Op(tensor.KindDilate, ints(99, 7, 0), nil, x), g.Op(tensor.KindErode, ints(9, 255, 1), nil, x))
	}})
	for _, k := range []tensor.Kind{tensor.KindDilate, tensor.KindErode} {
		cs = append(cs, tc{k.String(), exact, func(g *graph) {
			for _, s := range []tensor.Shape{{2, 7, 9, 3}, {1, 1, 1, 1}, {1, 40, 33, 1}, {0, 3, 3, 1}} {
				x := g.in(s...)
				g.Output(g.Op(k, ints(3, 3, 0), nil, x), g.Op(k, ints(5, 1, 0), nil, x), g.Op(k, ints(3, 7, 1), nil, x))
			}
			g.Output(g.Op(k, ints(3, 3, 1), nil, g.Slice(g.in(1, 4, 4, 9), 3, 2, 5)))
		}})
	}
	return append(cs, tc{"windows with NaN and infinity", summed, func(g *graph) {
		x := g.Weight(tensor.FromF32([]float32{1, 2, 3, nan, 5, 6, 7, 8, float32(math.Inf(1)), 9, -1, 0}, 1, 3, 4, 1))
		g.Output(g.Op(tensor.KindMedianFilter, ints(3, 3, 2), nil, x), g.Op(tensor.KindDilate, ints(3, 1, 0), nil, x), g.Op(tensor.KindErode, ints(3, 3, 1), nil, x))
		g.Output(g.Op(tensor.KindBoxBlur, ints(3, 1, 0), nil, x), g.Op(tensor.KindFilter2D, ints(0), nil, x, g.Weight(tensor.FromF32([]float32{0, nan, 1}, 3, 1))))
	}})
}

// scaleCases are of the kinds that resize and resample.
func scaleCases() []tc {
	var cs []tc
	for f := tensor.AABilinear; f <= tensor.AAHamming; f++ {
		cs = append(cs, tc{fmt.Sprint("antialiased resize by filter ", f), summed, func(g *graph) {
			for _, s := range [][4]int{{5, 7, 10, 14}, {8, 8, 3, 5}, {3, 4, 7, 5}, {1, 1, 4, 4}, {9, 6, 9, 6}, {64, 3, 5, 50}, {30, 20, 1, 1}} {
				for _, c := range []int{3, 1, 20} {
					g.Output(g.Op(tensor.KindResizeAA, ints(f), tensor.Shape{2, s[2], s[3], c}, g.in(2, s[0], s[1], c)))
				}
			}
		}})
	}
	for n := range 18 {
		filter, border, corners := n/6, n/2%3, n%2
		cs = append(cs, tc{fmt.Sprint("grid sample ", filter, border, corners), summed, func(g *graph) {
			for _, s := range [][4]int{{5, 7, 4, 6}, {1, 1, 3, 3}, {2, 1, 5, 2}} {
				g.Output(g.Op(tensor.KindGridSample, ints(filter, border, corners), nil, g.in(2, s[0], s[1], 3), g.in(2, s[2], s[3], 2)))
			}
			v := wild()
			at := g.Weight(tensor.FromF32(v[:20], 1, 2, 5, 2))
			g.Output(g.Op(tensor.KindGridSample, ints(filter, border, corners), nil, g.in(1, 4, 3, 2), at))
		}})
	}
	for _, v := range []struct {
		x, w tensor.Shape
		i    []int
	}{
		{tensor.Shape{2, 3, 4, 5}, tensor.Shape{5, 6, 3, 3}, []int{2, 2, 1, 1, 1, 1, 1, 1, 1}},
		{tensor.Shape{1, 4, 3, 2}, tensor.Shape{2, 1, 4, 4}, []int{2, 2, 1, 1, 0, 0, 1, 1, 1}},
		{tensor.Shape{1, 3, 3, 6}, tensor.Shape{6, 2, 2, 3}, []int{1, 3, 0, 0, 0, 2, 2, 1, 3}},
		{tensor.Shape{1, 1, 1, 40}, tensor.Shape{40, 33, 5, 1}, []int{4, 1, 2, 0, 0, 0, 1, 1, 1}},
		{tensor.Shape{1, 20, 20, 16}, tensor.Shape{16, 16, 2, 2}, []int{2, 2, 0, 0, 0, 0, 1, 1, 1}},
		{tensor.Shape{0, 2, 2, 3}, tensor.Shape{3, 2, 2, 2}, []int{1, 1, 0, 0, 0, 0, 1, 1, 1}},
	} {
		cs = append(cs, tc{fmt.Sprint("transposed conv ", v.x, v.w, v.i), summed, func(g *graph) {
			x, w := g.in(v.x...), g.w(tensor.F16, 0.5, v.w...)
			g.Output(g.Op(tensor.KindConvTranspose2D, ints(v.i...), nil, x, w), g.Op(tensor.KindConvTranspose2D, ints(v.i...), nil, x, w, g.in(v.w[1]*v.i[8])))
		}})
	}
	return cs
}

// signalCases are transforms and counts.
func signalCases() []tc {
	var cs []tc
	for inverse := range 2 {
		cs = append(cs, tc{fmt.Sprint("fft ", inverse), summed, func(g *graph) {
			for _, n := range []int{1, 2, 3, 8, 12, 37, 64, 100, 250, 256, 1000} {
				g.Output(g.Op(tensor.KindFFT, ints(0, inverse), nil, g.in(n, 2)), g.Op(tensor.KindFFT, ints(1, inverse), nil, g.in(2, n, 3, 2)))
			}
			x := g.in(1, 16, 12, 2)
			g.Output(g.Op(tensor.KindFFT, ints(1, inverse), nil, g.Op(tensor.KindFFT, ints(2, inverse), nil, x)), g.Op(tensor.KindFFT, ints(0, inverse), nil, g.in(3, 0, 2)))
		}})
	}
	return append(cs, tc{"histogram", exact, func(g *graph) {
		for _, s := range []tensor.Shape{{}, {7}, {3, 40, 5}, {200_000}, {0}} {
			for _, bins := range []int{1, 10, 256} {
				g.Output(g.Op(tensor.KindHistogram, tensor.Attr{I: []int{bins}, F: []float64{-1, 1.5}}, nil, g.in(s...)))
			}
		}
		v := wild()
		g.Output(g.Op(tensor.KindHistogram, tensor.Attr{I: []int{4}, F: []float64{0, 1}}, nil, g.Weight(tensor.FromF32(v, len(v)))))
	}})
}
