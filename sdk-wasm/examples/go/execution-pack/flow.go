package main

import (
	"strconv"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
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

func optionals(names []string, o options) []decl {
	var list []decl
	for _, n := range names {
		list = append(list, opt(in(n, "*", o)))
	}
	return list
}

func anys(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = "*"
	}
	return list
}

func values(in guest.Args, names []string) []any {
	list := make([]any, len(names))
	for i, n := range names {
		list[i] = in[n]
	}
	return list
}

func flowNodes() []guest.Dynamic { return []guest.Dynamic{whileOpen(), whileClose(), blocker()} }

func whileOpen() guest.Dynamic {
	return variant(traits("TestWhileLoopOpen", "While Loop Open", catFlow),
		append(args(in("condition", "BOOLEAN", options{"default": true})), optionals(carried(0, "initial_value"), nil)...),
		named(out(append([]string{"FLOW_CONTROL"}, anys(sockets)...)...), append([]string{"FLOW_CONTROL"}, carried(0, "value")...)...),
		func(in guest.Args) (guest.Reply, error) {
			return guest.Outputs(append([]any{"stub"}, values(in, carried(0, "initial_value"))...)...)
		})
}

var errNoLink = guest.Raise("RuntimeError", "flow_control is no link")

func whileClose() guest.Dynamic {
	return variant(expands(traits("TestWhileLoopClose", "While Loop Close", catFlow)),
		append(args(in("flow_control", "FLOW_CONTROL", options{"rawLink": true}), in("condition", "BOOLEAN", options{"forceInput": true})),
			optionals(carried(0, "initial_value"), nil)...),
		named(out(anys(sockets)...), carried(0, "value")...),
		func(in guest.Args) (guest.Reply, error) {
			if !in.Bool("condition") {
				return guest.Outputs(values(in, carried(0, "initial_value"))...)
			}
			open, ok := guest.LinkOf(in["flow_control"])
			all := guest.GraphOf(in["dynprompt"])
			if !ok || all == nil {
				return guest.Reply{}, errNoLink
			}
			return iterate(newIndex(all), open.Node, in.Text("unique_id"), in)
		}, hide{"dynprompt", "DYNPROMPT"}, itself)
}

// index finds nodes of a graph by id.
type index map[string]*guest.GraphNode

func newIndex(g *guest.Graph) index {
	x := index{}
	for i := range g.Nodes {
		x[g.Nodes[i].ID] = &g.Nodes[i]
	}
	return x
}

// iterate copies everything between the loop's ends.
func iterate(all index, open, self string, in guest.Args) (guest.Reply, error) {
	feeds := map[string][]string{}
	all.explore(self, feeds)
	body := collect(open, feeds)
	for _, id := range []string{self, open} {
		body.add(id)
	}
	local := func(id string) string {
		if id == self {
			return "Recurse" // keeps ids from growing with each turn
		}
		return id
	}
	g := &guest.Graph{}
	for _, id := range body.order {
		n := guest.GraphNode{ID: local(id), Class: all[id].Class, Display: id}
		for _, i := range all[id].Inputs {
			if l, ok := i.Value.(guest.Link); ok && body.has[l.Node] {
				i.Value = guest.Link{Node: local(l.Node), Output: l.Output}
			} else if ok {
				i.Value = guest.Outer(l)
			}
			n.Set(i.Name, i.Value)
		}
		g.Nodes = append(g.Nodes, n)
	}
	for _, name := range carried(0, "initial_value") {
		g.Find(local(open)).Set(name, in[name])
	}
	results := make([]any, sockets)
	for i := range results {
		results[i] = guest.Link{Node: "Recurse", Output: i}
	}
	return guest.Reply{Outputs: results, Expand: g}, nil
}

// explore notes for every node upstream of id whom it feeds.
func (x index) explore(id string, feeds map[string][]string) {
	n := x[id]
	if n == nil {
		return
	}
	for _, i := range n.Inputs {
		l, ok := i.Value.(guest.Link)
		if !ok {
			continue
		}
		if _, seen := feeds[l.Node]; !seen {
			feeds[l.Node] = []string{}
			x.explore(l.Node, feeds)
		}
		feeds[l.Node] = append(feeds[l.Node], id)
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

func blocker() guest.Dynamic {
	return variant(traits("TestExecutionBlocker", "Execution Blocker", catFlow),
		args(in("input", "*", nil), in("block", "BOOLEAN", nil), in("verbose", "BOOLEAN", options{"default": false})), named(out("*"), "output"),
		func(in guest.Args) (guest.Reply, error) {
			if in.Bool("block") {
				return guest.Outputs(guest.Block{Message: "Blocked Execution", Silent: !in.Bool("verbose")})
			}
			return guest.Outputs(in["input"])
		})
}

func loopNodes() []guest.Dynamic {
	return []guest.Dynamic{forOpen(), forClose(), arithmetic(), makeList()}
}

func forOpen() guest.Dynamic {
	return variant(expands(traits("TestForLoopOpen", "For Loop Open", catFlow)),
		append(args(in("remaining", "INT", options{"default": 1, "min": 0, "max": 100000, "step": 1})), optionals(carried(1, "initial_value"), nil)...),
		named(out(append([]string{"FLOW_CONTROL", "INT"}, anys(sockets-1)...)...), append([]string{"flow_control", "remaining"}, carried(1, "value")...)...),
		func(in guest.Args) (guest.Reply, error) {
			remaining := in["remaining"]
			if v, ok := in["initial_value0"]; ok {
				remaining = v
			}
			inputs := []guest.Input{port("condition", remaining), port("initial_value0", remaining)}
			for _, name := range carried(1, "initial_value") {
				inputs = append(inputs, port(name, in[name]))
			}
			g := &guest.Graph{}
			g.New("TestWhileLoopOpen", inputs...)
			return guest.Reply{Outputs: append([]any{"stub", remaining}, values(in, carried(1, "initial_value"))...), Expand: g}, nil
		}, hide{"initial_value0", "*"})
}

func forClose() guest.Dynamic {
	raw := options{"rawLink": true}
	return variant(expands(traits("TestForLoopClose", "For Loop Close", catFlow)),
		append(args(in("flow_control", "FLOW_CONTROL", raw)), optionals(carried(1, "initial_value"), raw)...),
		named(out(anys(sockets-1)...), carried(1, "value")...),
		func(in guest.Args) (guest.Reply, error) {
			open, ok := guest.LinkOf(in["flow_control"])
			if !ok {
				return guest.Reply{}, errNoLink
			}
			g := &guest.Graph{}
			sub := g.New("TestIntMathOperation", port("operation", "subtract"), port("a", guest.Outer{Node: open.Node, Output: 1}), port("b", 1))
			cond := g.New("TestToBoolNode", port("value", first(sub)))
			inputs := []guest.Input{port("flow_control", open), port("condition", first(cond)), port("initial_value0", first(sub))}
			for _, name := range carried(1, "initial_value") {
				inputs = append(inputs, port(name, in[name]))
			}
			end := g.New("TestWhileLoopClose", inputs...)
			results := make([]any, 0, sockets-1)
			for i := 1; i < sockets; i++ {
				results = append(results, guest.Link{Node: end, Output: i})
			}
			return guest.Reply{Outputs: results, Expand: g}, nil
		})
}
