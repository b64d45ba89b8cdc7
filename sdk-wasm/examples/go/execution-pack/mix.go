package main

import (
	"math"
	"strconv"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

func mixNodes() []guest.Dynamic {
	return []guest.Dynamic{lazyMix(), variadicAverage(), isChanged(), isChangedConstants()}
}

// maskBounds are the ends of a mask's values.
func maskBounds(in guest.Args) (mask guest.Mask, low, high float32, err error) {
	mask, ok := in["mask"].(guest.Mask)
	if !ok {
		return mask, 0, 0, errMissing
	}
	low, high, err = bounds(mask.Tensor)
	return mask, low, high, err
}

func lazyMix() guest.Dynamic {
	d := simple(traits("TestLazyMixImages", "Lazy Mix Images", catNodes), ports(args(in("image1", "IMAGE", options{"lazy": true}),
		in("image2", "IMAGE", options{"lazy": true}), in("mask", "MASK", nil)), out("IMAGE")),
		func(in guest.Args) (guest.Reply, error) {
			mask, low, high, err := maskBounds(in)
			switch {
			case err != nil:
				return guest.Reply{}, err
			case low == 0 && high == 0:
				return guest.Outputs(in["image1"])
			case low == 1 && high == 1:
				return guest.Outputs(in["image2"])
			}
			one, ok1 := in.Image("image1")
			two, ok2 := in.Image("image2")
			if !ok1 || !ok2 {
				return guest.Reply{}, errMissing
			}
			m, err := mix(one, two, mask)
			return guest.Reply{Outputs: []any{m}}, err
		})
	d.Need = func(in guest.Args) ([]string, error) {
		_, low, high, err := maskBounds(in)
		var names []string
		if err == nil && in["image1"] == nil && (low != 1 || high != 1) {
			names = append(names, "image1")
		}
		if err == nil && in["image2"] == nil && (low != 0 || high != 0) {
			names = append(names, "image2")
		}
		return names, err
	}
	return d
}

func variadicAverage() guest.Dynamic {
	return simple(traits("TestVariadicAverage", "Variadic Average", catNodes), ports(args(in("input1", "IMAGE", nil)), out("IMAGE")),
		func(in guest.Args) (guest.Reply, error) {
			var list []guest.Image
			for i := 1; in["input"+strconv.Itoa(i)] != nil; i++ {
				m, ok := in.Image("input" + strconv.Itoa(i))
				if !ok {
					return guest.Reply{}, guest.Raise("TypeError", "input"+strconv.Itoa(i)+" is no picture")
				}
				list = append(list, m)
			}
			if len(list) == 0 {
				return guest.Reply{}, errMissing
			}
			m, err := average(list)
			return guest.Reply{Outputs: []any{m}}, err
		})
}

func isChanged() guest.Dynamic {
	d := simple(traits("TestCustomIsChanged", "Custom IsChanged", catNodes), ports(args(in("image", "IMAGE", nil),
		opt(in("should_change", "BOOL", options{"default": false}))), out("IMAGE")),
		func(in guest.Args) (guest.Reply, error) { return guest.Outputs(in["image"]) })
	d.Changed = func(in guest.Args) (any, error) {
		if in.Bool("should_change") {
			return math.NaN(), nil
		}
		return false, nil
	}
	return d
}

// times multiplies the picture of one input by the number of another.
func times(image, by string) func(in guest.Args) (guest.Reply, error) {
	return func(in guest.Args) (guest.Reply, error) {
		m, ok := in.Image(image)
		if !ok {
			return guest.Reply{}, errMissing
		}
		out, err := scaled(m, in.Float(by))
		return guest.Reply{Outputs: []any{out}}, err
	}
}

func isChangedConstants() guest.Dynamic {
	d := simple(traits("TestIsChangedWithConstants", "IsChanged With Constants", catNodes), ports(args(in("image", "IMAGE", nil),
		in("value", "FLOAT", limits(1.0, 0.0, 10.0))), out("IMAGE")), times("image", "value"))
	d.Changed = func(in guest.Args) (any, error) { return in["value"], nil }
	return d
}

func stubNodes() []guest.Dynamic {
	long := func(name string, def, most int64) decl {
		return in(name, "INT", options{"default": def, "min": 1, "max": most, "step": 1})
	}
	size := args(long("height", 512, 1073741824), long("width", 512, 68719476736), long("batch_size", 1, 1073741824))
	value := in("value", "FLOAT", options{"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.01})
	same := func(in guest.Args) (guest.Reply, error) { return guest.Outputs(in["value"]) }
	return []guest.Dynamic{
		simple(traits("StubImage", "Stub Image", catStubs), ports(append(args(pick("content", "WHITE", "BLACK", "NOISE")), size...), out("IMAGE")),
			func(in guest.Args) (guest.Reply, error) {
				v := 0.0
				if in["content"] == "WHITE" {
					v = 1
				}
				t, err := filled(v, in.Int("batch_size"), in.Int("height"), in.Int("width"), 3)
				if err == nil && in["content"] == "NOISE" {
					err = noise(t)
				}
				if err != nil {
					return guest.Reply{}, err
				}
				m, err := t.Image()
				return guest.Reply{Outputs: []any{m}}, err
			}),
		simple(traits("StubConstantImage", "Stub Constant Image", catStubs), ports(append(args(value), size...), out("IMAGE")),
			func(in guest.Args) (guest.Reply, error) {
				m, err := uniform(in.Int("batch_size"), in.Int("height"), in.Int("width"), in.Float("value"))
				return guest.Reply{Outputs: []any{m}}, err
			}),
		simple(traits("StubMask", "Stub Mask", catStubs), ports(append(args(value), size...), out("MASK")),
			func(in guest.Args) (guest.Reply, error) {
				t, err := filled(in.Float("value"), in.Int("batch_size"), in.Int("height"), in.Int("width"))
				if err != nil {
					return guest.Reply{}, err
				}
				m, err := t.Mask()
				return guest.Reply{Outputs: []any{m}}, err
			}),
		simple(traits("StubInt", "Stub Int", catStubs), ports(args(in("value", "INT", options{"default": 0, "min": -4294967295, "max": 4294967295, "step": 1})), out("INT")), same),
		simple(traits("StubFloat", "Stub Float", catStubs), ports(args(in("value", "FLOAT", options{"default": 0.0, "min": -1e38, "max": 1e38, "step": 0.01})), out("FLOAT")), same),
	}
}
