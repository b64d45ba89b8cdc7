package engine

import (
	"errors"
	"fmt"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// bound is an input with the values that a node is given for it, one for each call.
type bound struct {
	name    string
	values  []any
	missing bool // not known yet; the value nil stands in
}

// bind gathers a node's inputs: constants that it declares, whatever is linked, and hidden ones.
func (r *run) bind(p *pending, f *form) ([]bound, error) {
	v := p.v
	ports := v.ports(f)
	list := make([]bound, 0, len(ports)+len(v.schema.Hidden))
	for i := range ports {
		in := &ports[i]
		if g, ok := in.value.(given); ok {
			list = append(list, bound{name: in.name, values: g.values})
			continue
		}
		switch {
		case in.isIn && (in.decl == nil || !in.decl.RawLink()):
			b, err := r.received(p, in)
			if err != nil {
				return list, err
			}
			list = append(list, b)
		case in.decl != nil || v.schema.AcceptAllInputs || v.hides(in.name):
			// Compat: constants that nobody declared are dropped, links are not.
			list = append(list, bound{name: in.name, values: []any{rawOrPlain(in)}})
		}
	}
	if v.schema.V3 {
		// Compat: nodes of the newer style read hidden values elsewhere; here they get them like other inputs.
		return r.bindHidden(v, v.schema.AllHidden(), list), nil
	}
	return r.bindHidden(v, v.schema.Hidden, list), nil
}

func rawOrPlain(in *port) any {
	if in.isIn {
		if s, ok := in.value.(node.Socket); ok {
			return []any{s.Node, int64(s.Output)}
		}
	}
	return plainConst(in.value)
}

// received is what the producer of a link gave.
func (r *run) received(p *pending, in *port) (bound, error) {
	b := bound{name: in.name, values: []any{nil}, missing: true}
	e := p.have[in.link.from]
	if e == nil || e.outputs == nil {
		return b, nil
	}
	if in.link.odd {
		return b, errors.New("list indices must be integers or slices, not float")
	}
	if in.link.out >= len(e.outputs) {
		return b, nil
	}
	i := in.link.at(len(e.outputs))
	if i < 0 {
		return b, &indexError{"list index out of range"}
	}
	return bound{name: in.name, values: e.outputs[i]}, nil
}

// indexError is a place in a list that is not there.
type indexError struct{ text string }

func (e *indexError) Error() string { return e.text }

// ExceptionType names the error's kind for clients.
func (e *indexError) ExceptionType() string { return "IndexError" }

func (r *run) bindHidden(v *vertex, hidden []node.Hidden, list []bound) []bound {
	for _, h := range hidden {
		value, known := r.hidden(v, h.Kind)
		if !known {
			continue
		}
		replaced := false
		for i := range list {
			if list[i].name == h.Name {
				list[i], replaced = bound{name: h.Name, values: []any{value}}, true
			}
		}
		if !replaced {
			list = append(list, bound{name: h.Name, values: []any{value}})
		}
	}
	return list
}

// hidden is the value of a hidden input.
func (r *run) hidden(v *vertex, kind node.Type) (value any, known bool) {
	switch kind {
	case node.Prompt:
		return r.prompt, true
	case node.DynPrompt:
		return r.snapshot(), true
	case node.UniqueID:
		return v.id, true
	case node.ExtraPNGInfo:
		if info, ok := r.extra.Get("extra_pnginfo"); ok && info != nil {
			return info, true
		}
		return nil, true
	case node.AuthToken, node.APIKey:
		return textOrNil(r.secrets, map[node.Type]string{node.AuthToken: secretKeys[0], node.APIKey: secretKeys[1]}[kind]), true
	case node.UsageSource:
		return textOrNil(r.extra, "comfy_usage_source"), true
	}
	return nil, false
}

func textOrNil(o *doc.Object, key string) any {
	if v, ok := o.Get(key); ok {
		if s, ok := v.(string); ok {
			return s
		}
	}
	return nil
}

// snapshot is the graph as it is now, expanded nodes included.
func (r *run) snapshot() *node.Graph {
	g := &node.Graph{Nodes: make([]node.GraphNode, len(r.g.order))}
	for i, v := range r.g.order {
		n := node.GraphNode{ID: v.id, Class: v.class, Inputs: make(map[string]any, v.inputs.Len()), Order: v.inputs.Keys()}
		for j := range v.inputs.Len() {
			name, value := v.inputs.At(j)
			if l, ok := linkOf(value); ok && !l.odd {
				n.Inputs[name] = node.Socket{Node: l.from, Output: l.out}
			} else {
				n.Inputs[name] = plainConst(value)
			}
		}
		if v.parent != nil {
			n.DisplayAs = v.shownID
		}
		g.Nodes[i] = n
	}
	return g
}

// call holds the arguments of one call, in order.
type call struct{ values []arg }

type arg struct {
	name  string
	value any
}

// split makes the calls of a node from its inputs: one with all lists for nodes that take lists, else as many as the longest
// list has items, shorter lists repeating their last.
func split(s *node.Schema, inputs []bound) ([]call, error) {
	longest := 0
	for _, in := range inputs {
		longest = max(longest, len(in.values))
	}
	if s.InputIsList {
		c := call{make([]arg, len(inputs))}
		for i, in := range inputs {
			c.values[i] = arg{in.name, node.List(in.values)}
		}
		return []call{c}, nil
	}
	if longest == 0 {
		return []call{{}}, nil
	}
	calls := make([]call, longest)
	for i := range calls {
		calls[i].values = make([]arg, len(inputs))
		for j, in := range inputs {
			if len(in.values) == 0 {
				return nil, &indexError{"list index out of range"}
			}
			calls[i].values[j] = arg{in.name, in.values[min(i, len(in.values)-1)]}
		}
	}
	return calls, nil
}

// complete reports the first required input that the call lacks.
func (c call) complete(f *form) error {
	for _, in := range f.required {
		found := false
		for _, a := range c.values {
			if found = a.name == in.key; found {
				break
			}
		}
		if !found {
			return &node.Exception{Kind: "TypeError",
				Text: fmt.Sprintf("%s.run() missing 1 required positional argument: '%s'", f.schema.ID, in.key)}
		}
	}
	return nil
}

// nested are the arguments as the node sees them.
func (c call) nested(f *form) node.Args {
	args := make(node.Args, len(c.values))
	for _, a := range c.values {
		args[a.name] = a.value
	}
	return f.nest(args)
}
