package conformance

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// nodeCase is a call of one of the kit's nodes, as the engine makes it.
type nodeCase struct {
	Name, Class string
	Do          string // "" runs; need, check, fingerprint, iterations
	Args        map[string]any
	Linked      map[string]string // types of linked inputs
	Post        string            // a message that is there before the node runs
	Cancelled   bool              // the call is cancelled from the start of its first progress, or when it waits
	Want        any
	Error       string // its text; "cancelled"; "any"
	Events      []any
}

// nodeBench is a host with the kit's guest.
type nodeBench struct {
	w *world
	n *notation
	h *wasmhost.Host
	e *wasmhost.Extension
}

func newNodeBench(t *testing.T, c *contract, module []byte) *nodeBench {
	w := newWorld(t)
	h := w.newHost(t, false)
	return &nodeBench{w, newNotation(t, c, w.origin), h, w.load(t, h, module, "")}
}

func (b *nodeBench) node(t testing.TB, class string) node.Node {
	t.Helper()
	for _, n := range b.e.Nodes() {
		if n.Schema().ID == class {
			return n
		}
	}
	t.Fatalf("the guest has no node %s", class)
	return nil
}

// TestNodes holds the kit's nodes of every language to one meaning.
func TestNodes(t *testing.T) {
	c := readContract(t)
	b, err := caseFiles.ReadFile("cases/nodes.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []nodeCase
	decodeJSON(t, b, &cases)
	each(t, func(t *testing.T, g *guest) {
		b := newNodeBench(t, c, g.module(t))
		for i := range cases {
			t.Run(cases[i].Name, func(t *testing.T) { b.run(t, &cases[i]) })
		}
	})
}

func (b *nodeBench) run(t *testing.T, x *nodeCase) {
	ctx, cancel := context.WithCancel(tenant.With(t.Context(), tenantOf("")))
	defer cancel()
	heard := &reporter{cancel: cancel}
	var r node.Reporter = heard
	if x.Cancelled {
		r = &canceller{heard}
	}
	ctx = node.WithRun(ctx, node.Run{NodeID: "7", PromptID: x.Name, Reporter: r}.CountGraphs())
	if x.Post != "" {
		b.post(t, "7", x.Post)
	}
	if x.Cancelled && x.Class == "KitWait" {
		cancel()
	}
	got, err := b.ask(ctx, t, x)
	if x.Error != "" {
		if err == nil || !wanted(err, x.Error) {
			t.Fatalf("gives %v, %v; want the error %q", got, err, x.Error)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.n.value(x.Want), got); d != "" {
		t.Error(d)
	}
	if x.Events != nil {
		if d := cmp.Diff(b.n.value(x.Events), any(heard.events)); d != "" {
			t.Error(d)
		}
	}
}

// canceller cancels the call at its first progress.
type canceller struct{ *reporter }

// Progress cancels.
func (c *canceller) Progress(v, total float64, p *node.Preview) {
	c.cancel()
	c.reporter.Progress(v, total, p)
}

func wanted(err error, want string) bool {
	var raised *node.Exception
	var said *wasmhost.Failure
	switch {
	case want == "any":
		return true
	case want == "cancelled":
		return errors.Is(err, fault.Cancelled) || errors.Is(err, context.Canceled) || errors.As(err, &said)
	case errors.As(err, &raised):
		return raised.Kind+": "+raised.Text == want
	case errors.As(err, &said):
		return said.Text == want
	}
	return false
}

// ask does what a case says and gives the answer as cases write it.
func (b *nodeBench) ask(ctx context.Context, t *testing.T, x *nodeCase) (any, error) {
	n, args := b.node(t, x.Class), b.args(t, x.Args)
	switch x.Do {
	case "need":
		names, err := n.(node.Needer).Need(ctx, args)
		out := []any{}
		for _, s := range names {
			out = append(out, s)
		}
		return out, err
	case "check":
		var err error
		if x.Linked != nil {
			types := map[string]node.Type{}
			for name, t := range x.Linked {
				types[name] = node.Type(t)
			}
			err = n.(node.LinkChecker).CheckLinks(ctx, args, types)
		} else {
			err = n.(node.Checker).Check(ctx, args)
		}
		var no *node.Refusal
		if errors.As(err, &no) {
			return no.Reason, nil
		}
		return nil, err
	case "iterations":
		l, err := n.(node.Looper).Iterations(ctx, args)
		rows := []any{}
		for i := range l.Count {
			rows = append(rows, l.Outputs(i))
		}
		return map[string]any{"keep": l.KeepResults, "rows": rows}, err
	case "fingerprint":
		return n.(node.Fingerprinter).Fingerprint(ctx, args)
	}
	r, err := n.Run(ctx, args)
	if err != nil {
		return nil, err
	}
	return written(r), nil
}

// args makes arguments from their notation.
func (b *nodeBench) args(t *testing.T, m map[string]any) node.Args {
	args := node.Args{}
	for name, v := range m {
		of, ok := v.(map[string]any)
		if !ok {
			args[name] = b.n.value(v)
			continue
		}
		for kind, x := range of {
			switch kind {
			case "map":
				args[name] = b.n.value(x)
			case "list":
				args[name] = node.List(b.n.value(x).([]any))
			case "json":
				o, err := doc.ParseObject([]byte(x.(string)), doc.DefaultLimits())
				if err != nil {
					t.Fatal(err)
				}
				args[name] = o
			default:
				args[name] = inputOf(t, kind, x)
			}
		}
	}
	return args
}

// written is a reply in the notation of cases.
func written(r node.Reply) any {
	outputs := []any{}
	for _, v := range r.Outputs {
		outputs = append(outputs, writtenValue(v))
	}
	m := map[string]any{"outputs": outputs}
	if r.UI != nil {
		ui := map[string]any{}
		for kind, items := range r.UI {
			ui[kind] = items
		}
		m["ui"] = ui
	}
	if r.Block != nil {
		m["block"] = writtenValue(*r.Block).(map[string]any)["block"]
	}
	if r.Expand != nil {
		nodes := []any{}
		for _, n := range r.Expand.Nodes {
			inputs := []any{}
			for _, name := range n.Order {
				inputs = append(inputs, []any{name, writtenValue(n.Inputs[name])})
			}
			made := map[string]any{"id": n.ID, "class": n.Class, "inputs": inputs}
			if n.DisplayAs != "" {
				made["display"] = n.DisplayAs
			}
			nodes = append(nodes, made)
		}
		m["expand"] = nodes
	}
	return m
}

func writtenValue(v any) any {
	switch x := v.(type) {
	case node.List:
		out := []any{}
		for _, e := range x {
			out = append(out, writtenValue(e))
		}
		return map[string]any{"list": out}
	case node.Blocker:
		if x.Say {
			return map[string]any{"block": x.Message}
		}
		return map[string]any{"block": nil}
	case node.Socket:
		return map[string]any{"link": []any{x.Node, int64(x.Output)}}
	case value.Image:
		return writtenTensor("image", x.Tensor)
	case value.Mask:
		return writtenTensor("mask", x.Tensor)
	case value.Latent:
		return writtenTensor("latent", x.Samples)
	case model:
		return "model"
	}
	return v
}

func writtenTensor(kind string, t *tensor.Tensor) any {
	shape, values := []any{}, []any{}
	for _, d := range t.Shape() {
		shape = append(shape, int64(d))
	}
	for _, f := range t.F32() {
		values = append(values, json32(f))
	}
	runtime.KeepAlive(t)
	return map[string]any{kind: shape, "values": values}
}

// json32 is a number as the notation reads it: whole ones are integers.
func json32(f float32) any {
	if f == float32(int64(f)) {
		return int64(f)
	}
	return float64(f)
}

// TestWaitingNodeIsWoken: a route's message reaches a node that waits.
func TestWaitingNodeIsWoken(t *testing.T) {
	c := readContract(t)
	each(t, func(t *testing.T, g *guest) {
		b := newNodeBench(t, c, g.module(t))
		type result struct {
			r   node.Reply
			err error
		}
		done := make(chan result, 1)
		ctx := node.WithRun(tenant.With(t.Context(), tenantOf("")), node.Run{NodeID: "42", PromptID: "p"})
		go func() {
			r, err := b.node(t, "KitWait").Run(ctx, node.Args{})
			done <- result{r, err}
		}()
		b.post(t, "42", "now") // before or after it waits
		got := <-done
		if got.err != nil || !cmp.Equal(got.r.Outputs, []any{"now"}) {
			t.Errorf("gives %v, %v", got.r.Outputs, got.err)
		}
	})
}

// TestSchemas: the declarations of the four languages are one to the clients.
func TestSchemas(t *testing.T) {
	c := readContract(t)
	var first string
	each(t, func(t *testing.T, g *guest) {
		b := newNodeBench(t, c, g.module(t))
		reg, err := node.NewRegistry(b.e.Nodes()...)
		if err != nil {
			t.Fatal(err)
		}
		info := string(node.ObjectInfo(t.Context(), reg))
		if first == "" {
			first = info
		}
		if d := cmp.Diff(strings.Split(first, ","), strings.Split(info, ",")); d != "" {
			t.Error(d)
		}
	})
}
