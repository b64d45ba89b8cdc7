package tensor_test

import (
	"math/rand/v2"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
)

// TestPrices: every kind has a price, and what is larger costs more and takes no less memory.
func TestPrices(t *testing.T) {
	sizes := []int{1 << 10, 1 << 12, 1 << 15, 1 << 20, 1 << 26}
	last := map[string][2]int64{}
	for _, n := range sizes {
		for _, e := range tensortest.Examples(n) {
			p := e.Program()
			cost, peak := tensor.Cost(p), tensor.Peak(p)
			if cost <= 0 || cost > tensor.MaxCost || peak <= 0 {
				t.Errorf("%s of %d costs %d and takes %d", e.Name, n, cost, peak)
			}
			if was, there := last[e.Name]; there && (cost < was[0] || peak < was[1]) {
				t.Errorf("%s of %d costs %d and takes %d, less than %v", e.Name, n, cost, peak, was)
			}
			last[e.Name] = [2]int64{cost, peak}
		}
	}
	for _, k := range tensor.Kinds() {
		if !tensor.HasPrice(k) {
			t.Errorf("%v has no price", k)
		}
	}
}

// TestCostOfLargerWindows: a larger window, a finer filter or a longer line costs more.
func TestCostOfLargerWindows(t *testing.T) {
	op := func(k tensor.Kind, shape, want tensor.Shape, i ...int) int64 {
		g := tensor.NewGraph()
		g.Output(g.Op(k, tensor.Attr{I: i, F: []float64{2, 2}}, want, g.Input("", tensor.F32, shape...)))
		return tensor.Cost(g.Program())
	}
	x := tensor.Shape{1, 300, 300, 3}
	for k, sides := range map[tensor.Kind][]int{tensor.KindGaussianBlur: {1, 3, 9, 99, 255}, tensor.KindBoxBlur: {1, 5, 255}, tensor.KindMedianFilter: {1, 3, 5, 31}, tensor.KindErode: {1, 3, 255}, tensor.KindAvgPool: {1, 2, 30, 150}} {
		was := int64(0)
		for _, side := range sides {
			i := []int{side, side, 0}
			if k == tensor.KindAvgPool {
				i = []int{side, side, 1, 1}
			}
			now := op(k, x, nil, i...)
			if now <= was {
				t.Errorf("%v by %d costs %d, not more than %d", k, side, now, was)
			}
			was = now
		}
	}
	for name, row := range map[string][2]int64{
		"bicubic over bilinear": {op(tensor.KindResize, x, tensor.Shape{1, 600, 600, 3}, tensor.Bicubic), op(tensor.KindResize, x, tensor.Shape{1, 600, 600, 3}, tensor.Bilinear)},
		"Lanczos over a box":    {op(tensor.KindResizeAA, x, tensor.Shape{1, 600, 600, 3}, tensor.AALanczos), op(tensor.KindResizeAA, x, tensor.Shape{1, 600, 600, 3}, tensor.AABox)},
		"down from more":        {op(tensor.KindResizeAA, tensor.Shape{1, 3000, 3000, 3}, tensor.Shape{1, 60, 60, 3}, tensor.AABox), op(tensor.KindResizeAA, x, tensor.Shape{1, 60, 60, 3}, tensor.AABox)},
		"sort of longer lines":  {op(tensor.KindSort, tensor.Shape{1, 1 << 20}, nil, 1, 0), op(tensor.KindSort, tensor.Shape{1 << 10, 1 << 10}, nil, 1, 0)},
	} {
		if row[0] <= row[1] {
			t.Errorf("%s: %d, %d", name, row[0], row[1])
		}
	}
}

// TestCostOfAnything: whatever program is right in form has a cost and a peak.
func TestCostOfAnything(t *testing.T) {
	for seed := range uint64(200) {
		p := tensortest.RandomOps(rand.New(rand.NewPCG(5, seed)), 20)
		if cost, peak := tensor.Cost(p), tensor.Peak(p); cost <= 0 || peak <= 0 {
			t.Errorf("program %d costs %d and takes %d", seed, cost, peak)
		}
	}
}
