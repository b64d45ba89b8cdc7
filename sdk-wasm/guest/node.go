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
	ID         string
	Name       string // display name; "" shows the ID
	Category   string
	Help       string
	Aliases    []string // what else people search it by
	Essentials string   // the node's place in the client's short list; "" for none
	PriceBadge any      // how clients show the price of a call, JSON-like; nil for none

	OutputNode    bool // a root of execution
	InputIsList   bool // it gets whole lists and is called once
	Async         bool // it mostly waits
	NotIdempotent bool // equal inputs may give other outputs
	Intermediate  bool // what it shows is shown again when it comes from the cache
	AcceptAll     bool // constants that no input declares are passed too
	Expands       bool // it may return a graph
	V3            bool // described in the newer style
	Deprecated    bool
	Experimental  bool
	DevOnly       bool
	APINode       bool

	Ports func(p *Ports, in *In, out *Out)
	Do    func(in In) (Out, error)
	// Resume, if set, goes on with a call that wished for it; see Again.
	Resume func(in In, state []byte) (Out, error)
	// Check, if set, looks at the constants named by Checked, nil for all, before a prompt is queued. Its error is the refusal,
	// unless it is an Exception.
	Check   func(in In) error
	Checked []string
	// CheckLinks is Check that is also told the types of linked inputs; the server then leaves those to it.
	CheckLinks func(in In, linked map[string]string) error
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
	t := Traits{ID: d.ID, Name: d.Name, Category: d.Category, Help: d.Help, Aliases: d.Aliases, Essentials: d.Essentials, PriceBadge: d.PriceBadge,
		OutputNode: d.OutputNode, InputIsList: d.InputIsList, Async: d.Async, NotIdempotent: d.NotIdempotent, Intermediate: d.Intermediate,
		AcceptAll: d.AcceptAll, Expands: d.Expands, V3: d.V3, Deprecated: d.Deprecated, Experimental: d.Experimental, DevOnly: d.DevOnly,
		APINode: d.APINode, Checked: d.Checked}
	schema := t.describe(p, map[string]bool{"validates": d.Check != nil || d.CheckLinks != nil, "validates_links": d.CheckLinks != nil,
		"fingerprints": d.Changed != nil})
	return Node{ID: d.ID, schema: schema, do: d.answer}
}

func (d Def[In, Out]) answer(op int32, m abi.Map) (any, error) {
	var in In
	var out Out
	inputs := m.Map("inputs")
	p := binding()
	d.Ports(p, &in, &out)
	err := p.set(inputs)
	if err != nil {
		return nil, err
	}
	switch {
	case op == abi.OpExecute:
		out, err = d.Do(in)
		return p.reply(err)
	case op == abi.OpResume && d.Resume != nil:
		out, err = d.Resume(in, m.Bytes("state"))
		return p.reply(err)
	case op == abi.OpCheckLazy && d.Need != nil:
		return wanted(d.Need(in, func(name string) bool { return inputs[name] != nil }))
	case op == abi.OpCheckLazy:
		return wanted(p.missing(inputs), nil)
	case op == abi.OpValidate:
		return d.validate(in, m.Map("linked"))
	case op == abi.OpFingerprint && d.Changed != nil:
		v, err := d.Changed(in)
		return toWire(v), err
	}
	return nil, errOp
}

func (d Def[In, Out]) validate(in In, linked abi.Map) (any, error) {
	check := Dynamic{}
	if d.Check != nil {
		check.Check = func(Args) error { return d.Check(in) }
	}
	if d.CheckLinks != nil {
		check.CheckLinks = func(_ Args, types map[string]string) error { return d.CheckLinks(in, types) }
	}
	return check.validate(nil, linked)
}

// reply is what the bound outputs are now.
func (p *Ports) reply(err error) (any, error) {
	if err != nil {
		return replyOf(Reply{}, err)
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
	if p.later != nil {
		r.Later = *p.later
	}
	if p.block != nil {
		r.Block = *p.block
	}
	return replyOf(r, nil)
}

// UI is what a node shows to the client: kind ("images", "text", …) → items.
type UI map[string][]any

func (u UI) wire() any {
	m := make(map[string]any, len(u))
	for kind, items := range u {
		m[kind] = wireList(items)
	}
	return m
}

var errInput = errors.New("an input is of another type than declared")
