// Package primitive holds the nodes that are a value one can link.
package primitive

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/engine/node"
)

const (
	category = "utilities/primitive"
	module   = "comfy_extras.nodes_primitive"
)

// All lists the nodes of the package.
func All() []node.Node {
	return []node.Node{str.Node(), multiline.Node(), integer.Node(), float.Node(), boolean.Node()}
}

type held[T any] struct{ Value T }

func same[T any](_ context.Context, in held[T]) (held[T], error) { return in, nil }

var str = node.Def[held[string], held[string]]{
	ID: "PrimitiveString", Name: "Text", Category: category, Module: module, V3: true, Help: "A line of text.",
	Aliases: []string{"text", "string", "text box", "prompt"},
	Ports: func(p *node.Ports, in, out *held[string]) {
		node.Text(p, "value", &in.Value, "").Set("multiline", false)
		node.Result(p, node.String, &out.Value)
	},
	Do: same[string],
}

var multiline = node.Def[held[string], held[string]]{
	ID: "PrimitiveStringMultiline", Name: "Text (Multiline)", Category: category, Module: module, V3: true,
	Help: "Text of any number of lines.", Essentials: "Basics",
	Aliases: []string{"text", "string", "text multiline", "string multiline", "text box", "prompt"},
	Ports: func(p *node.Ports, in, out *held[string]) {
		node.Text(p, "value", &in.Value, "").Multiline()
		node.Result(p, node.String, &out.Value)
	},
	Do: same[string],
}

var integer = node.Def[held[int64], held[int64]]{
	ID: "PrimitiveInt", Name: "Int", Category: category, Module: module, V3: true, Help: "A whole number.",
	Ports: func(p *node.Ports, in, out *held[int64]) {
		node.Number(p, "value", &in.Value, 0).NoDefault().Range(int64(-math.MaxInt64), int64(math.MaxInt64)).
			Set("control_after_generate", "fixed")
		node.Result(p, node.Int, &out.Value)
	},
	Do: same[int64],
}

var float = node.Def[held[float64], held[float64]]{
	ID: "PrimitiveFloat", Name: "Float", Category: category, Module: module, V3: true, Help: "A number.",
	Ports: func(p *node.Ports, in, out *held[float64]) {
		node.Number(p, "value", &in.Value, 0).NoDefault().Range(int64(-math.MaxInt64), int64(math.MaxInt64)).Step(0.1)
		node.Result(p, node.Float, &out.Value)
	},
	Do: same[float64],
}

var boolean = node.Def[held[bool], held[bool]]{
	ID: "PrimitiveBoolean", Name: "Boolean", Category: category, Module: module, V3: true, Help: "On or off.",
	Ports: func(p *node.Ports, in, out *held[bool]) {
		node.Switch(p, "value", &in.Value, false).NoDefault()
		node.Result(p, node.Boolean, &out.Value)
	},
	Do: same[bool],
}
