package cpu_test

import (
	"flag"
	"fmt"
	"math"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
)

// What BenchmarkKinds measures.
var (
	kindsAt    = flag.Int("kinds.n", 1<<18, "elements of an example")
	kindsMatch = flag.String("kinds.match", "", "examples whose names match; all without")
)

// timed is the least time that a program of one op took on one thread.
func timed(b *testing.B, back *cpu.Backend, e *tensortest.Example, rounds int) time.Duration {
	p := e.Program()
	exe, err := back.Compile(p)
	if err != nil {
		b.Fatal(e.Name, err)
	}
	defer exe.Close()
	in := e.Inputs()
	best, all := time.Hour, time.Duration(0)
	for i := 0; i < rounds && (i < 2 || all < 100*time.Millisecond); i++ {
		at, had := time.Now(), cpuTime()
		if _, err := exe.Run(b.Context(), in...); err != nil {
			b.Fatal(e.Name, err)
		}
		wall := time.Since(at)
		if cpu := cpuTime() - had; cpu > 0 && wall > 10*time.Millisecond { // the clock of processor time is coarse
			wall = min(wall, cpu)
		}
		best, all = min(best, wall), all+time.Since(at)
	}
	return best
}

// BenchmarkKinds measures every kind against the addition of as many elements: what package tensor's prices are held to. The
// price that a kind's examples need is the greatest of all levels, in additions of an element.
func BenchmarkKinds(b *testing.B) {
	examples := slices.DeleteFunc(tensortest.Examples(*kindsAt), func(e tensortest.Example) bool {
		return e.Name != "add" && !regexp.MustCompile(*kindsMatch).MatchString(e.Name)
	})
	for b.Loop() {
		for _, level := range levels() {
			back := cpu.New(cpu.Options{Threads: 1, Level: level})
			add := 0.0
			for i := range examples {
				if e := &examples[i]; e.Name == "add" {
					add = float64(timed(b, back, e, 20)) / float64(e.In[0].Shape.Elems())
				}
			}
			for i := range examples {
				e := &examples[i]
				p := e.Program()
				took, cost := float64(timed(b, back, e, 10)), tensor.Cost(p)
				fmt.Printf("%-8s %-34s %9.2f ns for each of %8d, %9.2f additions, price %9.2f: ratio %.2f\n", level, e.Name, took/math.Max(1, elemsOf(p)), int(elemsOf(p)), took/add/elemsOf(p), float64(cost)/elemsOf(p), took/add/float64(cost))
			}
			_ = back.Close()
		}
	}
}

// elemsOf is how many elements the largest value has.
func elemsOf(p *tensor.Program) float64 {
	n := 1
	for _, v := range p.Values {
		n = max(n, v.Shape.Elems())
	}
	return float64(n)
}
