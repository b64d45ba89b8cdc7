package testpack

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// goldenSchema starts the schema of a node of the transcripts.
func goldenSchema(id string, inputs []node.Input, outputs []node.Output) *node.Schema {
	return &node.Schema{ID: id, Category: "golden", Module: "custom_nodes.golden-pack", Inputs: inputs, Outputs: outputs}
}

func shows(s *node.Schema) *node.Schema {
	s.OutputNode = true
	return s
}

func hides(s *node.Schema, h ...node.Hidden) *node.Schema {
	s.Hidden = h
	return s
}

// Golden are the nodes that the transcripts were recorded with.
func Golden() []node.Node {
	return []node.Node{goldenEcho(), goldenTypes(), goldenConst(), goldenList(), goldenTakeList(), goldenSteps(), goldenText(),
		goldenUI(), goldenError(), goldenIntermediate(), goldenLazy(), goldenValidate(), goldenRaw(), goldenHidden(),
		goldenChanged(), goldenExpand(), goldenV3()}
}

// GoldenReplacements are the replacements of the golden pack.
func GoldenReplacements() []node.Replacement {
	return []node.Replacement{{Old: "GoldenOld", New: "GoldenEcho",
		Inputs: []node.InputMove{{New: "value", Old: "v"}}, Outputs: map[int]int{1: 0}}}
}

func goldenEcho() node.Node {
	s := shows(goldenSchema("GoldenEcho", args(in("value", "*", nil)), out("*")))
	s.Name = "Golden Echo"
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		return node.Reply{Outputs: []any{a["value"]}, UI: text(a)}, nil
	}}
}

func goldenTypes() node.Node {
	big := make([]any, 25)
	for i := range big {
		big[i] = fmt.Sprintf("v%d", i)
	}
	s := goldenSchema("GoldenTypes", args(
		in("i", node.Int, opts{"default": int64(1), "min": int64(-10), "max": int64(10)}),
		in("f", node.Float, opts{"default": 0.5, "min": 0.0, "max": 1.0}),
		in("s", node.String, opts{"default": "x"}),
		in("b", node.Boolean, opts{"default": false}),
		pick("c", "red", "green", "it's"),
		opt(in("c3", node.Combo, opts{"options": []any{"one", "two"}})),
		opt(pick("big", big...)),
		opt(in("multi", node.Combo, opts{"options": []any{"p", "q", "r"}, "multiselect": true})),
		opt(in("any", "*", nil)),
		opt(pick("n", int64(1), int64(2), int64(3))),
	), nil)
	return plain{shows(s), func(_ context.Context, a node.Args) (node.Reply, error) { return node.Reply{UI: text(a)}, nil }}
}

// parsed reads a JSON text as nodes receive constants.
func parsed(s string) (any, error) {
	v, err := doc.Parse([]byte(s), doc.DefaultLimits())
	if err != nil {
		return nil, &node.Exception{Kind: "json.decoder.JSONDecodeError", Text: err.Error()}
	}
	return doc.Plain(v), nil
}

func goldenConst() node.Node {
	s := goldenSchema("GoldenConst", args(in("value", node.String, opts{})), out(node.Int, node.Float, node.String, node.Boolean))
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		t, err := get[string](a, "value")
		if err != nil {
			return node.Reply{}, err
		}
		v, err := parsed(t)
		if err != nil {
			return node.Reply{}, err
		}
		return outputs(v, v, v, v)
	}}
}

func goldenList() node.Node {
	s := goldenSchema("GoldenList", args(in("values", node.String, opts{})), []node.Output{{Type: "*", List: true}})
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		t, err := get[string](a, "values")
		if err != nil {
			return node.Reply{}, err
		}
		v, err := parsed(t)
		if err != nil {
			return node.Reply{}, err
		}
		items, _ := v.([]any)
		list := make(node.List, len(items))
		for i, e := range items {
			list[i] = e
			if t, ok := e.(string); ok {
				if message, ok := strings.CutPrefix(t, "BLOCK:"); ok {
					list[i] = node.Blocker{Message: message, Say: message != ""}
				}
			}
		}
		return outputs(list)
	}}
}

func goldenTakeList() node.Node {
	s := hides(shows(goldenSchema("GoldenTakeList", args(in("a", "*", nil), opt(in("b", "*", nil)),
		opt(in("c", node.Int, opts{"default": int64(3)}))), nil)), node.Hidden{Name: "unique_id", Kind: node.UniqueID})
	s.InputIsList = true
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) { return node.Reply{UI: text(a)}, nil }}
}

func goldenSteps() node.Node {
	s := goldenSchema("GoldenSteps", args(in("steps", node.Int, opts{"default": int64(3), "min": int64(0), "max": int64(1000000)}),
		in("delay", node.Float, opts{"default": 0.0, "min": 0.0, "max": 100.0}), pick("preview", "none", "JPEG", "PNG"),
		in("width", node.Int, opts{"default": int64(64), "min": int64(1), "max": int64(4096)}),
		in("height", node.Int, opts{"default": int64(32), "min": int64(1), "max": int64(4096)}),
		in("limit", node.Int, opts{"default": int64(512), "min": int64(0), "max": int64(4096)}), opt(in("after", "*", nil))), out(node.Int))
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		steps, delay := whole(a, "steps"), time.Duration(float(a, "delay")*float64(time.Second))
		var preview *node.Preview
		if f, _ := a["preview"].(string); f != "none" {
			preview = &node.Preview{Image: orange(whole(a, "width"), whole(a, "height")), Format: f, MaxSide: whole(a, "limit")}
		}
		for i := range steps {
			if err := sleep(ctx, delay); err != nil {
				return node.Reply{}, err
			}
			node.ProgressPreview(ctx, i+1, steps, preview)
		}
		return outputs(int64(steps))
	}}
}

func orange(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Bounds(), image.NewUniform(color.RGBA{255, 128, 0, 255}), image.Point{}, draw.Src)
	return m
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func goldenText() node.Node {
	s := hides(goldenSchema("GoldenText", args(in("text", node.String, opts{})), out("*")), node.Hidden{Name: "unique_id", Kind: node.UniqueID})
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		t, err := get[string](a, "text")
		if r, ok := node.RunOf(ctx); ok {
			if to, ok := r.Reporter.(node.TextTo); ok {
				to.BroadcastText(t)
			}
		}
		return node.Reply{Outputs: []any{t}}, err
	}}
}

func goldenUI() node.Node {
	s := shows(goldenSchema("GoldenUI", args(in("ui", node.String, opts{}), opt(in("after", "*", nil))), nil))
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		t, err := get[string](a, "ui")
		if err != nil {
			return node.Reply{}, err
		}
		v, err := parsed(t)
		if err != nil {
			return node.Reply{}, err
		}
		ui := node.UI{}
		kinds, _ := v.(map[string]any)
		for k, items := range kinds {
			if ui[k], err = iterate(items); err != nil {
				return node.Reply{}, err
			}
		}
		return node.Reply{UI: ui}, nil
	}}
}

// iterate gives the items of a value as the reference goes through it: a string by its letters.
func iterate(v any) ([]any, error) {
	switch x := v.(type) {
	case []any:
		return x, nil
	case string:
		list := []any{}
		for _, r := range x {
			list = append(list, string(r))
		}
		return list, nil
	case map[string]any:
		list := []any{}
		for k := range x {
			list = append(list, k)
		}
		return list, nil
	}
	names := map[string]string{"int64": "int", "float64": "float", "bool": "bool", "<nil>": "NoneType"}
	return nil, &node.Exception{Kind: "TypeError", Text: fmt.Sprintf("'%s' object is not iterable", names[fmt.Sprintf("%T", v)])}
}

func goldenError() node.Node {
	s := shows(goldenSchema("GoldenError", args(in("value", "*", nil), in("message", node.String, opts{}), opt(in("flag", node.Boolean, opts{}))), out("*")))
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		t, _ := get[string](a, "message")
		return node.Reply{}, &node.Exception{Kind: "ValueError", Text: t}
	}}
}

func goldenIntermediate() node.Node {
	s := goldenSchema("GoldenIntermediate", args(in("value", "*", nil)), out("*"))
	s.Intermediate = true
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		return node.Reply{Outputs: []any{a["value"]}, UI: text(a["value"])}, nil
	}}
}

func goldenLazy() node.Node {
	s := shows(goldenSchema("GoldenLazy", args(in("ask", node.String, opts{}), opt(in("a", "*", opts{"lazy": true})),
		opt(in("b", "*", opts{"lazy": true})), opt(in("c", "*", nil))), nil))
	return needing{plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		got := map[string]any{}
		for _, k := range []string{"a", "b", "c"} {
			if v, ok := a[k]; ok {
				got[k] = v
			}
		}
		return node.Reply{UI: text(got)}, nil
	}}, func(_ context.Context, a node.Args) ([]string, error) {
		ask, _ := get[string](a, "ask")
		var names []string
		for name := range strings.SplitSeq(ask, ",") {
			if v := a[name]; name != "" && v == nil {
				names = append(names, name)
			}
		}
		return names, nil
	}}
}

func goldenValidate() node.Node {
	bounds := opts{"default": int64(0), "min": int64(0), "max": int64(5)}
	s := shows(goldenSchema("GoldenValidate", args(in("mode", node.String, opts{}), in("n", node.Int, bounds), in("m", node.Int, bounds)), nil))
	p := plain{s, func(_ context.Context, a node.Args) (node.Reply, error) { return node.Reply{UI: text(a)}, nil }}
	return checking{p, []string{"mode", "n"}, false, func(_ context.Context, a node.Args) error {
		switch mode, _ := get[string](a, "mode"); mode {
		case "ok":
			return nil
		case "false":
			return &node.Refusal{}
		case "text":
			return &node.Refusal{Reason: "not today"}
		case "raise":
			return &node.Exception{Kind: "RuntimeError", Text: "validator broke"}
		default:
			return &node.Exception{Kind: "KeyError", Text: "'" + mode + "'"}
		}
	}}
}

func goldenRaw() node.Node {
	s := shows(goldenSchema("GoldenRaw", args(in("link", "*", opts{"rawLink": true})), nil))
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		return node.Reply{UI: text(map[string]any{"link": a["link"]})}, nil
	}}
}

func goldenHidden() node.Node {
	s := hides(shows(goldenSchema("GoldenHidden", nil, nil)), node.Hidden{Name: "uid", Kind: node.UniqueID},
		node.Hidden{Name: "prompt", Kind: node.Prompt}, node.Hidden{Name: "info", Kind: node.ExtraPNGInfo},
		node.Hidden{Name: "token", Kind: node.AuthToken}, node.Hidden{Name: "key", Kind: node.APIKey},
		node.Hidden{Name: "other", Kind: "SOMETHING"})
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) { return node.Reply{UI: text(a)}, nil }}
}

func goldenChanged() node.Node {
	s := shows(goldenSchema("GoldenChanged", args(in("value", "*", nil), in("mode", node.String, opts{})), nil))
	p := plain{s, func(_ context.Context, a node.Args) (node.Reply, error) { return node.Reply{UI: text(a["value"])}, nil }}
	return changing{p, func(a node.Args) (any, error) {
		switch a["mode"] {
		case "same":
			return "x", nil
		case "nan":
			return math.NaN(), nil
		case "raise":
			return nil, &node.Exception{Kind: "RuntimeError", Text: "the change function broke"}
		}
		if t, ok := a["value"].(string); ok {
			return t, nil
		}
		return jsonText(a["value"]), nil
	}}
}

func goldenExpand() node.Node {
	s := goldenSchema("GoldenExpand", args(in("value", "*", nil), in("depth", node.Int, opts{"default": int64(0)})), out("*", "*"))
	s.Expands = true
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		g := node.NewGraph(ctx)
		inner := ""
		if depth := whole(a, "depth"); depth > 0 {
			inner = g.Add("GoldenExpand", node.Port{Name: "value", Value: a["value"]}, node.Port{Name: "depth", Value: int64(depth - 1)})
		} else {
			inner = g.Add("GoldenIntermediate", node.Port{Name: "value", Value: a["value"]})
		}
		echo := g.Add("GoldenEcho", node.Port{Name: "value", Value: node.Socket{Node: inner}})
		return node.Reply{Outputs: []any{node.Socket{Node: echo}, "literal"}, Expand: g.Graph()}, nil
	}}
}

func goldenV3() node.Node {
	s := &node.Schema{ID: "GoldenV3", Name: "Golden V3", Category: "golden", Module: "custom_nodes.golden-pack", V3: true, OutputNode: true,
		Help: "Shows what it receives.",
		Inputs: args(
			in("n", node.Int, opts{"default": int64(2), "min": int64(0), "max": int64(9)}),
			node.Input{Name: "grow", Type: node.Autogrow, Forms: &node.Forms{Prefix: "v", Min: 1, Max: 4,
				Template: args(in("v", node.Float, opts{"min": 0.0, "max": 1.0}))}},
			opt(node.Input{Name: "named", Type: node.Autogrow, Forms: &node.Forms{Names: []string{"left", "right"}, Template: args(in("w", "*", opts{}))}}),
			node.Input{Name: "mode", Type: node.DynamicCombo, Forms: &node.Forms{Cases: []node.Case{{Key: "plain"},
				{Key: "scaled", Inputs: args(in("factor", node.Float, opts{"default": 1.0, "min": 0.0, "max": 4.0}), opt(in("note", node.String, opts{})))}}}},
			opt(in("m", node.MatchType, opts{"template": map[string]any{"template_id": "T", "allowed_types": "*"}})),
			opt(in("pick", node.Combo, opts{"options": []any{"a", "b"}})),
		),
		Hidden:  []node.Hidden{{Name: "unique_id", Kind: node.UniqueID}},
		Outputs: []node.Output{{Type: node.MatchType, Name: "m", Match: "T"}, {Type: node.Int}},
	}
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		got := map[string]any{}
		for k, v := range a {
			if k != "prompt" && k != "extra_pnginfo" {
				got[k] = v
			}
		}
		return node.Reply{Outputs: []any{a["m"], a["n"]}, UI: text(got)}, nil
	}}
}
