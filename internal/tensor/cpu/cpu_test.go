package cpu_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
)

// levels are the instruction sets that work here.
func levels() []string {
	var names []string
	for l := isa.Portable; l <= isa.Best(); l++ {
		names = append(names, l.String())
	}
	return names
}

func TestBackend(t *testing.T) {
	for _, level := range levels() {
		t.Run(level, func(t *testing.T) {
			b := cpu.New(cpu.Options{Threads: 3, Level: level})
			defer b.Close()
			tensortest.Run(t, b)
		})
	}
}

// TestThreads checks that results do not depend on how many threads compute, to the bit.
func TestThreads(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	g := tensor.NewGraph()
	x := g.Input("x", tensor.F32, 2, 33, 31, 64)
	w := func(shape ...int) tensor.Ref { return g.Weight(tensortest.Random(rnd, tensor.F16, 0.1, shape...)) }
	h := g.SiLU(g.GroupNorm(x, w(64), w(64), 8, 1e-5))
	h = g.Conv2D(h, w(96, 64, 3, 3), w(96), tensor.Conv{Stride: 1, Pad: [4]int{1, 1, 1, 1}})
	s := g.LayerNorm(g.Reshape(h, 2, 33*31, 96), w(96), w(96), 1e-5)
	s = g.Attention(g.Linear(s, w(96, 96), tensor.None), s, s, tensor.None, 3, false)
	g.Output(g.GLU(g.Linear(s, w(1536, 96), tensor.None), tensor.GateGELU), g.Mean(g.Linear(s, w(1200, 96), tensor.None), 1))
	p, in := g.Program(), tensortest.Random(rnd, tensor.F32, 1, 2, 33, 31, 64)
	var first []*tensor.Tensor
	for _, threads := range []int{1, 2, 3, 7} {
		b := cpu.New(cpu.Options{Threads: threads})
		got, err := tensor.RunOnce(t.Context(), b, p, in)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		for i := range got {
			if msg := tensortest.Compare(got[i], first[i], 0); msg != "" {
				t.Errorf("%d threads, output %d: %s", threads, i, msg)
			}
		}
	}
}

// TestOutOfMemory checks that a program which cannot fit is refused before any memory is taken.
func TestOutOfMemory(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit int64
		side  int // of a picture of 64 channels
		want  error
	}{
		{"fits", 64 << 20, 64, nil},
		{"over the limit", 1 << 20, 64, fault.OutOfMemory},
		{"more than any machine has", 0, 1 << 16, fault.OutOfMemory},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := cpu.New(cpu.Options{Threads: 1, MemoryLimit: c.limit})
			defer b.Close()
			g := tensor.NewGraph()
			small := g.Input("x", tensor.F32, 1, 1, 1, 64)
			x := g.Affine(g.Broadcast(small, 1, c.side, c.side, 64), 2, 0)
			g.Output(g.Mean(g.Mean(x, 1), 2))
			exe, err := b.Compile(g.Program())
			if err != nil {
				t.Fatal(err)
			}
			if most := int64(c.side) * int64(c.side) * 64 * 4; exe.Bytes() < most {
				t.Errorf("%d bytes, at least %d are needed", exe.Bytes(), most)
			}
			if _, err := exe.Run(t.Context(), tensor.New(tensor.F32, 1, 1, 1, 64)); !errors.Is(err, c.want) {
				t.Errorf("run: %v, want %v", err, c.want)
			}
		})
	}
}

// TestHugeOutput checks that outputs count too.
func TestHugeOutput(t *testing.T) {
	b := cpu.New(cpu.Options{Threads: 1})
	defer b.Close()
	g := tensor.NewGraph()
	g.Output(g.Broadcast(g.Input("x", tensor.U8, 1, 1), 1<<20, 1<<20), g.Op(tensor.KindTile, tensor.Attr{I: []int{0, 1 << 30}}, nil, g.Input("y", tensor.F32, 1, 64)))
	if _, err := tensor.RunOnce(t.Context(), b, g.Program(), tensor.New(tensor.U8, 1, 1), tensor.New(tensor.F32, 1, 64)); !errors.Is(err, fault.OutOfMemory) {
		t.Errorf("run: %v", err)
	}
}

// TestConcurrentRuns runs programs on one backend from many goroutines.
func TestConcurrentRuns(t *testing.T) {
	b := cpu.New(cpu.Options{Threads: 4})
	defer b.Close()
	var wg sync.WaitGroup
	for seed := range uint64(6) {
		wg.Go(func() { tensortest.RandomProgram(t, b, seed) })
	}
	wg.Wait()
}

// TestSmallAllocs pins what a run of a small program allocates: its outputs and a few words a step.
func TestSmallAllocs(t *testing.T) {
	b := cpu.New(cpu.Options{Threads: 1})
	defer b.Close()
	g := tensor.NewGraph()
	x := g.Input("x", tensor.F32, 64, 64)
	y := x
	for range 10 {
		y = g.SiLU(g.Linear(y, g.Weight(tensor.New(tensor.F32, 64, 64)), tensor.None))
	}
	g.Output(y)
	exe, err := b.Compile(g.Program())
	if err != nil {
		t.Fatal(err)
	}
	in := tensor.New(tensor.F32, 64, 64)
	n := testing.AllocsPerRun(10, func() {
		if _, err := exe.Run(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	})
	if n > 60 {
		t.Errorf("%v allocations in ten steps", n)
	}
}

// FuzzPrograms compares random programs with the reference.
func FuzzPrograms(f *testing.F) {
	f.Add(uint64(1))
	b := cpu.New(cpu.Options{Threads: 2})
	f.Cleanup(func() { _ = b.Close() })
	f.Fuzz(func(t *testing.T, seed uint64) { tensortest.RandomProgram(t, b, seed) })
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
