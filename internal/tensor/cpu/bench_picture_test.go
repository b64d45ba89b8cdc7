package cpu_test

import (
	"math/rand/v2"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// BenchmarkPictures counts an operation for each element of the argument, so that GF/s are elements.
func BenchmarkPictures(b *testing.B) {
	ints := func(i ...int) tensor.Attr { return tensor.Attr{I: i, F: []float64{2, 2}} }
	picture, wide := tensor.Shape{1, 512, 512, 3}, tensor.Shape{1, 1024, 1024, 3}
	for _, c := range []struct {
		name string
		kind tensor.Kind
		attr tensor.Attr
		in   []tensor.Shape
		want tensor.Shape
	}{
		{"gaussian 9x9", tensor.KindGaussianBlur, ints(9, 9, 1), []tensor.Shape{picture}, nil},
		{"filter 5x5", tensor.KindFilter2D, ints(1), []tensor.Shape{picture, {5, 5}}, nil},
		{"median 3x3", tensor.KindMedianFilter, ints(3, 3, 1), []tensor.Shape{picture}, nil},
		{"dilate 9x9", tensor.KindDilate, ints(9, 9, 0), []tensor.Shape{picture}, nil},
		{"lanczos up", tensor.KindResizeAA, ints(tensor.AALanczos), []tensor.Shape{picture}, wide},
		{"lanczos down", tensor.KindResizeAA, ints(tensor.AALanczos), []tensor.Shape{wide}, picture},
		{"bicubic up", tensor.KindResize, ints(tensor.Bicubic), []tensor.Shape{picture}, wide},
		{"grid sample", tensor.KindGridSample, ints(0, 0, 0), []tensor.Shape{picture, {1, 512, 512, 2}}, nil},
		{"transposed conv", tensor.KindConvTranspose2D, ints(2, 2, 1, 1, 0, 0, 1, 1, 1), []tensor.Shape{{1, 64, 64, 64}, {64, 64, 4, 4}}, nil},
		{"fft 512", tensor.KindFFT, ints(1, 0), []tensor.Shape{{512, 512, 2}}, nil},
		{"fft 500", tensor.KindFFT, ints(1, 0), []tensor.Shape{{500, 500, 2}}, nil},
		{"sort 1M", tensor.KindSort, ints(0, 0), []tensor.Shape{{1 << 20}}, nil},
		{"sort lines of 100", tensor.KindSort, ints(1, 0), []tensor.Shape{{10_000, 100}}, nil},
		{"median of lines", tensor.KindMedian, ints(1), []tensor.Shape{{64, 10_000}}, nil},
		{"lab", tensor.KindRGBToLab, ints(), []tensor.Shape{picture}, nil},
		{"normal noise", tensor.KindNormal, ints(1, 2, 3), nil, picture},
	} {
		n := 1
		if len(c.in) > 0 {
			n = c.in[0].Elems()
		}
		bench(b, c.name, float64(n), func(g *tensor.Graph, _ *rand.Rand) tensor.Ref {
			var args []tensor.Ref
			for _, s := range c.in {
				args = append(args, g.Input("x", tensor.F32, s...))
			}
			return g.Op(c.kind, c.attr, c.want, args...)
		})
	}
}
