package engine_test

import (
	"context"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
)

// full is a store whose disk is full for a while when jobs end.
type full struct {
	*sqlite.Store
	times *int
}

// Finish fails as often as it was told to.
func (f full) Finish(ctx context.Context, l engine.Lease, o engine.Outcome) error {
	if *f.times > 0 {
		*f.times--
		return fault.New(fault.DiskFull, "no room")
	}
	return f.Store.Finish(ctx, l, o)
}

func TestFullDiskDelaysTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, store *sqlite.Store) {
		times := 20
		b := prepare(t, store, func(c *engine.Config) { c.Store = full{store, &times} })
		if err := b.engine.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		r := b.await2(b.submit(graph("1 GoldenEcho value=1")))
		if r.status() != "success" || times != 0 {
			t.Errorf("status %s, %d failures left", r.status(), times)
		}
		b.stop()
	})
}

// asker asks for its lazy input until it has it.
type asker struct{ rogue }

func (a asker) Need(_ context.Context, args node.Args) ([]string, error) {
	if args["value"] == nil {
		return []string{"value"}, nil
	}
	return nil, nil
}

// A lazy input that never comes must not be waited for without end.
func TestLazyInputsThatNeverSettle(t *testing.T) {
	nothing := func(context.Context) (node.Reply, error) { return node.Reply{}, nil }
	null := func(context.Context) (node.Reply, error) { return node.Reply{Outputs: []any{nil}}, nil }
	for _, row := range []struct {
		name, producer, status string
	}{
		{"an output that is not there", "Nothing", "error"},
		{"an output that is null", "Null", "success"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, kind := range []engine.CacheKind{engine.CacheClassic, engine.CacheNone} {
				b := start(t, withNodes(t, rogue{id: "Nothing", do: nothing}, rogue{id: "Null", do: null}, asker{rogue{id: "Asker", lazy: true, do: null}}),
					func(c *engine.Config) { c.Cache.Kind = kind })
				if r := b.run(graph("1 "+row.producer, "2 Asker value=@1.0", "3 GoldenEcho value=@2.0")); r.status() != row.status {
					t.Errorf("cache %d: status %s, want %s", kind, r.status(), row.status)
				}
			}
		})
	}
}

// One bad prompt after the other must not wear the engine out: nothing may be left running.
func TestManyFailures(t *testing.T) {
	b := start(t)
	for range 50 {
		r := b.run(graph("1 StubInt value=1", "2 TestSleep value=@1.0 seconds=5", "3 TestSyncError value=@1.0",
			"4 TestMakeListNode value1=@2.0 value2=@3.0", "5 GoldenEcho value=@4.0"))
		if r.status() != "error" {
			t.Fatalf("status %s", r.status())
		}
	}
}
