package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
)

// fresh makes a prompt whose results no cache has.
func fresh(p string, n int) string {
	return strings.Replace(p, `"value":"1"`, fmt.Sprintf(`"value":"%d"`, n), 1)
}

// BenchmarkChain runs a chain of nodes that do nothing: what the engine itself takes for a node.
func BenchmarkChain(b *testing.B) {
	for _, n := range []int{50, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, p, i := start(b), chain(n), 0
			for b.Loop() {
				i++
				e.run(fresh(p, i))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/node")
		})
	}
}

// BenchmarkCached runs a prompt of 50 nodes that are all cached.
func BenchmarkCached(b *testing.B) {
	e, p := start(b), chain(50)
	e.run(p)
	for b.Loop() {
		e.run(p)
	}
}

// BenchmarkSubmit validates and queues a prompt of 10,000 nodes.
func BenchmarkSubmit(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, p := start(b), chain(n)
			if err := e.engine.Pause(b.Context(), "", true); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				e.submit(p)
			}
		})
	}
}

// BenchmarkDeepQueue submits to a queue of 100,000 prompts.
func BenchmarkDeepQueue(b *testing.B) {
	e, p := start(b), chain(3)
	if err := e.engine.Pause(b.Context(), "", true); err != nil {
		b.Fatal(err)
	}
	for range 100_000 {
		e.submit(p)
	}
	b.Run("submit", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.engine.Submit(b.Context(), engine.Submission{Prompt: json.RawMessage(p)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("position", func(b *testing.B) {
		g, err := e.store.Peek(b.Context(), "", engine.PeekQuery{Pending: 90_000})
		if err != nil {
			b.Fatal(err)
		}
		list, _, err := e.store.Jobs(b.Context(), "", g.Pending[len(g.Pending)-1:], engine.Portion{})
		if err != nil || len(list) != 1 {
			b.Fatal(len(list), err)
		}
		for b.Loop() {
			if n, err := e.store.Ahead(b.Context(), list[0]); err != nil || n != len(g.Pending)-1 {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("claim", func(b *testing.B) {
		if err := e.store.Pause(b.Context(), "", false); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, ok, err := e.store.Claim(b.Context(), "w", time.Hour); err != nil || !ok {
				b.Fatal(ok, err)
			}
		}
		if err := e.store.Pause(b.Context(), "", true); err != nil {
			b.Fatal(err)
		}
	})
}
