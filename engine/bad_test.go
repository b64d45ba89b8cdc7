package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// rogue is a node that does what the test says.
type rogue struct {
	id      string
	expands bool
	lazy    bool
	do      func(ctx context.Context) (node.Reply, error)
}

func (r rogue) Schema() *node.Schema {
	return &node.Schema{ID: r.id, Expands: r.expands, Outputs: []node.Output{{Type: "*"}},
		Inputs: []node.Input{{Name: "value", Type: "*", Group: node.Optional, Options: map[string]any{"lazy": r.lazy}}}}
}

func (r rogue) Run(ctx context.Context, _ node.Args) (node.Reply, error) { return r.do(ctx) }

// greedy asks for its lazy input whatever it has got.
type greedy struct{ rogue }

func (g greedy) Need(context.Context, node.Args) ([]string, error) {
	return []string{"no_such_input"}, nil
}

func withNodes(t testing.TB, nodes ...node.Node) option {
	return func(c *engine.Config) {
		for _, n := range nodes {
			if err := c.Registry.Add(n); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestBadPrompts(t *testing.T) {
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	for _, row := range []struct {
		name, prompt string
		code         fault.Code
		kind         string
	}{
		{"nothing", "", fault.InvalidPrompt, "no_prompt"},
		{"no JSON", "{", fault.BadRequest, "invalid_prompt"},
		{"no object", "[1]", fault.BadRequest, "invalid_prompt"},
		{"node is no object", `{"1": 5}`, fault.BadRequest, "invalid_prompt"},
		{"no nodes", `{}`, fault.InvalidPrompt, "prompt_no_outputs"},
		{"no class", `{"1": {"inputs": {}}}`, fault.InvalidPrompt, "missing_node_type"},
		{"class is a number", `{"1": {"class_type": 5, "inputs": {}}}`, fault.InvalidPrompt, "missing_node_type"},
		{"unknown class", graph("1 Nope"), fault.InvalidPrompt, "missing_node_type"},
		{"no inputs", `{"1": {"class_type": "GoldenEcho"}}`, fault.InvalidPrompt, "prompt_outputs_failed_validation"},
		{"inputs are a list", `{"1": {"class_type": "GoldenEcho", "inputs": []}}`, fault.InvalidPrompt, "prompt_outputs_failed_validation"},
		{"link to nowhere", graph("1 GoldenEcho value=@9.0"), fault.InvalidPrompt, "prompt_outputs_failed_validation"},
		{"link to a slot that is not there", graph("1 GoldenEcho value=@2.7", "2 StubInt value=1"), fault.InvalidPrompt, "prompt_outputs_failed_validation"},
		{"NaN", `{"1": {"class_type": "GoldenEcho", "inputs": {"value": NaN}}}`, fault.BadRequest, "invalid_prompt"},
		{"beyond float64", `{"1": {"class_type": "GoldenEcho", "inputs": {"value": 1e999}}}`, fault.BadRequest, "invalid_prompt"},
		{"an integer of 10,000 digits", `{"1": {"class_type": "GoldenEcho", "inputs": {"value": ` + strings.Repeat("9", 10_000) + `}}}`, fault.TooLarge, "invalid_prompt"},
		{"integer beyond its bounds", `{"1": {"class_type": "GoldenTypes", "inputs": {"i": 99999999999999999999999, "f": 0, "s": "", "b": true, "c": "red"}}}`,
			fault.InvalidPrompt, "prompt_outputs_failed_validation"},
		{"levels", `{"1": {"class_type": "GoldenEcho", "inputs": {"value": ` + deep + `}}}`, fault.TooLarge, "invalid_prompt"},
		{"bad id", graph("1 GoldenEcho value=1"), fault.InvalidPrompt, "invalid_prompt_id"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t)
			s := engine.Submission{Prompt: json.RawMessage(row.prompt)}
			if row.kind == "invalid_prompt_id" {
				s.PromptID = "{00000000-0000-4000-8000-000000000000}"
			}
			_, err := b.engine.Submit(t.Context(), s)
			var p *engine.PromptError
			if !errors.As(err, &p) || p.Code != row.code || p.Problem.Type != row.kind {
				t.Fatalf("error %v, want %s of %s", err, row.kind, row.code)
			}
			if _, err := json.Marshal(p); err != nil {
				t.Error(err)
			}
			if r := b.run(graph("1 GoldenEcho value=1")); r.status() != "success" {
				t.Error("the next prompt fails")
			}
		})
	}
}

func TestLastOfDoubleKeysCounts(t *testing.T) {
	r := start(t).run(`{"1": {"class_type": "GoldenEcho", "inputs": {"value": 1, "value": 2}}}`)
	r.want(t, "shown", r.text("1"), []string{`{"value": 2}`})
}

// bigPrompts are prompts of a size that nobody makes by hand.
func TestBigPrompts(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	wide := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"c":{"class_type":"GoldenConst","inputs":{"value":"1"}}`)
		for i := range n {
			fmt.Fprintf(&b, `,"%d":{"class_type":"Pass","inputs":{"value":["c",0]}}`, i)
		}
		b.WriteString(`,"e":{"class_type":"GoldenEcho","inputs":{"value":1`)
		for i := range n {
			fmt.Fprintf(&b, `,"v%d":["%d",0]`, i, i)
		}
		return b.String() + "}}}"
	}
	ring := strings.Replace(chain(50_000), `"0":{"class_type":"GoldenConst","inputs":{"value":"1"}}`, `"0":{"class_type":"Pass","inputs":{"value":["49998",0]}}`, 1)
	value := graph("1 GoldenEcho value=1", `2 GoldenEcho value="`+strings.Repeat("x", 100<<20)+`"`)
	for _, row := range []struct {
		name, prompt string
		ok           bool
	}{
		{"a chain 50,000 deep", chain(50_000), true},
		{"20,000 side by side", wide(20_000), true},
		{"a ring of 50,000", ring, false},
		{"a value of 100 MB", value, true},
		{"100,001 nodes", chain(100_001), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t)
			id := ""
			a, err := b.engine.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(row.prompt), ClientID: "c"})
			if id = a.PromptID; (err == nil) != row.ok {
				t.Fatalf("error %.300v, want one: %v", err, !row.ok)
			}
			if err == nil {
				if r := b.await(id); r.status() != "success" {
					t.Errorf("status %s", r.status())
				}
			}
		})
	}
}

func TestBadNodes(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	nodes := []node.Node{
		rogue{id: "Panics", do: func(context.Context) (node.Reply, error) { panic("boom") }},
		rogue{id: "NilPanics", do: func(context.Context) (node.Reply, error) {
			var list []int
			return node.Reply{Outputs: []any{list[3]}}, nil
		}},
		rogue{id: "OutOfMemory", do: func(context.Context) (node.Reply, error) {
			return node.Reply{}, fault.New(fault.OutOfMemory, "no room for 3 GiB")
		}},
		rogue{id: "ForEver", expands: true, do: func(ctx context.Context) (node.Reply, error) {
			g := node.NewGraph(ctx)
			id := g.Add("ForEver")
			return node.Reply{Outputs: []any{node.Socket{Node: id}}, Expand: g.Graph()}, nil
		}},
		rogue{id: "Silent", expands: false, do: func(ctx context.Context) (node.Reply, error) {
			return node.Reply{Expand: node.NewGraph(ctx).Graph()}, nil
		}},
		rogue{id: "NoOutput", do: func(context.Context) (node.Reply, error) { return node.Reply{}, nil }},
		rogue{id: "BadExpansion", expands: true, do: func(ctx context.Context) (node.Reply, error) {
			g := node.NewGraph(ctx)
			return node.Reply{Outputs: []any{node.Socket{Node: g.Add("Nope")}}, Expand: g.Graph()}, nil
		}},
		greedy{rogue{id: "Greedy", do: func(context.Context) (node.Reply, error) { return node.Reply{}, nil }}},
	}
	freed := 0
	for _, row := range []struct{ class, kind, message string }{
		{"Panics", "RuntimeError", "the node broke: boom\n"},
		{"NilPanics", "RuntimeError", "the node broke: runtime error: index out of range [3] with length 0\n"},
		{"OutOfMemory", "torch.OutOfMemoryError", "no room for 3 GiB\nThe memory ran out. Make the picture or the batch smaller; if the workflow ran before, look at its batch_size."},
		{"ForEver", "RuntimeError", "the prompt grew by more than 1000 nodes while it ran\n"},
		{"Silent", "RuntimeError", "Silent gave a graph, which its schema does not announce\n"},
		{"BadExpansion", "KeyError", "'Nope'\n"},
		{"Greedy", "comfy_execution.graph.NodeInputError", "Node 1 says it needs input no_such_input, but there is no input to that node at all\n"},
	} {
		t.Run(row.class, func(t *testing.T) {
			b := start(t, withNodes(t, nodes...), func(c *engine.Config) {
				c.MaxExpanded = 1000
				c.Free = func(context.Context) { freed++ }
			})
			r := b.run(graph("1 "+row.class, "2 GoldenEcho value=@1.0"))
			e := r.event("execution_error")
			if e == nil {
				t.Fatalf("no error; status %s", r.status())
			}
			r.want(t, "error", []any{e["exception_type"], e["exception_message"], e["node_id"]}, []any{row.kind, row.message, "1"})
			if b.run(graph("1 GoldenEcho value=1")).status() != "success" {
				t.Error("the next prompt fails")
			}
		})
	}
	if freed != 1 {
		t.Errorf("models were freed %d times, want once, when memory ran out", freed)
	}
}

func TestInterrupt(t *testing.T) {
	release := make(chan struct{})
	stubborn := rogue{id: "Stubborn", do: func(context.Context) (node.Reply, error) { <-release; return node.Reply{}, nil }}
	for _, row := range []struct {
		name, graph, node string
	}{
		{"inside a node", graph(`1 GoldenSteps steps=100000 delay=0.01 preview="none" width=8 height=8 limit=0`, "2 GoldenEcho value=@1.0"), "1"},
		{"asynchronous", graph("1 TestSleep value=1 seconds=60", "2 GoldenEcho value=@1.0"), "1"},
		{"a node that does not obey", graph("1 Stubborn", "2 GoldenEcho value=@1.0"), "1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t, withNodes(t, stubborn), func(c *engine.Config) { c.Grace = 50 * time.Millisecond })
			id := b.submit(row.graph)
			b.until(func(e engine.Event) bool { return e.Type == "executing" && e.PromptID == id })
			if !b.engine.Interrupt("", id) {
				t.Error("nothing was interrupted")
			}
			asked := time.Now()
			r := b.await(id)
			e := r.event("execution_interrupted")
			if e == nil || e["node_id"] != row.node || r.status() != "error" {
				t.Errorf("event %v, status %s", e, r.status())
			}
			t.Logf("stopped after %v", time.Since(asked))
			if b.run(graph("1 GoldenEcho value=1")).status() != "success" {
				t.Error("the next prompt fails")
			}
			if row.name == "a node that does not obey" {
				close(release)
			}
		})
	}
}

// until waits for an event, which stays for others to see.
func (b *bench) until(is func(engine.Event) bool) {
	b.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		b.bus.mu.Lock()
		for _, e := range b.bus.events {
			if is(e) {
				b.bus.mu.Unlock()
				return
			}
		}
		b.bus.mu.Unlock()
		select {
		case <-b.bus.wake:
		case <-timeout:
			b.t.Fatal("the event does not come")
		}
	}
}

// The name of a node whose class is not there is its title, even if that is null.
func TestMissingNodeTitle(t *testing.T) {
	for _, row := range []struct{ meta, want string }{
		{``, "Node 'Nope' not found. The custom node may not be installed."},
		{`,"_meta":{}`, "Node 'Nope' not found. The custom node may not be installed."},
		{`,"_meta":{"title":"T"}`, "Node 'T' not found. The custom node may not be installed."},
		{`,"_meta":{"title":null}`, "Node 'None' not found. The custom node may not be installed."},
	} {
		prompt := json.RawMessage(`{"1":{"class_type":"Nope","inputs":{}` + row.meta + `}}`)
		_, err := start(t).engine.Submit(t.Context(), engine.Submission{Prompt: prompt})
		var bad *engine.PromptError
		if !errors.As(err, &bad) || bad.Problem.Message != row.want {
			t.Errorf("%s: %v, want %s", row.meta, err, row.want)
		}
	}
}
