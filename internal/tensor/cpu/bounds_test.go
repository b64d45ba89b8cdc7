package cpu_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
)

// TestLongOpStops checks that one op which would take minutes ends with its context.
func TestLongOpStops(t *testing.T) {
	picture := tensor.Shape{1, 2048, 2048, 3}
	for _, c := range []struct {
		name string
		kind tensor.Kind
		attr tensor.Attr
	}{
		{"median", tensor.KindMedianFilter, tensor.Attr{I: []int{31, 31, 0}}},
		{"var", tensor.KindVar, tensor.Attr{I: []int{2, 1}}},
		{"sin", tensor.KindSin, tensor.Attr{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := cpu.New(cpu.Options{Threads: 2})
			defer b.Close()
			g := tensor.NewGraph()
			x := g.Op(tensor.KindNormal, tensor.Attr{I: []int{1, 2, 3}}, picture)
			for range 3 {
				g.Output(g.Op(c.kind, c.attr, nil, x))
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, err := tensor.RunOnce(ctx, b, g.Program()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("run: %v", err)
			}
		})
	}
}

// TestTables checks that the tables of all resizes of a program are bounded together.
func TestTables(t *testing.T) {
	for _, c := range []struct {
		name string
		ops  int
		want error
	}{{"few", 4, nil}, {"many", 400, fault.TooLarge}} {
		for kind, filter := range map[tensor.Kind]int{tensor.KindResize: tensor.Bicubic, tensor.KindResizeAA: tensor.AALanczos} {
			t.Run(c.name+" "+kind.String(), func(t *testing.T) {
				b := cpu.New(cpu.Options{Threads: 1})
				defer b.Close()
				g := tensor.NewGraph()
				x := g.Input("x", tensor.F32, 1, 1, 1, 1)
				for range c.ops {
					g.Output(g.Op(kind, tensor.Attr{I: []int{filter}}, tensor.Shape{1, 1 << 16, 1, 1}, x))
				}
				_, err := b.Compile(g.Program())
				if !errors.Is(err, c.want) {
					t.Errorf("compile: %v, want %v", err, c.want)
				}
			})
		}
	}
}
