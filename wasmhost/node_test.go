package wasmhost

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/wasmhost/wasmtest"
)

var goldenBuilt struct {
	once sync.Once
	b    []byte
}

// loadGolden is a host with the golden pack, whose nodes show one thing each that a node can do.
func loadGolden(t *testing.T) *Host {
	t.Helper()
	goldenBuilt.once.Do(func() {
		goldenBuilt.b = wasmtest.Go(t, "github.com/cocoonhq/cocoon/sdk-wasm/examples/go/golden-pack")
	})
	text, err := os.ReadFile("../sdk-wasm/examples/go/golden-pack/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t, Config{})
	load(t, h, Source{Manifest: m, Module: goldenBuilt.b, Grant: m.Capabilities.All()})
	return h
}

// heard is a reporter that remembers.
type heard struct {
	steps    []float64
	states   []float64
	pictures []*node.Preview
	all      []string
}

func (r *heard) Progress(v, _ float64, p *node.Preview) {
	r.steps, r.pictures = append(r.steps, v), append(r.pictures, p)
}
func (r *heard) State(v, _ float64, _ *node.Preview) { r.states = append(r.states, v) }
func (r *heard) Text(string)                         {}
func (r *heard) BroadcastText(s string)              { r.all = append(r.all, s) }
func (r *heard) Binary(uint32, []byte)               {}

func goldenCtx(t *testing.T, r node.Reporter) context.Context {
	return node.WithRun(t.Context(), node.Run{PromptID: "p", NodeID: "7", Reporter: r}.CountGraphs())
}

func TestErrorsOfGuests(t *testing.T) {
	h := loadGolden(t)
	ctx := goldenCtx(t, nil)
	_, err := find(t, h, "GoldenError").Run(ctx, node.Args{"value": int64(1), "message": "line one\n\tline two"})
	var e *node.Exception
	if !errors.As(err, &e) || *e != (node.Exception{Kind: "ValueError", Text: "line one\n\tline two"}) {
		t.Errorf("an error with a kind: %#v", err)
	}
	v := find(t, h, "GoldenValidate")
	if _, links := v.(node.LinkChecker); links {
		t.Error("a check that knows no links was given them")
	}
	for _, row := range []struct {
		mode string
		want error
	}{
		{"ok", nil}, {"false", &node.Refusal{}}, {"text", &node.Refusal{Reason: "not today"}},
		{"raise", &node.Exception{Kind: "RuntimeError", Text: "validator broke"}}, {"?", &node.Exception{Kind: "KeyError", Text: "'?'"}},
	} {
		if d := cmp.Diff(row.want, v.(node.Checker).Check(ctx, node.Args{"mode": row.mode, "n": int64(9)})); d != "" {
			t.Errorf("%s: -want +got\n%s", row.mode, d)
		}
	}
	c := find(t, h, "GoldenChanged").(node.Fingerprinter)
	if f, err := c.Fingerprint(ctx, node.Args{"mode": "nan"}); err != nil || f == f {
		t.Errorf("fingerprint %v, %v, want a NaN", f, err)
	}
	if _, err := c.Fingerprint(ctx, node.Args{"mode": "raise"}); !errors.As(err, &e) || e.Kind != "RuntimeError" {
		t.Errorf("fingerprint: %v, want an exception", err)
	}
}

// TestValuesSurvive hands values through a guest: numbers keep their sort, and what no message holds comes back too.
func TestValuesSurvive(t *testing.T) {
	h := loadGolden(t)
	deep := any("x")
	for range 60 {
		deep = []any{deep}
	}
	many := make([]any, 100_000)
	for i := range many {
		many[i] = int64(i)
	}
	for name, v := range map[string]any{
		"an integer": int64(1), "the same with a fraction": 1.0, "a large one": uint64(math.MaxUint64), "the least": int64(math.MinInt64),
		"nothing": nil, "truth": true, "a text": "ü\n\"", "a list": []any{int64(1), 1.0, nil, "1"}, "an object": map[string]any{"a": map[string]any{"b": 2.0}},
		"a text of 5 MiB": strings.Repeat("x", 5<<20), "lists in lists": deep, "100,000 items": many,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := find(t, h, "GoldenEcho").Run(goldenCtx(t, nil), node.Args{"value": v})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(v, r.Outputs[0]) { // cmp takes twice as long for each level
				t.Errorf("got %.2000v", r.Outputs[0])
			}
		})
	}
	for text, want := range map[string]any{"1": int64(1), "1.0": 1.0, "true": true, "null": nil, `"a"`: "a", "[1]": []any{int64(1)}} {
		r, err := find(t, h, "GoldenConst").Run(goldenCtx(t, nil), node.Args{"value": text})
		if d := cmp.Diff([]any{want, want, want, want}, r.Outputs); d != "" || err != nil {
			t.Errorf("%s: %v -want +got\n%s", text, err, d)
		}
	}
}

func TestHiddenInputs(t *testing.T) {
	h := loadGolden(t)
	prompt := &doc.Object{}
	prompt.Set("z", 1.0)
	prompt.Set("a", []any{"3", int64(1)})
	r, err := find(t, h, "GoldenHidden").Run(goldenCtx(t, nil), node.Args{"uid": "7", "prompt": prompt, "info": nil, "token": "my secret", "key": nil, "other": int64(7)})
	if err != nil {
		t.Fatal(err)
	}
	got := r.UI["text"][0].(string)
	want := `{"info": null, "key": null, "other": 7, "prompt": {"z": 1.0, "a": ["3", 1]}, "token": "{{secret:AUTH_TOKEN_COMFY_ORG}}", "uid": "7"}`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	r, err = find(t, h, "GoldenV3").Run(goldenCtx(t, nil), node.Args{"n": int64(1), "prompt": prompt, "extra_pnginfo": nil, "unique_id": "7",
		"mode": map[string]any{"mode": "plain"}, "grow": map[string]any{"v0": 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	want = `{"grow": {"v0": 0.5}, "mode": {"mode": "plain"}, "n": 1, "unique_id": "7"}`
	if d := cmp.Diff(want, r.UI["text"][0]); d != "" {
		t.Errorf("a node of the newer style gets what it declares: -want +got\n%s", d)
	}
}

func TestRepliesOfGuests(t *testing.T) {
	h := loadGolden(t)
	var r heard
	ctx := goldenCtx(t, &r)
	reply, err := find(t, h, "GoldenSteps").Run(ctx, node.Args{"steps": int64(3), "delay": 0.0, "preview": "PNG", "width": int64(5), "height": int64(4), "limit": int64(0)})
	if err != nil || !cmp.Equal(reply.Outputs, []any{int64(3)}) || !cmp.Equal(r.steps, []float64{1, 2, 3}) {
		t.Fatalf("steps: %v, %v, told %v", reply.Outputs, err, r.steps)
	}
	for _, p := range r.pictures {
		if p == nil || p.Format != "PNG" || p.MaxSide != 5 || p.Image.Bounds().Dx() != 5 || p.Image.Bounds().Dy() != 4 {
			t.Fatalf("a step's picture is %+v", p)
		}
		if red, green, blue, _ := p.Image.At(4, 3).RGBA(); red>>8 != 255 || green>>8 != 128 || blue != 0 {
			t.Fatalf("its colour is %d %d %d", red>>8, green>>8, blue>>8)
		}
	}
	if _, err := find(t, h, "GoldenText").Run(ctx, node.Args{"text": "to all"}); err != nil || !cmp.Equal(r.all, []string{"to all"}) {
		t.Errorf("text: %v, heard %q", err, r.all)
	}
	reply, err = find(t, h, "GoldenUI").Run(ctx, node.Args{"ui": "{}"})
	if err != nil || reply.UI == nil || len(reply.UI) != 0 {
		t.Errorf("an empty ui: %#v, %v", reply.UI, err)
	}
	reply, err = find(t, h, "GoldenList").Run(ctx, node.Args{"values": `[1, "BLOCK:no", "BLOCK:"]`})
	want := []any{node.List{int64(1), node.Blocker{Message: "no", Say: true}, node.Blocker{}}}
	if d := cmp.Diff(want, reply.Outputs); d != "" || err != nil {
		t.Errorf("blockers: %v -want +got\n%s", err, d)
	}
	reply, err = find(t, h, "GoldenExpand").Run(ctx, node.Args{"value": []any{"3", int64(0)}, "depth": int64(1)})
	if err != nil || len(reply.Expand.Nodes) != 2 || reply.Expand.Nodes[1].ID != "7.0.0.2" || !cmp.Equal(reply.Outputs, []any{node.Socket{Node: "7.0.0.2"}, "literal"}) {
		t.Errorf("expansion: %v %+v", err, reply)
	}
	names, err := find(t, h, "GoldenLazy").(node.Needer).Need(ctx, node.Args{"ask": "a,b", "a": nil, "b": int64(1)})
	if err != nil || !cmp.Equal(names, []string{"a"}) {
		t.Errorf("need %v, %v", names, err)
	}
}

func TestLoopsOfGuests(t *testing.T) {
	start := find(t, loadGolden(t), "StartLoop").(node.Looper)
	for _, row := range []struct {
		mode map[string]any
		want [][]any
	}{
		{map[string]any{"mode": "For", "start_iteration_index": int64(5), "max_iteration": int64(0), "step": int64(-2)},
			[][]any{{int64(5), true, false, nil}, {int64(3), false, false, nil}, {int64(1), false, true, nil}}},
		{map[string]any{"mode": "List", "list": []any{"a", 2.0}}, [][]any{{int64(0), true, false, "a"}, {int64(1), false, true, 2.0}}},
		{map[string]any{"mode": "simple", "num_iterations": int64(0)}, [][]any{}},
	} {
		l, err := start.Iterations(goldenCtx(t, nil), node.Args{"mode": row.mode, "cache_iterations": true})
		if err != nil || !l.KeepResults {
			t.Fatalf("%v: %v, keeps %v", row.mode, err, l.KeepResults)
		}
		got := [][]any{}
		for i := range l.Count {
			got = append(got, l.Outputs(i))
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%v: -want +got\n%s", row.mode, d)
		}
	}
	if _, err := start.Iterations(goldenCtx(t, nil), node.Args{"mode": map[string]any{"mode": "simple", "num_iterations": int64(maxIterations + 1)}}); err == nil {
		t.Error("a loop without end was planned")
	}
}

// TestDynamicInputs compares what clients are told of a dynamic node.
func TestDynamicInputs(t *testing.T) {
	h := loadGolden(t)
	reg, err := node.NewRegistry(h.All(t.Context())...)
	if err != nil {
		t.Fatal(err)
	}
	var info map[string]struct {
		Input  map[string]map[string][]any
		Module string `json:"python_module"`
	}
	if err := json.Unmarshal(node.ObjectInfoOf(t.Context(), reg, "GoldenV3"), &info); err != nil {
		t.Fatal(err)
	}
	got := info["GoldenV3"]
	want := []any{"COMFY_AUTOGROW_V3", map[string]any{"template": map[string]any{"prefix": "v", "min": 1.0, "max": 4.0,
		"input": map[string]any{"required": map[string]any{"v": []any{"FLOAT", map[string]any{"min": 0.0, "max": 1.0, "forceInput": true}}}}}}}
	if d := cmp.Diff(want, got.Input["required"]["grow"]); d != "" || got.Module != "custom_nodes.golden-pack" {
		t.Errorf("module %q, -want +got\n%s", got.Module, d)
	}
}
