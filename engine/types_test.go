package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/google/go-cmp/cmp"
)

// validate_node_input_test of the reference.
func TestFits(t *testing.T) {
	list := []any{"a", "b"}
	for _, row := range []struct {
		got, want any
		ok        bool
	}{
		{"STRING", "STRING", true}, {"STRING", "INT", false}, {"INT", "FLOAT", false},
		{"STRING,INT", "INT,STRING", true}, {"STRING", "STRING,INT", true}, {"STRING,INT", "STRING", true},
		{"STRING,BOOLEAN", "STRING,INT", true}, {"FLOAT,BOOLEAN", "STRING,INT", false},
		{" STRING , INT", "INT ,STRING", true}, {"", "", true}, {"STRING", "", false},
		{"*", "IMAGE", true}, {"IMAGE", "*", true}, {"IMAGE,*", "INT", true},
		{"COMFY_MATCHTYPE_V3", "INT", true}, {"INT", "COMFY_MATCHTYPE_V3", true},
		{list, "COMBO", true}, {"COMBO", list, false}, {list, list, true}, {list, []any{"b", "a"}, false}, {list, "STRING", false},
		{"COMBO", "STRING", false}, {list, "*", true}, {"*", list, true}, {"STRING", list, false},
	} {
		if got := fits(row.got, row.want); got != row.ok {
			t.Errorf("%v into %v: %v, want %v", row.got, row.want, got, row.ok)
		}
	}
}

func TestCoerce(t *testing.T) {
	for _, row := range []struct {
		kind node.Type
		v    any
		want any
		fail string
	}{
		{"INT", "5", int64(5), ""}, {"INT", " 7 ", int64(7), ""}, {"INT", 5.9, int64(5), ""}, {"INT", -5.9, int64(-5), ""}, {"INT", true, int64(1), ""},
		{"INT", "1_000", int64(1000), ""}, {"INT", "18446744073709551615", uint64(1<<64 - 1), ""}, {"INT", "+3", int64(3), ""},
		{"INT", "5.7", nil, "invalid literal for int() with base 10: '5.7'"}, {"INT", "_1", nil, "invalid literal for int() with base 10: '_1'"},
		{"INT", "", nil, "invalid literal for int() with base 10: ''"}, {"INT", "0x10", nil, "invalid literal for int() with base 10: '0x10'"},
		{"INT", nil, nil, "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"},
		{"INT", "\x1c5", nil, `invalid literal for int() with base 10: '\x1c5'`}, {"INT", "\v5\u0085", int64(5), ""}, {"FLOAT", "1_0.5", 10.5, ""}, {"FLOAT", "1__0", nil, "could not convert string to float: '1__0'"},
		{"INT", "\u0663１２", int64(312), ""}, {"INT", "𝟗\u2003", int64(9), ""}, {"INT", "5²", nil, "invalid literal for int() with base 10: '5²'"},
		{"INT", strings.Repeat("0", 4301), nil, "Exceeds the limit (4300 digits) for integer string conversion: value has 4301 digits; use sys.set_int_max_str_digits() to increase the limit"},
		{"INT", "-" + strings.Repeat("0", 4299) + "7", int64(-7), ""},
		{"FLOAT", "\u0663.５", 3.5, ""}, {"FLOAT", "-inf", math.Inf(-1), ""}, {"FLOAT", "--nan", nil, "could not convert string to float: '--nan'"},
		{"FLOAT", "1e3", 1000.0, ""}, {"FLOAT", int64(3), 3.0, ""}, {"FLOAT", true, 1.0, ""}, {"FLOAT", " 0.25 ", 0.25, ""},
		{"FLOAT", "0x1p3", nil, "could not convert string to float: '0x1p3'"},
		{"FLOAT", &doc.Object{}, nil, "float() argument must be a string or a real number, not 'dict'"},
		{"STRING", 1.0, "1.0", ""}, {"STRING", true, "True", ""}, {"STRING", nil, "None", ""}, {"STRING", 1e20, "1e+20", ""}, {"STRING", 1e-7, "1e-07", ""},
		{"STRING", []any{int64(1), "it's", `a"b'c`, nil}, `[1, "it's", 'a"b\'c', None]`, ""},
		{"BOOLEAN", "false", true, ""}, {"BOOLEAN", "", false, ""}, {"BOOLEAN", int64(0), false, ""}, {"BOOLEAN", nil, false, ""}, {"BOOLEAN", []any{}, false, ""},
		{"INT,FLOAT", "5", "5", ""}, {"*", "5", "5", ""},
	} {
		got, err := coerce(string(row.kind), row.v)
		if fmt.Sprint(err) != row.fail && (err != nil || row.fail != "") {
			t.Errorf("%s of %v: error %v, want %q", row.kind, row.v, err, row.fail)
		}
		if err == nil {
			if d := cmp.Diff(row.want, got); d != "" {
				t.Errorf("%s of %v: -want +got\n%s", row.kind, row.v, d)
			}
		}
	}
}

// dynamic_inputs_test and io_dynamic_group_test of the reference.
func TestForms(t *testing.T) {
	number := node.Input{Name: "x", Type: "INT"}
	text := node.Input{Name: "y", Type: "STRING", Group: node.Optional}
	grow := node.Input{Name: "g", Type: node.Autogrow, Forms: &node.Forms{Prefix: "v", Min: 1, Max: 3, Template: []node.Input{number}}}
	named := node.Input{Name: "n", Type: node.Autogrow, Forms: &node.Forms{Names: []string{"left", "right"}, Template: []node.Input{text}, Min: 1}}
	combo := node.Input{Name: "c", Type: node.DynamicCombo, Forms: &node.Forms{Cases: []node.Case{{Key: "plain"}, {Key: "more", Inputs: []node.Input{number, text, grow}}}}}
	slot := node.Input{Name: "s", Group: node.Optional, Type: node.DynamicSlot, Forms: &node.Forms{SlotType: "IMAGE", Template: []node.Input{number}}}
	group := node.Input{Name: "r", Type: node.DynamicGroup, Forms: &node.Forms{Min: 0, Max: 4, Template: []node.Input{number, text}}}
	for _, row := range []struct {
		name     string
		in       node.Input
		live     string
		required []string
		args     node.Args
		fail     bool
	}{
		{"autogrow without any", grow, `{}`, []string{"g.v0"}, node.Args{"g": map[string]any{}}, false},
		{"autogrow", grow, `{"g.v0": 1, "g.v2": 3, "g.v9": 4}`, []string{"g.v0"}, node.Args{"g": map[string]any{"v0": int64(1), "v2": int64(3)}, "g.v9": int64(4)}, false},
		{"autogrow of optional names", named, `{"n.right": "r"}`, nil, node.Args{"n": map[string]any{"right": "r"}}, false},
		{"combo without inputs", combo, `{"c": "plain"}`, []string{"c"}, node.Args{"c": map[string]any{"c": "plain"}}, false},
		{"combo with inputs", combo, `{"c": "more", "c.x": 5, "c.g.v0": 1}`, []string{"c.x", "c.g.v0", "c"},
			node.Args{"c": map[string]any{"c": "more", "x": int64(5), "y": nil, "g": map[string]any{"v0": int64(1)}}}, false},
		{"combo of an unknown case", combo, `{"c": "none", "c.x": 5}`, nil, node.Args{"c": "none", "c.x": int64(5)}, false},
		{"combo that is absent", combo, `{}`, nil, node.Args{}, false},
		{"slot that is absent", slot, `{"s.x": 1}`, nil, node.Args{"s.x": int64(1)}, false},
		{"slot", slot, `{"s": 2, "s.x": 1}`, []string{"s.x"}, node.Args{"s": map[string]any{"s": int64(2), "x": int64(1)}}, false},
		{"group without rows", group, `{}`, nil, node.Args{"r": []any{}}, false},
		{"group with a gap", group, `{"r.0.x": 1, "r.2.x": 3, "r.2.y": "z"}`, []string{"r.0.x", "r.2.x"},
			node.Args{"r": []any{map[string]any{"x": int64(1), "y": nil}, map[string]any{"x": nil, "y": nil}, map[string]any{"x": int64(3), "y": "z"}}}, false},
		{"group's row with a zero in front", group, `{"r.01.x": 1}`, nil, nil, true},
		{"group's row beyond the last", group, `{"r.4.x": 1}`, nil, nil, true},
		{"group's row without a field", group, `{"r.1": 1}`, nil, nil, true},
		{"group's row that is no number", group, `{"r.a.x": 1}`, nil, nil, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			live, err := doc.ParseObject([]byte(row.live), doc.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			f, err := formOf(&node.Schema{V3: true, Inputs: []node.Input{row.in}}, live)
			if (err != nil) != row.fail {
				t.Fatalf("error %v, want one: %v", err, row.fail)
			}
			if row.fail {
				return
			}
			var required []string
			for _, x := range f.required {
				required = append(required, x.key)
			}
			if d := cmp.Diff(row.required, required); d != "" {
				t.Errorf("required: -want +got\n%s", d)
			}
			flat := node.Args{}
			for i := range live.Len() {
				k, v := live.At(i)
				flat[k] = v
			}
			if d := cmp.Diff(row.args, f.nest(flat)); d != "" {
				t.Errorf("arguments: -want +got\n%s", d)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	for _, row := range []struct {
		a, b  any
		order int
		ok    bool
	}{
		{int64(1), 1.0, 0, true}, {true, int64(0), 1, true}, {0.5, int64(1), -1, true}, {"a", "b", -1, true}, {"b", "b", 0, true}, {"é", "z", 1, true},
		{"1", int64(1), 0, false}, {nil, int64(1), 0, false}, {int64(1), "a", 0, false},
	} {
		if order, ok := compare(row.a, row.b); order != row.order || ok != row.ok {
			t.Errorf("%v and %v: %d %v, want %d %v", row.a, row.b, order, ok, row.order, row.ok)
		}
	}
}
