package wasmhost

import (
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// objectText is an object as JSON text; nil for none.
func objectText(o *doc.Object) any {
	if o == nil {
		return nil
	}
	return string(doc.Encode(o))
}

// graphToWire gives a graph the form that expansions have: nodes with their inputs in order.
func (c *call) graphToWire(g *node.Graph) (any, error) {
	if g == nil {
		return nil, nil
	}
	nodes := make([]any, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		inputs := make([]any, 0, len(n.Inputs))
		for _, name := range n.Order {
			v, err := c.toWire(n.Inputs[name])
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, []any{name, v})
		}
		m := map[string]any{"id": n.ID, "class": n.Class, "inputs": inputs}
		if n.DisplayAs != "" {
			m["display"] = n.DisplayAs
		}
		nodes[i] = m
	}
	return map[string]any{"nodes": nodes}, nil
}

// ours reports whether values of a type are made by the server alone.
func ours(t node.Type) bool {
	return slices.Contains([]node.Type{value.Image{}.LinkType(), value.Mask{}.LinkType(), value.Latent{}.LinkType(), value.Conditioning{}.LinkType()}, t)
}

// checkOutput holds what leaves by an output of type t to that type, as far as it is one of the server's own: nothing else
// may pass for a picture, and a picture for nothing else. Other types are names that packages agree on, and what a message can
// hold may go under any of them, numbers as they are.
//
// Compat: a number where a text was declared is handed on, and the node that gets it says what it thinks of it.
func checkOutput(v any, t node.Type) (any, error) {
	if t == node.Any || t == node.MatchType {
		return v, nil
	}
	names := strings.Split(string(t), ",")
	has := func(fits func(node.Type) bool) bool {
		return slices.ContainsFunc(names, func(n string) bool { return fits(node.Type(strings.TrimSpace(n))) })
	}
	fits := true
	switch x := v.(type) {
	case node.Typed:
		fits = has(func(n node.Type) bool { return n == x.LinkType() }) || !has(ours) && !has(simple)
	case *tensor.Tensor:
		fits = !has(ours) && !has(simple)
	case bool, int64, uint64, float64, string, []any, map[string]any:
		fits = has(func(n node.Type) bool { return !ours(n) })
	}
	if !fits {
		return nil, fault.New(fault.ExtensionFailed, "%s is no %s", describe(v), t)
	}
	return v, nil
}

// simple reports whether a type has a widget.
func simple(t node.Type) bool {
	return slices.Contains([]node.Type{node.Int, node.Float, node.String, node.Boolean, node.Combo, node.Any}, t)
}
