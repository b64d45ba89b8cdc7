package guest

import (
	"errors"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Node is a node as the host sees it. Def makes one.
type Node struct {
	ID     string
	schema map[string]any
	do     func(op int32, request abi.Map) (any, error)
}

// Def is a node made of one value and one plain function. In and Out are structs whose fields Ports binds to inputs and
// outputs.
type Def[In, Out any] struct {
	ID       string
	Name     string // display name; "" shows the ID
	Category string
	Help     string

	OutputNode    bool // a root of execution
	InputIsList   bool
	Async         bool // it mostly waits
	NotIdempotent bool
	Intermediate  bool
	Expands       bool
	Deprecated    bool
	Experimental  bool

	Ports func(p *Ports, in *In, out *Out)
	Do    func(in In) (Out, error)
	// Check, if set, looks at constants before a prompt is queued. Its error is the refusal.
	Check func(in In) error
	// Changed, if set, says what the result depends on besides the inputs.
	Changed func(in In) (any, error)
	// Need, if set, names the lazy inputs that are wanted; has tells which inputs are there.
	Need func(in In, has func(name string) bool) ([]string, error)
}

// Node makes the Def a Node.
func (d Def[In, Out]) Node() Node {
	var in In
	var out Out
	p := &Ports{learn: true}
	d.Ports(p, &in, &out)
	var flags []any
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"output_node", d.OutputNode}, {"input_is_list", d.InputIsList}, {"async", d.Async}, {"not_idempotent", d.NotIdempotent},
		{"intermediate", d.Intermediate}, {"expands", d.Expands}, {"deprecated", d.Deprecated}, {"experimental", d.Experimental},
		{"validates", d.Check != nil}, {"fingerprints", d.Changed != nil},
	} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	schema := map[string]any{"id": d.ID, "name": d.Name, "category": d.Category, "help": d.Help, "inputs": p.inputs, "hidden": p.hidden,
		"outputs": p.outputs, "flags": flags}
	return Node{ID: d.ID, schema: schema, do: d.answer}
}

func (d Def[In, Out]) answer(op int32, m abi.Map) (any, error) {
	var in In
	var out Out
	inputs := m.Map("inputs")
	p := &Ports{}
	d.Ports(p, &in, &out)
	for _, set := range p.sets {
		if err := set(inputs); err != nil {
			return nil, err
		}
	}
	switch {
	case op == abi.OpExecute:
		return d.execute(in, m)
	case op == abi.OpCheckLazy && d.Need != nil:
		names, err := d.Need(in, func(name string) bool { _, ok := inputs[name]; return ok })
		return names, err
	case op == abi.OpCheckLazy:
		return p.missing(inputs), nil
	case op == abi.OpValidate && d.Check != nil:
		if err := d.Check(in); err != nil {
			return err.Error(), nil
		}
		return nil, nil
	case op == abi.OpFingerprint && d.Changed != nil:
		return d.Changed(in)
	}
	return nil, errOp
}

func (d Def[In, Out]) execute(in In, _ abi.Map) (any, error) {
	out, err := d.Do(in)
	if err != nil {
		return nil, err
	}
	p := &Ports{}
	d.Ports(p, &in, &out)
	outputs := make([]any, len(p.gets))
	for i, get := range p.gets {
		outputs[i] = toWire(get())
	}
	m := map[string]any{"outputs": outputs}
	if p.ui != nil && *p.ui != nil {
		ui := map[string]any{}
		for kind, items := range *p.ui {
			ui[kind] = items
		}
		m["ui"] = ui
	}
	if p.expand != nil && *p.expand != nil {
		m["expand"] = map[string]any{"nodes": (*p.expand).nodes}
	}
	return m, nil
}

// UI is what a node shows to the client: kind ("images", "text", …) → items.
type UI map[string][]any

// Graph is an expansion: nodes that take the node's place.
type Graph struct{ nodes []any }

// Input is an input of a node of a Graph: a constant, a value, or a Link to another node of it.
type Input struct {
	Name  string
	Value any
}

// Add adds a node under an id of the extension's choice and gives the links to its outputs.
func (g *Graph) Add(id, class string, inputs ...Input) func(output int) Link {
	pairs := make([]any, len(inputs))
	for i, in := range inputs {
		pairs[i] = []any{in.Name, toWire(in.Value)}
	}
	g.nodes = append(g.nodes, map[string]any{"id": id, "class": class, "inputs": pairs})
	return func(output int) Link { return Link{id, output} }
}

var errInput = errors.New("an input is of another type than declared")
