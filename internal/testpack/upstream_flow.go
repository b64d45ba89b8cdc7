package testpack

import (
	"context"
	"fmt"
	"strconv"

	"github.com/cocoonhq/cocoon/engine/node"
)

// sockets is how many values a loop carries.
const sockets = 5

// carried names the values of a loop from one on.
func carried(from int, prefix string) []string {
	var names []string
	for i := from; i < sockets; i++ {
		names = append(names, prefix+strconv.Itoa(i))
	}
	return names
}

func optionals(names []string, o opts) []node.Input {
	var list []node.Input
	for _, n := range names {
		list = append(list, opt(in(n, "*", o)))
	}
	return list
}

func named(outputs []node.Output, names ...string) []node.Output {
	for i, n := range names {
		outputs[i].Name = n
	}
	return outputs
}

func anys(n int) []node.Type {
	list := make([]node.Type, n)
	for i := range list {
		list[i] = "*"
	}
	return list
}

func flowNodes() []node.Node {
	return []node.Node{whileOpen(), whileClose(), blockerNode()}
}

func whileOpen() node.Node {
	s := upSchema("TestWhileLoopOpen", "While Loop Open", catFlow,
		append(args(in("condition", node.Boolean, opts{"default": true})), optionals(carried(0, "initial_value"), nil)...),
		named(out(append([]node.Type{"FLOW_CONTROL"}, anys(sockets)...)...), append([]string{"FLOW_CONTROL"}, carried(0, "value")...)...))
	return variant(plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		return outputs(append([]any{"stub"}, values(a, carried(0, "initial_value"))...)...)
	}})
}

func values(a node.Args, names []string) []any {
	list := make([]any, len(names))
	for i, n := range names {
		list[i] = a[n]
	}
	return list
}

func whileClose() node.Node {
	s := hides(upSchema("TestWhileLoopClose", "While Loop Close", catFlow,
		append(args(in("flow_control", "FLOW_CONTROL", opts{"rawLink": true}), in("condition", node.Boolean, opts{"forceInput": true})),
			optionals(carried(0, "initial_value"), nil)...),
		named(out(anys(sockets)...), carried(0, "value")...)),
		node.Hidden{Name: "dynprompt", Kind: node.DynPrompt}, node.Hidden{Name: "unique_id", Kind: node.UniqueID})
	s.Expands = true
	return variant(plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		if !truth(a["condition"]) {
			return outputs(values(a, carried(0, "initial_value"))...)
		}
		link, err := get[[]any](a, "flow_control")
		if err != nil || len(link) != 2 {
			return node.Reply{}, fmt.Errorf("flow_control is no link")
		}
		dyn, err := get[*node.Graph](a, "dynprompt")
		if err != nil {
			return node.Reply{}, err
		}
		open, _ := link[0].(string)
		self, _ := a["unique_id"].(string)
		return iterateLoop(ctx, newIndex(dyn), open, self, a)
	}})
}

// graphIndex finds nodes of a graph by id.
type graphIndex map[string]*node.GraphNode

func newIndex(g *node.Graph) graphIndex {
	x := graphIndex{}
	for i := range g.Nodes {
		x[g.Nodes[i].ID] = &g.Nodes[i]
	}
	return x
}

// iterateLoop copies everything between the loop's ends.
func iterateLoop(ctx context.Context, all graphIndex, open, self string, a node.Args) (node.Reply, error) {
	feeds := map[string][]string{}
	all.explore(self, feeds)
	body := collect(open, feeds)
	for _, id := range []string{self, open} {
		body.add(id)
	}
	g := node.NewGraph(ctx)
	local := func(id string) string {
		if id == self {
			return "Recurse" // keeps ids from growing with each turn
		}
		return id
	}
	for _, id := range body.order {
		g.DisplayAs(g.AddAs(local(id), all[id].Class), id)
	}
	for _, id := range body.order {
		for _, name := range all[id].Order {
			v := all[id].Inputs[name]
			if s, ok := v.(node.Socket); ok && body.has[s.Node] {
				v = node.Socket{Node: g.ID(local(s.Node)), Output: s.Output}
			}
			g.Set(g.ID(local(id)), name, v)
		}
	}
	for _, name := range carried(0, "initial_value") {
		g.Set(g.ID(local(open)), name, a[name])
	}
	results := make([]any, sockets)
	for i := range results {
		results[i] = node.Socket{Node: g.ID("Recurse"), Output: i}
	}
	return node.Reply{Outputs: results, Expand: g.Graph()}, nil
}

// explore notes for every node upstream of id whom it feeds.
func (x graphIndex) explore(id string, feeds map[string][]string) {
	n := x[id]
	if n == nil {
		return
	}
	for _, name := range n.Order {
		s, ok := n.Inputs[name].(node.Socket)
		if !ok {
			continue
		}
		if _, seen := feeds[s.Node]; !seen {
			feeds[s.Node] = []string{}
			x.explore(s.Node, feeds)
		}
		feeds[s.Node] = append(feeds[s.Node], id)
	}
}

type orderedSet struct {
	order []string
	has   map[string]bool
}

func (s *orderedSet) add(id string) bool {
	if s.has[id] {
		return false
	}
	s.has[id] = true
	s.order = append(s.order, id)
	return true
}

// collect gathers what hangs on a node.
func collect(from string, feeds map[string][]string) *orderedSet {
	set := &orderedSet{has: map[string]bool{}}
	var visit func(id string)
	visit = func(id string) {
		for _, next := range feeds[id] {
			if set.add(next) {
				visit(next)
			}
		}
	}
	visit(from)
	return set
}

func blockerNode() node.Node {
	s := upSchema("TestExecutionBlocker", "Execution Blocker", catFlow, args(in("input", "*", nil), in("block", node.Boolean, nil),
		in("verbose", node.Boolean, opts{"default": false})), named(out("*"), "output"))
	return variant(plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		if truth(a["block"]) {
			return outputs(node.Blocker{Message: "Blocked Execution", Say: truth(a["verbose"])})
		}
		return outputs(a["input"])
	}})
}

func loopNodes() []node.Node {
	return []node.Node{forOpen(), forClose(), mathNode(), makeList()}
}

func forOpen() node.Node {
	s := hides(upSchema("TestForLoopOpen", "For Loop Open", catFlow,
		append(args(in("remaining", node.Int, opts{"default": int64(1), "min": int64(0), "max": int64(100000), "step": int64(1)})),
			optionals(carried(1, "initial_value"), nil)...),
		named(out(append([]node.Type{"FLOW_CONTROL", node.Int}, anys(sockets-1)...)...), append([]string{"flow_control", "remaining"}, carried(1, "value")...)...)),
		node.Hidden{Name: "initial_value0", Kind: node.Any})
	s.Expands = true
	return variant(plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		remaining := a["remaining"]
		if v, ok := a["initial_value0"]; ok {
			remaining = v
		}
		g := node.NewGraph(ctx)
		ports := []node.Port{port("condition", remaining), port("initial_value0", remaining)}
		for _, name := range carried(1, "initial_value") {
			ports = append(ports, port(name, a[name]))
		}
		g.Add("TestWhileLoopOpen", ports...)
		return node.Reply{Outputs: append([]any{"stub", remaining}, values(a, carried(1, "initial_value"))...), Expand: g.Graph()}, nil
	}})
}

func forClose() node.Node {
	raw := opts{"rawLink": true}
	s := upSchema("TestForLoopClose", "For Loop Close", catFlow,
		append(args(in("flow_control", "FLOW_CONTROL", raw)), optionals(carried(1, "initial_value"), raw)...),
		named(out(anys(sockets-1)...), carried(1, "value")...))
	s.Expands = true
	return variant(plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		flow, err := get[[]any](a, "flow_control")
		if err != nil || len(flow) != 2 {
			return node.Reply{}, fmt.Errorf("flow_control is no link")
		}
		g := node.NewGraph(ctx)
		open, _ := flow[0].(string)
		sub := g.Add("TestIntMathOperation", port("operation", "subtract"), port("a", node.Socket{Node: open, Output: 1}), port("b", int64(1)))
		cond := g.Add("TestToBoolNode", port("value", first(sub)))
		ports := []node.Port{port("flow_control", flow), port("condition", first(cond)), port("initial_value0", first(sub))}
		for _, name := range carried(1, "initial_value") {
			ports = append(ports, port(name, a[name]))
		}
		end := g.Add("TestWhileLoopClose", ports...)
		results := make([]any, 0, sockets-1)
		for i := 1; i < sockets; i++ {
			results = append(results, node.Socket{Node: end, Output: i})
		}
		return node.Reply{Outputs: results, Expand: g.Graph()}, nil
	}})
}
