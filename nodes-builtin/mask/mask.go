// Package mask holds the nodes that make masks and turn them into pictures and back.
package mask

import (
	"context"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/room"
)

const (
	category      = "image/mask"
	module        = "comfy_extras.nodes_mask"
	maxResolution = 16384 // pixels
)

var channels = []string{"red", "green", "blue", "alpha"}

// All lists the nodes of the package.
func All() []node.Node {
	return []node.Node{toImage.Node(), fromImage.Node(), solid.Node(), invert.Node()}
}

type maskIn struct{ Mask value.Mask }
type maskOut struct{ Mask value.Mask }
type imageOut struct{ Image value.Image }

var toImage = node.Def[maskIn, imageOut]{
	ID: "MaskToImage", Name: "Convert Mask to Image", Category: category, Module: module, V3: true,
	Help: "Makes a grey picture of a mask.", Aliases: []string{"convert mask"},
	Ports: func(p *node.Ports, in *maskIn, out *imageOut) {
		node.Link(p, "mask", &in.Mask)
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(_ context.Context, in maskIn) (imageOut, error) {
		m := in.Mask.Dense()
		if len(m.Shape()) < 2 {
			return imageOut{}, fault.New(fault.BadTensor, "a mask of shape %v has no height and width", m.Shape())
		}
		out := tensor.New(tensor.F32, m.Elems()/(m.Dim(-1)*m.Dim(-2)), m.Dim(-2), m.Dim(-1), 3)
		dst := out.F32()
		for i, v := range m.F32() {
			dst[3*i], dst[3*i+1], dst[3*i+2] = v, v, v
		}
		return imageOut{value.Image{Tensor: out}}, nil
	},
}

type fromImageIn struct {
	Image   value.Image
	Channel string
}

var fromImage = node.Def[fromImageIn, maskOut]{
	ID: "ImageToMask", Name: "Convert Image to Mask", Category: category, Module: module, V3: true,
	Help: "Takes one channel of a picture as a mask.", Aliases: []string{"extract channel", "channel to mask"},
	Ports: func(p *node.Ports, in *fromImageIn, out *maskOut) {
		node.Link(p, "image", &in.Image)
		node.Choice(p, "channel", &in.Channel, channels...).Modern()
		node.Result(p, "MASK", &out.Mask)
	},
	Do: func(_ context.Context, in fromImageIn) (maskOut, error) {
		c := slices.Index(channels, in.Channel)
		if c < 0 || c >= in.Image.Dim(3) {
			return maskOut{}, fault.New(fault.BadTensor, "the picture has %d channels and no %s", in.Image.Dim(3), in.Channel)
		}
		m := in.Image.Slice(3, c, c+1).Clone()
		return maskOut{value.Mask{Tensor: m.Reshape(m.Dim(0), m.Dim(1), m.Dim(2))}}, nil
	},
}

type solidIn struct {
	Value         float64
	Width, Height int
}

var solid = node.Def[solidIn, maskOut]{
	ID: "SolidMask", Name: "Create Solid Mask", Category: category, Module: module, V3: true, Help: "A mask of one value.",
	Ports: func(p *node.Ports, in *solidIn, out *maskOut) {
		node.Number(p, "value", &in.Value, 1).Range(0.0, 1.0).Step(0.01)
		node.Number(p, "width", &in.Width, 512).Range(1, maxResolution).Step(1)
		node.Number(p, "height", &in.Height, 512).Range(1, maxResolution).Step(1)
		node.Result(p, "MASK", &out.Mask)
	},
	Do: func(_ context.Context, in solidIn) (maskOut, error) {
		m, err := room.New(room.Batch(1, in.Width, in.Height), 1, in.Height, in.Width)
		if err != nil {
			return maskOut{}, err
		}
		for i := range m.F32() {
			m.F32()[i] = float32(in.Value)
		}
		return maskOut{value.Mask{Tensor: m}}, nil
	},
}

var invert = node.Def[maskIn, maskOut]{
	ID: "InvertMask", Name: "Invert Mask", Category: category, Module: module, V3: true,
	Help: "Swaps what is covered and what is not.", Aliases: []string{"reverse mask", "flip mask"},
	Ports: func(p *node.Ports, in *maskIn, out *maskOut) {
		node.Link(p, "mask", &in.Mask)
		node.Result(p, "MASK", &out.Mask)
	},
	Do: func(_ context.Context, in maskIn) (maskOut, error) {
		m := in.Mask.Clone()
		for i, v := range m.F32() {
			m.F32()[i] = 1 - v
		}
		return maskOut{value.Mask{Tensor: m}}, nil
	},
}
