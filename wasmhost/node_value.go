package wasmhost

import (
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
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
	switch t {
	case value.Image{}.LinkType(), value.Mask{}.LinkType(), value.Latent{}.LinkType(), value.Conditioning{}.LinkType():
		return true
	}
	return false
}

// simple reports whether a type has a widget.
func simple(t node.Type) bool {
	switch t {
	case node.Int, node.Float, node.String, node.Boolean, node.Combo, node.Any:
		return true
	}
	return false
}

// checkOutput holds what leaves by an output of type t to that type, as far as it is one of the server's own: nothing else
// may pass for a picture, and a picture for nothing else. Other types are names that packages agree on, and what a message can
// hold may go under any of them, numbers as they are.
//
// Compat: a number where a text was declared is handed on, and the node that gets it says what it thinks of it.
func checkOutput(v any, t node.Type) (any, error) {
	if t == node.Any || t == node.MatchType || mayLeave(v, t) {
		return v, nil
	}
	return nil, fault.New(fault.ExtensionFailed, "the node gave %s for its output of type %s", kindOfValue(v), t)
}

// mayLeave looks at each of the types that t names.
func mayLeave(v any, t node.Type) bool {
	typed, isTyped := v.(node.Typed)
	own := true // all of them are names of the package's own
	for name := range strings.SplitSeq(string(t), ",") {
		n := node.Type(strings.TrimSpace(name))
		if isTyped && typed.LinkType() == n {
			return true
		}
		if !isTyped && isMessage(v) && !ours(n) {
			return true
		}
		own = own && !ours(n) && !simple(n)
	}
	if _, tensor := v.(*tensor.Tensor); tensor || isTyped {
		return own
	}
	return !isMessage(v)
}

// isMessage reports whether a message can hold a value.
func isMessage(v any) bool {
	switch v.(type) {
	case bool, int64, uint64, float64, string, []any, map[string]any:
		return true
	}
	return false
}

// room is what is left of a message for arguments.
type room struct{ bytes, items int }

// The room that arguments have in a request, with some for what goes around them, and how deep they may nest.
const (
	argBytes = abi.MaxCborBytes * 3 / 4
	argItems = abi.MaxCborItems * 3 / 4
	argDepth = abi.MaxCborDepth - 6
)

// argsToWire gives a call's arguments. What does not fit a message, by its size or its nesting, becomes a handle, so that it
// can be handed on at least.
func (c *call) argsToWire(args node.Args) (map[string]any, error) {
	left := room{argBytes, argItems}
	out := make(map[string]any, len(args))
	for _, name := range sorted(args) { // handles have the same numbers in equal calls
		rest := left
		var err error
		if v := args[name]; rest.fits(v, argDepth) {
			left = rest
			out[name], err = c.toWire(v)
		} else {
			out[name], err = c.asHandle(v)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sorted are the keys of a map in order.
func sorted(m map[string]any) []string {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// fits takes a value's room, and reports whether there was enough.
func (r *room) fits(v any, depth int) bool {
	r.items--
	r.bytes -= 16
	if depth == 0 || r.items < 0 || r.bytes < 0 {
		return false
	}
	switch x := v.(type) {
	case string:
		r.bytes -= len(x)
	case *doc.Object:
		r.bytes -= len(doc.Encode(x))
	case []any:
		return r.fitAll(x, depth)
	case node.List:
		return r.fitAll(x, depth)
	case map[string]any:
		for k, e := range x {
			if r.bytes -= len(k); !r.fits(e, depth-1) {
				return false
			}
		}
	}
	return r.bytes >= 0
}

func (r *room) fitAll(l []any, depth int) bool {
	for _, e := range l {
		if !r.fits(e, depth-1) {
			return false
		}
	}
	return true
}
