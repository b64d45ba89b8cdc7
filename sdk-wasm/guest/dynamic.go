package guest

import "github.com/cocoonhq/cocoon/sdk-wasm/abi"

// Args are a call's values by input name: nil, bool, int64 (uint64 above its range), float64, string, []any and
// map[string]any for constants, and what links carry: Image, Mask, Latent, Tensor, Value. Nodes that take lists get a List
// each. An absent optional input is absent here too; a lazy input that is not there yet is nil.
type Args map[string]any

// Text reads a text; "" when it is none.
func (a Args) Text(name string) string {
	s, _ := a[name].(string)
	return s
}

// Bool reads a truth value.
func (a Args) Bool(name string) bool {
	b, _ := a[name].(bool)
	return b
}

// Int reads an integer; a number with a fraction loses it.
func (a Args) Int(name string) int {
	switch x := a[name].(type) {
	case int64:
		return int(x)
	case uint64:
		return int(x)
	case float64:
		return int(x)
	}
	return 0
}

// Float reads a number.
func (a Args) Float(name string) float64 {
	switch x := a[name].(type) {
	case float64:
		return x
	case int64:
		return float64(x)
	case uint64:
		return float64(x)
	}
	return 0
}

// Image reads a batch of pictures; ok tells whether it is one.
func (a Args) Image(name string) (i Image, ok bool) {
	i, ok = a[name].(Image)
	return i, ok
}

// Reply is what a Dynamic node gives.
type Reply struct {
	// Outputs has one value an output: a List for outputs declared so, a Block for those whose consumers must not run, a Link
	// into Expand.
	Outputs []any
	UI      UI     // what the client shows; nil for none
	Expand  *Graph // takes the node's place
	Block   *Block // blocks every output
	Loop    *Loop  // of the start of a loop, in place of outputs
	Later   *Later // calls the node again, as Resume, in place of outputs
}

// Outputs is a Reply of outputs alone.
func Outputs(values ...any) (Reply, error) { return Reply{Outputs: values}, nil }

// Loop is what the start of a loop wants done: for each iteration its outputs but the last, which carries a value from one
// iteration to the next.
type Loop struct {
	Rows [][]any
	Keep bool // lets the cache keep what the body's nodes gave
}

// Dynamic is a node that takes its inputs by name: for inputs of which names or types are not known beforehand. Where they
// are, Def is shorter.
type Dynamic struct {
	Traits
	// Ports declares inputs and outputs.
	Ports func(p *Ports)
	Do    func(in Args) (Reply, error)
	// Resume, if set, goes on with a call that wished for Later.
	Resume func(in Args, state []byte) (Reply, error)
	// Check, if set, looks at constants before a prompt is queued; linked inputs are absent. Its error is the refusal, unless it
	// is an Exception.
	Check func(in Args) error
	// CheckLinks is Check that is also told the types of linked inputs; the server then leaves those to it.
	CheckLinks func(in Args, linked map[string]string) error
	// Changed, if set, says what the result depends on besides the inputs.
	Changed func(in Args) (any, error)
	// Need, if set, names the lazy inputs that are wanted.
	Need func(in Args) ([]string, error)
}

// Node makes the Dynamic a Node.
func (d Dynamic) Node() Node {
	p := &Ports{learn: true}
	d.Ports(p)
	schema := d.describe(p, map[string]bool{"validates": d.Check != nil || d.CheckLinks != nil, "validates_links": d.CheckLinks != nil,
		"fingerprints": d.Changed != nil})
	if d.CheckLinks != nil && d.Check == nil && d.Checked == nil {
		schema["checks"] = []any{}
	}
	lazy := p.lazy
	return Node{ID: d.ID, schema: schema, do: func(op int32, m abi.Map) (any, error) { return d.answer(op, m, lazy) }}
}

func (d Dynamic) answer(op int32, m abi.Map, lazy []string) (any, error) {
	in := argsOf(m.Map("inputs"))
	switch {
	case op == abi.OpExecute:
		r, err := d.Do(in)
		return replyOf(r, err)
	case op == abi.OpResume && d.Resume != nil:
		r, err := d.Resume(in, m.Bytes("state"))
		return replyOf(r, err)
	case op == abi.OpCheckLazy && d.Need != nil:
		return wanted(d.Need(in))
	case op == abi.OpCheckLazy:
		return wanted((&Ports{lazy: lazy}).missing(m.Map("inputs")), nil)
	case op == abi.OpValidate:
		return d.validate(in, m.Map("linked"))
	case op == abi.OpFingerprint && d.Changed != nil:
		v, err := d.Changed(in)
		return toWire(v), err
	}
	return nil, errOp
}

func (d Dynamic) validate(in Args, linked abi.Map) (any, error) {
	if d.Check != nil {
		if err := d.Check(in); err != nil {
			return refusal(err)
		}
	}
	if d.CheckLinks == nil {
		return nil, nil
	}
	types := make(map[string]string, len(linked))
	for name := range linked {
		types[name] = linked.Text(name)
	}
	return refusal(d.CheckLinks(in, types))
}

// Pull waits for an input of the running node that a link leads to, such as a lazy one that was not asked for before, while the server
// computes it: what a field of that input would have, such as an Image, an int64 or a string. The node must be asynchronous (else
// abi.EUNSUP) and, if its inputs are lazy, have a Need that does not name them. abi.ENOENT says that nothing is linked there. A manifest
// of an extension that calls it asks for cocoon1>=1.1.
func Pull[T any](name string) (v T, err error) {
	b, err := fetched(func(o, limit uint32) int64 {
		p, n := atText(name)
		return hostInput(p, n, o, limit)
	})
	if err != nil {
		return v, err
	}
	w, err := abi.Decode(b, abi.DefaultLimits())
	if err != nil {
		return v, err
	}
	x, ok := fromWire(w).(T)
	if !ok && w != nil {
		return v, errInput
	}
	return x, nil
}

func argsOf(m abi.Map) Args {
	a := make(Args, len(m))
	for k, v := range m {
		a[k] = fromWire(v)
	}
	return a
}

// wanted is a list of names as a reply.
func wanted(names []string, err error) (any, error) {
	if names == nil {
		names = []string{}
	}
	return names, err
}

func replyOf(r Reply, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if r.Later != nil {
		return r.Later.wire(), nil
	}
	if r.Loop != nil {
		rows := make([]any, len(r.Loop.Rows))
		for i, row := range r.Loop.Rows {
			rows[i] = wireList(row)
		}
		return map[string]any{"loop": map[string]any{"outputs": rows, "keep": r.Loop.Keep}}, nil
	}
	m := map[string]any{"outputs": wireList(r.Outputs)}
	if r.UI != nil {
		m["ui"] = r.UI.wire()
	}
	if r.Expand != nil {
		m["expand"] = r.Expand.wire()
	}
	if r.Block != nil {
		text := r.Block.Message
		if r.Block.Silent {
			text = ""
		}
		m["block"] = text
	}
	return m, nil
}

func (l *Later) wire() any {
	state := l.State
	if state == nil {
		state = []byte{}
	}
	return map[string]any{"retry_after_ms": l.After.Milliseconds(), "state": state}
}
