// Package bustest is the suite that every bus passes.
package bustest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
)

// Listener hears events. Next gives those that have come, or waits; ok is false when it has ended.
type Listener interface {
	Next(ctx context.Context) (events []engine.Event, ok bool)
	Close()
}

// Maker makes a bus and a way to listen to it.
type Maker func(t *testing.T) (b engine.Bus, listen func() Listener)

// Run runs the suite.
func Run(t *testing.T, make Maker) {
	t.Run("order", func(t *testing.T) {
		b, listen := make(t)
		one, two := listen(), listen()
		const n = 100
		for i := range n {
			b.Publish(t.Context(), event(i))
		}
		for _, l := range []Listener{one, two} {
			for i, e := range take(t, l, n) {
				if want := fmt.Sprint(i); string(e.Data) != want {
					t.Fatalf("event %d is %s", i, e.Data)
				}
			}
			l.Close()
		}
	})
	t.Run("no one listens", func(t *testing.T) {
		b, _ := make(t)
		b.Publish(t.Context(), event(1))
	})
	t.Run("closed", func(t *testing.T) {
		b, listen := make(t)
		l := listen()
		l.Close()
		b.Publish(t.Context(), event(1))
		if e, ok := l.Next(t.Context()); ok {
			t.Errorf("heard %v after closing", e)
		}
	})
	t.Run("given up", func(t *testing.T) {
		_, listen := make(t)
		l := listen()
		defer l.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, ok := l.Next(ctx); ok {
			t.Error("heard something where nothing was said")
		}
	})
	t.Run("hammer", func(t *testing.T) { hammer(t, make) })
}

func event(i int) engine.Event {
	return engine.Event{Type: "n", Data: json.RawMessage(fmt.Sprint(i))}
}

// take waits for n events.
func take(t *testing.T, l Listener, n int) []engine.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var all []engine.Event
	for len(all) < n {
		e, ok := l.Next(ctx)
		if !ok {
			t.Fatalf("only %d of %d events came", len(all), n)
		}
		all = append(all, e...)
	}
	return all
}

// hammer checks that the events of each of many publishers keep their order.
func hammer(t *testing.T, make Maker) {
	b, listen := make(t)
	l := listen()
	defer l.Close()
	const publishers, each = 8, 200
	var group sync.WaitGroup
	for p := range publishers {
		group.Go(func() {
			for i := range each {
				e := event(i)
				e.PromptID = fmt.Sprint(p)
				b.Publish(context.Background(), e)
			}
		})
	}
	next := map[string]int{}
	for _, e := range take(t, l, publishers*each) {
		if want := fmt.Sprint(next[e.PromptID]); string(e.Data) != want {
			t.Fatalf("publisher %s: event %s, want %s", e.PromptID, e.Data, want)
		}
		next[e.PromptID]++
	}
	group.Wait()
}
