package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
)

// peakFlops measures what one core does at most, now.
func peakFlops(level isa.Level) float64 {
	k := kern.ForLevel(level)
	best := 0.0
	for range 5 {
		const rounds = 2_000_000 // some 10 ms: the clock of processor time is coarse
		at := cpuTime()
		k.Peak(rounds)
		best = max(best, rounds*float64(k.PeakFlops)/max(cpuTime()-at, 1).Seconds())
	}
	return best
}

// bench runs a program on one thread and on two, and reports its speed by the clock, and its speed for the processor time of
// one core as a ratio to the peak of one.
func bench(b *testing.B, name string, flops float64, build func(g *tensor.Graph, rnd *rand.Rand) tensor.Ref) {
	rnd := rand.New(rand.NewPCG(1, 1))
	g := tensor.NewGraph()
	y := build(g, rnd)
	g.Output(g.Slice(g.Reshape(y, -1), 0, 0, 16)) // so that no fresh memory of the result is measured
	p := g.Program()
	var inputs []*tensor.Tensor
	for _, id := range p.Inputs {
		inputs = append(inputs, tensortest.Random(rnd, p.Values[id].DType, 1, p.Values[id].Shape...))
	}
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("%s/threads=%d", name, threads), func(b *testing.B) {
			back := cpu.New(cpu.Options{Threads: threads})
			defer back.Close()
			exe, err := back.Compile(p)
			if err != nil {
				b.Fatal(err)
			}
			level, _ := isa.Parse(back.Level())
			peak := peakFlops(level)
			best, cpu := time.Hour, time.Hour
			for b.Loop() {
				at, had := time.Now(), cpuTime()
				if _, err := exe.Run(b.Context(), inputs...); err != nil {
					b.Fatal(err)
				}
				best, cpu = min(best, time.Since(at)), min(cpu, max(cpuTime()-had, 1))
			}
			b.ReportMetric(flops/best.Seconds()/1e9, "GF/s")
			b.ReportMetric(flops/cpu.Seconds()/peak, "of-peak/cpu-s")
			b.ReportMetric(float64(best.Microseconds()), "best-us")
		})
	}
}

func BenchmarkLinear(b *testing.B) {
	for _, s := range [][3]int{{1024, 1024, 1024}, {8192, 320, 320}, {8192, 320, 1280}, {2048, 640, 640}, {2048, 5120, 640}, {512, 1280, 1280}, {512, 1280, 5120}, {128, 1280, 1280}, {512, 64, 64}, {128, 128, 128}} {
		m, n, k := s[0], s[1], s[2]
		bench(b, fmt.Sprintf("%dx%dx%d", m, n, k), 2*float64(m*n*k), func(g *tensor.Graph, rnd *rand.Rand) tensor.Ref {
			w := tensortest.Random(rnd, tensor.F16, 0.05, n, k)
			return g.Linear(g.Input("x", tensor.F32, m, k), g.Weight(w), tensor.None)
		})
	}
}

func BenchmarkConv(b *testing.B) {
	for _, s := range [][5]int{{2, 64, 64, 320, 320}, {2, 32, 32, 640, 640}, {2, 16, 16, 1280, 1280}, {2, 8, 8, 1280, 1280}, {1, 256, 256, 128, 128}, {2, 16, 16, 64, 64}, {2, 8, 8, 128, 128}, {1, 128, 128, 32, 32}} {
		n, h, w, cin, out := s[0], s[1], s[2], s[3], s[4]
		bench(b, fmt.Sprintf("%dx%dx%dx%d-%d", n, h, w, cin, out), 18*float64(n*h*w*cin*out), func(g *tensor.Graph, rnd *rand.Rand) tensor.Ref {
			wt := tensortest.Random(rnd, tensor.F16, 0.02, out, cin, 3, 3)
			return g.Conv2D(g.Input("x", tensor.F32, n, h, w, cin), g.Weight(wt), tensor.None, tensor.Conv{Stride: 1, Pad: [4]int{1, 1, 1, 1}})
		})
	}
}

func BenchmarkAttention(b *testing.B) {
	for _, s := range [][5]int{{2, 4096, 4096, 8, 40}, {2, 1024, 1024, 8, 80}, {2, 256, 256, 8, 160}, {2, 4096, 77, 8, 40}, {2, 256, 256, 2, 32}} {
		n, lq, lk, h, d := s[0], s[1], s[2], s[3], s[4]
		bench(b, fmt.Sprintf("%dx%dx%dx%dx%d", n, lq, lk, h, d), 4*float64(n*lq*lk*h*d), func(g *tensor.Graph, _ *rand.Rand) tensor.Ref {
			return g.Attention(g.Input("q", tensor.F32, n, lq, h*d), g.Input("k", tensor.F32, n, lk, h*d), g.Input("v", tensor.F32, n, lk, h*d), tensor.None, h, false)
		})
	}
}

// BenchmarkElementwise counts an operation for each element, so that GF/s are elements.
func BenchmarkElementwise(b *testing.B) {
	const n, c = 8192, 320
	for _, s := range []struct {
		name string
		fn   func(g *tensor.Graph, x tensor.Ref) tensor.Ref
	}{
		{"groupnorm+silu", func(g *tensor.Graph, x tensor.Ref) tensor.Ref {
			one := g.Weight(tensor.New(tensor.F32, c))
			return g.SiLU(g.GroupNorm(x, one, one, 32, 1e-5))
		}},
		{"layernorm", func(g *tensor.Graph, x tensor.Ref) tensor.Ref {
			one := g.Weight(tensor.New(tensor.F32, c))
			return g.LayerNorm(x, one, one, 1e-5)
		}},
		{"silu", func(g *tensor.Graph, x tensor.Ref) tensor.Ref { return g.SiLU(x) }},
		{"gelu", func(g *tensor.Graph, x tensor.Ref) tensor.Ref { return g.Unary(tensor.KindGELU, x) }},
		{"add", func(g *tensor.Graph, x tensor.Ref) tensor.Ref { return g.Add(x, x) }},
		{"softmax", func(g *tensor.Graph, x tensor.Ref) tensor.Ref { return g.Softmax(x, 2) }},
		{"concat", func(g *tensor.Graph, x tensor.Ref) tensor.Ref { return g.Concat(2, x, x) }},
		{"permute", func(g *tensor.Graph, x tensor.Ref) tensor.Ref { return g.Permute(x, 0, 2, 1) }},
	} {
		bench(b, s.name, n*c, func(g *tensor.Graph, _ *rand.Rand) tensor.Ref {
			return s.fn(g, g.Input("x", tensor.F32, 2, n/2, c))
		})
	}
}

// BenchmarkDispatch measures what a step costs beside its work: a hundred steps on a few numbers.
func BenchmarkDispatch(b *testing.B) {
	const steps = 100
	for _, s := range []struct {
		name string
		fn   func(g *tensor.Graph, x, w tensor.Ref) tensor.Ref
	}{
		{"silu", func(g *tensor.Graph, x, _ tensor.Ref) tensor.Ref { return g.SiLU(x) }},
		{"linear", func(g *tensor.Graph, x, w tensor.Ref) tensor.Ref { return g.Linear(x, w, tensor.None) }},
		{"group norm", func(g *tensor.Graph, x, _ tensor.Ref) tensor.Ref {
			return g.GroupNorm(x, tensor.None, tensor.None, 4, 1e-5)
		}},
		{"attention", func(g *tensor.Graph, x, _ tensor.Ref) tensor.Ref { return g.Attention(x, x, x, tensor.None, 1, false) }},
	} {
		g := tensor.NewGraph()
		x := g.Input("x", tensor.F32, 1, 16, 16)
		w := g.Weight(tensor.New(tensor.F32, 16, 16))
		y := x
		for range steps {
			y = s.fn(g, y, w)
		}
		g.Output(y)
		p := g.Program()
		b.Run(s.name, func(b *testing.B) {
			back := cpu.New(cpu.Options{Threads: 2})
			defer back.Close()
			exe, err := back.Compile(p)
			if err != nil {
				b.Fatal(err)
			}
			in := tensor.New(tensor.F32, 1, 16, 16)
			best := time.Hour
			for b.Loop() {
				at := time.Now()
				if _, err := exe.Run(b.Context(), in); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(at))
			}
			b.ReportMetric(float64(best.Nanoseconds())/steps, "ns/step")
		})
	}
}
