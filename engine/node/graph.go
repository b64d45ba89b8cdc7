package node

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"
)

// GraphBuilder makes the Graph of an expansion. Nodes that are given no local id count from 1; ids are
// "<expanding id>.<call>.<graph>.<local id>", so that they never clash with those of a prompt.
type GraphBuilder struct {
	prefix string
	count  int
	graph  Graph
}

// NewGraph starts a graph for the node that runs in ctx.
func NewGraph(ctx context.Context) *GraphBuilder {
	run, _ := RunOf(ctx)
	graph := int32(0)
	if run.graphs != nil {
		graph = run.graphs.Add(1) - 1
	}
	return &GraphBuilder{prefix: run.NodeID + "." + strconv.Itoa(run.Index) + "." + strconv.Itoa(int(graph)) + "."}
}

// Port is a value for an input of a GraphNode, in order.
type Port struct {
	Name  string
	Value any // a constant, or a Socket
}

// Add adds a node with an id of the builder's and returns that id.
func (g *GraphBuilder) Add(class string, inputs ...Port) string {
	g.count++
	return g.AddAs(strconv.Itoa(g.count), class, inputs...)
}

// AddAs adds a node with a local id and returns its full id. A local id that is there already is replaced.
func (g *GraphBuilder) AddAs(local, class string, inputs ...Port) string {
	n := GraphNode{ID: g.prefix + local, Class: class, Inputs: make(map[string]any, len(inputs))}
	for _, p := range inputs {
		n.Inputs[p.Name] = p.Value
		n.Order = append(n.Order, p.Name)
	}
	for i := range g.graph.Nodes {
		if g.graph.Nodes[i].ID == n.ID {
			g.graph.Nodes[i] = n
			return n.ID
		}
	}
	g.graph.Nodes = append(g.graph.Nodes, n)
	return n.ID
}

// ID is the full id of a local one.
func (g *GraphBuilder) ID(local string) string { return g.prefix + local }

// Set sets an input of a node that was added; nil takes the input away.
func (g *GraphBuilder) Set(id, input string, v any) {
	for i := range g.graph.Nodes {
		n := &g.graph.Nodes[i]
		if n.ID != id {
			continue
		}
		if v == nil {
			delete(n.Inputs, input)
			n.Order = slices.DeleteFunc(n.Order, func(name string) bool { return name == input })
			continue
		}
		if _, there := n.Inputs[input]; !there {
			n.Order = append(n.Order, input)
		}
		n.Inputs[input] = v
	}
}

// DisplayAs sets the node that events show for a node that was added.
func (g *GraphBuilder) DisplayAs(id, display string) {
	for i := range g.graph.Nodes {
		if g.graph.Nodes[i].ID == id {
			g.graph.Nodes[i].DisplayAs = display
		}
	}
}

// Graph is what was built.
func (g *GraphBuilder) Graph() *Graph { return &g.graph }

// CountGraphs makes the graphs that a call builds count from 0.
func (r Run) CountGraphs() Run {
	r.graphs = new(atomic.Int32)
	return r
}
