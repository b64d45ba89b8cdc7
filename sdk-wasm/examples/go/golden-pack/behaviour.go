package main

import (
	"math"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// shown shows what a text says.
var shown = guest.Dynamic{
	Traits: output("GoldenUI"),
	Ports: func(p *guest.Ports) {
		p.In("ui", "STRING").Options(options{})
		p.In("after", "*").Optional()
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		v, err := parse(in.Text("ui"))
		if err != nil {
			return guest.Reply{}, err
		}
		ui := guest.UI{}
		kinds, _ := v.(map[string]any)
		for k, items := range kinds {
			if ui[k], err = iterate(items); err != nil {
				return guest.Reply{}, err
			}
		}
		return guest.Reply{UI: ui}, nil
	},
}

// iterate gives the items of a value as the reference goes through it: a text by its letters.
func iterate(v any) ([]any, error) {
	out := []any{}
	name := "NoneType"
	switch x := v.(type) {
	case []any:
		return x, nil
	case string:
		for _, r := range x {
			out = append(out, string(r))
		}
		return out, nil
	case map[string]any:
		for k := range x {
			out = append(out, k)
		}
		return out, nil
	case bool:
		name = "bool"
	case int64:
		name = "int"
	case float64:
		name = "float"
	}
	return nil, guest.Raise("TypeError", "'"+name+"' object is not iterable")
}

// failing fails.
var failing = guest.Dynamic{
	Traits: output("GoldenError"),
	Ports: func(p *guest.Ports) {
		p.In("value", "*")
		p.In("message", "STRING").Options(options{})
		p.In("flag", "BOOLEAN").Options(options{}).Optional()
		p.Out("*")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		return guest.Reply{}, guest.Raise("ValueError", in.Text("message"))
	},
}

// intermediate shows what it hands on, from the cache too.
var intermediate = guest.Dynamic{
	Traits: guest.Traits{ID: "GoldenIntermediate", Category: "golden", Intermediate: true},
	Ports: func(p *guest.Ports) {
		p.In("value", "*")
		p.Out("*")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		return guest.Reply{Outputs: []any{in["value"]}, UI: show(in["value"])}, nil
	},
}

// lazy wants the inputs that a text names.
var lazy = guest.Dynamic{
	Traits: output("GoldenLazy"),
	Ports: func(p *guest.Ports) {
		p.In("ask", "STRING").Options(options{})
		p.In("a", "*").Optional().Lazy()
		p.In("b", "*").Optional().Lazy()
		p.In("c", "*").Optional()
	},
	Need: func(in guest.Args) ([]string, error) {
		var names []string
		for name := range strings.SplitSeq(in.Text("ask"), ",") {
			if name != "" && in[name] == nil {
				names = append(names, name)
			}
		}
		return names, nil
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		delete(in, "ask")
		return showAll(in)
	},
}

// validate looks at one of its numbers in place of the server.
var validate = guest.Dynamic{
	Traits: guest.Traits{ID: "GoldenValidate", Category: "golden", OutputNode: true, Checked: []string{"mode", "n"}},
	Ports: func(p *guest.Ports) {
		p.In("mode", "STRING").Options(options{})
		p.In("n", "INT").Options(span(0, 0, 5))
		p.In("m", "INT").Options(span(0, 0, 5))
	},
	Check: func(in guest.Args) error {
		switch mode := in.Text("mode"); mode {
		case "ok":
			return nil
		case "false":
			return &guest.Refusal{}
		case "text":
			return &guest.Refusal{Reason: "not today"}
		case "raise":
			return guest.Raise("RuntimeError", "validator broke")
		default:
			return guest.Raise("KeyError", "'"+mode+"'")
		}
	},
	Do: showAll,
}

// changed says whether it has changed.
var changed = guest.Dynamic{
	Traits: output("GoldenChanged"),
	Ports: func(p *guest.Ports) {
		p.In("value", "*")
		p.In("mode", "STRING").Options(options{})
	},
	Changed: func(in guest.Args) (any, error) {
		switch in["mode"] {
		case "same":
			return "x", nil
		case "nan":
			return math.NaN(), nil
		case "raise":
			return nil, guest.Raise("RuntimeError", "the change function broke")
		}
		return encode(in["value"]), nil
	},
	Do: func(in guest.Args) (guest.Reply, error) { return guest.Reply{UI: show(in["value"])}, nil },
}

// expand becomes a chain of nodes, as deep as asked.
var expand = guest.Dynamic{
	Traits: guest.Traits{ID: "GoldenExpand", Category: "golden", Expands: true},
	Ports: func(p *guest.Ports) {
		p.In("value", "*")
		p.In("depth", "INT").Options(options{"default": 0})
		p.Out("*")
		p.Out("*")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		g := &guest.Graph{}
		value := guest.Input{Name: "value", Value: in["value"]}
		inner := ""
		if depth := in.Int("depth"); depth > 0 {
			inner = g.New("GoldenExpand", value, guest.Input{Name: "depth", Value: depth - 1})
		} else {
			inner = g.New("GoldenIntermediate", value)
		}
		last := g.New("GoldenEcho", guest.Input{Name: "value", Value: guest.Link{Node: inner}})
		return guest.Reply{Outputs: []any{guest.Link{Node: last}, "literal"}, Expand: g}, nil
	},
}

// newer is described in the newer style and has a dynamic input of each sort that clients know.
var newer = guest.Dynamic{
	Traits: guest.Traits{ID: "GoldenV3", Name: "Golden V3", Category: "golden", Help: "Shows what it receives.", V3: true, OutputNode: true},
	Ports: func(p *guest.Ports) {
		p.In("n", "INT").Options(span(2, 0, 9))
		p.Grow("grow", "v", 1, 4, func(p *guest.Ports) { p.In("v", "FLOAT").Range(0.0, 1.0) })
		p.GrowNamed("named", 0, []string{"left", "right"}, func(p *guest.Ports) { p.In("w", "*") }).Optional()
		p.Cases("mode", guest.Case{Key: "plain"}, guest.Case{Key: "scaled", Inputs: func(p *guest.Ports) {
			p.In("factor", "FLOAT").Options(span(1.0, 0.0, 4.0))
			p.In("note", "STRING").Optional()
		}})
		p.Match("m", "T", "*").Optional()
		p.In("pick", "COMBO").Options(options{"options": []any{"a", "b"}}).Optional()
		p.Hidden("unique_id", "UNIQUE_ID")
		p.Out("COMFY_MATCHTYPE_V3").Named("m").Match("T")
		p.Out("INT")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		return guest.Reply{Outputs: []any{in["m"], in["n"]}, UI: show(in)}, nil
	},
}
