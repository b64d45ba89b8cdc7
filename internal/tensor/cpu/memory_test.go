package cpu_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
)

// takes is how many bytes a program takes beside its arguments: results, the slab that was planned, and what compiling it and
// running it allocates on the heap, rubbish included.
func takes(t *testing.T, b *cpu.Backend, p *tensor.Program, in []*tensor.Tensor) (planned, heap int64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	exe, err := b.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	planned = exe.Bytes()
	for _, id := range p.Outputs {
		planned += int64(p.Values[id].Shape.Elems() * p.Values[id].DType.Size())
	}
	if in != nil {
		if _, err := exe.Run(t.Context(), in...); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	return planned, int64(after.TotalAlloc - before.TotalAlloc) // results are on the heap
}

// TestPeak holds what programs are said to take before they are compiled to what they take: each kind at several sizes, with
// as many threads as are counted.
func TestPeak(t *testing.T) {
	for _, level := range levels() {
		b := cpu.New(cpu.Options{Threads: 16, Level: level})
		for _, n := range []int{1, 5000, 1 << 16, 1 << 20} {
			for _, e := range tensortest.Examples(n) {
				p := e.Program()
				most := tensor.Peak(p)
				var in []*tensor.Tensor
				if n == 5000 {
					in = e.Inputs()
				}
				planned, heap := takes(t, b, p, in)
				if planned > most {
					t.Errorf("%s of %d by %s: %d bytes are planned, %d were said", e.Name, n, level, planned, most)
				}
				const rubbish = 64 << 10 // of closures and strides of parts
				if in != nil && heap > most+rubbish {
					t.Errorf("%s of %d by %s: %d bytes of heap, %d were said", e.Name, n, level, heap, most)
				}
			}
		}
		b.Close()
	}
}

// TestPeakOfPrograms is TestPeak for programs of many ops, whose values do not all lie in the places that would fit best.
func TestPeakOfPrograms(t *testing.T) {
	b := cpu.New(cpu.Options{Threads: 16})
	defer b.Close()
	worst := 0.0
	for seed := range uint64(400) {
		p := tensortest.RandomOps(rand.New(rand.NewPCG(9, seed)), 24)
		planned, _ := takes(t, b, p, nil)
		most := tensor.Peak(p)
		if worst = max(worst, float64(planned)/float64(most)); planned > most {
			t.Errorf("program %d: %d bytes are planned, %d were said", seed, planned, most)
		}
	}
	t.Logf("at most %.2f of what was said", worst)
}
