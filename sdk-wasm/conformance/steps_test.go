package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// stepCase is a case of steps. What it wants is a reply, a failure that the guest gave, or the code by which the host ended
// the call.
type stepCase struct {
	Name   string
	Says   string                    // for people
	Setup  string                    // "" or "real"
	Limits json.RawMessage           // over wasmhost.ExecuteLimits
	Run    map[string]string         // node, prompt and client; absent is node 7 of a prompt named like the case
	Inputs map[string]map[string]any // name → {kind: shape}
	Linked map[string]any            // what the engine would compute when it is asked for: values, or {kind: shape}
	Steps  [][]any
	Want   []any
	Fail   map[string]any // code and text
	Trap   string
	Events []any
	Log    []any
	Sent   []any
}

func readSteps(t testing.TB) []stepCase {
	t.Helper()
	var all []stepCase
	for _, name := range []string{"core", "tensor", "outside", "media", "stream"} {
		b, err := caseFiles.ReadFile(path.Join("cases", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var some []stepCase
		decodeJSON(t, b, &some)
		all = append(all, some...)
	}
	return all
}

func tenantOf(setup string) tenant.ID { return tenant.ID("kit" + setup) }

// outcome is what a case gave.
type outcome struct {
	reply       []byte
	err         error
	events, log []any
	sent        []any
	fuel        int64
}

// bench is one guest, loaded as each setup wants it.
type bench struct {
	w      *world
	n      *notation
	loaded map[string]*wasmhost.Extension
}

func newBench(t testing.TB, c *contract, module []byte, interpret bool) *bench {
	t.Helper()
	w := newWorld(t)
	h := w.newHost(t, interpret)
	b := &bench{w: w, n: newNotation(t, c, w.origin), loaded: map[string]*wasmhost.Extension{}}
	for _, setup := range []string{"", "real"} {
		b.loaded[setup] = w.load(t, h, module, setup)
	}
	return b
}

// run runs a case. Each has a tenant of its own, so that none finds what another left.
func (b *bench) run(t testing.TB, x *stepCase) outcome {
	t.Helper()
	limits := wasmhost.ExecuteLimits()
	if x.Limits != nil {
		if err := json.Unmarshal(x.Limits, &limits); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(tenant.With(t.Context(), tenant.ID(x.Name)))
	defer cancel()
	heard := &reporter{cancel: cancel}
	run := node.Run{NodeID: "7", PromptID: x.Name, Reporter: heard}
	if x.Run != nil {
		run = node.Run{NodeID: x.Run["node"], PromptID: x.Run["prompt"], ClientID: x.Run["client"]}
	}
	if x.Linked != nil {
		run.Puller = &linked{t, b.n, x.Linked, cancel}
	}
	var steps []any
	for _, s := range x.Steps {
		steps = append(steps, b.n.step(s))
	}
	e := b.loaded[x.Setup]
	lines, fuel := len(e.Log()), e.Stats().Fuel
	b.w.takeSent()
	var o outcome
	o.reply, o.err = e.Selftest(node.WithRun(ctx, run), limits, map[string]any{"steps": steps}, inputsOf(t, x.Inputs))
	o.fuel, o.events = e.Stats().Fuel-fuel, heard.events
	for _, l := range e.Log()[min(lines, len(e.Log())):] {
		o.log = append(o.log, l.Level+" "+l.Text)
	}
	for _, s := range b.w.takeSent() {
		o.sent = append(o.sent, s)
	}
	return o
}

// judge compares an outcome with what the case wants.
func (b *bench) judge(t testing.TB, x *stepCase, o outcome) {
	t.Helper()
	switch {
	case x.Fail != nil:
		want := b.n.value(x.Fail).(map[string]any)
		var got *wasmhost.Failure
		if !errors.As(o.err, &got) {
			t.Errorf("gives %v, reply %s; want the failure %v", o.err, show(o.reply), want)
		} else if int64(got.Errno) != want["code"] || got.Error() != want["text"] {
			t.Errorf("fails with %d %q, want %v", got.Errno, got.Error(), want)
		}
	case x.Trap != "":
		var got *fault.Error
		if !errors.As(o.err, &got) || string(got.Code) != x.Trap {
			t.Errorf("gives %v, reply %s; want the end by %s", o.err, show(o.reply), x.Trap)
		}
	case o.err != nil: // a guest that is cancelled also ends when it has used a slice of its fuel
		t.Errorf("gives %v, with fuel %d", o.err, o.fuel)
	default:
		want, err := abi.Append(nil, b.n.value(x.Want))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(o.reply, want) {
			t.Errorf("replies\n%s\nwant\n%s", show(o.reply), show(want))
		}
	}
	for _, l := range []struct {
		what      string
		got, want []any
	}{{"events", o.events, x.Events}, {"sent", o.sent, x.Sent}, {"log", o.log, x.Log}} {
		if l.want == nil {
			continue
		}
		if d := cmp.Diff(b.n.value(l.want), any(l.got)); d != "" {
			t.Errorf("%s: %s", l.what, d)
		}
	}
}

// TestSteps runs every case in every language.
func TestSteps(t *testing.T) {
	c := readContract(t)
	cases := readSteps(t)
	each(t, func(t *testing.T, g *guest) {
		b := newBench(t, c, g.module(t), false)
		for i := range cases {
			x := &cases[i]
			t.Run(x.Name, func(t *testing.T) { b.judge(t, x, b.run(t, x)) })
		}
	})
}

// inputsOf makes what a case's calls are given.
func inputsOf(t testing.TB, inputs map[string]map[string]any) node.Args {
	args := node.Args{}
	for name, of := range inputs {
		for kind, v := range of {
			args[name] = inputOf(t, kind, v)
		}
	}
	return args
}

// linked stands for the engine where a node asks for inputs. Asking for "cancel" cancels the call.
type linked struct {
	t      testing.TB
	n      *notation
	values map[string]any
	cancel func()
}

// Pull gives what the case has.
func (l *linked) Pull(ctx context.Context, name string) (any, error) {
	v, ok := l.values[name]
	switch m, special := v.(map[string]any); {
	case name == "cancel":
		l.cancel()
		return nil, ctx.Err()
	case name == "broken":
		return nil, errors.New("the graph is gone")
	case !ok:
		return nil, fault.New(fault.NotFound, "no link at %s", name)
	case special && len(m) == 1:
		for kind, shape := range m {
			if slices.Contains([]string{"image", "mask", "latent", "tensor", "audio", "opaque"}, kind) {
				return inputOf(l.t, kind, shape), nil
			}
		}
	}
	return l.n.value(v), nil
}

// ramp is a tensor of 0, 1/8, … 7/8, 0, 1/8, …: values that every format holds exactly.
func ramp(shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.F32, shape...)
	for i := range x.F32() {
		x.F32()[i] = float32(i%8) / 8
	}
	return x
}

// model is a value that guests pass on unseen.
type model struct{}

// LinkType names the type.
func (model) LinkType() node.Type { return "MODEL" }

func inputOf(t testing.TB, kind string, v any) any {
	var shape []int
	if l, ok := v.([]any); ok {
		for _, d := range l {
			n, err := strconv.Atoi(fmt.Sprint(d))
			if err != nil {
				t.Fatal(err)
			}
			shape = append(shape, n)
		}
	}
	switch kind {
	case "image":
		return value.Image{Tensor: ramp(shape...)}
	case "mask":
		return value.Mask{Tensor: ramp(shape...)}
	case "tensor":
		return ramp(shape...)
	case "latent":
		return value.Latent{Samples: ramp(shape...), NoiseMask: ramp(shape[0], 1, shape[2], shape[3])}
	case "plain latent":
		return value.Latent{Samples: ramp(shape...)}
	case "audio":
		return value.Audio{Waveform: ramp(shape...), Rate: 44100}
	case "opaque":
		return model{}
	}
	t.Fatalf("there is no input of kind %q", kind)
	return nil
}

// reporter hears what a call tells. The text "cancel" cancels the call.
type reporter struct {
	events []any
	cancel func()
}

func (r *reporter) add(format string, args ...any) {
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

// Progress hears progress and previews.
func (r *reporter) Progress(v, total float64, p *node.Preview) {
	if p != nil {
		s := p.Image.Bounds().Size()
		with := ""
		if total > 0 {
			with = fmt.Sprintf(" with %v of %v", v, total)
		}
		r.add("preview %s %dx%d most %d%s", p.Format, s.X, s.Y, p.MaxSide, with)
		return
	}
	r.add("progress %v of %v", v, total)
}

// State hears progress of the newer style.
func (r *reporter) State(v, total float64, _ *node.Preview) { r.add("state %v of %v", v, total) }

// Text hears a line.
func (r *reporter) Text(s string) {
	r.add("text %s", s)
	if s == "cancel" {
		r.cancel()
	}
}

// BroadcastText hears a line for all.
func (r *reporter) BroadcastText(s string) { r.add("all %s", s) }

// Binary hears nothing: guests have no such function.
func (r *reporter) Binary(uint32, []byte) {}
