// Package tensortest is the suite that every tensor.Backend passes: each kind of op against the float64 interpreter, at
// sizes that are empty, odd, tiny and larger than any block, with every dtype of weights, infinities and NaN.
package tensortest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
)

// tc is one program: build records it and says how far results may be from the reference.
type tc struct {
	name  string
	tol   float64 // of the largest value of the result, see Compare
	build func(g *graph)
}

// graph records a program together with random inputs for it.
type graph struct {
	*tensor.Graph
	rnd    *rand.Rand
	inputs []*tensor.Tensor
}

// in declares an F32 input of normally distributed values.
func (g *graph) in(shape ...int) tensor.Ref { return g.inOf(tensor.F32, 1, shape...) }

func (g *graph) inOf(dt tensor.DType, scale float64, shape ...int) tensor.Ref {
	t := Random(g.rnd, dt, scale, shape...)
	g.inputs = append(g.inputs, t)
	return g.Input(fmt.Sprint("x", len(g.inputs)), dt, shape...)
}

// w brings in a weight.
func (g *graph) w(dt tensor.DType, scale float64, shape ...int) tensor.Ref {
	return g.Weight(Random(g.rnd, dt, scale, shape...))
}

// Random makes a tensor of normally distributed values times scale, rounded to dt.
func Random(rnd *rand.Rand, dt tensor.DType, scale float64, shape ...int) *tensor.Tensor {
	v := make([]float64, tensor.Shape(shape).Elems())
	for i := range v {
		v[i] = rnd.NormFloat64() * scale
	}
	t := tensor.New(dt, shape...)
	tensor.WriteF64(t.Bytes(), dt, v)
	return t
}

// Run holds a backend to the reference.
func Run(t *testing.T, b tensor.Backend) {
	for _, set := range sets() {
		for _, c := range set {
			t.Run(c.name, func(t *testing.T) { runCase(t, b, c) })
		}
	}
	t.Run("runs", func(t *testing.T) { testRuns(t, b) })
	t.Run("random programs", func(t *testing.T) {
		for seed := range uint64(60) {
			RandomProgram(t, b, seed)
		}
	})
}

func sets() [][]tc {
	return [][]tc{
		elementCases(), moveCases(), reduceCases(), productCases(), convCases(), normCases(), attentionCases(), pictureCases(), fusedCases(), specialCases(),
		moreElementCases(), colourCases(), lineCases(), indexCases(), makeCases(), windowCases(), scaleCases(), signalCases(), longCases(),
	}
}

func runCase(t *testing.T, b tensor.Backend, c tc) {
	g := &graph{Graph: tensor.NewGraph(), rnd: rand.New(rand.NewPCG(1, uint64(len(c.name))))}
	c.build(g)
	check(t, b, g.Program(), c.tol, g.inputs...)
}

// check runs a program on the backend and on the reference and compares.
func check(t *testing.T, b tensor.Backend, p *tensor.Program, tol float64, inputs ...*tensor.Tensor) {
	t.Helper()
	checkFrom(t, b, p, tol, 0, inputs...)
}

// checkFrom is check for results whose largest value counts as at least least.
func checkFrom(t *testing.T, b tensor.Backend, p *tensor.Program, tol, least float64, inputs ...*tensor.Tensor) {
	t.Helper()
	got, err := tensor.RunOnce(t.Context(), b, p, inputs...)
	if errors.Is(err, fault.Unsupported) {
		t.Skipf("%s: %v", b.Name(), err)
	}
	want, wantErr := tensor.RunOnce(t.Context(), interp.New(), p, inputs...)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%s says %v, the reference %v", b.Name(), err, wantErr)
	}
	if err != nil {
		return
	}
	for i := range want {
		if msg := compare(got[i], want[i], tol, least); msg != "" {
			t.Errorf("output %d (%v): %s", i, want[i], msg)
		}
	}
}

// Compare says how got differs from want, "" if it does not: other dtypes or shapes, infinities or NaN in other places, or
// an element further than tol times the largest finite magnitude of want away.
func Compare(got, want *tensor.Tensor, tol float64) string { return compare(got, want, tol, 0) }

// compare is Compare with a magnitude that the largest counts as at least.
func compare(got, want *tensor.Tensor, tol, least float64) string {
	if got.DType() != want.DType() || !got.Shape().Equal(want.Shape()) {
		return fmt.Sprintf("got %v, want %v", got, want)
	}
	g, w := tensor.ToF64(got), tensor.ToF64(want)
	most := least
	for _, v := range w {
		if !math.IsInf(v, 0) && v == v {
			most = max(most, math.Abs(v))
		}
	}
	worst, at := 0.0, -1
	for i := range w {
		d := math.Abs(g[i] - w[i])
		switch {
		case g[i] == w[i] || (g[i] != g[i] && w[i] != w[i]):
			continue
		case d != d || math.IsInf(d, 0):
			return fmt.Sprintf("element %d is %g, want %g", i, g[i], w[i])
		case d > worst:
			worst, at = d, i
		}
	}
	if worst > tol*most {
		return fmt.Sprintf("element %d is %g, want %g: off by %.2g of the largest value %.3g, allowed %.2g", at, g[at], w[at], worst/most, most, tol)
	}
	return ""
}

// testRuns checks what holds for every executable: repeated runs agree to the bit, outputs are the caller's, wrong inputs
// and a cancelled context are errors.
func testRuns(t *testing.T, b tensor.Backend) {
	g := &graph{Graph: tensor.NewGraph(), rnd: rand.New(rand.NewPCG(2, 2))}
	x := g.in(3, 40, 64)
	y := g.SiLU(g.Linear(x, g.w(tensor.F16, 0.1, 96, 64), tensor.None))
	g.Output(y, g.Softmax(y, 1), x)
	exe, err := b.Compile(g.Program())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := exe.Close(); err != nil {
			t.Error(err)
		}
	}()
	first, err := exe.Run(t.Context(), g.inputs...)
	if err != nil {
		t.Fatal(err)
	}
	keep := first[0].Clone()
	second, err := exe.Run(t.Context(), g.inputs...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		if msg := Compare(second[i], first[i], 0); msg != "" {
			t.Errorf("second run, output %d: %s", i, msg)
		}
	}
	if msg := Compare(first[0], keep, 0); msg != "" {
		t.Errorf("the first run's output changed: %s", msg)
	}
	if _, err := exe.Run(t.Context()); !errors.Is(err, fault.BadTensor) {
		t.Errorf("run without inputs: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := exe.Run(ctx, g.inputs...); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled run: %v", err)
	}
}
