package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// pullNode asks for its inputs a and b while it runs, as do says, and gives a text of what it got.
func pullNode(id string, change func(s *node.Schema), do func(ctx context.Context) (any, error)) node.Node {
	lazy := map[string]any{"lazy": true}
	s := &node.Schema{ID: id, Async: true, AcceptAllInputs: true, Outputs: []node.Output{{Type: "*"}},
		Inputs: []node.Input{{Name: "a", Type: "*", Group: node.Optional, Options: lazy}, {Name: "b", Type: "*", Group: node.Optional, Options: lazy}}}
	if change != nil {
		change(s)
	}
	return funcNode{s: s, run: func(ctx context.Context, _ node.Args) (node.Reply, error) {
		v, err := do(ctx)
		if err != nil {
			return node.Reply{}, err
		}
		return node.Reply{Outputs: []any{fmt.Sprint(v)}}, nil
	}}
}

func pullsOf(names ...string) func(ctx context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		var got []any
		for _, name := range names {
			v, err := node.Pull(ctx, name)
			switch {
			case errors.Is(err, fault.NotFound), errors.Is(err, fault.Unsupported):
				v = err.Error()
			case err != nil:
				return nil, err
			}
			got = append(got, v)
		}
		return got, nil
	}
}

// both asks for two inputs at once, and for one of them twice.
func both(ctx context.Context) (any, error) {
	names := []string{"a", "b", "a"}
	got, errs := make([]any, 3), make([]error, 3)
	var wait sync.WaitGroup
	for i, name := range names {
		wait.Go(func() { got[i], errs[i] = node.Pull(ctx, name) })
	}
	wait.Wait()
	return got, errors.Join(errs...)
}

func pullBench(t *testing.T, kind engine.CacheKind) *bench {
	sync := func(s *node.Schema) { s.Async = false }
	lists := func(s *node.Schema) { s.InputIsList = true }
	return start(t, withNodes(t, propertyNodes(&calls{n: map[string]int{}})...), withNodes(t, pullNode("PullA", nil, pullsOf("a")), pullNode("PullTwo", nil, pullsOf("b", "a", "b")), pullNode("PullBoth", nil, both),
		pullNode("PullNone", nil, pullsOf("c", "text")), pullNode("PullSync", sync, pullsOf("a")), pullNode("PullList", lists, pullsOf("a"))),
		func(c *engine.Config) { c.Cache.Kind = kind })
}

// TestPull: a node gets what it asks for while it runs, and nothing is computed that nobody asks for.
func TestPull(t *testing.T) {
	for _, x := range []struct {
		name, prompt string
		text         []string
		ran          string // nodes, in order
	}{
		{"one of two", graph("1 StubInt value=7", "2 StubInt value=8", "3 PullA a=@1.0 b=@2.0", "4 Show a=@3.0"), []string{"[7]"}, "3 1 4"},
		{"one by one", graph("1 StubInt value=7", "2 StubInt value=8", "3 PullTwo a=@1.0 b=@2.0", "4 Show a=@3.0"), []string{"[8 7 8]"}, "3 2 1 4"},
		{"at once", graph("1 StubInt value=7", "2 Pass value=@1.0", "3 PullBoth a=@1.0 b=@2.0", "4 Show a=@3.0"), []string{"[7 7 7]"}, ""},
		{"what is there already", graph("1 StubInt value=7", "3 PullA a=@1.0 more=@1.0", "4 Show a=@3.0"), []string{"[7]"}, "1 3 4"},
		{"no link, no input", graph(`3 PullNone text="x"`, "4 Show a=@3.0"),
			[]string{`[node 3 has no link at its input "c" node 3 has no link at its input "text"]`}, "3 4"},
		{"not asynchronous", graph("1 StubInt value=7", "3 PullSync a=@1.0", "4 Show a=@3.0"),
			[]string{`[only an asynchronous node can ask for its input "a" while it runs]`}, "3 4"},
		{"lists, call by call", graph(`1 GoldenList values="[1,2]"`, `2 GoldenList values="[5,6,7]"`, "3 PullA a=@2.0 more=@1.0", "4 Show a=@3.0"), []string{"[5]", "[6]"}, "1 3 2 4"},
		{"short lists", graph(`1 GoldenList values="[1,2,3]"`, `2 GoldenList values="[5]"`, "3 PullA a=@2.0 more=@1.0", "4 Show a=@3.0"), []string{"[5]", "[5]", "[5]"}, "1 3 2 4"},
		{"whole lists", graph(`2 GoldenList values="[5,6]"`, "3 PullList a=@2.0", "4 Show a=@3.0"), []string{"[[5 6]]"}, "3 2 4"},
		{"of one that asks too", graph("1 StubInt value=7", "2 PullA a=@1.0", "3 PullA a=@2.0", "4 Show a=@3.0"), []string{"[[7]]"}, "3 2 1 4"},
		{"two ask for one", graph("1 StubInt value=7", "2 PullA a=@1.0", "3 PullA a=@1.0", "4 Show a=@2.0", "5 Show a=@3.0"), []string{"[7]"}, ""},
		{"of an expansion", graph("1 StubInt value=7", "2 Twice a=@1.0", "3 PullA a=@2.0", "4 Show a=@3.0"), []string{"[14]"}, ""},
		{"a blocker", graph(`1 GoldenList values="[1,\"BLOCK:\"]"`, "3 PullA a=@1.0 more=@2.0", `2 GoldenList values="[5,6]"`, "4 Show a=@3.0"), []string{"[1]", "[{ false}]"}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, kind := range []engine.CacheKind{engine.CacheClassic, engine.CacheNone} {
				r := pullBench(t, kind).run(x.prompt)
				if r.status() != "success" {
					t.Fatalf("cache %d: %s", kind, r.entry.Status)
				}
				if d := cmp.Diff(x.text, r.text("4")); d != "" {
					t.Errorf("cache %d: %s", kind, d)
				}
				if got := strings.Join(r.ran(), " "); x.ran != "" && got != x.ran {
					t.Errorf("cache %d: ran %s, want %s", kind, got, x.ran)
				}
			}
		})
	}
}

// TestPullFromCache: what another prompt has computed is not computed again.
func TestPullFromCache(t *testing.T) {
	b := pullBench(t, engine.CacheClassic)
	b.run(graph("1 StubInt value=7", "4 Show a=@1.0"))
	r := b.run(graph("1 StubInt value=7", "3 PullA a=@1.0", "4 Show a=@3.0"))
	if got := strings.Join(r.ran(), " "); got != "3 4" || !cmp.Equal(r.text("4"), []string{"[7]"}) {
		t.Errorf("ran %s, shows %q", got, r.text("4"))
	}
}

// TestPullThatFails: a run whose asked-for input cannot be had ends with the reason, and so does one in which all wait for each other.
func TestPullThatFails(t *testing.T) {
	for _, x := range []struct{ name, prompt, node, text string }{
		{"the producer fails", graph("1 StubInt value=1", "2 TestSyncError value=@1.0", "3 PullA a=@2.0", "4 Show a=@3.0"), "2", ""},
		{"an asynchronous one fails", graph("1 StubInt value=1", "2 TestAsyncError value=@1.0 error_after=0.001", "3 PullA a=@2.0", "4 Show a=@3.0"), "2", "Intentional"},
		{"itself", graph("3 PullA a=@3.0", "4 Show a=@3.0"), "", "cycle"},
		{"each other", graph("2 PullA a=@3.0", "3 PullA a=@2.0", "4 Show a=@3.0"), "", "cycle"},
		{"one that waits for it", graph("2 Pass value=@3.0", "3 PullA a=@2.0", "4 Show a=@3.0"), "", "cycle"},
		{"each other in a long circle", graph("2 PullA a=@5.0", "5 Pass value=@6.0", "6 PullTwo a=@1.0 b=@3.0", "1 StubInt value=1", "3 PullA a=@2.0", "4 Show a=@3.0"), "", "cycle"},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := pullBench(t, engine.CacheClassic)
			r := b.run(x.prompt)
			if r.status() != "error" {
				t.Fatalf("status %s", r.status())
			}
			e := r.event("execution_error")
			if x.node != "" && e["node_id"] != x.node || !strings.Contains(strings.ToLower(fmt.Sprint(e["exception_message"])), strings.ToLower(x.text)) {
				t.Errorf("%v: %v", e["node_id"], e["exception_message"])
			}
		})
	}
}

// TestCancelledPull: a node that waits for its input ends with its prompt.
func TestCancelledPull(t *testing.T) {
	b := pullBench(t, engine.CacheClassic)
	id := b.submit(graph("1 StubInt value=1", "2 TestSleep value=@1.0 seconds=60", "3 PullA a=@2.0", "4 Show a=@3.0"))
	b.until(func(e engine.Event) bool {
		return e.Type == "executing" && strings.Contains(string(e.Data), `"node":"2"`)
	})
	if !b.engine.Interrupt("", id) {
		t.Error("nothing was interrupted")
	}
	if r := b.await(id); r.status() != "error" || r.event("execution_interrupted") == nil {
		t.Errorf("status %s", r.status())
	}
}
