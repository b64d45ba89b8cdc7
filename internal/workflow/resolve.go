package workflow

import (
	"fmt"
	"strings"
)

// scope is a graph in the place where it runs: the root, or a definition within one of its instances.
type scope struct {
	g      *graph
	inst   *node
	parent *scope
	prefix string // of the ids of its nodes
	depth  int
}

func (s *scope) inside(inst *node) *scope {
	return &scope{g: inst.sub, inst: inst, parent: s, prefix: s.prefix + inst.id + ":", depth: s.depth + 1}
}

// source is what an input gets: the output of a node, or a value.
type source struct {
	id      string
	slot    int
	isValue bool
	value   any
}

// resolver follows links through the nodes that do not run.
type resolver struct {
	c       *Canvas
	visited map[string]bool
	steps   int
	node    *node // whose input is resolved
	id      string
}

// maxSteps bounds the work of following all links of a prompt.
const maxSteps = 3_000_000

// input finds what feeds input i of a node. A nil source means nothing does. typ is the type asked for, if it is not the slot's.
func (r *resolver) input(s *scope, n *node, i int, typ string) *source {
	if i < 0 || i >= len(n.inputs) || !r.step(s, n, 'I', i) {
		return nil
	}
	in := n.inputs[i]
	if in.link == nil {
		return nil
	}
	if typ == "" {
		typ = in.typ
	}
	if in.link.from == inputNode {
		return r.outer(s, in.link.fromSlot)
	}
	origin := s.g.byID[in.link.from]
	if origin == nil {
		r.c.problem(r.node, r.id, true,
			fmt.Sprintf("Input %q is linked to node %s, which the workflow does not have.", in.name, in.link.from))
		return nil
	}
	return r.output(s, origin, in.link.fromSlot, typ)
}

// outer finds what feeds input i of the subgraph that s is in.
func (r *resolver) outer(s *scope, i int) *source {
	if s.inst == nil || i < 0 || i >= len(s.inst.inputs) {
		return nil
	}
	in := s.inst.inputs[i]
	if in.link != nil {
		return r.input(s.parent, s.inst, i, "")
	}
	if in.host != nil && !in.host.unset {
		return &source{isValue: true, value: in.host.value}
	}
	return nil
}

// output finds the node behind an output.
func (r *resolver) output(s *scope, n *node, slot int, typ string) *source {
	if slot < 0 || !r.step(s, n, 'O', slot) {
		return nil
	}
	switch {
	case n.mode == muted:
		return nil
	case n.mode == bypassed:
		return r.input(s, n, n.passing(slot, typ), "")
	case n.kind == instance:
		return r.inner(s, n, slot, typ)
	case n.virtual():
		return r.input(s, n, slot, typ)
	}
	return &source{id: s.prefix + n.id, slot: slot}
}

// inner goes to what the output of an instance is linked to inside.
func (r *resolver) inner(s *scope, n *node, slot int, typ string) *source {
	l := n.sub.outLinks[slot]
	if l == nil || s.depth >= maxNesting {
		return nil
	}
	if l.from == inputNode { // the client gives up here; the link plainly runs through
		return r.outer(s.inside(n), l.fromSlot)
	}
	origin := n.sub.byID[l.from]
	if origin == nil {
		r.c.problem(n, s.prefix+n.id, true,
			fmt.Sprintf("Output %d of the subgraph is linked to node %s, which it does not have.", slot, l.from))
		return nil
	}
	return r.output(s.inside(n), origin, l.fromSlot, typ)
}

// step counts and looks for links that go round in a circle of nodes that do not run.
func (r *resolver) step(s *scope, n *node, side byte, slot int) bool {
	key := fmt.Sprintf("%s%s%c%d", s.prefix, n.id, side, slot)
	if r.visited[key] {
		r.c.problem(r.node, r.id, true, "Its input is linked in a circle of nodes that do not run.")
		return false
	}
	r.visited[key] = true
	r.steps++
	return r.steps < maxSteps
}

// passing chooses the input that a bypassed node hands to output number at, -1 if none has a fitting type.
func (n *node) passing(at int, typ string) int {
	if typ == "" || typ == "*" {
		if at < len(n.inputs) {
			return at
		}
		return 0
	}
	out := ""
	if at < len(n.outputs) {
		out = n.outputs[at].typ
	}
	both := func(s *slot) bool { return fits(s.typ, out) && fits(s.typ, typ) }
	if at < len(n.inputs) && both(n.inputs[at]) {
		return at
	}
	for i, s := range n.inputs {
		if s.typ == typ {
			return i
		}
	}
	for i, s := range n.inputs {
		if both(s) {
			return i
		}
	}
	return -1
}

// fits reports whether two types can be linked: equal, any, or with a member of their comma lists in common.
func fits(a, b string) bool {
	if a == "" || a == "*" || b == "" || b == "*" || a == b {
		return true
	}
	a, b = strings.ToLower(a), strings.ToLower(b)
	if !strings.Contains(a, ",") && !strings.Contains(b, ",") {
		return a == b
	}
	for x := range strings.SplitSeq(a, ",") {
		for y := range strings.SplitSeq(b, ",") {
			if x == y || x == "" || y == "" || x == "*" || y == "*" {
				return true
			}
		}
	}
	return false
}
