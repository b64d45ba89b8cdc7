package node

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/google/go-cmp/cmp"
)

type fixed struct{ s *Schema }

func (f fixed) Schema() *Schema                          { return f.s }
func (f fixed) Run(context.Context, Args) (Reply, error) { return Reply{}, nil }

func TestRegistry(t *testing.T) {
	r, err := NewRegistry(fixed{&Schema{ID: "B"}}, fixed{&Schema{ID: "A", Help: "core"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Add(fixed{&Schema{ID: "A", Help: "pack"}}); !errors.Is(err, fault.Conflict) {
		t.Errorf("a core name taken again: %v, want a conflict", err)
	}
	if n, ok := r.Lookup(t.Context(), "A"); !ok || n.Schema().Help != "core" {
		t.Error("the core's node was replaced")
	}
	var order []string
	for n := range r.All(t.Context()) {
		order = append(order, n.Schema().ID)
	}
	if d := cmp.Diff([]string{"B", "A"}, order); d != "" {
		t.Errorf("order: -want +got\n%s", d)
	}
	r.Remove("B")
	r.Remove("none")
	if _, ok := r.Lookup(t.Context(), "B"); ok {
		t.Error("a removed node is there")
	}
}

func TestObjectInfo(t *testing.T) {
	num := Input{Name: "n", Type: Int, Options: map[string]any{"default": int64(1), "bad": math.NaN()}}
	combo := Input{Name: "c", Type: Combo, Classic: true, Choices: func(context.Context) []any { return []any{"a", "b"} }}
	modern := Input{Name: "m", Type: Combo, Group: Optional, Choices: func(context.Context) []any { return []any{"x"} }}
	basics := "Basics"
	for _, row := range []struct {
		name string
		s    Schema
		want string
	}{
		{"older style", Schema{ID: "X", Category: "c", Module: "nodes", Inputs: []Input{{Name: "i", Type: "IMAGE"}, num, combo, modern, {Name: "o", Type: "MODEL", Options: map[string]any{}}},
			Hidden: []Hidden{{"p", Prompt}}, Outputs: []Output{{Type: "IMAGE", Help: "tip"}, {Type: "INT", Name: "count", List: true}}, Deprecated: true, Essentials: &basics},
			`{"X":{"input":{"required":{"i":["IMAGE"],"n":["INT",{"bad":null,"default":1}],"c":[["a","b"]],"o":["MODEL",{}]},"optional":{"m":["COMBO",{"options":["x"]}]},"hidden":{"p":"PROMPT"}},
			"input_order":{"required":["i","n","c","o"],"optional":["m"],"hidden":["p"]},"is_input_list":false,"output":["IMAGE","INT"],"output_is_list":[false,true],"output_name":["IMAGE","count"],
			"output_tooltips":["tip",null],"name":"X","display_name":"X","description":"","python_module":"nodes","category":"c","output_node":false,"has_intermediate_output":false,
			"deprecated":true,"search_aliases":[],"essentials_category":"Basics"}}`},
		{"newer style", Schema{ID: "Y", V3: true, OutputNode: true, Inputs: []Input{{Name: "i", Type: "IMAGE"}, modern, {Name: "s", Type: String}},
			Hidden: []Hidden{{"unique_id", UniqueID}}, Outputs: []Output{{Type: MatchType, Name: "out", Match: "T"}}},
			`{"Y":{"input":{"required":{"i":["IMAGE",{}],"s":["STRING",{"multiline":false}]},"optional":{"m":["COMBO",{"multiselect":false,"options":["x"]}]},
			"hidden":{"unique_id":["UNIQUE_ID"],"prompt":["PROMPT"],"extra_pnginfo":["EXTRA_PNGINFO"]}},
			"input_order":{"required":["i","s"],"optional":["m"],"hidden":["unique_id","prompt","extra_pnginfo"]},"is_input_list":false,"output":["COMFY_MATCHTYPE_V3"],"output_is_list":[false],"output_name":["out"],
			"output_tooltips":[null],"output_matchtypes":["T"],"name":"Y","display_name":null,"description":"","python_module":"","category":"","output_node":true,"has_intermediate_output":false,
			"deprecated":false,"experimental":false,"dev_only":false,"api_node":false,"search_aliases":null,"price_badge":null,"essentials_category":null}}`},
	} {
		r, err := NewRegistry(fixed{&row.s})
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(ObjectInfo(t.Context(), r), &got); err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if err := json.Unmarshal([]byte(row.want), &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", row.name, d)
		}
		if s := string(ObjectInfoOf(t.Context(), r, "none")); s != "{}" {
			t.Errorf("an unknown class: %s, want {}", s)
		}
	}
}

func TestGraphBuilder(t *testing.T) {
	ctx := WithRun(t.Context(), Run{NodeID: "5", Index: 2}.CountGraphs())
	first, second := NewGraph(ctx), NewGraph(ctx)
	a := first.Add("A", Port{"x", int64(1)}, Port{"y", "t"})
	b := first.AddAs("own", "B", Port{"a", Socket{a, 0}})
	first.Set(b, "z", true)
	first.Set(a, "y", nil)
	first.DisplayAs(b, "9")
	c := second.Add("C")
	if d := cmp.Diff([]string{"5.2.0.1", "5.2.0.own", "5.2.1.1"}, []string{a, b, c}); d != "" {
		t.Errorf("ids: -want +got\n%s", d)
	}
	want := []GraphNode{{ID: a, Class: "A", Inputs: map[string]any{"x": int64(1)}, Order: []string{"x"}},
		{ID: b, Class: "B", Inputs: map[string]any{"a": Socket{a, 0}, "z": true}, Order: []string{"a", "z"}, DisplayAs: "9"}}
	if d := cmp.Diff(want, first.Graph().Nodes); d != "" {
		t.Errorf("nodes: -want +got\n%s", d)
	}
	if id := NewGraph(t.Context()).Add("A"); id != ".0.0.1" {
		t.Errorf("id outside of a run: %s", id)
	}
}

func BenchmarkObjectInfo(b *testing.B) {
	r, err := NewRegistry()
	if err != nil {
		b.Fatal(err)
	}
	for i := range 200 {
		n := fixed{&Schema{ID: string(rune('a'+i%26)) + string(rune('0'+i/26)), Inputs: []Input{{Name: "n", Type: Int, Options: map[string]any{"default": 1, "min": 0, "max": 9}}}, Outputs: []Output{{Type: Int}}}}
		if err := r.Add(n); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		ObjectInfo(b.Context(), r)
	}
}
