package engine_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
)

// witness notes which of some texts the sender of its prompt wrote.
type witness struct {
	mu  sync.Mutex
	saw [][]string
}

func (*witness) Schema() *node.Schema {
	return &node.Schema{ID: "Witness", OutputNode: true, Inputs: []node.Input{{Name: "value", Type: node.Any}, {Name: "more", Type: node.Any, Group: node.Optional}},
		Outputs: []node.Output{{Type: node.Any, Name: "x"}}}
}

func (w *witness) Run(ctx context.Context, args node.Args) (node.Reply, error) {
	r, _ := node.RunOf(ctx)
	var found []string
	for _, text := range []string{"written", "linked", "made"} {
		if r.Wrote(func(s string) bool { return s == text }) {
			found = append(found, text)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saw = append(w.saw, found)
	return node.Reply{Outputs: []any{args["value"]}}, nil
}

// maker expands to a witness with an input of its own making.
type maker struct{}

func (maker) Schema() *node.Schema {
	return &node.Schema{ID: "Maker", Expands: true, Inputs: []node.Input{{Name: "value", Type: node.Any}}, Outputs: []node.Output{{Type: node.Any, Name: "x"}}}
}

func (maker) Run(ctx context.Context, _ node.Args) (node.Reply, error) {
	g := node.NewGraph(ctx)
	id := g.Add("Witness")
	g.Set(id, "value", "made")
	return node.Reply{Outputs: []any{node.Socket{Node: id}}, Expand: g.Graph()}, nil
}

// TestWhatTheSenderWrote: a node can tell what the sender of the prompt wrote from what came by links, or was made by other nodes.
func TestWhatTheSenderWrote(t *testing.T) {
	for _, row := range []struct {
		name, prompt string
		want         []string
	}{
		{"a constant", `{"1":{"class_type":"Witness","inputs":{"value":"written"}}}`, []string{"written"}},
		{"a list", `{"1":{"class_type":"Witness","inputs":{"value":{"__value__":["a","written","b"]}}}}`, []string{"written"}},
		{"a link", `{"1":{"class_type":"GoldenConst","inputs":{"value":"[\"linked\"]"}},"2":{"class_type":"Witness","inputs":{"value":["1",0],"more":"written"}}}`, []string{"written"}},
		{"an expansion", `{"1":{"class_type":"Maker","inputs":{"value":"written"}},"2":{"class_type":"Witness","inputs":{"value":["1",0],"more":"x"}}}`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := &witness{}
			b := start(t, withNodes(t, w, maker{}))
			b.run(row.prompt)
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.saw) == 0 {
				t.Fatal("it did not run")
			}
			for _, got := range w.saw {
				if !slices.Equal(got, row.want) {
					t.Errorf("%q, want %q", w.saw, row.want)
				}
			}
		})
	}
}
