package node

import (
	"context"
	"fmt"
	"sync"
)

// Def is a node made of one value and one plain function. In and Out are structs whose fields Ports binds to inputs and
// outputs.
type Def[In, Out any] struct {
	ID       string
	Name     string // display name; "" shows the ID
	Category string
	Help     string
	Module   string // "" is "nodes"
	Aliases  []string
	// Essentials is the node's place in the client's short list; "" for none.
	Essentials string

	OutputNode    bool // a root of execution
	InputIsList   bool
	Async         bool
	NotIdempotent bool
	Intermediate  bool
	Expands       bool
	V3            bool
	Deprecated    bool
	Experimental  bool

	Ports func(p *Ports, in *In, out *Out)
	Do    func(ctx context.Context, in In) (Out, error)
	// Check, if set, looks at the constants named by Checked before a prompt is queued.
	Check   func(ctx context.Context, in In) error
	Checked []string
	// Changed, if set, is the fingerprint of what the node reads besides its inputs.
	Changed func(ctx context.Context, in In) (any, error)
	// Need, if set, names the lazy inputs that are wanted.
	Need func(ctx context.Context, in In, args Args) ([]string, error)
}

// Node makes the Def a Node, with as many of the optional abilities as it has functions for.
func (d Def[In, Out]) Node() Node {
	n := &defNode[In, Out]{d: d}
	n.schema = sync.OnceValue(n.learn)
	check, change, need := checkNode[In, Out]{n}, changeNode[In, Out]{n}, needNode[In, Out]{n}
	switch [3]bool{d.Check != nil, d.Changed != nil, d.Need != nil} {
	case [3]bool{true, false, false}:
		return struct {
			Node
			Checker
		}{n, check}
	case [3]bool{false, true, false}:
		return struct {
			Node
			Fingerprinter
		}{n, change}
	case [3]bool{true, true, false}:
		return struct {
			Node
			Checker
			Fingerprinter
		}{n, check, change}
	case [3]bool{false, false, true}:
		return need
	case [3]bool{true, false, true}:
		return struct {
			needNode[In, Out]
			Checker
		}{need, check}
	case [3]bool{false, true, true}:
		return struct {
			needNode[In, Out]
			Fingerprinter
		}{need, change}
	case [3]bool{true, true, true}:
		return struct {
			needNode[In, Out]
			Checker
			Fingerprinter
		}{need, check, change}
	}
	return n
}

type defNode[In, Out any] struct {
	d      Def[In, Out]
	schema func() *Schema
}

// Schema is learnt from Ports at the first call.
func (n *defNode[In, Out]) Schema() *Schema { return n.schema() }

func (n *defNode[In, Out]) learn() *Schema {
	d := &n.d
	var in In
	var out Out
	p := &Ports{learn: true}
	d.Ports(p, &in, &out)
	s := &Schema{
		ID: d.ID, Name: d.Name, Category: d.Category, Help: d.Help, Module: d.Module, Aliases: d.Aliases,
		Inputs: p.inputs, Hidden: p.hidden, Outputs: p.outputs,
		V3: d.V3, OutputNode: d.OutputNode, InputIsList: d.InputIsList, Async: d.Async, NotIdempotent: d.NotIdempotent,
		Intermediate: d.Intermediate, Expands: d.Expands, Deprecated: d.Deprecated, Experimental: d.Experimental,
	}
	if s.Module == "" {
		s.Module = "nodes"
	}
	if d.Essentials != "" {
		s.Essentials = &d.Essentials
	}
	return s
}

// Run binds args to a fresh In, calls Do and reads Out.
func (n *defNode[In, Out]) Run(ctx context.Context, args Args) (Reply, error) {
	var in In
	var out Out
	p, err := n.bind(args, &in, &out)
	if err != nil {
		return Reply{}, err
	}
	if out, err = n.d.Do(ctx, in); err != nil {
		return Reply{}, err
	}
	r := Reply{Outputs: make([]any, len(p.gets))}
	for i, get := range p.gets {
		r.Outputs[i] = get()
	}
	if p.ui != nil {
		r.UI = *p.ui
	}
	if p.expand != nil {
		r.Expand = *p.expand
	}
	return r, nil
}

func (n *defNode[In, Out]) bind(args Args, in *In, out *Out) (*Ports, error) {
	p := &Ports{}
	n.d.Ports(p, in, out)
	for _, set := range p.sets {
		if err := set(args); err != nil {
			return nil, fmt.Errorf("%s: %w", n.d.ID, err)
		}
	}
	return p, nil
}

func (n *defNode[In, Out]) in(args Args) (In, error) {
	var in In
	var out Out
	_, err := n.bind(args, &in, &out)
	return in, err
}

type checkNode[In, Out any] struct{ n *defNode[In, Out] }

// Checks names the inputs that Check looks at.
func (c checkNode[In, Out]) Checks() ([]string, bool) { return c.n.d.Checked, false }

// Check calls the Def's Check.
func (c checkNode[In, Out]) Check(ctx context.Context, args Args) error {
	in, err := c.n.in(args)
	if err != nil {
		return err
	}
	return c.n.d.Check(ctx, in)
}

type changeNode[In, Out any] struct{ n *defNode[In, Out] }

// Fingerprint calls the Def's Changed.
func (c changeNode[In, Out]) Fingerprint(ctx context.Context, args Args) (any, error) {
	in, err := c.n.in(args)
	if err != nil {
		return nil, err
	}
	return c.n.d.Changed(ctx, in)
}

type needNode[In, Out any] struct{ *defNode[In, Out] }

// Need calls the Def's Need.
func (c needNode[In, Out]) Need(ctx context.Context, args Args) ([]string, error) {
	in, err := c.in(args)
	if err != nil {
		return nil, err
	}
	return c.d.Need(ctx, in, args)
}
