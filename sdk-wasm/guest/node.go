package guest

import (
	"errors"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Node is a node as the host sees it. Def makes one.
type Node struct {
	ID     string
	schema map[string]any
	// do appends the reply to a request, whose inputs it gets too.
	do func(b []byte, op int32, request, inputs abi.Pairs) ([]byte, error)
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
	n := &bound[In, Out]{def: d}
	d.Ports(&n.ports, &n.in, &n.out)
	return Node{ID: d.ID, schema: schema, do: n.answer}
}

// bound is a Def whose ports are bound. Each call starts from the memory as it was when the guest was set up, so that what is
// bound then is each call's own, and no call has to bind anything.
type bound[In, Out any] struct {
	def   Def[In, Out]
	ports Ports
	in    In
	out   Out
}

func (n *bound[In, Out]) answer(b []byte, op int32, m, inputs abi.Pairs) ([]byte, error) {
	d := &n.def
	err := n.ports.set(inputs)
	if err != nil {
		return b, err
	}
	switch {
	case op == abi.OpExecute:
		n.out, err = d.Do(n.in)
		return n.ports.reply(b, err)
	case op == abi.OpResume && d.Resume != nil:
		state, _ := m.Find("state").Bytes()
		n.out, err = d.Resume(n.in, state)
		return n.ports.reply(b, err)
	case op == abi.OpCheckLazy && d.Need != nil:
		return wanted(b)(d.Need(n.in, func(name string) bool { return !inputs.Find(name).Nothing() }))
	case op == abi.OpCheckLazy:
		return wanted(b)(n.ports.missing(inputs), nil)
	case op == abi.OpValidate:
		return appended(b)(d.validate(n.in, m.Find("linked")))
	case op == abi.OpFingerprint && d.Changed != nil:
		v, err := d.Changed(n.in)
		return appended(b)(toWire(v), err)
	}
	return b, errOp
}

func (d *Def[In, Out]) validate(in In, linked abi.Raw) (any, error) {
	check := Dynamic{}
	if d.Check != nil {
		check.Check = func(Args) error { return d.Check(in) }
	}
	if d.CheckLinks != nil {
		check.CheckLinks = func(_ Args, types map[string]string) error { return d.CheckLinks(in, types) }
	}
	return check.validate(nil, linked)
}

// reply appends what the bound outputs are now.
func (p *Ports) reply(b []byte, err error) ([]byte, error) {
	if err != nil {
		return b, err
	}
	var r Reply
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
	return appendReply(b, &r, p.appendOutputs)
}

func (p *Ports) appendOutputs(b []byte) (_ []byte, err error) {
	b = abi.AppendArray(b, len(p.gets))
	for _, get := range p.gets {
		if b, err = get(b); err != nil {
			return b, err
		}
	}
	return b, nil
}

// UI is what a node shows to the client: kind ("images", "text", …) → items.
type UI map[string][]any

var errInput = errors.New("an input is of another type than declared")
