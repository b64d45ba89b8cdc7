package nn

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
	"github.com/cocoonhq/cocoon/internal/weights"
)

func TestTimesteps(t *testing.T) {
	f := func(x float64) float32 { return float32(x) }
	third := f(math.Exp(float64(-f(math.Log(10000)) * 1 / 2))) // the second of two frequencies
	for _, row := range []struct {
		name string
		t    []float32
		dim  int
		want []float32
	}{
		{"at 0", []float32{0}, 4, []float32{1, 1, 0, 0}},
		{"two", []float32{0, 999}, 4, []float32{
			1, 1, 0, 0,
			f(math.Cos(999)), f(math.Cos(float64(999 * third))), f(math.Sin(999)), f(math.Sin(float64(999 * third))),
		}},
		{"odd", []float32{0}, 3, []float32{1, 0, 0}},
		{"none", nil, 4, nil},
	} {
		got := Timesteps(row.t, row.dim, 10000)
		if diff := cmp.Diff(row.want, got.F32()); diff != "" || !got.Shape().Equal(tensor.Shape{len(row.t), row.dim}) {
			t.Errorf("%s: shape %v, -want +got:\n%s", row.name, got.Shape(), diff)
		}
	}
}

// TestPointwise reads one layer in both of its layouts.
func TestPointwise(t *testing.T) {
	w, bias := []float32{1, 2, 3, 4, 5, 6}, tensor.FromF32([]float32{10, 20}, 2)
	for _, shape := range [][]int{{2, 3}, {2, 3, 1, 1}} {
		s := weights.NewScope(weights.Map{"l.weight": tensor.FromF32(w, shape...), "l.bias": bias}, "l")
		l := NewPointwise(s, 3, 2)
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		g := tensor.NewGraph()
		g.Output(l.Record(g, g.Input("x", tensor.F32, 1, 3)))
		out, err := tensor.RunOnce(t.Context(), interp.New(), g.Program(), tensor.FromF32([]float32{1, 1, 1}, 1, 3))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]float32{16, 35}, out[0].F32()); diff != "" || l.Out() != 2 {
			t.Errorf("%v, -want +got:\n%s", shape, diff)
		}
	}
}

// TestMissing collects everything that is missing or of the wrong shape.
func TestMissing(t *testing.T) {
	s := weights.NewScope(weights.Map{"n.weight": tensor.New(tensor.F32, 4)}, "")
	NewGroupNorm(s.Sub("n"), 8, 1e-5)
	NewConv3x3(s.Sub("c"), 3, 4)
	NewCrossAttention(s.Sub("a"), 8, 8, 8, 1)
	want := []string{"n.bias", "c.weight", "c.bias", "a.to_q.weight", "a.to_k.weight", "a.to_v.weight", "a.to_out.0.weight", "a.to_out.0.bias"}
	if diff := cmp.Diff(want, s.Missing()); diff != "" || s.Err() == nil {
		t.Errorf("%v, -want +got:\n%s", s.Err(), diff)
	}
}
