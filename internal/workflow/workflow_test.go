package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/golden"
)

// TestKeptLinks holds what we do in the five cases where the client loses a link (golden README, trap 5).
func TestKeptLinks(t *testing.T) {
	types := goldenTypes(t, nil)
	tests := []struct {
		name, node, input string
		want              []any
	}{
		{"cases/dyncombo_linked_sub", "2", "resize_type.multiplier", []any{"4", 0.0}},
		{"cases/dyncombo_linked_last_slot", "2", "resize_type.multiplier", []any{"4", 0.0}},
		{"cases/dyncombo_match", "2", "resize_type.match", []any{"4", 0.0}},
		{"made/dyncombo_link", "2", "resize_type.multiplier", []any{"3", 0.0}},
		{"made/dyncombo_match", "3", "resize_type.match", []any{"2", 0.0}},
	}
	if len(tests) != len(clientFaults) {
		t.Fatalf("%d tests for %d client faults", len(tests), len(clientFaults))
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(golden.Dir(t, "workflows"), tt.name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var c struct{ Workflow, Prompt json.RawMessage }
			if err := json.Unmarshal(data, &c); err != nil {
				t.Fatal(err)
			}
			prompt := convert(t, types, string(c.Workflow))
			inputs := prompt[tt.node].(map[string]any)["inputs"].(map[string]any)
			if d := cmp.Diff(tt.want, inputs[tt.input]); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.input, d)
			}
			// All but the link is as recorded.
			want := decode(t, c.Prompt).(map[string]any)
			recorded := want[tt.node].(map[string]any)["inputs"].(map[string]any)
			delete(recorded, tt.input)
			delete(inputs, tt.input)
			if d := cmp.Diff(want, prompt); d != "" {
				t.Errorf("the rest (-want +got):\n%s", d)
			}
		})
	}
}

func convert(t *testing.T, types *Types, workflow string) map[string]any {
	t.Helper()
	c, err := LoadWorkflow(t.Context(), []byte(workflow), types, fixedOptions())
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Prompt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, p).(map[string]any)
}

// TestPassthrough resolves an input of a subgraph that is linked straight to an output, where the client gives up.
func TestPassthrough(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(golden.Dir(t, "workflows"), "cases", "subgraph_passthrough.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Workflow json.RawMessage }
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	got := convert(t, goldenTypes(t, nil), string(c.Workflow))["9"].(map[string]any)["inputs"]
	want := map[string]any{"filename_prefix": "out", "images": []any{"1", 0.0}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestPromptKeepsDigits(t *testing.T) {
	const in = `{"1":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":7.0,"denoise":0.123456789}}}`
	o, err := Open(t.Context(), "a.json", []byte(in), goldenTypes(t, nil), fixedOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"seed":18446744073709551615`, `"cfg":7.0`, `"denoise":0.123456789`} {
		if !strings.Contains(string(o.Prompt), want) {
			t.Errorf("%s is missing in %s", want, o.Prompt)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	nested := strings.Repeat("[", 100_000)
	wide := `{"version":0.4,"nodes":[` + strings.Repeat(`{},`, maxNodes) + `{}]}`
	tests := []struct {
		name, in string
		want     fault.Code
	}{
		{"no JSON", `{"nodes":`, fault.BadFile},
		{"a list", `[1]`, fault.BadFile},
		{"a null node", `{"nodes":[null]}`, fault.BadFile},
		{"a null link", `{"nodes":[],"links":[null],"version":0.4}`, fault.BadFile},
		{"deep", nested, fault.TooLarge},
		{"deep objects", strings.Repeat(`{"a":`, 100_000), fault.TooLarge},
		{"many nodes", wide, fault.TooLarge},
		{"a subgraph in itself", `{"nodes":[{"id":1,"type":"a"}],"definitions":{"subgraphs":[{"id":"a","nodes":[{"id":2,"type":"b"}]},{"id":"b","nodes":[{"id":3,"type":"a"}]}]}}`, fault.BadFile},
		{"subgraphs that double", doubling(40), fault.TooLarge},
		{"subgraphs too deep", doubling(maxNesting + 5), fault.TooLarge},
	}
	types := goldenTypes(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := LoadWorkflow(t.Context(), []byte(tt.in), types, fixedOptions())
			if err == nil {
				_, err = c.Prompt(t.Context())
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// doubling nests depth subgraphs, each with two of the next.
func doubling(depth int) string {
	var defs []string
	for i := range depth {
		defs = append(defs, fmt.Sprintf(`{"id":"d%d","nodes":[{"id":1,"type":"d%d"},{"id":2,"type":"d%d"}]}`, i, i+1, i+1))
	}
	defs = append(defs, fmt.Sprintf(`{"id":"d%d","nodes":[{"id":1,"type":"EmptyImage"}]}`, depth))
	return `{"nodes":[{"id":1,"type":"d0"}],"definitions":{"subgraphs":[` + strings.Join(defs, ",") + `]}}`
}

func TestProblems(t *testing.T) {
	tests := []struct {
		name, in string
		want     []Problem
	}{
		{"an unknown type", `{"version":0.4,"nodes":[{"id":7,"type":"Gone","title":"My node"}]}`,
			[]Problem{{NodeID: "7", Title: "My node", Message: `This server has no node of type "Gone".`, Blocks: true}}},
		{"a muted unknown type", `{"version":0.4,"nodes":[{"id":7,"type":"Gone","mode":2},{"id":8,"type":"PreviewAny"}]}`, []Problem{}},
		{"a link the table lacks", `{"version":0.4,"nodes":[{"id":1,"type":"PreviewAny","inputs":[{"name":"source","link":5}]}]}`,
			[]Problem{{NodeID: "1", Title: "Preview as Text", Message: `Input "source" names link 5, which the workflow does not have.`}}},
		{"a link from nowhere", `{"version":0.4,"nodes":[{"id":1,"type":"PreviewAny","inputs":[{"name":"source","link":5}]}],"links":[[5,9,0,1,0,"*"]]}`,
			[]Problem{{NodeID: "1", Title: "Preview as Text", Message: `Input "source" is linked to node 9, which the workflow does not have.`, Blocks: true}}},
		{"nothing", `{"version":0.4}`, []Problem{{Message: "The workflow has no nodes.", Blocks: true}}},
		{"a circle of reroutes", `{"version":0.4,"nodes":[{"id":1,"type":"Reroute","inputs":[{"name":"","link":1}]},{"id":2,"type":"PreviewAny","inputs":[{"name":"source","link":2}]}],"links":[[1,1,0,1,0,"*"],[2,1,0,2,0,"*"]]}`,
			[]Problem{{NodeID: "2", Title: "Preview as Text", Message: "Its input is linked in a circle of nodes that do not run.", Blocks: true}}},
		{"a subgraph that is not there", `{"version":0.4,"nodes":[{"id":1,"type":"aaaaaaaa-0000-4000-8000-00000000000a"}]}`,
			[]Problem{{NodeID: "1", Title: "aaaaaaaa-0000-4000-8000-00000000000a", Message: "The workflow does not define the subgraph of this node.", Blocks: true}}},
	}
	types := goldenTypes(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := Open(t.Context(), "w.json", []byte(tt.in), types, fixedOptions())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, o.Problems); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestApp(t *testing.T) {
	const in = `{"version":0.4,"nodes":[{"id":3,"type":"EmptyImage"}],"extra":{"linearData":{"inputs":[[3,"width"],["4:5","text",{"height":2}],[6]],"outputs":[9,"10"]}}}`
	o, err := Open(t.Context(), "w.json", []byte(in), goldenTypes(t, nil), fixedOptions())
	if err != nil {
		t.Fatal(err)
	}
	want := &App{Inputs: []AppInput{{"3", "width"}, {"4:5", "text"}}, Outputs: []string{"9", "10"}}
	if d := cmp.Diff(want, o.App); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestOpenErrors(t *testing.T) {
	types := goldenTypes(t, nil)
	tests := []struct {
		name string
		data string
		want fault.Code
	}{
		{"a.json", "{", fault.BadFile},
		{"a.json", `{"templates":[1]}`, fault.Unsupported},
		{"a.xyz", "hello", fault.Unsupported},
		{"empty", "", fault.Unsupported},
		{"model.safetensors", "\x02\x00\x00\x00\x00\x00\x00\x00{}", fault.Unsupported},
		{"big.png", strings.Repeat("x", maxFileBytes+1), fault.TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Open(t.Context(), tt.name, []byte(tt.data), types, fixedOptions()); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, "w.json", []byte(one(`{"id":1,"type":"EmptyImage"}`, "")), goldenTypes(t, nil), fixedOptions())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestInstead: a file with a broken workflow gives its prompt and says so.
func TestInstead(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(golden.Dir(t, "workflows"), "files", "broken_workflow.png"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := Open(t.Context(), "broken_workflow.png", data, goldenTypes(t, nil), fixedOptions())
	if err != nil {
		t.Fatal(err)
	}
	if o.Source != FromPrompt || len(o.Problems) != 1 || o.Problems[0].Blocks {
		t.Errorf("got %s with %v, want a prompt with one problem that does not block", o.Source, o.Problems)
	}
}

func TestAdvance(t *testing.T) {
	const in = `{"version":0.4,"nodes":[{"id":1,"type":"KSampler","widgets_values":[%s,"%s"]}]}`
	tests := []struct {
		name, seed, mode string
		rand             float64
		want             string
	}{
		{"fixed", "5", "fixed", 0, "5"},
		{"up", "5", "increment", 0, "6"},
		{"down to the minimum", "0", "decrement", 0, "0"},
		{"random", "5", "randomize", 0.5, "562949953421312"},
		{"random, lowest", "5", "randomize", 0, "0"},
		{"over the limit", "18446744073709551615", "increment", 0, "1125899906842624"},
		{"a text", `"5"`, "increment", 0, `"5"`},
	}
	types := goldenTypes(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := fixedOptions()
			opts.Rand = func() float64 { return tt.rand }
			c, err := LoadWorkflow(t.Context(), fmt.Appendf(nil, in, tt.seed, tt.mode), types, opts)
			if err != nil {
				t.Fatal(err)
			}
			c.Advance()
			if got := string(appendJSON(nil, c.root.nodes[0].widget("seed").value)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
