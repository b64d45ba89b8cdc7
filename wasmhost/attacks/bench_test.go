package attacks

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// BenchmarkStop measures how long guests go on behind the end of their context, and the largest gap of a ticker of 1 ms
// meanwhile: what everybody else in the process feels.
func BenchmarkStop(b *testing.B) {
	tree := func(g *guest) {
		last := g.m.Func(":", "")
		for range 60 {
			last = g.m.Func(":", "", asm.I(0x10, last), asm.I(0x10, last))
		}
		g.execute = asm.I(0x10, last)
	}
	fill := asm.Code(zero, zero, asm.I32(200<<20), asm.I(0xfc, 11, 0))
	for _, row := range []struct {
		name   string
		module []byte
	}{
		{"spin", build(func(g *guest) { g.execute = forever })},
		{"calls", build(tree)},
		{"fills", build(func(g *guest) { g.execute = asm.Code(grow(3600), loop(fill, fill, fill)) })},
		{"tail calls", build(func(g *guest) {
			f := uint32(len(g.imports))
			g.m.Func(":", "", asm.I(0x12, f))
			g.execute = asm.I(0x10, f)
		})},
		{"host calls", build(func(g *guest) {
			g.need([3]string{core, "random", "ii:i"})
			g.execute = loop(zero, asm.I32(64<<10), g.call(core, "random", "ii:i"), []byte{0x1a})
		})},
		{"messages", messageStorm().Module},
		{"views", viewStorm("", tensors, "t_read", "llii:l", asm.I(0x20, 3), asm.I64(0), asm.I32(2048), one).Module},
		{"store", build(func(g *guest) {
			g.need([3]string{"cocoon1_kv", "kv_put", "iiiiil:i"})
			g.execute = loop(zero, asm.I32(60<<10), one, asm.I32(64<<10), asm.I32(64<<10), asm.I64(0), g.call("cocoon1_kv", "kv_put", "iiiiil:i"), []byte{0x1a})
		})},
	} {
		b.Run(row.name, func(b *testing.B) { stop(b, row.module) })
	}
}

func stop(b *testing.B, module []byte) {
	h := newHost(b, &world{})
	e, err := load(b.Context(), h, module, func(s *wasmhost.Source) {
		s.Limits.Execute.Fuel, s.Limits.Execute.HostBytes, s.Limits.Execute.HostCalls, s.Limits.Execute.Wall = 1<<50, 1<<60, 1<<40, time.Hour
	})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	gap := make(chan time.Duration)
	go ticks(done, gap)
	var late []time.Duration
	for b.Loop() {
		ctx, cancel := context.WithTimeout(in(b.Context(), "t", nil), 20*time.Millisecond)
		_, _ = e.Nodes()[0].Run(ctx, node.Args{})
		if end, _ := ctx.Deadline(); time.Now().After(end) {
			late = append(late, time.Since(end))
		}
		cancel()
	}
	close(done)
	b.ReportMetric(float64((<-gap).Microseconds())/1000, "gap-ms")
	if len(late) > 0 {
		slices.Sort(late)
		b.ReportMetric(float64(late[len(late)/2].Microseconds())/1000, "stop-ms")
		b.ReportMetric(float64(late[len(late)-1].Microseconds())/1000, "worst-ms")
	}
}

// ticks gives the largest gap between two ticks of a millisecond.
func ticks(done chan struct{}, gap chan time.Duration) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	last, most := time.Now(), time.Duration(0)
	for {
		select {
		case <-tick.C:
			now := time.Now()
			most, last = max(most, now.Sub(last)), now
		case <-done:
			gap <- most
			return
		}
	}
}
