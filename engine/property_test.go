package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/google/go-cmp/cmp"
)

// The tiny interpreter below knows six kinds of node. It computes everything anew, by recursion, without any cache:
//
//	list   gives its items, some of which block
//	sum    adds its inputs, call by call
//	pick   looks at its first input: even takes the second, odd the third, and never looks at the other
//	pull   is as pick, and asks for it while it runs: as often as its first input has items
//	twice  expands to a sum of its input and itself
//	show   is an output; it shows what it got, call by call
type spec struct {
	kind  string
	items []any // list: int64 or node.Blocker
	from  []int // the nodes that feed it
}

// cell is a value of the interpreter: a number, or blocked.
type cell struct {
	n       int64
	blocked bool
}

func interpret(specs []spec, i int, seen map[int][]cell) []cell {
	if v, ok := seen[i]; ok {
		return v
	}
	s, out := specs[i], []cell{}
	in := make([][]cell, len(s.from))
	longest := 0
	for k, f := range s.from {
		if (s.kind == "pick" || s.kind == "pull") && k > 0 {
			continue
		}
		in[k] = interpret(specs, f, seen)
		longest = max(longest, len(in[k]))
	}
	switch s.kind {
	case "list":
		for _, v := range s.items {
			n, ok := v.(int64)
			out = append(out, cell{n, !ok})
		}
	case "pick":
		out = interpretPick(specs, s, in[0], seen)
	case "pull":
		for c, v := range in[0] {
			if !v.blocked {
				from := interpret(specs, s.from[1+int(v.n&1)], seen)
				v = from[min(c, len(from)-1)]
			}
			out = append(out, v)
		}
	default:
		for c := range longest {
			out = append(out, add(in, c, s.kind == "twice"))
		}
	}
	seen[i] = out
	return out
}

// add adds one call's arguments; a blocked one blocks the result.
func add(in [][]cell, c int, double bool) cell {
	var r cell
	for _, list := range in {
		v := list[min(c, len(list)-1)]
		r.n += v.n
		r.blocked = r.blocked || v.blocked
	}
	if double {
		r.n *= 2
	}
	return r
}

// interpretPick is evaluated only as far as its first input's values ask for.
func interpretPick(specs []spec, s spec, first []cell, seen map[int][]cell) []cell {
	in := [][]cell{first, {{}}, {{}}}
	for c := range first {
		if !first[c].blocked {
			k := 1 + int(first[c].n&1)
			in[k] = interpret(specs, s.from[k], seen)
		}
	}
	longest := max(len(in[0]), len(in[1]), len(in[2]))
	var out []cell
	for c := range longest {
		at := func(k int) cell { return in[k][min(c, len(in[k])-1)] }
		// Any blocked argument blocks the call, also one that this call would not have taken.
		if r := at(0); r.blocked || at(1).blocked || at(2).blocked {
			out = append(out, cell{blocked: true})
		} else {
			out = append(out, at(1+int(r.n&1)))
		}
	}
	return out
}

// calls counts how often each call of a node was made.
type calls struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *calls) count(ctx context.Context) {
	r, _ := node.RunOf(ctx)
	c.mu.Lock()
	c.n[fmt.Sprintf("%s %s/%d", r.PromptID, r.NodeID, r.Index)]++
	c.mu.Unlock()
}

// funcNode is a node of a schema and functions.
type funcNode struct {
	s    *node.Schema
	run  func(ctx context.Context, a node.Args) (node.Reply, error)
	need func(a node.Args) []string
}

func (f funcNode) Schema() *node.Schema { return f.s }
func (f funcNode) Run(ctx context.Context, a node.Args) (node.Reply, error) {
	return f.run(ctx, a)
}

// Need implements node.Needer.
func (f funcNode) Need(_ context.Context, a node.Args) ([]string, error) {
	if f.need == nil {
		return nil, nil
	}
	return f.need(a), nil
}

func propertyNodes(c *calls) []node.Node {
	lazy := map[string]any{"lazy": true}
	star := []node.Output{{Type: "*"}}
	return []node.Node{
		funcNode{s: &node.Schema{ID: "Sum", AcceptAllInputs: true, Outputs: star}, run: func(ctx context.Context, a node.Args) (node.Reply, error) {
			c.count(ctx)
			n := int64(0)
			for _, v := range a {
				n += v.(int64)
			}
			return node.Reply{Outputs: []any{n}}, nil
		}},
		funcNode{s: &node.Schema{ID: "Pick", Outputs: star, Inputs: []node.Input{{Name: "a", Type: "*"}, {Name: "b", Type: "*", Options: lazy}, {Name: "c", Type: "*", Options: lazy}}},
			run: func(ctx context.Context, a node.Args) (node.Reply, error) {
				c.count(ctx)
				return node.Reply{Outputs: []any{a[taken(a)]}}, nil
			},
			need: func(a node.Args) []string { return []string{taken(a)} }},
		funcNode{s: &node.Schema{ID: "Pull", Async: true, Outputs: star, Inputs: []node.Input{{Name: "a", Type: "*"}, {Name: "b", Type: "*", Options: lazy}, {Name: "c", Type: "*", Options: lazy}}},
			run: func(ctx context.Context, a node.Args) (node.Reply, error) {
				c.count(ctx)
				v, err := node.Pull(ctx, taken(a))
				return node.Reply{Outputs: []any{v}}, err
			}},
		funcNode{s: &node.Schema{ID: "Twice", Expands: true, Outputs: star}, run: func(ctx context.Context, a node.Args) (node.Reply, error) {
			c.count(ctx)
			g := node.NewGraph(ctx)
			id := g.Add("Sum", node.Port{Name: "x", Value: a["a"]}, node.Port{Name: "y", Value: a["a"]})
			return node.Reply{Outputs: []any{node.Socket{Node: id}}, Expand: g.Graph()}, nil
		}},
		funcNode{s: &node.Schema{ID: "Show", OutputNode: true, Outputs: star}, run: func(ctx context.Context, a node.Args) (node.Reply, error) {
			c.count(ctx)
			return node.Reply{Outputs: []any{a["a"]}, UI: node.UI{"text": {fmt.Sprint(a["a"])}}}, nil
		}},
	}
}

func taken(a node.Args) string {
	if n, _ := a["a"].(int64); n&1 == 1 {
		return "c"
	}
	return "b"
}

// randomSpecs makes a graph whose links point backwards.
func randomSpecs(r *rand.Rand) []spec {
	n := 2 + r.IntN(12)
	specs := make([]spec, n)
	for i := range specs {
		back := func(k int) []int {
			from := make([]int, k)
			for j := range from {
				from[j] = r.IntN(i)
			}
			return from
		}
		switch kind := r.IntN(8); {
		case i == 0 || kind == 0:
			specs[i] = spec{kind: "list"}
			for range 1 + r.IntN(3) {
				if r.IntN(6) == 0 {
					specs[i].items = append(specs[i].items, node.Blocker{})
				} else {
					specs[i].items = append(specs[i].items, int64(r.IntN(4)))
				}
			}
		case kind < 4:
			specs[i] = spec{kind: "sum", from: back(1 + r.IntN(3))}
		case kind < 5:
			specs[i] = spec{kind: "pick", from: back(3)}
		case kind == 5:
			specs[i] = spec{kind: "pull", from: back(3)}
		case kind == 6:
			specs[i] = spec{kind: "twice", from: back(1)}
		default:
			specs[i] = spec{kind: "show", from: back(1)}
		}
	}
	return append(specs, spec{kind: "show", from: []int{n - 1}})
}

// promptOf writes the graph as a prompt.
func promptOf(specs []spec) string {
	var parts []string
	for i, s := range specs {
		class := map[string]string{"list": "GoldenList", "sum": "Sum", "pick": "Pick", "pull": "Pull", "twice": "Twice", "show": "Show"}[s.kind]
		inputs := []string{}
		if s.kind == "list" {
			items := make([]string, len(s.items))
			for k, v := range s.items {
				items[k] = `"BLOCK:"`
				if n, ok := v.(int64); ok {
					items[k] = fmt.Sprint(n)
				}
			}
			text, _ := json.Marshal("[" + strings.Join(items, ",") + "]")
			inputs = append(inputs, `"values":`+string(text))
		}
		for k, f := range s.from {
			inputs = append(inputs, fmt.Sprintf(`"%c":["%d",0]`, 'a'+rune(k), f))
		}
		parts = append(parts, fmt.Sprintf(`"%d":{"class_type":"%s","inputs":{%s}}`, i, class, strings.Join(inputs, ",")))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestRandomGraphs(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	for _, kind := range []engine.CacheKind{engine.CacheRAM, engine.CacheClassic, engine.CacheLRU, engine.CacheNone} {
		t.Run(fmt.Sprint("cache ", kind), func(t *testing.T) {
			c := &calls{n: map[string]int{}}
			b := start(t, withNodes(t, propertyNodes(c)...), func(x *engine.Config) {
				x.Cache = engine.CacheConfig{Kind: kind, Entries: 20}
			})
			for seed := range uint64(rounds) {
				specs := randomSpecs(rand.New(rand.NewPCG(seed, 1)))
				prompt := promptOf(specs)
				r := b.run(prompt)
				if r.status() != "success" {
					t.Fatalf("seed %d: %s\n%s", seed, r.entry.Status, prompt)
				}
				for i, s := range specs {
					if s.kind != "show" {
						continue
					}
					var want []string
					for _, v := range interpret(specs, i, map[int][]cell{}) {
						if !v.blocked {
							want = append(want, fmt.Sprint(v.n))
						}
					}
					if d := cmp.Diff(want, r.text(fmt.Sprint(i))); d != "" {
						t.Fatalf("seed %d, node %d: -want +got\n%s\n%s", seed, i, d, prompt)
					}
				}
			}
			if kind == engine.CacheNone {
				return // without a cache, a node that is asked for late may run again
			}
			for _, k := range slices.Sorted(maps.Keys(c.n)) {
				if c.n[k] > 1 {
					t.Errorf("call %s was made %d times", k, c.n[k])
				}
			}
		})
	}
}
