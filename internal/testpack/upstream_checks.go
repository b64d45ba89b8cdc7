package testpack

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/value"
)

var nan = math.NaN()

// product multiplies two inputs of pictures or floats into a picture.
func product(_ context.Context, a node.Args) (node.Reply, error) {
	x, y := a["input1"], a["input2"]
	fx, okX := x.(float64)
	fy, okY := y.(float64)
	mx, isX := x.(value.Image)
	my, isY := y.(value.Image)
	switch {
	case okX && okY:
		return outputs(square(float32(fx * fy)))
	case isX && okY:
		return outputs(scaled(mx, fy))
	case okX && isY:
		return outputs(scaled(my, fx))
	case isX && isY && mx.Shape().Equal(my.Shape()):
		t := mx.Dense().Clone()
		for i, v := range my.Dense().F32() {
			t.F32()[i] *= v
		}
		return outputs(value.Image{Tensor: t})
	}
	return node.Reply{}, &node.Exception{Kind: "TypeError", Text: fmt.Sprintf("unsupported operand type(s) for *: %T and %T", x, y)}
}

// pyClass is the reference's name of a value's class.
func pyClass(v any) string {
	name := map[string]string{"int64": "int", "uint64": "int", "string": "str", "bool": "bool", "float64": "float"}[fmt.Sprintf("%T", v)]
	if name == "" {
		name = "dict"
	}
	return "<class '" + name + "'>"
}

// floatsOrImages refuses constants that are no floats.
func floatsOrImages(a node.Args) error {
	for _, name := range []string{"input1", "input2"} {
		switch v := a[name].(type) {
		case nil, float64, value.Image:
		default:
			return &node.Refusal{Reason: fmt.Sprintf("Invalid type of %s: %s", name, pyClass(v))}
		}
	}
	return nil
}

func checkNodes() []node.Node {
	both := []string{"input1", "input2"}
	unions := args(in("input1", "IMAGE,FLOAT", nil), in("input2", "IMAGE,FLOAT", nil))
	schema := func(n int, inputs []node.Input) *node.Schema {
		return upSchema(fmt.Sprintf("TestCustomValidation%d", n), fmt.Sprintf("Custom Validation %d", n), catNodes, inputs, out("IMAGE"))
	}
	check := func(_ context.Context, a node.Args) error { return floatsOrImages(a) }
	limit := opts{"min": 0.0, "max": 1.0}
	return []node.Node{
		checking{plain{schema(1, unions), product}, both, false, check},
		linkChecking{checking{plain{schema(2, unions), product}, both, false, check},
			func(a node.Args, linked map[string]node.Type) error {
				if err := floatsOrImages(a); err != nil {
					return err
				}
				for _, name := range both {
					if t, ok := linked[name]; ok && t != "IMAGE" && t != "FLOAT" {
						return &node.Refusal{Reason: fmt.Sprintf("Invalid type of %s: %s", name, t)}
					}
				}
				return nil
			}},
		variant(plain{schema(3, unions), product}),
		checking{plain{schema(4, args(in("input1", "FLOAT", nil), in("input2", "FLOAT", nil))), product}, both, false, check},
		checking{plain{schema(5, args(in("input1", "FLOAT", limit), in("input2", "FLOAT", limit))), product}, nil, true,
			func(_ context.Context, a node.Args) error {
				if a["input2"] == 7.0 {
					return &node.Refusal{Reason: "7s are not allowed. I've never liked 7s."}
				}
				return nil
			}},
		cycleNode(), mixedExpansion(), samplingExpansion(),
	}
}

// variant checks link types itself: what comes must be a subset of what is declared. The reference lets pass whatever comes from
// another such node, whose types it wraps; here the type alone counts.
func variant(p plain) node.Node {
	links := func(_ node.Args, linked map[string]node.Type) error {
		for _, i := range p.s.Inputs {
			t, ok := linked[i.Name]
			if ok && !subset(string(t), string(i.Type)) {
				return &node.Refusal{Reason: fmt.Sprintf("Invalid type of %s: %s (expected %s)", i.Name, t, i.Type)}
			}
		}
		return nil
	}
	return linkChecking{checking{plain: p, check: func(context.Context, node.Args) error { return nil }}, links}
}

func subset(got, want string) bool {
	if got == "*" || want == "*" {
		return true
	}
	all := strings.Split(want, ",")
	for t := range strings.SplitSeq(got, ",") {
		if !slices.Contains(all, t) {
			return false
		}
	}
	return true
}

func port(name string, v any) node.Port { return node.Port{Name: name, Value: v} }

func first(id string) node.Socket { return node.Socket{Node: id} }

func stub(name string, v any) []node.Port {
	return []node.Port{port(name, v), port("height", int64(side)), port("width", int64(side)), port("batch_size", int64(1))}
}

func cycleNode() node.Node {
	s := upSchema("TestDynamicDependencyCycle", "Dynamic Dependency Cycle", catNodes, args(in("input1", "IMAGE", nil), in("input2", "IMAGE", nil)), out("IMAGE"))
	s.Expands = true
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		g := node.NewGraph(ctx)
		mask := g.Add("StubMask", stub("value", 0.5)...)
		mix1 := g.Add("TestLazyMixImages", port("image1", a["input1"]), port("mask", first(mask)))
		mix2 := g.Add("TestLazyMixImages", port("image1", first(mix1)), port("image2", a["input2"]), port("mask", first(mask)))
		g.Set(mix1, "image2", first(mix2))
		return node.Reply{Outputs: []any{first(mix2)}, Expand: g.Graph()}, nil
	}}
}

func mixedExpansion() node.Node {
	s := upSchema("TestMixedExpansionReturns", "Mixed Expansion Returns", catNodes, args(in("input1", "FLOAT", nil)), out("IMAGE", "IMAGE"))
	s.Expands = true
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		white, v := square(1), float(a, "input1")
		switch {
		case v <= 0.1:
			return outputs(square(0.1), white)
		case v <= 0.2:
			return outputs(square(0.2), white)
		}
		g := node.NewGraph(ctx)
		mask := g.Add("StubMask", stub("value", 0.3)...)
		black := g.Add("StubImage", stub("content", "BLACK")...)
		bright := g.Add("StubImage", stub("content", "WHITE")...)
		mix := g.Add("TestLazyMixImages", port("image1", first(black)), port("image2", first(bright)), port("mask", first(mask)))
		return node.Reply{Outputs: []any{first(mix), white}, Expand: g.Graph()}, nil
	}}
}

func samplingExpansion() node.Node {
	long := func(name, text string) node.Input {
		return in(name, node.String, opts{"multiline": true, "default": text})
	}
	s := upSchema("TestSamplingInExpansion", "Sampling In Expansion", catNodes, args(in("model", "MODEL", nil), in("clip", "CLIP", nil), in("vae", "VAE", nil),
		in("seed", node.Int, opts{"default": int64(0), "min": int64(0), "max": uint64(math.MaxUint64)}),
		in("steps", node.Int, opts{"default": int64(20), "min": int64(1), "max": int64(100)}),
		in("cfg", node.Float, opts{"default": 7.0, "min": 0.0, "max": 30.0}),
		long("prompt", "a beautiful landscape with mountains and trees"), long("negative_prompt", "blurry, bad quality, worst quality")), out("IMAGE"))
	s.Expands = true
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		g := node.NewGraph(ctx)
		positive := g.Add("CLIPTextEncode", port("text", a["prompt"]), port("clip", a["clip"]))
		negative := g.Add("CLIPTextEncode", port("text", a["negative_prompt"]), port("clip", a["clip"]))
		latent := g.Add("EmptyLatentImage", port("width", int64(side)), port("height", int64(side)), port("batch_size", int64(1)))
		sampler := g.Add("KSampler", port("model", a["model"]), port("positive", first(positive)), port("negative", first(negative)),
			port("latent_image", first(latent)), port("seed", a["seed"]), port("steps", a["steps"]), port("cfg", a["cfg"]),
			port("sampler_name", "euler_ancestral"), port("scheduler", "normal"), port("denoise", 1.0))
		decoded := g.Add("VAEDecode", port("samples", first(sampler)), port("vae", a["vae"]))
		return node.Reply{Outputs: []any{first(decoded)}, Expand: g.Graph()}, nil
	}}
}
