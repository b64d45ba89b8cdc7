package wasmhost

import (
	"math"
	"math/bits"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
)

// TestGraphCost: what takes long costs much, before it runs; what needs room beside its result counts it.
func TestGraphCost(t *testing.T) {
	type given struct {
		kind tensor.Kind
		attr tensor.Attr
		in   []tensor.Shape
		want tensor.Shape
	}
	picture := tensor.Shape{1, 512, 512, 3}
	window := func(k tensor.Kind, side int) given {
		return given{k, tensor.Attr{I: []int{side, side, 0}, F: []float64{2, 2}}, []tensor.Shape{picture}, nil}
	}
	conv := tensor.Attr{I: []int{1, 1, 1, 1, 1, 1, 1, 1, 1}}
	for _, c := range []struct {
		name           string
		given          given
		least, most    int64 // cost
		scratch, under int64 // bytes beside the result
	}{
		{"affine", given{tensor.KindAffine, tensor.Attr{F: []float64{1, 0}}, []tensor.Shape{picture}, nil}, 10e6, 15e6, 0, 5000},
		{"power", given{tensor.KindPow, tensor.Attr{}, []tensor.Shape{picture, picture}, nil}, 400e6, 600e6, 0, 5000},
		{"blur by 255", window(tensor.KindGaussianBlur, 255), 1.5e9, 3e9, 6e6, 8e6},
		{"blur by 5", window(tensor.KindBoxBlur, 5), 50e6, 80e6, 6e6, 8e6},
		{"median by 31", window(tensor.KindMedianFilter, 31), 25e9, 35e9, 3e6, 4e6},
		{"filter by 101", given{tensor.KindFilter2D, tensor.Attr{I: []int{0}}, []tensor.Shape{picture, {101, 101}}, nil}, 20e9, 30e9, 1e5, 2e5},
		{"sort", given{tensor.KindSort, tensor.Attr{I: []int{0, 0}}, []tensor.Shape{{1 << 20}}, nil}, 300e6, 500e6, 28 << 20, 57 << 20},
		{"fft by Bluestein", given{tensor.KindFFT, tensor.Attr{I: []int{1, 0}}, []tensor.Shape{{4, 65000, 2}}, nil}, 200e6, 500e6, 70e6, 90e6},
		{"conv", given{tensor.KindConv2D, conv, []tensor.Shape{{1, 64, 64, 64}, {64, 64, 3, 3}}, nil}, 300e6, 500e6, 9e6, 60e6},
		{"transposed conv", given{tensor.KindConvTranspose2D, tensor.Attr{I: []int{1, 1, 0, 0, 0, 0, 1, 1, 1}}, []tensor.Shape{{1, 64, 64, 64}, {64, 64, 99, 9}}, nil}, 70e9, 100e9, 14e6, 15e6},
		{"resize to many", given{tensor.KindResizeAA, tensor.Attr{I: []int{2}}, []tensor.Shape{{1, 1 << 16, 1, 1}}, tensor.Shape{1, 1, 1 << 14, 1}}, 100e9, 300e9, 1 << 32, 1<<32 + 1<<24},
		{"noise", given{tensor.KindNormal, tensor.Attr{I: []int{1, 2, 3}}, nil, picture}, 150e6, 200e6, 0, 5000},
	} {
		g := tensor.NewGraph()
		var refs []tensor.Ref
		for _, s := range c.given.in {
			refs = append(refs, g.Input("", tensor.F32, s...))
		}
		g.Output(g.Op(c.given.kind, c.given.attr, c.given.want, refs...))
		p := g.Program()
		if cost := costOf(p); cost < c.least || cost > c.most {
			t.Errorf("%s costs %d, want %d to %d", c.name, cost, c.least, c.most)
		}
		if n := tensor.Peak(p) - int64(p.Values[p.Outputs[0]].Shape.Elems())*4; n < c.scratch || n >= c.under {
			t.Errorf("%s needs %d bytes beside its result, want %d to %d", c.name, n, c.scratch, c.under)
		}
	}
}

// steps counts what an example does at least: multiplications, comparisons or functions of an element.
func steps(e *tensortest.Example, out tensor.Shape) float64 {
	elems := func(s tensor.Shape) float64 { return float64(s.Elems()) }
	n := elems(out)
	for _, a := range e.In {
		n = max(n, elems(a.Shape)/4) // of a view nothing is read
	}
	i := e.Attr.I
	switch k := e.Kind; {
	case k == tensor.KindReshape, k == tensor.KindSlice:
		return elems(out)
	case k == tensor.KindMatMul, k == tensor.KindLinear:
		return elems(out) * float64(e.In[0].Shape.Last())
	case k == tensor.KindConv2D:
		return elems(out) * elems(e.In[1].Shape[1:])
	case k == tensor.KindConvTranspose2D:
		return elems(e.In[0].Shape) * elems(e.In[1].Shape[1:])
	case k == tensor.KindAttention:
		q, v := e.In[0].Shape, e.In[2].Shape
		return float64(q[0]*q[1]) * float64(v[1]) * float64(q[2]+v[2])
	case k == tensor.KindAvgPool, k == tensor.KindMaxPool:
		return elems(out) * float64(i[0]*i[1])
	case k == tensor.KindFilter2D:
		return elems(out) * elems(e.In[1].Shape)
	case k == tensor.KindMedianFilter:
		return elems(out) * float64(i[0]*i[1])
	case k == tensor.KindGaussianBlur, k == tensor.KindBoxBlur, k == tensor.KindDilate, k == tensor.KindErode:
		return elems(out) * float64(i[0]+i[1])
	case k == tensor.KindFFT, k >= tensor.KindSort && k <= tensor.KindTopKIndex:
		return elems(e.In[0].Shape) * float64(bits.Len(uint(e.In[0].Shape[i[0]])))
	}
	return n
}

// TestWorkIsBounded: whatever a guest computes, a second of its budget buys a bounded number of steps, by counting. Functions
// in double precision are dearer by as much as they take longer.
func TestWorkIsBounded(t *testing.T) {
	const (
		second = 8e9 // bytes of work, see unitBytes
		most   = 4e9 // steps
		slow   = second / (unitBytes * 40)
	)
	for _, e := range tensortest.Examples(1 << 20) {
		p := e.Program()
		out := p.Values[p.Outputs[0]].Shape
		bought := second / float64(costOf(p)) * steps(&e, out)
		if !(bought <= most) {
			t.Errorf("%s: a second buys %.3g steps", e.Name, bought)
		}
		switch e.Kind {
		case tensor.KindPow, tensor.KindSin, tensor.KindCos, tensor.KindTan, tensor.KindLog, tensor.KindSoftplus, tensor.KindMish, tensor.KindPowScalar, tensor.KindAtan2, tensor.KindExp2, tensor.KindLog1p:
			if bought > slow {
				t.Errorf("%s: a second buys %.3g elements, want at most %.3g", e.Name, bought, slow)
			}
		}
	}
	l := ExecuteLimits()
	if all := float64(l.HostBytes) / second; all > l.Wall.Seconds() {
		t.Errorf("the work of a call is worth %.0f seconds, its time is %v", all, l.Wall)
	}
}

// TestCostOfMuch: nothing wraps, and what no machine can compute costs more than any budget.
func TestCostOfMuch(t *testing.T) {
	for _, e := range tensortest.Examples(1 << 26) {
		if p := e.Program(); costOf(p) <= 0 || tensor.Peak(p) <= 0 || costOf(p) > math.MaxInt64/2 {
			t.Errorf("%s costs %d and takes %d", e.Name, costOf(p), tensor.Peak(p))
		}
	}
	g := tensor.NewGraph()
	x := g.Broadcast(g.Input("", tensor.F32, 1, 1, 1, 1), 1<<10, 1<<10, 1<<10, 1<<10)
	for range 100 {
		x = g.Op(tensor.KindBoxBlur, tensor.Attr{I: []int{255, 255, 0}}, nil, x)
	}
	g.Output(x)
	if p := g.Program(); costOf(p) < ExecuteLimits().HostBytes || tensor.Peak(p) < 1<<42 {
		t.Errorf("a hundred blurs of a terabyte cost %d and take %d", costOf(p), tensor.Peak(p))
	}
}
