package guest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// every is a Dynamic with all that one can have.
var every = Dynamic{
	Traits: Traits{ID: "Every", Category: "test", V3: true, Checked: []string{"n"}, InputIsListAs: []any{true}},
	Ports: func(p *Ports) {
		p.In("bare", "*")
		p.In("n", "INT").Options(map[string]any{"min": Number("-18446744073709551615"), "default": 1})
		p.In("late", "*").Lazy().Optional()
		p.In("link", "*").Raw()
		p.Combo("c", "a", 2)
		p.Grow("grow", "v", 1, 3, func(p *Ports) { p.In("v", "FLOAT") })
		p.Cases("mode", Case{Key: "none"}, Case{"some", func(p *Ports) { p.In("x", "*") }})
		p.Match("m", "T", "*")
		p.Hidden("id", "UNIQUE_ID")
		p.Out(matchType).Match("T").Named("out").List()
	},
	Do: func(in Args) (Reply, error) {
		switch in.Text("do") {
		case "raise":
			return Reply{}, Raise("ValueError", "no")
		case "fail":
			return Reply{}, errors.New("no")
		case "later":
			return Reply{Later: &Later{}}, nil
		case "block":
			return Reply{Block: &Block{Message: "m"}, UI: UI{}}, nil
		case "loop":
			return Reply{Loop: &Loop{Rows: [][]any{{1, Link{"1", 2}}}}}, nil
		case "expand":
			g := &Graph{}
			a := g.New("A", Input{"x", Outer{"3", 1}}, Input{"y", nil})
			g.Find(a).Set("x", 2)
			g.Find(a).Set("y", nil)
			g.Find(a).Set("z", Link{"1", 0})
			return Reply{Expand: g, Outputs: []any{Link{a, 0}}}, nil
		}
		return Outputs(List{in["n"], Block{Silent: true}, map[string]any{"deep": []any{1, Link{"a", 0}}}})
	},
	Check: func(in Args) error {
		if in.Int("n") > 3 {
			return &Refusal{}
		}
		return nil
	},
	CheckLinks: func(_ Args, linked map[string]string) error {
		switch linked["m"] {
		case "MASK":
			return errors.New("no masks")
		case "MODEL":
			return Raise("TypeError", "broke")
		}
		return nil
	},
	Changed: func(in Args) (any, error) { return in["n"], nil },
}

func TestDynamicAnswers(t *testing.T) {
	n := every.Node()
	request := func(inputs, linked map[string]any) map[string]any {
		return map[string]any{"inputs": inputs, "linked": linked}
	}
	tag := func(number uint64, v any) any { return abi.Tag{Number: number, Value: v} }
	for _, row := range []struct {
		name    string
		op      int32
		request map[string]any
		want    any
		err     bool
	}{
		{"outputs", abi.OpExecute, request(map[string]any{"n": int64(1)}, nil), map[string]any{"outputs": []any{tag(abi.TagList, []any{int64(1),
			tag(abi.TagBlocker, nil), map[string]any{"deep": []any{int64(1), tag(abi.TagLink, []any{"a", int64(0)})}}})}}, false},
		{"an exception", abi.OpExecute, request(map[string]any{"do": "raise"}, nil), nil, true},
		{"later", abi.OpExecute, request(map[string]any{"do": "later"}, nil), map[string]any{"retry_after_ms": int64(0), "state": []byte{}}, false},
		{"a block", abi.OpExecute, request(map[string]any{"do": "block"}, nil), map[string]any{"outputs": []any{}, "ui": map[string]any{}, "block": "m"}, false},
		{"a loop", abi.OpExecute, request(map[string]any{"do": "loop"}, nil), map[string]any{"loop": map[string]any{"keep": false,
			"outputs": []any{[]any{int64(1), tag(abi.TagLink, []any{"1", int64(2)})}}}}, false},
		{"an expansion", abi.OpExecute, request(map[string]any{"do": "expand"}, nil), map[string]any{"outputs": []any{tag(abi.TagLink, []any{"1", int64(0)})},
			"expand": map[string]any{"nodes": []any{map[string]any{"id": "1", "class": "A", "inputs": []any{[]any{"x", int64(2)},
				[]any{"z", tag(abi.TagLink, []any{"1", int64(0)})}}}}}}, false},
		{"lazy inputs that are null", abi.OpCheckLazy, request(map[string]any{"late": nil}, nil), []any{"late"}, false},
		{"lazy inputs that are there", abi.OpCheckLazy, request(map[string]any{"late": false}, nil), []any{}, false},
		{"a check that passes", abi.OpValidate, request(map[string]any{"n": int64(3)}, map[string]any{"m": "IMAGE"}), nil, false},
		{"a refusal without a reason", abi.OpValidate, request(map[string]any{"n": int64(4)}, nil), "", false},
		{"a refusal of a link", abi.OpValidate, request(nil, map[string]any{"m": "MASK"}), "no masks", false},
		{"a check that breaks", abi.OpValidate, request(nil, map[string]any{"m": "MODEL"}), nil, true},
		{"a fingerprint", abi.OpFingerprint, request(map[string]any{"n": 1.0}, nil), 1.0, false},
		{"an op that it has not", abi.OpResume, request(nil, nil), nil, true},
	} {
		got, err := ask(t, n, row.op, row.request)
		if (err != nil) != row.err || err == nil && !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %#v, %v, want %#v", row.name, got, err, row.want)
		}
	}
}

// ask asks a node as the host does and gives its reply.
func ask(t *testing.T, n Node, op int32, request map[string]any) (any, error) {
	t.Helper()
	b, err := abi.Append(nil, request)
	if err != nil {
		t.Fatal(err)
	}
	m, err := abi.ReadPairs(b, abi.DefaultLimits(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = n.do(nil, op, m, m.Find("inputs").Pairs(nil)); err != nil {
		return nil, err
	}
	v, err := abi.Decode(b, abi.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return v, nil
}

func TestDynamicDescription(t *testing.T) {
	s := every.Node().schema
	if b, err := abi.Append(nil, s); err != nil {
		t.Fatal(err)
	} else if v, err := abi.Decode(b, abi.DefaultLimits()); err != nil {
		t.Fatal(err)
	} else {
		s = v.(map[string]any)
	}
	want := map[string]any{
		"flags": []any{"v3", "validates", "validates_links", "fingerprints"}, "checks": []any{"n"}, "input_is_list_as": []any{true},
		"hidden":  []any{map[string]any{"name": "id", "kind": "UNIQUE_ID"}},
		"outputs": []any{map[string]any{"type": matchType, "match": "T", "name": "out", "list": true}},
		"inputs": []any{
			map[string]any{"name": "bare", "type": "*"},
			map[string]any{"name": "n", "type": "INT", "options": map[string]any{"min": abi.Tag{Number: abi.TagNumber, Value: "-18446744073709551615"}, "default": int64(1)}},
			map[string]any{"name": "late", "type": "*", "optional": true, "options": map[string]any{"lazy": true}},
			map[string]any{"name": "link", "type": "*", "options": map[string]any{"rawLink": true}},
			map[string]any{"name": "c", "type": "COMBO", "classic": true, "choices": []any{"a", int64(2)}},
			map[string]any{"name": "grow", "type": autogrow, "forms": map[string]any{"prefix": "v", "min": int64(1), "max": int64(3),
				"template": []any{map[string]any{"name": "v", "type": "FLOAT"}}}},
			map[string]any{"name": "mode", "type": dynamicCombo, "forms": map[string]any{"cases": []any{map[string]any{"key": "none", "inputs": []any{}},
				map[string]any{"key": "some", "inputs": []any{map[string]any{"name": "x", "type": "*"}}}}}},
			map[string]any{"name": "m", "type": matchType, "options": map[string]any{"template": map[string]any{"template_id": "T", "allowed_types": "*"}}},
		},
	}
	for key, v := range want {
		if !reflect.DeepEqual(s[key], v) {
			t.Errorf("%s: %#v, want %#v", key, s[key], v)
		}
	}
}

func TestGraphOf(t *testing.T) {
	g := &Graph{}
	g.Add("5", "A", Input{"x", 1.5}, Input{"y", Link{"6", 1}})
	g.Nodes[0].Display = "9"
	b, err := abi.Append(nil, g.wire())
	if err != nil {
		t.Fatal(err)
	}
	v, err := abi.Decode(b, abi.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if got := GraphOf(fromWire(v)); !reflect.DeepEqual(got, g) {
		t.Errorf("got %+v, want %+v", got, g)
	}
	if GraphOf("x") != nil || GraphOf(nil) != nil {
		t.Error("a graph of nothing")
	}
	if o, ok := LinkOf([]any{"3", int64(1)}); !ok || o != (Outer{"3", 1}) {
		t.Errorf("link %v, %v", o, ok)
	}
	if _, ok := LinkOf([]any{"3"}); ok {
		t.Error("half a link")
	}
}
