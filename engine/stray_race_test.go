package engine_test

import (
	"context"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
)

// hesitant is a node that thinks until it is told to stop, in all that it is asked.
type hesitant struct{ schema *node.Schema }

func (h hesitant) Schema() *node.Schema { return h.schema }

func (h hesitant) Run(ctx context.Context, _ node.Args) (node.Reply, error) {
	<-ctx.Done()
	return node.Reply{}, ctx.Err()
}

type hesitantNeeder struct{ hesitant }

// Need implements node.Needer.
func (hesitantNeeder) Need(ctx context.Context, _ node.Args) ([]string, error) {
	<-ctx.Done()
	return []string{"value"}, nil
}

type hesitantLooper struct{ hesitant }

// Iterations implements node.Looper.
func (hesitantLooper) Iterations(ctx context.Context, _ node.Args) (node.Loop, error) {
	<-ctx.Done()
	return node.Loop{Count: 1, Outputs: func(int) []any { return []any{int64(0)} }}, nil
}

// TestNodesThatObeyTooLate: a node may return at the very moment at which the run goes on without it.
func TestNodesThatObeyTooLate(t *testing.T) {
	star := []node.Output{{Type: "*"}}
	value := []node.Input{{Name: "value", Type: "*", Group: node.Optional, Options: map[string]any{"lazy": true}}}
	nodes := withNodes(t,
		hesitant{&node.Schema{ID: "Runs", Outputs: star}},
		hesitant{&node.Schema{ID: "RunsAside", Outputs: star, Async: true}},
		hesitantNeeder{hesitant{&node.Schema{ID: "Needs", Outputs: star, Inputs: value}}},
		hesitantLooper{hesitant{&node.Schema{ID: "Starts", Outputs: []node.Output{{Type: node.Int}, {Type: "*"}}, Loop: node.LoopStart}}})
	for _, row := range []struct{ name, graph string }{
		{"run", graph("1 Runs", "2 GoldenEcho value=@1.0")},
		{"asynchronous", graph("1 RunsAside", "2 GoldenEcho value=@1.0")},
		{"lazy", graph("1 Needs value=@3.0", "2 GoldenEcho value=@1.0", `3 GoldenConst value="1"`)},
		{"loop", graph("1 Starts", "3 EndLoop output_value=@1.0", "2 GoldenTakeList a=@3.0")},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t, nodes, func(c *engine.Config) { c.Grace = 1 })
			for range 20 {
				id := b.submit(row.graph)
				b.until(func(e engine.Event) bool { return e.Type == "executing" && e.PromptID == id })
				b.engine.Interrupt("", id)
				r := b.await(id)
				if r.event("execution_interrupted") == nil || r.status() != "error" {
					t.Fatalf("status %s", r.entry.Status)
				}
			}
		})
	}
}
