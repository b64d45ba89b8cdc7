package guest

import (
	"slices"
	"strconv"
)

// Graph is an expansion: nodes that take the node's place. Or it is the prompt as it is now, which a node gets as the hidden
// input DYNPROMPT.
type Graph struct {
	Nodes []GraphNode
	count int
}

// GraphNode is a node of a Graph. An input's value is a constant, a value, a Link to another node of the graph or an Outer.
type GraphNode struct {
	ID, Class string
	Inputs    []Input
	Display   string // the node that events show; "" for the one that expands
}

// Input is an input of a node of a Graph.
type Input struct {
	Name  string
	Value any
}

// Outer is an output of a node of the prompt, outside of an expansion. It is what a raw link is given as.
type Outer struct {
	Node   string
	Output int
}

// Add adds a node under an id of the extension's choice and gives the links to its outputs.
func (g *Graph) Add(id, class string, inputs ...Input) func(output int) Link {
	g.Nodes = append(g.Nodes, GraphNode{ID: id, Class: class, Inputs: inputs})
	return func(output int) Link { return Link{id, output} }
}

// New adds a node under the next number, from 1, and gives its id.
func (g *Graph) New(class string, inputs ...Input) string {
	g.count++
	id := strconv.Itoa(g.count)
	g.Add(id, class, inputs...)
	return id
}

// Find gives a node of the graph; nil when there is none of that id.
func (g *Graph) Find(id string) *GraphNode {
	for i := range g.Nodes {
		if g.Nodes[i].ID == id {
			return &g.Nodes[i]
		}
	}
	return nil
}

// Set sets an input of a node; nil takes it away.
func (n *GraphNode) Set(name string, v any) {
	i := slices.IndexFunc(n.Inputs, func(in Input) bool { return in.Name == name })
	switch {
	case v == nil && i >= 0:
		n.Inputs = slices.Delete(n.Inputs, i, i+1)
	case v == nil:
	case i >= 0:
		n.Inputs[i].Value = v
	default:
		n.Inputs = append(n.Inputs, Input{name, v})
	}
}

func (g *Graph) wire() any {
	nodes := make([]any, len(g.Nodes))
	for i, n := range g.Nodes {
		pairs := make([]any, len(n.Inputs))
		for k, in := range n.Inputs {
			pairs[k] = []any{in.Name, toWire(in.Value)}
		}
		m := map[string]any{"id": n.ID, "class": n.Class, "inputs": pairs}
		if n.Display != "" {
			m["display"] = n.Display
		}
		nodes[i] = m
	}
	return map[string]any{"nodes": nodes}
}

// GraphOf reads a graph that a node got as DYNPROMPT; its links are Links. nil when v is none.
func GraphOf(v any) *Graph {
	m, _ := v.(map[string]any)
	list, ok := m["nodes"].([]any)
	if !ok {
		return nil
	}
	g := &Graph{}
	for _, e := range list {
		x, _ := e.(map[string]any)
		n := GraphNode{}
		n.ID, _ = x["id"].(string)
		n.Class, _ = x["class"].(string)
		n.Display, _ = x["display"].(string)
		inputs, _ := x["inputs"].([]any)
		for _, in := range inputs {
			if pair, _ := in.([]any); len(pair) == 2 {
				name, _ := pair[0].(string)
				n.Inputs = append(n.Inputs, Input{name, pair[1]})
			}
		}
		g.Nodes = append(g.Nodes, n)
	}
	return g
}

// LinkOf reads a raw link.
func LinkOf(v any) (o Outer, ok bool) {
	pair, _ := v.([]any)
	if len(pair) != 2 {
		return o, false
	}
	id, ok1 := pair[0].(string)
	n, ok2 := pair[1].(int64)
	return Outer{id, int(n)}, ok1 && ok2
}
