package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// collect takes a whole list.
func collect[T any](t testing.TB, seq iter.Seq2[T, error]) (list []T) {
	t.Helper()
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// queueOf gives what runs and what waits of a tenant.
func queueOf(t testing.TB, e *engine.Engine, id tenant.ID) (running, pending []engine.Item) {
	t.Helper()
	q, err := e.Queue(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return q.Running, collect(t, q.Pending)
}

// gauge is a store that knows how much was read at a time.
type gauge struct {
	*sqlite.Store
	jobs, bytes atomic.Int64 // the most at a time
}

func most(a *atomic.Int64, n int) {
	if int64(n) > a.Load() {
		a.Store(int64(n))
	}
}

// Jobs counts what is read.
func (g *gauge) Jobs(ctx context.Context, t tenant.ID, seqs []int64, p engine.Portion) ([]engine.Job, int, error) {
	list, n, err := g.Store.Jobs(ctx, t, seqs, p)
	size := 0
	for _, j := range list {
		size += len(j.Prompt) + len(j.Extra)
	}
	most(&g.jobs, len(list))
	most(&g.bytes, size)
	return list, n, err
}

// TestLongQueue reads a queue of which only a portion is ever in memory, while it changes.
func TestLongQueue(t *testing.T) {
	const n = 1000
	for _, row := range []struct {
		name        string
		prompt      int // bytes
		jobs, bytes int64
	}{{"small prompts", 100, 128, 1 << 20}, {"large prompts", 100 << 10, 11, 1<<20 + 101<<10}} {
		t.Run(row.name, func(t *testing.T) {
			store, err := sqlite.Open(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			g := &gauge{Store: store}
			reg, err := node.NewRegistry()
			if err != nil {
				t.Fatal(err)
			}
			e, err := engine.New(engine.Config{Registry: reg, Store: g, Bus: &log{wake: make(chan struct{}, 1)}})
			if err != nil {
				t.Fatal(err)
			}
			n := min(n, 20<<20/row.prompt)
			prompt := json.RawMessage(`"` + strings.Repeat("p", row.prompt-2) + `"`)
			for i := range n {
				j := engine.Job{PromptID: fmt.Sprint(i), Number: engine.Number{Value: float64(i)}, Prompt: prompt, Extra: json.RawMessage(`{}`)}
				if _, err := store.Put(t.Context(), j); err != nil {
					t.Fatal(err)
				}
			}
			q, err := e.Queue(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			last, seen := -1, 0
			for i, err := range q.Pending {
				if err != nil {
					t.Fatal(err)
				}
				var at int
				if _, err := fmt.Sscan(i.PromptID, &at); err != nil || at <= last {
					t.Fatalf("%s came after %d", i.PromptID, last)
				}
				if last, seen = at, seen+1; seen == 1 { // of what the next portions hold
					if _, err := e.Delete(t.Context(), "", fmt.Sprint(n-1), fmt.Sprint(n-3)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if seen != n-2 || last != n-2 {
				t.Errorf("%d prompts, the last %d; want %d up to %d", seen, last, n-2, n-2)
			}
			if g.jobs.Load() > row.jobs || g.bytes.Load() > row.bytes {
				t.Errorf("%d prompts of %d bytes at a time; want at most %d of %d", g.jobs.Load(), g.bytes.Load(), row.jobs, row.bytes)
			}
		})
	}
}

// TestListsGivenUp: a list ends with the error of its context, and holds nothing of the store.
func TestListsGivenUp(t *testing.T) {
	b := start(t)
	if err := b.engine.Pause(t.Context(), "", true); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		b.submit(graph(fmt.Sprintf("1 GoldenEcho value=%d", i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	q, err := b.engine.Queue(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err = range q.Pending {
		if n++; n == 1 {
			cancel()
		}
	}
	if err == nil || n > 129 {
		t.Errorf("%d items came, the last with %v; want an error after a portion", n, err)
	}
	for range 20 { // more than there are connections
		q, err := b.engine.Queue(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range q.Pending {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if err := b.engine.Clear(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if n := b.engine.Remaining(""); n != 0 {
		t.Errorf("%d prompts remain", n)
	}
}

// TestDeletedAreTold: of several prompts that are deleted at once each is told, as if they were deleted one after the other.
func TestDeletedAreTold(t *testing.T) {
	b := start(t)
	if err := b.engine.Pause(t.Context(), "", true); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range 4 {
		ids = append(ids, b.submit(graph(fmt.Sprintf("1 GoldenEcho value=%d", i))))
	}
	b.bus.take()
	found, err := b.engine.Delete(t.Context(), "", ids[1], "none", ids[3], ids[1])
	if err != nil || fmt.Sprint(found) != "[true false true false]" {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := b.engine.Delete(t.Context(), "", ids...); err != nil {
		t.Fatal(err)
	}
	told := ""
	for _, e := range b.bus.take() {
		told += string(e.Data) + "\n"
	}
	want := ""
	for _, n := range []int{3, 2, 1, 0, 0} { // emptying is told twice
		want += fmt.Sprintf(`{"status":{"exec_info":{"queue_remaining":%d}}}`+"\n", n)
	}
	if told != want {
		t.Errorf("told\n%swant\n%s", told, want)
	}
}
