package testpack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// upSchema starts the schema of a node of the reference's test pack.
func upSchema(id, name, category string, inputs []node.Input, outputs []node.Output) *node.Schema {
	return &node.Schema{ID: id, Name: name, Category: category, Module: "custom_nodes.testing-pack", Inputs: inputs, Outputs: outputs}
}

const (
	catNodes = "Testing/Nodes"
	catFlow  = "Testing/Flow"
	catLists = "Testing/Lists"
	catLogic = "Testing/Logic"
	catStubs = "Testing/Stub Nodes"
	catSleep = "experimental"
	catAsync = "experimental/async"
)

// Upstream are the nodes of the reference's test pack.
func Upstream() []node.Node {
	var all []node.Node
	for _, group := range [][]node.Node{mixNodes(), checkNodes(), sleepNodes(), flowNodes(), listNodes(), loopNodes(), logicNodes(),
		stubNodes(), asyncNodes()} {
		all = append(all, group...)
	}
	return all
}

const side = 512 // of the pictures that the nodes make themselves

// uniform is a picture of one value.
func uniform(batch, h, w int, v float32) (value.Image, error) {
	t, err := filled(v, batch, h, w, 3)
	return value.Image{Tensor: t}, err
}

// maxElems bounds the pictures of the test nodes.
const maxElems = 1 << 28

func filled(v float32, shape ...int) (*tensor.Tensor, error) {
	n, ok := tensor.Shape(shape).TryElems()
	if !ok || n > maxElems {
		return nil, fault.New(fault.OutOfMemory, "a picture of %v does not fit the memory", shape)
	}
	t := tensor.New(tensor.F32, shape...)
	data := t.F32()
	for i := range data {
		data[i] = v
	}
	return t, nil
}

func square(v float32) value.Image {
	m, _ := uniform(1, side, side, v)
	return m
}

// scaled multiplies a picture.
func scaled(m value.Image, by float64) value.Image {
	t := m.Dense().Clone()
	data := t.F32()
	for i := range data {
		data[i] *= float32(by)
	}
	return value.Image{Tensor: t}
}

// average is the mean of pictures of one shape.
func average(list []value.Image) (value.Image, error) {
	t := list[0].Dense().Clone()
	sum := t.F32()
	for _, m := range list[1:] {
		if !m.Shape().Equal(t.Shape()) {
			return value.Image{}, &node.Exception{Kind: "RuntimeError", Text: "stack expects each tensor to be equal size"}
		}
		for i, v := range m.Dense().F32() {
			sum[i] += v
		}
	}
	for i := range sum {
		sum[i] /= float32(len(list))
	}
	return value.Image{Tensor: t}, nil
}

func bounds(t *tensor.Tensor) (low, high float32) {
	data := t.Dense().F32()
	if len(data) == 0 {
		return 0, 0
	}
	low, high = data[0], data[0]
	for _, v := range data {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

func mixNodes() []node.Node {
	return []node.Node{
		lazyMix(), variadicAverage(), isChangedNode(), isChangedConstants(),
	}
}

func lazyMix() node.Node {
	s := upSchema("TestLazyMixImages", "Lazy Mix Images", catNodes, args(in("image1", "IMAGE", opts{"lazy": true}),
		in("image2", "IMAGE", opts{"lazy": true}), in("mask", "MASK", nil)), out("IMAGE"))
	p := plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		mask, err := get[value.Mask](a, "mask")
		if err != nil || mask.Tensor == nil {
			return node.Reply{}, fmt.Errorf("mask: %w", orMissing(err))
		}
		low, high := bounds(mask.Tensor)
		switch {
		case low == 0 && high == 0:
			return outputs(a["image1"])
		case low == 1 && high == 1:
			return outputs(a["image2"])
		}
		one, err1 := get[value.Image](a, "image1")
		two, err2 := get[value.Image](a, "image2")
		if err1 != nil || err2 != nil || one.Tensor == nil || two.Tensor == nil {
			return node.Reply{}, orMissing(err1)
		}
		m, err := mix(one, two, mask)
		return node.Reply{Outputs: []any{m}}, err
	}}
	return needing{p, func(_ context.Context, a node.Args) ([]string, error) {
		mask, err := get[value.Mask](a, "mask")
		if err != nil || mask.Tensor == nil {
			return nil, orMissing(err)
		}
		low, high := bounds(mask.Tensor)
		var names []string
		if a["image1"] == nil && (low != 1 || high != 1) {
			names = append(names, "image1")
		}
		if a["image2"] == nil && (low != 0 || high != 0) {
			names = append(names, "image2")
		}
		return names, nil
	}}
}

func orMissing(err error) error {
	if err != nil {
		return err
	}
	return &node.Exception{Kind: "TypeError", Text: "unsupported operand type(s) for *: 'NoneType' and 'Tensor'"}
}

// mix blends two pictures by a mask of their size.
func mix(one, two value.Image, mask value.Mask) (value.Image, error) {
	a, b, m := one.Dense().F32(), two.Dense().F32(), mask.Dense().F32()
	if len(a) != len(b) || len(m) == 0 || len(a)%len(m) != 0 {
		return value.Image{}, &node.Exception{Kind: "RuntimeError", Text: "the sizes of pictures and mask differ"}
	}
	channels := len(a) / len(m)
	t := one.Dense().Clone()
	for i := range a {
		w := m[i/channels]
		t.F32()[i] = a[i]*(1-w) + b[i]*w
	}
	return value.Image{Tensor: t}, nil
}

func variadicAverage() node.Node {
	s := upSchema("TestVariadicAverage", "Variadic Average", catNodes, args(in("input1", "IMAGE", nil)), out("IMAGE"))
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		var list []value.Image
		for i := 1; ; i++ {
			m, err := get[value.Image](a, "input"+strconv.Itoa(i))
			if err != nil {
				return node.Reply{}, err
			}
			if m.Tensor == nil {
				break
			}
			list = append(list, m)
		}
		if len(list) == 0 {
			return node.Reply{}, orMissing(nil)
		}
		m, err := average(list)
		return node.Reply{Outputs: []any{m}}, err
	}}
}

func isChangedNode() node.Node {
	s := upSchema("TestCustomIsChanged", "Custom IsChanged", catNodes, args(in("image", "IMAGE", nil),
		opt(in("should_change", "BOOL", opts{"default": false}))), out("IMAGE"))
	p := plain{s, func(_ context.Context, a node.Args) (node.Reply, error) { return outputs(a["image"]) }}
	return changing{p, func(a node.Args) (any, error) {
		if truth(a["should_change"]) {
			return nan, nil
		}
		return false, nil
	}}
}

func isChangedConstants() node.Node {
	s := upSchema("TestIsChangedWithConstants", "IsChanged With Constants", catNodes, args(in("image", "IMAGE", nil),
		in("value", node.Float, opts{"default": 1.0, "min": 0.0, "max": 10.0})), out("IMAGE"))
	p := plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		m, err := get[value.Image](a, "image")
		if err != nil || m.Tensor == nil {
			return node.Reply{}, orMissing(err)
		}
		return outputs(scaled(m, float(a, "value")))
	}}
	return changing{p, func(a node.Args) (any, error) { return a["value"], nil }}
}

func stubNodes() []node.Node {
	size := func() []node.Input {
		return args(in("height", node.Int, opts{"default": int64(512), "min": int64(1), "max": int64(1073741824), "step": int64(1)}),
			in("width", node.Int, opts{"default": int64(512), "min": int64(1), "max": int64(68719476736), "step": int64(1)}),
			in("batch_size", node.Int, opts{"default": int64(1), "min": int64(1), "max": int64(1073741824), "step": int64(1)}))
	}
	val := in("value", node.Float, opts{"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.01})
	shape := func(a node.Args) (b, h, w int) { return whole(a, "batch_size"), whole(a, "height"), whole(a, "width") }
	same := func(_ context.Context, a node.Args) (node.Reply, error) { return outputs(a["value"]) }
	return []node.Node{
		plain{upSchema("StubImage", "Stub Image", catStubs, append(args(pick("content", "WHITE", "BLACK", "NOISE")), size()...), out("IMAGE")),
			func(_ context.Context, a node.Args) (node.Reply, error) {
				b, h, w := shape(a)
				v := float32(0)
				if a["content"] == "WHITE" {
					v = 1
				}
				m, err := uniform(b, h, w, v)
				if err == nil && a["content"] == "NOISE" {
					for i := range m.F32() {
						m.F32()[i] = rand.Float32()
					}
				}
				return node.Reply{Outputs: []any{m}}, err
			}},
		plain{upSchema("StubConstantImage", "Stub Constant Image", catStubs, append(args(val), size()...), out("IMAGE")),
			func(_ context.Context, a node.Args) (node.Reply, error) {
				b, h, w := shape(a)
				m, err := uniform(b, h, w, float32(float(a, "value")))
				return node.Reply{Outputs: []any{m}}, err
			}},
		plain{upSchema("StubMask", "Stub Mask", catStubs, append(args(val), size()...), out("MASK")),
			func(_ context.Context, a node.Args) (node.Reply, error) {
				b, h, w := shape(a)
				t, err := filled(float32(float(a, "value")), b, h, w)
				return node.Reply{Outputs: []any{value.Mask{Tensor: t}}}, err
			}},
		plain{upSchema("StubInt", "Stub Int", catStubs, args(in("value", node.Int, opts{"default": int64(0), "min": int64(-4294967295), "max": int64(4294967295), "step": int64(1)})), out(node.Int)), same},
		plain{upSchema("StubFloat", "Stub Float", catStubs, args(in("value", node.Float, opts{"default": 0.0, "min": -1e38, "max": 1e38, "step": 0.01})), out(node.Float)), same},
	}
}
