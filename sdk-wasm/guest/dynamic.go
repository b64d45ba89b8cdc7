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
	return Node{ID: d.ID, schema: schema, do: func(b []byte, op int32, m, inputs abi.Pairs) ([]byte, error) {
		return d.answer(b, op, m, inputs, lazy)
	}}
}

func (d *Dynamic) answer(b []byte, op int32, m, inputs abi.Pairs, lazy []string) ([]byte, error) {
	in := argsOf(inputs)
	switch {
	case op == abi.OpExecute:
		r, err := d.Do(in)
		return r.append(b, err)
	case op == abi.OpResume && d.Resume != nil:
		state, _ := m.Find("state").Bytes()
		r, err := d.Resume(in, state)
		return r.append(b, err)
	case op == abi.OpCheckLazy && d.Need != nil:
		return wanted(b)(d.Need(in))
	case op == abi.OpCheckLazy:
		return wanted(b)((&Ports{lazy: lazy}).missing(inputs), nil)
	case op == abi.OpValidate:
		return appended(b)(d.validate(in, m.Find("linked")))
	case op == abi.OpFingerprint && d.Changed != nil:
		v, err := d.Changed(in)
		return appended(b)(toWire(v), err)
	}
	return b, errOp
}

func (d *Dynamic) validate(in Args, linked abi.Raw) (any, error) {
	if d.Check != nil {
		if err := d.Check(in); err != nil {
			return refusal(err)
		}
	}
	if d.CheckLinks == nil {
		return nil, nil
	}
	pairs := linked.Pairs(nil)
	types := make(map[string]string, len(pairs))
	for _, p := range pairs {
		types[p.Key], _ = p.Value.Text()
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

func argsOf(inputs abi.Pairs) Args {
	a := make(Args, len(inputs))
	for _, p := range inputs {
		a[p.Key] = fromWire(p.Value.Value())
	}
	return a
}

// wanted appends a list of names as a reply.
func wanted(b []byte) func(names []string, err error) ([]byte, error) {
	return func(names []string, err error) ([]byte, error) {
		b = abi.AppendArray(b, len(names))
		for _, name := range names {
			b = abi.AppendText(b, name)
		}
		return b, err
	}
}

// appended appends a value as a reply.
func appended(b []byte) func(v any, err error) ([]byte, error) {
	return func(v any, err error) ([]byte, error) {
		if err != nil {
			return b, err
		}
		return abi.Append(b, v)
	}
}

func (r *Reply) append(b []byte, err error) ([]byte, error) {
	if err != nil {
		return b, err
	}
	return appendReply(b, r, func(b []byte) ([]byte, error) { return appendList(b, r.Outputs, inList) })
}

func (l *Loop) wire() any {
	rows := make([]any, len(l.Rows))
	for i, row := range l.Rows {
		rows[i] = wireList(row)
	}
	return map[string]any{"loop": map[string]any{"outputs": rows, "keep": l.Keep}}
}

func (l *Later) wire() any {
	state := l.State
	if state == nil {
		state = []byte{}
	}
	return map[string]any{"retry_after_ms": l.After.Milliseconds(), "state": state}
}
