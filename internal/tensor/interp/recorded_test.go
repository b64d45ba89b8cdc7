package interp_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
)

// recorded is an op with what other programs say of it: torch 2.15, Pillow where torch lacks the filter, Python's colorsys,
// and the CIE values of sRGB's primaries. null is NaN, ±1e300 infinity.
type recorded struct {
	Op string
	In []struct {
		Shape []int
		DType string
		V     []*float64
	}
	I         []int
	F         []float64
	Shape     []int
	Want      []*float64
	WantShape []int `json:"want_shape"`
}

func number(v *float64) float64 {
	switch {
	case v == nil:
		return math.NaN()
	case math.Abs(*v) == 1e300:
		return math.Inf(int(*v / 1e300))
	}
	return *v
}

// kindNamed finds a kind by its name.
func kindNamed(t *testing.T, name string) tensor.Kind {
	for _, k := range tensor.Kinds() {
		if k.String() == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return 0
}

// TestRecorded holds the reference to other programs. They compute in float32, Lab's values have five digits.
func TestRecorded(t *testing.T) {
	b, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []recorded
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	for n, c := range rows {
		g := tensor.NewGraph()
		var args []tensor.Ref
		for _, in := range c.In {
			v := make([]float32, len(in.V))
			for i := range v {
				v[i] = float32(number(in.V[i]))
			}
			x := tensor.FromF32(v, in.Shape...)
			if in.DType == "I64" {
				x = tensor.Convert(x, tensor.I64)
			}
			args = append(args, g.Weight(x))
		}
		g.Output(g.Op(kindNamed(t, c.Op), tensor.Attr{I: c.I, F: c.F}, c.Shape, args...))
		out, err := tensor.RunOnce(t.Context(), interp.New(), g.Program())
		if err != nil {
			t.Fatal(err)
		}
		if !out[0].Shape().Equal(c.WantShape) {
			t.Errorf("row %d, %s: shape %v, want %v", n, c.Op, out[0].Shape(), c.WantShape)
			continue
		}
		tol := 3e-6
		if c.Op == "rgb_to_lab" {
			tol = 2e-2
		}
		for i, got := range tensor.ToF64(out[0]) {
			if w := number(c.Want[i]); got != w && !(math.Abs(got-w) <= tol*max(1, math.Abs(w))) && (got == got || w == w) {
				t.Errorf("row %d, %s %v %v: element %d is %v, want %v", n, c.Op, c.I, c.F, i, got, w)
				break
			}
		}
	}
}
