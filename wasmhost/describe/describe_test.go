package describe

import (
	"context"
	"errors"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

func TestReadExtras(t *testing.T) {
	read := func(n map[string]any) (*Schema, error) {
		n["id"] = "A"
		return readNode(n, "p")
	}
	for _, row := range []struct {
		name   string
		n      map[string]any
		checks []string
	}{
		{"no list is all", map[string]any{}, nil}, {"an empty list is none", map[string]any{"checks": []any{}}, []string{}},
		{"some", map[string]any{"checks": []any{"a"}}, []string{"a"}},
	} {
		s, err := read(row.n)
		if err != nil || !cmp.Equal(s.Checks, row.checks) {
			t.Errorf("%s: %v, %v", row.name, s, err)
		}
	}
	input := func(o any) map[string]any {
		m := map[string]any{"name": "x", "type": "INT"}
		if o != nil {
			m["options"] = o
		}
		return map[string]any{"inputs": []any{m}}
	}
	s, err := read(input(map[string]any{"min": abi.Tag{Number: abi.TagNumber, Value: "-18446744073709551615"}, "max": uint64(1 << 63)}))
	want, _ := new(big.Int).SetString("-18446744073709551615", 10)
	if err != nil || s.Inputs[0].Options["min"].(*big.Int).Cmp(want) != 0 {
		t.Errorf("a bound beyond 64 bits: %v, %v", s, err)
	}
	if s, err := read(input(nil)); err != nil || s.Inputs[0].Options != nil {
		t.Errorf("no options: %v, %v", s, err)
	}
	if s, err := read(input(map[string]any{})); err != nil || s.Inputs[0].Options == nil {
		t.Errorf("empty options: %v, %v", s, err)
	}
	lazy := map[string]any{"name": "m", "type": "COMFY_DYNAMICCOMBO_V3", "forms": map[string]any{"cases": []any{map[string]any{"key": "k",
		"inputs": []any{map[string]any{"name": "l", "type": "*", "options": map[string]any{"lazy": true}}}}}}}
	if s, err := read(map[string]any{"inputs": []any{lazy}}); err != nil || !s.Lazy {
		t.Errorf("a nested lazy input: %v, %v", s, err)
	}
	twice := []any{map[string]any{"name": "x", "type": "*"}, map[string]any{"name": "x", "type": "*", "optional": true}}
	if s, err := read(map[string]any{"inputs": twice}); err != nil || len(s.Inputs) != 2 {
		t.Errorf("one name in both groups: %v, %v", s, err)
	}
	if _, err := read(map[string]any{"inputs": append(twice, twice[0])}); err == nil {
		t.Error("one name twice in a group was taken")
	}
}

func TestReadReplacements(t *testing.T) {
	var d Description
	err := d.readReplacements([]any{map[string]any{"old": "Old", "new": "New", "inputs": []any{map[string]any{"new": "a", "old": "b"},
		map[string]any{"new": "c", "value": 1.5}}, "outputs": []any{[]any{int64(1), int64(0)}}}})
	want := []node.Replacement{{Old: "Old", New: "New", Inputs: []node.InputMove{{New: "a", Old: "b"}, {New: "c", Value: 1.5}}, Outputs: map[int]int{1: 0}}}
	if diff := cmp.Diff(want, d.Replacements); diff != "" || err != nil {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
	for name, bad := range map[string]any{
		"no class": map[string]any{"old": "", "new": "New"}, "a handle": map[string]any{"old": "A", "new": "B", "inputs": []any{map[string]any{"new": "c", "value": abi.Handle{Kind: 1}}}},
		"an output far out": map[string]any{"old": "A", "new": "B", "outputs": []any{[]any{int64(1 << 40), int64(0)}}}, "no map": "x",
	} {
		if err := (&Description{}).readReplacements([]any{bad}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestParseReplacements(t *testing.T) {
	got, err := ParseReplacements([]byte(`{"a": [{"new_node_id": "b", "old_node_id": "a", "input_mapping": [{"new_id": "x", "set_value": [1, 1.5]}, {"new_id": "y", "old_id": "z"}],
		"output_mapping": [{"old_idx": 2, "new_idx": 0}]}, {"new_node_id": "c"}], "none": []}`))
	want := []node.Replacement{{Old: "a", New: "b", Inputs: []node.InputMove{{New: "x", Value: []any{int64(1), 1.5}}, {New: "y", Old: "z"}}, Outputs: map[int]int{2: 0}}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	for _, bad := range []string{"", "[]", `{"a": [{"new_node_id": ""}]}`, `{"a": [{"new_node_id": "b", "old_node_id": "c"}]}`, `{"a": [{"new_node_id": "b", "output_mapping": [{"old_idx": -1}]}]}`,
		`{"a": [{"new_node_id": "b", "input_mapping": [{"old_id": "x"}]}]}`} {
		if r, err := ParseReplacements([]byte(bad)); err == nil {
			t.Errorf("%s is %v", bad, r)
		}
	}
}

func FuzzReplacements(f *testing.F) {
	f.Add([]byte(`{"a": [{"new_node_id": "b", "input_mapping": [{"new_id": "x", "set_value": [1, {"k": 1e400}]}]}]}`))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = ParseReplacements(b) })
}

// TestRead: what a guest says of itself is taken whole, or not at all.
func TestRead(t *testing.T) {
	many := func(n int, v any) []any {
		out := make([]any, n)
		for i := range out {
			out[i] = v
		}
		return out
	}
	route := func(method, path string) any { return map[string]any{"method": method, "path": path} }
	for _, x := range []struct {
		name string
		said map[string]any
		ok   bool
	}{
		{"nothing", map[string]any{}, true},
		{"a node, a route, a message", map[string]any{"nodes": []any{map[string]any{"id": "A"}}, "routes": []any{route("GET", "/a/:x")}, "messages": []any{"pick"}}, true},
		{"a node twice", map[string]any{"nodes": many(2, map[string]any{"id": "A"})}, false},
		{"a class that is no name", map[string]any{"nodes": []any{map[string]any{"id": "<b>"}}}, false},
		{"a flag that nobody knows", map[string]any{"nodes": []any{map[string]any{"id": "A", "flags": []any{"root"}}}}, false},
		{"an input without a type", map[string]any{"nodes": []any{map[string]any{"id": "A", "inputs": []any{map[string]any{"name": "x"}}}}}, false},
		{"an output without a type", map[string]any{"nodes": []any{map[string]any{"id": "A", "outputs": []any{map[string]any{"name": "x"}}}}}, false},
		{"a hidden input without a kind", map[string]any{"nodes": []any{map[string]any{"id": "A", "hidden": []any{map[string]any{"name": "x"}}}}}, false},
		{"a choice that is an object", map[string]any{"nodes": []any{map[string]any{"id": "A", "inputs": []any{map[string]any{"name": "x", "type": "COMBO", "choices": []any{map[string]any{}}}}}}}, false},
		{"half a loop", map[string]any{"nodes": []any{map[string]any{"id": "A", "loop": "middle"}}}, false},
		{"many nodes", map[string]any{"nodes": many(maxNodes+1, map[string]any{"id": "A"})}, false},
		{"a route twice", map[string]any{"routes": many(2, route("GET", "/a"))}, false},
		{"a route of another method", map[string]any{"routes": []any{route("TRACE", "/a")}}, false},
		{"many routes", map[string]any{"routes": many(maxRoutes+1, route("GET", "/a"))}, false},
		{"a message twice", map[string]any{"messages": []any{"pick", "pick"}}, false},
		{"a message that is no kind", map[string]any{"messages": []any{"a b"}}, false},
		{"many replacements", map[string]any{"node_replacements": many(maxReplacements+1, map[string]any{"old": "A", "new": "B"})}, false},
	} {
		b, err := abi.Append(nil, x.said)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := Read(b, "p"); (err == nil) != x.ok || (d != nil) != x.ok {
			t.Errorf("%s: %v, %v", x.name, d, err)
		}
	}
	if _, err := Read([]byte{0xff}, "p"); !errors.Is(err, fault.ExtensionFailed) {
		t.Errorf("no message: %v", err)
	}
}

// schemaOnly is a node that is never run.
type schemaOnly struct{ s *Schema }

// Schema is what was described.
func (n schemaOnly) Schema() *node.Schema { return &n.s.Schema }

// Run gives nothing.
func (schemaOnly) Run(context.Context, node.Args) (node.Reply, error) { return node.Reply{}, nil }

// FuzzDescription reads what a guest says of itself.
func FuzzDescription(f *testing.F) {
	for _, v := range []any{
		map[string]any{"nodes": []any{map[string]any{"id": "A", "inputs": []any{map[string]any{"name": "x", "type": "INT", "options": map[string]any{"min": abi.Tag{Number: abi.TagNumber, Value: "-1"}}}}}}},
		map[string]any{"node_replacements": []any{map[string]any{"old": "A", "new": "B", "outputs": []any{[]any{int64(0), int64(1)}}}}},
		map[string]any{"nodes": []any{map[string]any{"id": "A", "loop": "start", "checks": []any{}, "flags": []any{"v3", "validates_links"}}}},
	} {
		b, err := abi.Append(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Read(b, "fuzz")
		if err != nil {
			return
		}
		reg, err := node.NewRegistry()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range d.Nodes {
			if err := reg.Add(schemaOnly{s}); err != nil {
				t.Fatal(err)
			}
		}
		node.ObjectInfo(t.Context(), reg)
	})
}
