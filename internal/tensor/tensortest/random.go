package tensortest

import (
	"math/rand/v2"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// RandomProgram records a program of a dozen ops that a seed chooses, and compares the backend with the reference.
func RandomProgram(t *testing.T, b tensor.Backend, seed uint64) {
	t.Helper()
	g := &graph{Graph: tensor.NewGraph(), rnd: rand.New(rand.NewPCG(3, seed))}
	vals := []tensor.Ref{g.in(2, 6, 8), g.in(1, 6, 8), g.in(2, 1, 8), g.in(2, 6, 8)}
	for range 12 {
		vals = append(vals, g.step(vals))
	}
	g.Output(vals[len(vals)-1], vals[len(vals)-3], vals[4+g.rnd.IntN(6)])
	const least = 0.1 // what is normalised may be nothing but what rounding left
	checkFrom(t, b, g.Program(), 1e-4, least, g.inputs...)
}

// step records one op on three-dimensional values; every result is tame enough for the next.
func (g *graph) step(vals []tensor.Ref) tensor.Ref {
	x := vals[g.rnd.IntN(len(vals))]
	y := vals[g.rnd.IntN(len(vals))]
	n := x.Dim(2)
	switch g.rnd.IntN(18) {
	case 0:
		if _, ok := tensor.Broadcast(x.Shape(), y.Shape()); ok {
			return g.Add(x, y)
		}
		return g.Affine(x, -0.5, 0.1)
	case 1:
		if _, ok := tensor.Broadcast(x.Shape(), y.Shape()); ok {
			return g.Unary(tensor.KindTanh, g.Mul(x, y))
		}
		return g.SiLU(x)
	case 2:
		return g.Slice(x, 2, n/4, n-n/4)
	case 3:
		return g.Permute(x, 1, 0, 2)
	case 4:
		return g.LayerNorm(x, g.w(tensor.F32, 1, n), tensor.None, 1e-2)
	case 5:
		y := g.Linear(x, g.w(tensor.F16, 0.3, n, n), g.w(tensor.F32, 0.1, n))
		return g.Add(y, x)
	case 6:
		return g.Unary(tensor.KindGELU, g.Linear(x, g.w(tensor.F32, 0.3, 8, n), tensor.None))
	case 7:
		return g.Softmax(x, g.rnd.IntN(3))
	case 8:
		return g.Attention(x, x, x, tensor.None, 1, g.rnd.IntN(2) == 0)
	case 9:
		return g.Concat(2, x, x)
	case 10:
		return g.GroupNorm(x, tensor.None, tensor.None, 1, 1e-2)
	}
	if g.rnd.IntN(7) == 0 {
		return g.Reshape(x, x.Dim(0)*x.Dim(1), 1, n)
	}
	return g.later(x, y)
}

// later records one of the kinds from KindExp2 on.
func (g *graph) later(x, y tensor.Ref) tensor.Ref {
	axis := g.rnd.IntN(3)
	size := x.Dim(axis)
	op := func(k tensor.Kind, x tensor.Ref, i ...int) tensor.Ref {
		return g.Op(k, tensor.Attr{I: i, F: []float64{0.5, 0.75}}, nil, x)
	}
	switch g.rnd.IntN(12) {
	case 0:
		return op(tensor.KindSort, x, axis, g.rnd.IntN(2))
	case 1:
		return op(tensor.KindTopK, x, axis, (size+1)/2, g.rnd.IntN(2))
	case 2:
		return g.Sub(x, op(tensor.KindLogSumExp, x, axis))
	case 3:
		return op([]tensor.Kind{tensor.KindMedian, tensor.KindQuantile, tensor.KindCumMax, tensor.KindCumMin}[g.rnd.IntN(4)], x, axis)
	case 4:
		return op(tensor.KindTriu, op(tensor.KindTril, x, 2), -1)
	case 5:
		return g.Add(x, g.Op([]tensor.Kind{tensor.KindUniform, tensor.KindNormal}[g.rnd.IntN(2)], tensor.Attr{I: []int{size, axis, 1}}, x.Shape()))
	case 6:
		if _, ok := tensor.Broadcast(x.Shape(), y.Shape()); ok {
			return g.Op(tensor.KindBlend, tensor.Attr{I: []int{g.rnd.IntN(3)}}, nil, g.Unary(tensor.KindSigmoid, x), g.Unary(tensor.KindSigmoid, y))
		}
		return op(tensor.KindSmoothStep, x)
	case 7:
		return op(tensor.KindStd, x, axis, 0)
	case 8:
		return op(tensor.KindRepeat, x, axis, 2)
	}
	return g.asPicture(x, op)
}

// asPicture records a kind that looks at several pixels.
func (g *graph) asPicture(x tensor.Ref, op func(k tensor.Kind, x tensor.Ref, i ...int) tensor.Ref) tensor.Ref {
	shape := []int{x.Dim(0), x.Dim(1), x.Dim(2)}
	p := g.Reshape(x, x.Dim(0), x.Dim(1), x.Dim(2), 1)
	switch border := tensor.BorderReplicate * g.rnd.IntN(2); g.rnd.IntN(5) {
	case 0:
		p = op(tensor.KindGaussianBlur, p, 3, 5, border)
	case 1:
		p = op(tensor.KindBoxBlur, p, 5, 1, border)
	case 2:
		p = op(tensor.KindMedianFilter, p, 3, 3, border)
	case 3:
		p = op(tensor.KindErode, op(tensor.KindDilate, p, 3, 3, 1), 1, 3, 0)
	default:
		p = g.Op(tensor.KindResizeAA, tensor.Attr{I: []int{g.rnd.IntN(5)}}, tensor.Shape{shape[0], shape[1], 3, 1}, p)
		shape[2] = 3
	}
	return g.Reshape(p, shape...)
}

// RandomOps records a program of n ops over pictures, large ones and small ones, with convolutions, views and results that are
// views: for what is known of a program before it runs.
func RandomOps(rnd *rand.Rand, n int) *tensor.Program {
	g := tensor.NewGraph()
	all := []tensor.Ref{g.Input("", tensor.F32, 1, 64, 64, 16), g.Input("", tensor.F16, 1, 16, 16, 16), g.Input("", tensor.F32, 1, 1, 1, 16)}
	w, one := g.Input("", tensor.F32, 16, 16, 3, 3), g.Input("", tensor.F32, 16, 16, 1, 1)
	for range n {
		x := all[rnd.IntN(len(all))]
		h, wd := x.Dim(1), x.Dim(2)
		y := x
		switch rnd.IntN(12) {
		case 0:
			pad := rnd.IntN(40)
			y = g.Conv2D(x, w, tensor.None, tensor.Conv{Stride: 1 + rnd.IntN(2), Pad: [4]int{1 + pad, 1 + pad, 1 + pad, 1}})
		case 1:
			y = g.GroupNorm(x, tensor.None, tensor.None, 4, 1e-3)
		case 2:
			y = g.Resize(x, 1+rnd.IntN(100), 1+rnd.IntN(100), rnd.IntN(5))
		case 3:
			y = g.Slice(x, 1, h/3, h)
		case 4:
			y = g.Slice(x, 2, 0, (wd+1)/2)
		case 5:
			y = g.Permute(x, 0, 2, 1, 3)
		case 6:
			y = g.Reshape(x, 1, wd, h, 16)
		case 7:
			y = g.Op(tensor.KindGaussianBlur, tensor.Attr{I: []int{3, 5, 0}, F: []float64{1, 1}}, nil, x)
		case 8:
			y = g.Conv2D(x, one, tensor.None, tensor.Conv{Stride: 1})
		case 9:
			y = g.Cast(x, []tensor.DType{tensor.F32, tensor.F16, tensor.I32}[rnd.IntN(3)])
		case 10:
			y = g.Softmax(x, rnd.IntN(4))
		default:
			y = g.Add(x, all[2])
		}
		all = append(all, y)
	}
	for range 3 {
		g.Output(all[rnd.IntN(len(all))])
	}
	return g.Program()
}
