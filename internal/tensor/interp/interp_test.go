package interp_test

import (
	"math"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
)

func TestBackend(t *testing.T) { tensortest.Run(t, interp.New()) }

// TestScalars holds functions to values of their definitions.
func TestScalars(t *testing.T) {
	for _, c := range []struct {
		kind tensor.Kind
		f    []float64
		x    float64
		want float64
	}{
		{tensor.KindSiLU, nil, 1, 0.7310585786300049},
		{tensor.KindGELU, nil, 1, 0.8413447460685429},
		{tensor.KindGELU, nil, -3, -0.00404969409489031},
		{tensor.KindGELUTanh, nil, 1, 0.8411919906082768},
		{tensor.KindQuickGELU, nil, 1, 0.845795766},
		{tensor.KindMish, nil, 1, 0.8650983882673103},
		{tensor.KindSoftplus, nil, 1, 1.3132616875182228},
		{tensor.KindSoftplus, nil, 1000, 1000},
		{tensor.KindHardSwish, nil, 1, 2.0 / 3},
		{tensor.KindRound, nil, 2.5, 2},
		{tensor.KindRound, nil, -3.5, -4},
		{tensor.KindSign, nil, -7, -1},
		{tensor.KindNot, nil, 0, 1},
		{tensor.KindLeakyReLU, []float64{0.1}, -2, -0.2},
		{tensor.KindELU, []float64{2}, -1, -1.2642411176571153},
		{tensor.KindClamp, []float64{-1, 1}, 3, 1},
		{tensor.KindPowScalar, []float64{0.5}, 9, 3},
	} {
		if got := interp.Unary(c.kind, c.f)(c.x); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v(%v) is %v, want %v", c.kind, c.x, got, c.want)
		}
	}
	if got := interp.Binary(tensor.KindMin)(1, math.NaN()); got == got {
		t.Errorf("min with NaN is %v", got)
	}
}

// TestRemainders: as torch.remainder and torch.fmod give them.
func TestRemainders(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ x, y, mod, fmod float64 }{
		{-7, 3, 2, -1}, {7, 3, 1, 1}, {7, -3, -2, 1}, {-7, -3, -1, -1}, {6, 3, 0, 0}, {-6, 3, math.Copysign(0, -1), math.Copysign(0, -1)},
		{0.5, 1, 0.5, 0.5}, {-0.25, 1, 0.75, -0.25}, {1e300, 7, math.Mod(1e300, 7), math.Mod(1e300, 7)},
		{-1, inf, inf, -1}, {1, inf, 1, 1}, {1, -inf, -inf, 1}, {-1, -inf, -1, -1}, {0, inf, 0, 0}, {math.Copysign(0, -1), inf, math.Copysign(0, -1), math.Copysign(0, -1)}, {0, -inf, 0, 0},
		{inf, 3, nan, nan}, {-inf, 3, nan, nan}, {inf, inf, nan, nan}, {1, 0, nan, nan}, {-1, 0, nan, nan}, {0, 0, nan, nan}, {nan, 3, nan, nan}, {1, nan, nan, nan}, {nan, inf, nan, nan},
	} {
		same := func(a, b float64) bool { return a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b }
		if got := interp.Binary(tensor.KindMod)(c.x, c.y); !same(got, c.mod) {
			t.Errorf("the remainder of %v over %v is %v, want %v", c.x, c.y, got, c.mod)
		}
		if got := interp.Binary(tensor.KindFmod)(c.x, c.y); !same(got, c.fmod) {
			t.Errorf("fmod of %v over %v is %v, want %v", c.x, c.y, got, c.fmod)
		}
	}
}

// TestSmall holds ops to results worked out by hand.
func TestSmall(t *testing.T) {
	row := func(g *tensor.Graph, shape []int, v ...float32) tensor.Ref {
		return g.Weight(tensor.FromF32(v, shape...))
	}
	pad := func(g *tensor.Graph, before, after, mode int) tensor.Ref {
		return g.Op(tensor.KindPad, tensor.Attr{I: []int{0, before, after, mode}, F: []float64{9}}, nil, row(g, []int{3}, 1, 2, 3))
	}
	resize := func(g *tensor.Graph, n, filter int, v ...float32) tensor.Ref {
		return g.Resize(row(g, []int{1, 1, len(v), 1}, v...), 1, n, filter)
	}
	for _, c := range []struct {
		name  string
		build func(g *tensor.Graph) tensor.Ref
		want  []float64
	}{
		{"linear", func(g *tensor.Graph) tensor.Ref {
			return g.Linear(row(g, []int{1, 2}, 1, 2), row(g, []int{2, 2}, 1, 0, 3, 4), row(g, []int{2}, 10, 20))
		}, []float64{11, 31}},
		{"matmul", func(g *tensor.Graph) tensor.Ref {
			return g.MatMul(row(g, []int{1, 2}, 1, 2), row(g, []int{2, 2}, 1, 0, 3, 4))
		}, []float64{7, 8}},
		{"conv padded before, stride 2", func(g *tensor.Graph) tensor.Ref {
			return g.Conv2D(row(g, []int{1, 1, 3, 1}, 1, 2, 3), row(g, []int{1, 1, 1, 2}, 10, 1), tensor.None, tensor.Conv{Stride: 2, Pad: [4]int{0, 1, 0, 0}})
		}, []float64{1, 23}},
		{"group norm", func(g *tensor.Graph) tensor.Ref {
			return g.GroupNorm(row(g, []int{1, 2, 2}, 1, 5, 3, 5), tensor.None, tensor.None, 2, 0)
		}, []float64{-1, math.NaN(), 1, math.NaN()}},
		{"rms norm", func(g *tensor.Graph) tensor.Ref {
			return g.Op(tensor.KindRMSNorm, tensor.Attr{F: []float64{0}}, nil, row(g, []int{2}, 3, 4), row(g, []int{2}, 1, 2))
		}, []float64{3 / math.Sqrt(12.5), 8 / math.Sqrt(12.5)}},
		{"softmax", func(g *tensor.Graph) tensor.Ref { return g.Softmax(row(g, []int{2}, 0, float32(math.Log(3))), 0) }, []float64{0.25, 0.75}},
		{"causal attention", func(g *tensor.Graph) tensor.Ref {
			return g.Attention(row(g, []int{1, 2, 1}, 0, 0), row(g, []int{1, 2, 1}, 1, 1), row(g, []int{1, 2, 1}, 4, 8), tensor.None, 1, true)
		}, []float64{4, 6}},
		{"glu", func(g *tensor.Graph) tensor.Ref { return g.GLU(row(g, []int{2}, 3, 0), tensor.GateSigmoid) }, []float64{1.5}},
		{"pad by a constant", func(g *tensor.Graph) tensor.Ref { return pad(g, 1, 1, 0) }, []float64{9, 1, 2, 3, 9}},
		{"pad by reflection", func(g *tensor.Graph) tensor.Ref { return pad(g, 2, 1, 1) }, []float64{3, 2, 1, 2, 3, 2}},
		{"pad by the edge", func(g *tensor.Graph) tensor.Ref { return pad(g, 2, 1, 2) }, []float64{1, 1, 1, 2, 3, 3}},
		{"pad around", func(g *tensor.Graph) tensor.Ref { return pad(g, 1, 2, 3) }, []float64{3, 1, 2, 3, 1, 2}},
		{"nearest", func(g *tensor.Graph) tensor.Ref { return resize(g, 5, tensor.Nearest, 0, 1, 2) }, []float64{0, 0, 1, 1, 2}},
		{"nearest exact", func(g *tensor.Graph) tensor.Ref { return resize(g, 2, tensor.NearestExact, 0, 1, 2, 3) }, []float64{1, 3}},
		{"bilinear", func(g *tensor.Graph) tensor.Ref { return resize(g, 4, tensor.Bilinear, 0, 1) }, []float64{0, 0.25, 0.75, 1}},
		{"bicubic", func(g *tensor.Graph) tensor.Ref { return resize(g, 4, tensor.Bicubic, 0, 1) }, []float64{-0.10546875, 0.2265625, 0.7734375, 1.10546875}},
		{"area", func(g *tensor.Graph) tensor.Ref { return resize(g, 2, tensor.Area, 1, 2, 6) }, []float64{1.5, 4}},
		{"roll", func(g *tensor.Graph) tensor.Ref {
			return g.Op(tensor.KindRoll, tensor.Attr{I: []int{0, 1}}, nil, row(g, []int{3}, 1, 2, 3))
		}, []float64{3, 1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := tensor.NewGraph()
			g.Output(c.build(g))
			out, err := tensor.RunOnce(t.Context(), interp.New(), g.Program())
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range tensor.ToF64(out[0]) {
				if w := c.want[i]; math.Abs(got-w) > 1e-6 || (got != got) != (w != w) {
					t.Errorf("element %d is %v, want %v", i, got, w)
				}
			}
		})
	}
}
