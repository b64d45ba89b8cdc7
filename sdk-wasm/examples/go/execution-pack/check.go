package main

import (
	"slices"
	"strconv"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// product multiplies two inputs of pictures or numbers into a picture.
func product(in guest.Args) (guest.Reply, error) {
	var m guest.Image
	var err error
	x, y := in["input1"], in["input2"]
	fx, isNumberX := x.(float64)
	fy, isNumberY := y.(float64)
	mx, isImageX := x.(guest.Image)
	my, isImageY := y.(guest.Image)
	switch {
	case isNumberX && isNumberY:
		m, err = square(fx * fy)
	case isImageX && isNumberY:
		m, err = scaled(mx, fy)
	case isNumberX && isImageY:
		m, err = scaled(my, fx)
	case isImageX && isImageY && slices.Equal(mx.Info().Shape, my.Info().Shape):
		m, err = computed(func(r *guest.Recorder) guest.Ref { return r.Mul(r.Input(mx.Tensor), r.Input(my.Tensor)) })
	default:
		err = guest.Raise("TypeError", "unsupported operand type(s) for *")
	}
	return guest.Reply{Outputs: []any{m}}, err
}

// class is the reference's name of a value's class.
func class(v any) string {
	name := "dict"
	switch v.(type) {
	case int64, uint64:
		name = "int"
	case string:
		name = "str"
	case bool:
		name = "bool"
	case float64:
		name = "float"
	}
	return "<class '" + name + "'>"
}

// numbersOrImages refuses constants that are no numbers with a fraction.
func numbersOrImages(in guest.Args) error {
	for _, name := range []string{"input1", "input2"} {
		switch v := in[name].(type) {
		case nil, float64, guest.Image:
		default:
			return &guest.Refusal{Reason: "Invalid type of " + name + ": " + class(v)}
		}
	}
	return nil
}

func checkNodes() []guest.Dynamic {
	both := []string{"input1", "input2"}
	pair := func(kind string, o options) []decl { return args(in("input1", kind, o), in("input2", kind, o)) }
	about := func(n int) guest.Traits {
		return traits("TestCustomValidation"+strconv.Itoa(n), "Custom Validation "+strconv.Itoa(n), catNodes)
	}
	checked := func(n int, inputs []decl) guest.Dynamic {
		d := simple(about(n), ports(inputs, out("IMAGE")), product)
		d.Checked, d.Check = both, numbersOrImages
		return d
	}
	second := checked(2, pair("IMAGE,FLOAT", nil))
	second.CheckLinks = func(_ guest.Args, linked map[string]string) error {
		for _, name := range both {
			if t, ok := linked[name]; ok && t != "IMAGE" && t != "FLOAT" {
				return &guest.Refusal{Reason: "Invalid type of " + name + ": " + t}
			}
		}
		return nil
	}
	fifth := simple(about(5), ports(pair("FLOAT", options{"min": 0.0, "max": 1.0}), out("IMAGE")), product)
	fifth.Check = func(in guest.Args) error {
		if in["input2"] == 7.0 {
			return &guest.Refusal{Reason: "7s are not allowed. I've never liked 7s."}
		}
		return nil
	}
	return []guest.Dynamic{
		checked(1, pair("IMAGE,FLOAT", nil)), second, variant(about(3), pair("IMAGE,FLOAT", nil), out("IMAGE"), product),
		checked(4, pair("FLOAT", nil)), fifth, cycle(), mixedExpansion(), samplingExpansion(),
	}
}

func port(name string, v any) guest.Input { return guest.Input{Name: name, Value: v} }

func first(id string) guest.Link { return guest.Link{Node: id} }

func stub(name string, v any) []guest.Input {
	return []guest.Input{port(name, v), port("height", side), port("width", side), port("batch_size", 1)}
}

func cycle() guest.Dynamic {
	return simple(expands(traits("TestDynamicDependencyCycle", "Dynamic Dependency Cycle", catNodes)),
		ports(args(in("input1", "IMAGE", nil), in("input2", "IMAGE", nil)), out("IMAGE")),
		func(in guest.Args) (guest.Reply, error) {
			g := &guest.Graph{}
			mask := g.New("StubMask", stub("value", 0.5)...)
			mix1 := g.New("TestLazyMixImages", port("image1", in["input1"]), port("mask", first(mask)))
			mix2 := g.New("TestLazyMixImages", port("image1", first(mix1)), port("image2", in["input2"]), port("mask", first(mask)))
			g.Find(mix1).Set("image2", first(mix2))
			return guest.Reply{Outputs: []any{first(mix2)}, Expand: g}, nil
		})
}

func mixedExpansion() guest.Dynamic {
	return simple(expands(traits("TestMixedExpansionReturns", "Mixed Expansion Returns", catNodes)),
		ports(args(in("input1", "FLOAT", nil)), out("IMAGE", "IMAGE")),
		func(in guest.Args) (guest.Reply, error) {
			white, err := square(1)
			if err != nil {
				return guest.Reply{}, err
			}
			for _, most := range []float64{0.1, 0.2} {
				if in.Float("input1") <= most {
					m, err := square(most)
					return guest.Reply{Outputs: []any{m, white}}, err
				}
			}
			g := &guest.Graph{}
			mask := g.New("StubMask", stub("value", 0.3)...)
			black := g.New("StubImage", stub("content", "BLACK")...)
			bright := g.New("StubImage", stub("content", "WHITE")...)
			mix := g.New("TestLazyMixImages", port("image1", first(black)), port("image2", first(bright)), port("mask", first(mask)))
			return guest.Reply{Outputs: []any{first(mix), white}, Expand: g}, nil
		})
}

func samplingExpansion() guest.Dynamic {
	long := func(name, text string) decl {
		return in(name, "STRING", options{"multiline": true, "default": text})
	}
	return simple(expands(traits("TestSamplingInExpansion", "Sampling In Expansion", catNodes)),
		ports(args(in("model", "MODEL", nil), in("clip", "CLIP", nil), in("vae", "VAE", nil),
			in("seed", "INT", limits(0, 0, ^uint64(0))), in("steps", "INT", limits(20, 1, 100)), in("cfg", "FLOAT", limits(7.0, 0.0, 30.0)),
			long("prompt", "a beautiful landscape with mountains and trees"), long("negative_prompt", "blurry, bad quality, worst quality")), out("IMAGE")),
		func(in guest.Args) (guest.Reply, error) {
			g := &guest.Graph{}
			positive := g.New("CLIPTextEncode", port("text", in["prompt"]), port("clip", in["clip"]))
			negative := g.New("CLIPTextEncode", port("text", in["negative_prompt"]), port("clip", in["clip"]))
			latent := g.New("EmptyLatentImage", port("width", side), port("height", side), port("batch_size", 1))
			sampler := g.New("KSampler", port("model", in["model"]), port("positive", first(positive)), port("negative", first(negative)),
				port("latent_image", first(latent)), port("seed", in["seed"]), port("steps", in["steps"]), port("cfg", in["cfg"]),
				port("sampler_name", "euler_ancestral"), port("scheduler", "normal"), port("denoise", 1.0))
			decoded := g.New("VAEDecode", port("samples", first(sampler)), port("vae", in["vae"]))
			return guest.Reply{Outputs: []any{first(decoded)}, Expand: g}, nil
		})
}
