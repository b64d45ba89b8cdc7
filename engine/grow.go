package engine

import (
	"fmt"
	"slices"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// grow takes the graphs in that a node's calls gave. The node waits for what its results link to, and for the output nodes
// among the new ones.
func (r *run) grow(p *pending, results []outcome) error {
	var children []*vertex
	for _, o := range results {
		if o.reply.Expand == nil {
			continue
		}
		more, err := r.adopt(p.v, o.reply.Expand)
		if err != nil {
			return err
		}
		children = append(children, more...)
	}
	for _, c := range children {
		delete(r.sign.keys, c)
	}
	for _, c := range children {
		r.sign.key(c)
	}
	r.e.cache.expand(r, p.v, children)
	for _, c := range children {
		if c.schema.OutputNode {
			if err := r.sched.add(c); err != nil {
				return err
			}
			r.sched.want(c, p, nil)
		}
	}
	for _, o := range results {
		if o.reply.Expand == nil {
			continue
		}
		for _, value := range o.outputs {
			if s, ok := value.(node.Socket); ok {
				if err := r.sched.link(link{from: s.Node, out: s.Output}, p); err != nil {
					return err
				}
			}
		}
	}
	r.grown[p.v] = results
	return nil
}

// adopt adds the nodes of an expansion to the graph.
func (r *run) adopt(parent *vertex, g *node.Graph) ([]*vertex, error) {
	if r.expanded += weight(g); r.expanded > r.e.c.MaxExpanded {
		return nil, fault.New(fault.TooLarge, "the prompt grew by more than %d nodes while it ran", r.e.c.MaxExpanded)
	}
	list := make([]*vertex, 0, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		known, ok := r.e.c.Registry.Lookup(r.ctx, n.Class)
		if !ok {
			return nil, &node.Exception{Kind: "KeyError", Text: pyRepr(n.Class)}
		}
		v, taken := r.g.get(n.ID)
		if taken && v.parent != parent {
			return nil, fmt.Errorf("node %s is already there", n.ID)
		}
		if !taken {
			v = &vertex{id: n.ID}
			r.g.byID[n.ID] = v
			r.g.order = append(r.g.order, v)
		}
		v.class, v.node, v.schema, v.parent, v.realID, v.made = n.Class, known, known.Schema(), parent, parent.realID, true
		v.inputs = inputsOf(n)
		v.shownID = n.DisplayAs
		list = append(list, v)
	}
	for _, v := range list {
		switch shown, ok := r.g.get(v.shownID); {
		case v.shownID == "":
			v.shownID = parent.shownID
		case ok && shown != v && shown.shownID != "":
			v.shownID = shown.shownID
		}
	}
	return list, nil
}

// longID is from how many bytes of an id on a node counts for more than one: ids grow with each expansion inside another.
const longID = 4096

// weight is what a graph counts against the limit of expanded nodes.
func weight(g *node.Graph) int {
	n := len(g.Nodes)
	for i := range g.Nodes {
		n += len(g.Nodes[i].ID) / longID
	}
	return n
}

// inputsOf orders a node's inputs: as it says, the rest by name.
func inputsOf(n *node.GraphNode) *doc.Object {
	o := &doc.Object{}
	for _, name := range n.Order {
		if v, ok := n.Inputs[name]; ok {
			o.Set(name, v)
		}
	}
	rest := make([]string, 0, len(n.Inputs))
	for name := range n.Inputs {
		if !o.Has(name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		o.Set(name, n.Inputs[name])
	}
	return o
}

// gather makes the result of a node that expanded: links are replaced by what they led to.
func (r *run) gather(p *pending, results []outcome) (bool, *failure) {
	var calls [][]any
	for _, o := range results {
		if !o.has {
			if o.reply.Expand != nil {
				calls = append(calls, []any{})
			}
			continue
		}
		if o.reply.Expand == nil {
			calls = append(calls, o.outputs)
			continue
		}
		var resolved []any
		for _, value := range o.outputs {
			s, ok := value.(node.Socket)
			if !ok {
				resolved = append(resolved, value)
				continue
			}
			e := p.have[s.Node]
			if e == nil || s.Output < 0 || s.Output >= len(e.outputs) {
				return false, r.fail(p.v, &indexError{"list index out of range"}, nil)
			}
			// Compat: all items of the producer's list are laid into the row of outputs.
			resolved = append(resolved, e.outputs[s.Output]...)
		}
		calls = append(calls, resolved)
	}
	outputs, err := mergeOutputs(p.v.schema, calls)
	if err != nil {
		return false, r.fail(p.v, err, nil)
	}
	r.keep(p.v, outputs)
	return true, nil
}
