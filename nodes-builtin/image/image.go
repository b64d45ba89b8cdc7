// Package image holds the nodes that make, change, load and save pictures.
package image

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/room"
)

const maxResolution = 16384 // pixels

type imageIn struct{ Image value.Image }
type imageOut struct{ Image value.Image }

type emptyIn struct{ Width, Height, Batch, Color int }

var empty = node.Def[emptyIn, imageOut]{
	ID: "EmptyImage", Name: "Empty Image", Category: "image", Help: "A picture of one colour.",
	Ports: func(p *node.Ports, in *emptyIn, out *imageOut) {
		node.Number(p, "width", &in.Width, 512).Range(1, maxResolution).Step(1)
		node.Number(p, "height", &in.Height, 512).Range(1, maxResolution).Step(1)
		node.Number(p, "batch_size", &in.Batch, 1).Range(1, 4096)
		node.Number(p, "color", &in.Color, 0).Range(0, 0xffffff).Step(1).Set("display", "color")
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(_ context.Context, in emptyIn) (imageOut, error) {
		t, err := room.New(room.Batch(in.Batch, in.Width, in.Height), in.Batch, in.Height, in.Width, 3)
		if err != nil {
			return imageOut{}, err
		}
		var rgb [3]float32
		for i := range rgb {
			rgb[i] = float32(float64(in.Color>>(16-8*i)&0xff) / 0xff)
		}
		px := t.F32()
		for i := 0; i < len(px); i += 3 {
			px[i], px[i+1], px[i+2] = rgb[0], rgb[1], rgb[2]
		}
		return imageOut{value.Image{Tensor: t}}, nil
	},
}

var invert = node.Def[imageIn, imageOut]{
	ID: "ImageInvert", Name: "Invert Image Colors", Category: "image/color", Essentials: "Image Tools",
	Help: "Turns every colour into its opposite.", Aliases: []string{"reverse colors"},
	Ports: func(p *node.Ports, in *imageIn, out *imageOut) {
		node.Link(p, "image", &in.Image)
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(_ context.Context, in imageIn) (imageOut, error) {
		t := in.Image.Clone()
		px := t.F32()
		for i, v := range px {
			px[i] = 1 - v
		}
		return imageOut{value.Image{Tensor: t}}, nil
	},
}

type padIn struct {
	imageIn
	Left, Top, Right, Bottom, Feather int
}

type padOut struct {
	imageOut
	Mask value.Mask
}

var padForOutpaint = node.Def[padIn, padOut]{
	ID: "ImagePadForOutpaint", Name: "Pad Image for Outpainting", Category: "image/transform",
	Help:    "Adds grey borders to a picture and a mask of them, feathered into it, so that a model can go on drawing.",
	Aliases: []string{"extend canvas", "expand image"},
	Ports: func(p *node.Ports, in *padIn, out *padOut) {
		node.Link(p, "image", &in.Image)
		node.Number(p, "left", &in.Left, 0).Range(0, maxResolution).Step(8)
		node.Number(p, "top", &in.Top, 0).Range(0, maxResolution).Step(8)
		node.Number(p, "right", &in.Right, 0).Range(0, maxResolution).Step(8)
		node.Number(p, "bottom", &in.Bottom, 0).Range(0, maxResolution).Step(8)
		node.Number(p, "feathering", &in.Feather, 40).Range(0, maxResolution).Step(1).Advanced()
		node.Result(p, "IMAGE", &out.Image)
		node.Result(p, "MASK", &out.Mask)
	},
	Do: func(_ context.Context, in padIn) (padOut, error) {
		b, h, w, c := in.Image.Dim(0), in.Image.Dim(1), in.Image.Dim(2), in.Image.Dim(3)
		fullH, fullW := h+in.Top+in.Bottom, w+in.Left+in.Right
		out, err := room.New(room.Batch(b, fullW, fullH), b, fullH, fullW, c)
		if err != nil {
			return padOut{}, err
		}
		dst, src := out.F32(), in.Image.Dense().F32()
		for i := range dst {
			dst[i] = 0.5
		}
		mask := tensor.New(tensor.F32, 1, fullH, fullW)
		m := mask.F32()
		for i := range m {
			m[i] = 1
		}
		for y := range h {
			for i := range b {
				copy(dst[((i*fullH+in.Top+y)*fullW+in.Left)*c:], src[(i*h+y)*w*c:(i*h+y+1)*w*c])
			}
			for x := range w {
				m[(in.Top+y)*fullW+in.Left+x] = in.feather(x, y, w, h)
			}
		}
		return padOut{imageOut{value.Image{Tensor: out}}, value.Mask{Tensor: mask}}, nil
	},
}

// feather is the mask at a pixel of the old picture: a square ramp from the sides that were padded.
func (in *padIn) feather(x, y, w, h int) float32 {
	f := in.Feather
	if f <= 0 || 2*f >= h || 2*f >= w {
		return 0
	}
	d := math.MaxInt
	for _, side := range []struct{ pad, dist int }{{in.Top, y}, {in.Bottom, h - y}, {in.Left, x}, {in.Right, w - x}} {
		if side.pad != 0 {
			d = min(d, side.dist)
		}
	}
	if d >= f {
		return 0
	}
	v := float64(f-d) / float64(f)
	return float32(v * v)
}

// All lists the nodes of the package that need no files.
func All() []node.Node {
	return []node.Node{
		scale.Node(), scaleBy.Node(), invert.Node(), batch.Node(), padForOutpaint.Node(), empty.Node(),
		repeatBatch.Node(), fromBatch.Node(), rebatch.Node(),
	}
}
