package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// Config is what tests run on. Only Backend is required.
type Config struct {
	Backend tensor.Backend
	Lookup  func(class string) (node.Node, bool) // the server's own nodes
	// As wasmhost.Config has them. What a server tests it must isolate as what it runs.
	Jail      []string
	CodeDir   string
	Isolation wasmhost.Isolation
	Worker    []string
	// Loaded, if set, is told of the extension each time that it starts.
	Loaded func(e *wasmhost.Extension)
}

// Fuel that a test's call may use, and up to which the interpreter repeats it: it is some 80 times slower. Check stops when
// the tests so far have used mostFuel together, or checkTime.
const (
	mostFuel   = 2e9
	repeatFuel = 40e6
	checkTime  = time.Minute
)

// What nodes are called while they are tested.
const (
	promptID = "test"
	nodeID   = "1"
)

// Bench is an extension that runs by itself: with everything it asks for, and nothing around it. No request of it goes out.
type Bench struct {
	Ext  *wasmhost.Extension
	Took time.Duration // from the module's bytes until it was ready

	host *wasmhost.Host
}

// Start loads an extension. Close the Bench.
func Start(ctx context.Context, c Config, m *pack.Manifest, module []byte, interpret bool) (*Bench, error) {
	h, err := wasmhost.New(ctx, wasmhost.Config{Backend: c.Backend, Lookup: c.Lookup, Jail: c.Jail, CodeDir: c.CodeDir, Interpret: interpret, Hurry: true,
		Isolation: c.Isolation, Worker: c.Worker, Client: &http.Client{Transport: nowhere{}}})
	if err != nil {
		return nil, err
	}
	l := wasmhost.DefaultLimitSet()
	l.Execute.Fuel, l.Execute.Wall, l.Route.Wall = mostFuel, 2*time.Minute, 2*time.Minute
	if w := m.Limits; w != nil && w.MemoryMiB > 0 {
		l.Execute.MemoryPages = min(w.MemoryMiB, 1024) * 16
	}
	if interpret {
		l.Describe.Wall = 2 * time.Minute
	}
	begin := time.Now()
	e, err := h.Load(ctx, wasmhost.Source{Manifest: m, Module: module, Grant: m.Capabilities.All(), Limits: l})
	if err != nil {
		return nil, errors.Join(err, h.Close(context.WithoutCancel(ctx)))
	}
	if c.Loaded != nil {
		c.Loaded(e)
	}
	return &Bench{Ext: e, Took: time.Since(begin), host: h}, nil
}

// nowhere carries no request: what an extension does is to depend on nothing outside.
type nowhere struct{}

// RoundTrip refuses.
func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, fault.New(fault.Forbidden, "tests send no requests")
}

// Close ends the extension.
func (b *Bench) Close() error { return b.host.Close(context.Background()) }

// Node finds a node by class.
func (b *Bench) Node(class string) (node.Node, error) {
	var names []string
	for _, n := range b.Ext.Nodes() {
		if n.Schema().ID == class {
			return n, nil
		}
		names = append(names, n.Schema().ID)
	}
	return nil, fault.New(fault.NotFound, "the extension has no node %q; it has %s", class, strings.Join(names, ", "))
}

// outcome is what came of a vector, in a form that can be compared to the byte.
type outcome struct {
	exact  string // JSON
	kept   []json.RawMessage
	fuel   int64
	failed error
}

// Call makes a call of a node as the engine does. A node that asks for an input while it runs gets what it was given for it.
func (b *Bench) Call(ctx context.Context, n node.Node, args node.Args) (node.Reply, error) {
	run := node.Run{PromptID: promptID, NodeID: nodeID}
	if n.Schema().Async {
		run.Puller = given(args)
	}
	return n.Run(node.WithRun(ctx, run.CountGraphs()), args)
}

// CallWith is Call with messages that wait for the node.
func (b *Bench) CallWith(ctx context.Context, n node.Node, args node.Args, messages []Message) (node.Reply, error) {
	for _, m := range messages {
		if err := b.Ext.Post(ctx, promptID, nodeID, m.Topic, []byte(m.Text)); err != nil {
			return node.Reply{}, err
		}
	}
	return b.Call(ctx, n, args)
}

// given are a vector's inputs as links.
type given node.Args

// Pull gives an input.
func (g given) Pull(_ context.Context, input string) (any, error) {
	v, ok := g[input]
	if !ok {
		return nil, fault.New(fault.NotFound, "the test has no input %q", input)
	}
	return v, nil
}

// run runs a vector and holds it against what it wants.
func (b *Bench) run(ctx context.Context, v *Vector) (outcome, error) {
	before := b.Ext.Stats().Fuel
	var o outcome
	var err error
	if v.Request != nil {
		o, err = b.request(ctx, v)
	} else {
		o, err = b.execute(ctx, v)
	}
	o.fuel = b.Ext.Stats().Fuel - before
	return o, err
}

// Args are a vector's inputs; those that it does not give are the widgets' defaults.
func (v *Vector) Args(ctx context.Context, s *node.Schema) (node.Args, error) {
	args := node.Args{}
	for _, in := range s.Inputs {
		raw, given := v.Inputs[in.Name]
		if !given {
			if d, ok := defaultOf(ctx, &in); ok && in.Group == node.Required {
				args[in.Name] = d
			}
			continue
		}
		value, err := readValue(raw, in.Type)
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", in.Name, err)
		}
		args[in.Name] = value
	}
	for name := range v.Inputs {
		if _, ok := args[name]; !ok {
			value, err := readValue(v.Inputs[name], node.Any) // an input that grows
			if err != nil {
				return nil, fmt.Errorf("input %s: %w", name, err)
			}
			args[name] = value
		}
	}
	return args, nil
}

func (b *Bench) execute(ctx context.Context, v *Vector) (o outcome, err error) {
	n, err := b.Node(v.Node)
	if err != nil {
		return o, err
	}
	args, err := v.Args(ctx, n.Schema())
	if err != nil {
		return o, err
	}
	if v.Need != nil {
		return b.need(ctx, n, args, v)
	}
	if err := refuses(ctx, n, args); err != nil {
		return v.failed(err)
	}
	r, err := b.CallWith(ctx, n, args, v.Messages)
	if err := b.host.PromptDone(ctx, promptID); err != nil { // its messages and its values are no other test's
		return o, err
	}
	if err != nil {
		return v.failed(err)
	}
	if v.Error != "" {
		return o, fmt.Errorf("it succeeds, and should fail with %q", v.Error)
	}
	if o, err = outcomeOf(r); err != nil {
		return o, err
	}
	if v.Outputs != nil && len(v.Outputs) != len(r.Outputs) {
		return o, fmt.Errorf("it gives %d outputs, not %d", len(r.Outputs), len(v.Outputs))
	}
	for i, want := range v.Outputs {
		if err := holdsValue(r.Outputs[i], want); err != nil {
			return o, fmt.Errorf("output %d: %w", i, err)
		}
	}
	return o, nil
}

// since gives what the extension has written from a time on.
func (b *Bench) since(begin time.Time) []wasmhost.Line {
	lines := b.Ext.Log()
	return lines[sort.Search(len(lines), func(i int) bool { return !lines[i].At.Before(begin) }):]
}

// failed judges a call that failed. Only the first line of its error is compared: where a trap was is told behind it.
func (v *Vector) failed(err error) (outcome, error) {
	first, _, _ := strings.Cut(err.Error(), "\n")
	text, e := json.Marshal("error: " + first)
	o := outcome{exact: string(text), failed: err}
	if e == nil && (v.Error == "" || !strings.Contains(err.Error(), v.Error)) {
		e = err
	}
	return o, e
}

func (b *Bench) need(ctx context.Context, n node.Node, args node.Args, v *Vector) (o outcome, err error) {
	lazy, ok := n.(node.Needer)
	if !ok {
		return o, fault.New(fault.BadFile, "the node %s has no lazy inputs", v.Node)
	}
	got, err := lazy.Need(node.WithRun(ctx, node.Run{PromptID: promptID, NodeID: nodeID}.CountGraphs()), args)
	if err != nil {
		return v.failed(err)
	}
	text, err := json.Marshal(got)
	o.exact = string(text)
	if err == nil && !slices.Equal(got, v.Need) {
		err = fmt.Errorf("it needs %q, not %q", got, v.Need)
	}
	return o, err
}

func outcomeOf(r node.Reply) (o outcome, err error) {
	exact := map[string]any{"ui": r.UI}
	var outputs []any
	for _, v := range r.Outputs {
		e, err := writeValue(v, true)
		if err != nil {
			return o, err
		}
		outputs = append(outputs, e)
		k, err := writeValue(v, false)
		if err != nil {
			return o, err
		}
		text, err := json.Marshal(k)
		if err != nil {
			return o, fmt.Errorf("an output has no form in a test: %w", err)
		}
		o.kept = append(o.kept, text)
	}
	exact["outputs"] = outputs
	if r.Block != nil {
		exact["block"] = r.Block.Message
	}
	if r.Expand != nil {
		for _, g := range r.Expand.Nodes {
			exact["expand "+g.ID] = g.Class
		}
	}
	text, err := json.Marshal(exact)
	o.exact = string(text)
	return o, err
}

func (b *Bench) request(ctx context.Context, v *Vector) (o outcome, err error) {
	q := v.Request
	method := q.Method
	if method == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, "/ext/"+b.Ext.Manifest.ID+q.Path, strings.NewReader(q.Body))
	if err != nil {
		return o, fault.Wrap(err, fault.BadFile, "the request is none")
	}
	for k, value := range q.Headers {
		r.Header.Set(k, value)
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	if err := b.serve(w, r); err != nil {
		return o, err
	}
	text, err := json.Marshal(map[string]any{"status": w.status, "type": w.header.Get("Content-Type"), "body": string(w.body)})
	o.exact = string(text)
	if err != nil || v.Answer == nil {
		return o, err
	}
	switch want := v.Answer; {
	case want.Status != 0 && want.Status != w.status:
		err = fmt.Errorf("the status is %d, not %d: %.300s", w.status, want.Status, w.body)
	case !strings.HasPrefix(w.header.Get("Content-Type"), want.Type):
		err = fmt.Errorf("the type is %q, not %q", w.header.Get("Content-Type"), want.Type)
	case !strings.Contains(string(w.body), want.Body):
		err = fmt.Errorf("the body has no %q: %.300s", want.Body, w.body)
	}
	return o, err
}

// serve has a route answer. One that fails when its answer has begun breaks that off, as the server would.
func (b *Bench) serve(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			err = fault.New(fault.ExtensionFailed, "the answer breaks off: the extension's log says why")
		default:
			panic(p)
		}
	}()
	b.host.ServeHTTP(w, r)
	return nil
}

// answer keeps what a route answers, up to a bound.
type answer struct {
	header http.Header
	status int
	body   []byte
}

// Header is the answer's.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps the body.
func (a *answer) Write(b []byte) (int, error) {
	if len(a.body)+len(b) > maxVectorBytes {
		return 0, io.ErrShortWrite
	}
	a.body = append(a.body, b...)
	return len(b), nil
}
