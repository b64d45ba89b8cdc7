package tensortest

import (
	"fmt"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

func (s exampleSizes) layers() []Example {
	at := func(i ...int) tensor.Attr { return tensor.Attr{I: i, F: []float64{1e-5}} }
	conv := func(name string, side, cin, out, k, groups, stride int) Example {
		p := k / 2
		return Example{name, tensor.KindConv2D, at(stride, stride, p, p, p, p, 1, 1, groups), []Arg{f32(1, side, side, cin), f32(out, cin/groups, k, k)}, nil}
	}
	up := func(name string, side, cin, out, k, stride int) Example {
		return Example{name, tensor.KindConvTranspose2D, at(stride, stride, 1, 1, 0, 0, 1, 1, 1), []Arg{f32(1, side, side, cin), f32(cin, out, k, k)}, nil}
	}
	m := s.square / 4
	side := max(m/2, 8) // of a picture of 64 channels
	wide := s.n / 64
	long := max(s.square/2, 16)
	return []Example{
		{"", tensor.KindMatMul, at(), []Arg{f32(m, m), f32(m, m)}, nil}, {"of rows", tensor.KindMatMul, at(), []Arg{f32(s.n/64, 1, 64), f32(64, 2)}, nil},
		{"by columns", tensor.KindMatMul, at(), []Arg{f32(m, 4), f32(4, m)}, nil}, {"of small", tensor.KindMatMul, at(), []Arg{f32(s.n/16, 4, 4), f32(s.n/16, 4, 4)}, nil},
		{"", tensor.KindLinear, at(), []Arg{f32(m, m), f32(m, m), f32(m)}, nil}, {"of a row", tensor.KindLinear, at(), []Arg{f32(1, s.square), f32(s.square, s.square)}, nil},
		{"of halves", tensor.KindLinear, at(), []Arg{f32(4, s.square), {DType: tensor.F16, Shape: tensor.Shape{s.square, s.square}}}, nil}, {"to one", tensor.KindLinear, at(), []Arg{s.flat(64), f32(1, 64)}, nil},
		conv("3x3", side, 64, 64, 3, 1, 1), conv("3x3 of many", max(side/2, 4), 256, 256, 3, 1, 1), conv("1x1", side, 64, 64, 1, 1, 1), conv("3x3 of three", s.side, 3, 3, 3, 1, 1), conv("15x15 of three", max(s.side/3, 16), 3, 3, 15, 1, 1),
		conv("3x3 of a channel", s.side, 1, 1, 3, 1, 1), conv("3x3 by channels", side, 64, 64, 3, 64, 1), conv("8x8 in steps", s.side, 3, 16, 8, 1, 8),
		up("4x4 in steps", side, 64, 64, 4, 2), up("3x3 of three", s.side, 3, 3, 3, 1), up("9x9 of a channel", max(s.side/2, 16), 1, 1, 9, 1), up("2x2", side, 64, 32, 2, 2),
		{"", tensor.KindGroupNorm, at(8), []Arg{f32(1, side, side, 64), f32(64), f32(64)}, nil}, {"of three", tensor.KindGroupNorm, at(3), []Arg{s.picture()}, nil}, {"of many", tensor.KindGroupNorm, at(1), []Arg{f32(1, 4, s.n/4)}, nil},
		{"of small", tensor.KindGroupNorm, at(2), []Arg{f32(s.n/8, 2, 4)}, nil}, {"of pixels", tensor.KindGroupNorm, at(1), []Arg{f32(s.n/2, 1, 2)}, nil},
		{"", tensor.KindLayerNorm, at(), []Arg{s.flat(64), f32(64), f32(64)}, nil}, {"of a row", tensor.KindLayerNorm, at(), []Arg{f32(1, s.n), f32(s.n), f32(s.n)}, nil}, {"of pairs", tensor.KindLayerNorm, at(), []Arg{s.flat(2)}, nil},
		{"", tensor.KindRMSNorm, at(), []Arg{s.flat(64), f32(64)}, nil}, {"of a row", tensor.KindRMSNorm, at(), []Arg{f32(1, s.n)}, nil},
		{"", tensor.KindAttention, at(8, 0), []Arg{f32(1, long, 512), f32(1, long, 512), f32(1, long, 512)}, nil}, {"of thin heads", tensor.KindAttention, at(16, 1), []Arg{f32(1, long, 64), f32(1, long, 64), f32(1, long, 64)}, nil},
		{"with a mask", tensor.KindAttention, at(2, 0), []Arg{f32(1, long, 64), f32(1, long, 64), f32(1, long, 64), f32(1, 2, long, long)}, nil}, {"of one query", tensor.KindAttention, at(1, 0), []Arg{f32(1, 1, 64), f32(1, wide, 64), f32(1, wide, 64)}, nil},
		{"of small", tensor.KindAttention, at(4, 0), []Arg{f32(s.n/128, 2, 64), f32(s.n/128, 2, 64), f32(s.n/128, 2, 64)}, nil},
		{"", tensor.KindGLU, at(tensor.GateGELU), []Arg{s.flat(128)}, nil}, {"of pairs", tensor.KindGLU, at(tensor.GateSigmoid), []Arg{s.flat(2)}, nil}, {"of a row", tensor.KindGLU, at(tensor.GateSiLU), []Arg{f32(1, s.n/2*2)}, nil},
	}
}

func (s exampleSizes) pictures() []Example {
	var all []Example
	half := max(s.side/2, 4)
	small, large := f32(1, half, half, 3), s.picture()
	wide := f32(1, max(s.side/8, 4), max(s.side/8, 4), 192)
	for f := tensor.Nearest; f <= tensor.Area; f++ {
		a := tensor.Attr{I: []int{f}}
		all = append(all, Example{fmt.Sprint("up by ", f), tensor.KindResize, a, []Arg{small}, tensor.Shape{1, s.side, s.side, 3}},
			Example{fmt.Sprint("down by ", f), tensor.KindResize, a, []Arg{large}, tensor.Shape{1, half, half, 3}},
			Example{fmt.Sprint("to one by ", f), tensor.KindResize, a, []Arg{large}, tensor.Shape{1, 1, 1, 3}},
			Example{fmt.Sprint("wide by ", f), tensor.KindResize, a, []Arg{wide}, tensor.Shape{1, wide.Shape[1] / 2, wide.Shape[2], 192}})
	}
	for f := tensor.AABilinear; f <= tensor.AAHamming; f++ {
		a := tensor.Attr{I: []int{f}}
		all = append(all, Example{fmt.Sprint("up by ", f), tensor.KindResizeAA, a, []Arg{small}, tensor.Shape{1, s.side, s.side, 3}},
			Example{fmt.Sprint("down by ", f), tensor.KindResizeAA, a, []Arg{large}, tensor.Shape{1, half, half, 3}},
			Example{fmt.Sprint("to 4 by ", f), tensor.KindResizeAA, a, []Arg{large}, tensor.Shape{1, 4, 4, 3}},
			Example{fmt.Sprint("of a channel by ", f), tensor.KindResizeAA, a, []Arg{f32(1, s.side, s.side, 1)}, tensor.Shape{1, half, half, 1}},
			Example{fmt.Sprint("wide by ", f), tensor.KindResizeAA, a, []Arg{wide}, tensor.Shape{1, wide.Shape[1] / 2, wide.Shape[2] / 2, 192}})
	}
	for _, k := range []tensor.Kind{tensor.KindAvgPool, tensor.KindMaxPool} {
		all = append(all, Example{"2x2", k, tensor.Attr{I: []int{2, 2, 2, 2}}, []Arg{large}, nil}, Example{"9x9 of a channel", k, tensor.Attr{I: []int{9, 9, 1, 1}}, []Arg{f32(1, half+9, half+9, 1)}, nil},
			Example{"of all", k, tensor.Attr{I: []int{s.side, s.side, 1, 1}}, []Arg{large}, nil}, Example{"wide", k, tensor.Attr{I: []int{3, 3, 1, 1}}, []Arg{wide}, nil})
	}
	return all
}

func (s exampleSizes) windows() []Example {
	var all []Example
	for _, w := range []struct {
		name   string
		kh, kw int
	}{{"3x3", 3, 3}, {"31x31", 31, 31}, {"255x255", 255, 255}, {"255x1", 255, 1}, {"1x255", 1, 255}} {
		for _, k := range []tensor.Kind{tensor.KindGaussianBlur, tensor.KindBoxBlur, tensor.KindDilate, tensor.KindErode} {
			all = append(all, Example{w.name, k, tensor.Attr{I: []int{w.kh, w.kw, 0}, F: []float64{4, 4}}, []Arg{s.picture()}, nil})
		}
	}
	small, thin := max(s.side/4, 16), f32(1, s.n/4, 4, 1)
	pic := f32(1, small, small, 3)
	return append(all,
		Example{"as a cross", tensor.KindDilate, tensor.Attr{I: []int{9, 9, 1}}, []Arg{s.picture()}, nil}, Example{"thin", tensor.KindBoxBlur, tensor.Attr{I: []int{3, 3, 2}}, []Arg{thin}, nil},
		Example{"3x3", tensor.KindFilter2D, tensor.Attr{I: []int{1}}, []Arg{s.picture(), f32(3, 3)}, nil}, Example{"31x31", tensor.KindFilter2D, tensor.Attr{I: []int{2}}, []Arg{pic, f32(31, 31)}, nil},
		Example{"thin", tensor.KindFilter2D, tensor.Attr{I: []int{0}}, []Arg{thin, f32(5, 5)}, nil},
		Example{"3x3", tensor.KindMedianFilter, tensor.Attr{I: []int{3, 3, 1}}, []Arg{pic}, nil}, Example{"5x5", tensor.KindMedianFilter, tensor.Attr{I: []int{5, 5, 1}}, []Arg{pic}, nil},
		Example{"31x31", tensor.KindMedianFilter, tensor.Attr{I: []int{31, 31, 0}}, []Arg{f32(1, max(small/4, 8), max(small/4, 8), 1)}, nil},
		Example{"1x1", tensor.KindMedianFilter, tensor.Attr{I: []int{1, 1, 0}}, []Arg{pic}, nil}, Example{"thin", tensor.KindMedianFilter, tensor.Attr{I: []int{3, 3, 0}}, []Arg{f32(1, s.n/64, 4, 1)}, nil})
}

func (s exampleSizes) newer() []Example {
	var all []Example
	for f := range 3 {
		a := tensor.Attr{I: []int{f, f, 0}}
		all = append(all, Example{fmt.Sprint("by ", f), tensor.KindGridSample, a, []Arg{s.picture(), f32(1, s.side, s.side, 2)}, nil}, Example{fmt.Sprint("wide by ", f), tensor.KindGridSample, a, []Arg{f32(1, 8, 8, s.n/64), f32(1, 4, 4, 2)}, nil})
	}
	all = append(all, Example{"reflected", tensor.KindGridSample, tensor.Attr{I: []int{0, 2, 1}}, []Arg{s.picture(), f32(1, s.side, s.side, 2)}, nil}, Example{"of a channel", tensor.KindGridSample, tensor.Attr{I: []int{2, 0, 1}}, []Arg{f32(1, s.side, s.side, 1), f32(1, s.side, s.side, 2)}, nil})
	for _, n := range []int{2, 64, 4096, 3, 63, 4095} {
		all = append(all, Example{fmt.Sprint("of ", n), tensor.KindFFT, tensor.Attr{I: []int{1, 0}}, []Arg{f32(max(s.n/2/n, 1), n, 2)}, nil})
	}
	all = append(all, Example{"across", tensor.KindFFT, tensor.Attr{I: []int{0, 1}}, []Arg{f32(64, s.n/128, 2)}, nil}, Example{"of 65535", tensor.KindFFT, tensor.Attr{I: []int{0, 0}}, []Arg{f32(65535, 2)}, nil},
		Example{"", tensor.KindHistogram, tensor.Attr{I: []int{256}, F: []float64{0, 2}}, []Arg{f32(s.n)}, nil}, Example{"of many", tensor.KindHistogram, tensor.Attr{I: []int{65536}, F: []float64{0, 2}}, []Arg{f32(s.n)}, nil})
	for k := tensor.KindRGBToHSV; k <= tensor.KindLabToRGB; k++ {
		all = append(all, Example{"", k, tensor.Attr{}, []Arg{s.picture()}, nil}, Example{"with alpha", k, tensor.Attr{}, []Arg{s.flat(4)}, nil})
	}
	return append(all, Example{"", tensor.KindLuminance, tensor.Attr{I: []int{0}}, []Arg{s.picture()}, nil},
		Example{"", tensor.KindOver, tensor.Attr{}, []Arg{s.flat(4), s.flat(4)}, nil}, Example{"one", tensor.KindOver, tensor.Attr{}, []Arg{s.flat(4), f32(4)}, nil})
}
