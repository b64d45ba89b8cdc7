package image

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/imaging/resample"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/resize"
)

type scaleIn struct {
	imageIn
	Method        string
	Width, Height int
	Crop          string
}

// scale keeps the four dimensions of a picture of one channel, of which the reference's lanczos drops the last and swaps the
// sides; and it refuses a crop that leaves nothing, of which the reference's lanczos makes black.
var scale = node.Def[scaleIn, imageOut]{
	ID: "ImageScale", Name: "Upscale Image", Category: "image/upscaling", Essentials: "Image Tools",
	Help:    "Resizes pictures. A width or height of 0 follows from the other side.",
	Aliases: []string{"resize", "resize image", "scale image", "image resize", "zoom", "zoom in", "change size"},
	Ports: func(p *node.Ports, in *scaleIn, out *imageOut) {
		node.Link(p, "image", &in.Image)
		node.Choice(p, "upscale_method", &in.Method, resample.Names()...)
		node.Number(p, "width", &in.Width, 512).Range(0, maxResolution).Step(1)
		node.Number(p, "height", &in.Height, 512).Range(0, maxResolution).Step(1)
		node.Choice(p, "crop", &in.Crop, string(resample.Disabled), string(resample.Center))
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(ctx context.Context, in scaleIn) (imageOut, error) {
		oldW, oldH := in.Image.Dim(2), in.Image.Dim(1)
		w, h := in.Width, in.Height
		switch {
		case w == 0 && h == 0:
			return imageOut(in.imageIn), nil
		case w == 0:
			w = max(1, int(math.RoundToEven(float64(oldW*h)/float64(oldH))))
		case h == 0:
			h = max(1, int(math.RoundToEven(float64(oldH*w)/float64(oldW))))
		}
		img, err := resize.Image(ctx, in.Image, w, h, in.Method, in.Crop)
		return imageOut{img}, err
	},
}

type scaleByIn struct {
	imageIn
	Method string
	By     float64
}

var scaleBy = node.Def[scaleByIn, imageOut]{
	ID: "ImageScaleBy", Name: "Upscale Image By", Category: "image/upscaling", Essentials: "Image Tools",
	Help: "Resizes pictures by a factor.",
	Ports: func(p *node.Ports, in *scaleByIn, out *imageOut) {
		node.Link(p, "image", &in.Image)
		node.Choice(p, "upscale_method", &in.Method, resample.Names()...)
		node.Number(p, "scale_by", &in.By, 1).Range(0.01, 8.0).Step(0.01)
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(ctx context.Context, in scaleByIn) (imageOut, error) {
		w := int(math.RoundToEven(float64(in.Image.Dim(2)) * in.By))
		h := int(math.RoundToEven(float64(in.Image.Dim(1)) * in.By))
		img, err := resize.Image(ctx, in.Image, w, h, in.Method, string(resample.Disabled))
		return imageOut{img}, err
	},
}

type batchIn struct{ First, Second value.Image }

var batch = node.Def[batchIn, imageOut]{
	ID: "ImageBatch", Name: "Batch Images (DEPRECATED)", Category: "image/batch", Deprecated: true,
	Help:    "Puts pictures into one batch; the second is resized to the first.",
	Aliases: []string{"combine images", "merge images", "stack images"},
	Ports: func(p *node.Ports, in *batchIn, out *imageOut) {
		node.Link(p, "image1", &in.First)
		node.Link(p, "image2", &in.Second)
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(ctx context.Context, in batchIn) (imageOut, error) {
		// Compat: one channel of ones is added to the picture with fewer, however many are missing.
		a, b := in.First, in.Second
		switch {
		case a.Dim(3) > b.Dim(3):
			b = addChannel(b)
		case a.Dim(3) < b.Dim(3):
			a = addChannel(a)
		}
		if !a.Shape()[1:].Equal(b.Shape()[1:]) {
			var err error
			if b, err = resize.Image(ctx, b, a.Dim(2), a.Dim(1), string(resample.Bilinear), string(resample.Center)); err != nil {
				return imageOut{}, err
			}
		}
		img, err := stack(a.Tensor, b.Tensor)
		return imageOut{img}, err
	},
}

// addChannel appends a channel of ones.
func addChannel(img value.Image) value.Image {
	b, h, w, c := img.Dim(0), img.Dim(1), img.Dim(2), img.Dim(3)
	out := tensor.New(tensor.F32, b, h, w, c+1)
	dst, src := out.F32(), img.Dense().F32()
	for i := range b * h * w {
		copy(dst[i*(c+1):], src[i*c:(i+1)*c])
		dst[i*(c+1)+c] = 1
	}
	return value.Image{Tensor: out}
}
