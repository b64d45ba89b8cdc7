package latent

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging/resample"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/resize"
)

type upscaleIn struct {
	oneIn
	Method        string
	Width, Height int
	Crop          string
}

var upscale = node.Def[upscaleIn, oneOut]{
	ID: "LatentUpscale", Name: "Upscale Latent", Category: category,
	Help:    "Resizes latents to a size in pixels. A width or height of 0 follows from the other side.",
	Aliases: []string{"enlarge latent", "resize latent"},
	Ports: func(p *node.Ports, in *upscaleIn, out *oneOut) {
		node.Link(p, "samples", &in.Samples)
		node.Choice(p, "upscale_method", &in.Method, resample.LatentNames()...)
		node.Number(p, "width", &in.Width, 512).Range(0, maxResolution).Step(8)
		node.Number(p, "height", &in.Height, 512).Range(0, maxResolution).Step(8)
		node.Choice(p, "crop", &in.Crop, string(resample.Disabled), string(resample.Center))
		result(p, out)
	},
	Do: func(ctx context.Context, in upscaleIn) (oneOut, error) {
		const least = 64 // pixels
		s := in.Samples.Samples
		oldW, oldH := float64(s.Dim(-1)), float64(s.Dim(-2))
		w, h := in.Width, in.Height
		switch {
		case w == 0 && h == 0:
			return oneOut{in.Samples}, nil
		case w == 0:
			h = max(least, h)
			w = max(least, roundHalfEven(oldW*float64(h)/oldH))
		case h == 0:
			w = max(least, w)
			h = max(least, roundHalfEven(oldH*float64(w)/oldW))
		default:
			w, h = max(least, w), max(least, h)
		}
		return scaled(ctx, in.Samples, w/cell, h/cell, in.Method, in.Crop)
	},
}

type upscaleByIn struct {
	oneIn
	Method string
	By     float64
}

var upscaleBy = node.Def[upscaleByIn, oneOut]{
	ID: "LatentUpscaleBy", Name: "Upscale Latent By", Category: category, Help: "Resizes latents by a factor.",
	Aliases: []string{"enlarge latent", "resize latent", "scale latent"},
	Ports: func(p *node.Ports, in *upscaleByIn, out *oneOut) {
		node.Link(p, "samples", &in.Samples)
		node.Choice(p, "upscale_method", &in.Method, resample.LatentNames()...)
		node.Number(p, "scale_by", &in.By, 1.5).Range(0.01, 8.0).Step(0.01)
		result(p, out)
	},
	Do: func(ctx context.Context, in upscaleByIn) (oneOut, error) {
		w := roundHalfEven(float64(in.Samples.Samples.Dim(-1)) * in.By)
		h := roundHalfEven(float64(in.Samples.Samples.Dim(-2)) * in.By)
		return scaled(ctx, in.Samples, w, h, in.Method, string(resample.Disabled))
	},
}

func scaled(ctx context.Context, l value.Latent, w, h int, method, crop string) (oneOut, error) {
	s, err := resize.Latent(ctx, l.Samples, w, h, method, crop)
	if err != nil {
		return oneOut{}, err
	}
	return oneOut{l.With(s)}, nil
}

type blendIn struct {
	First, Second value.Latent
	Factor        float64
}

var blend = node.Def[blendIn, oneOut]{
	ID: "LatentBlend", Name: "Latent Blend", Category: "experimental", Help: "Mixes two latents; 1 keeps the first only.",
	Aliases: []string{"mix latents", "interpolate latents"},
	Ports: func(p *node.Ports, in *blendIn, out *oneOut) {
		node.Link(p, "samples1", &in.First)
		node.Link(p, "samples2", &in.Second)
		node.Number(p, "blend_factor", &in.Factor, 0.5).Range(0, 1).Step(0.01)
		result(p, out)
	},
	Do: func(ctx context.Context, in blendIn) (oneOut, error) {
		a, b := in.First.Samples.Dense(), in.Second.Samples.Dense()
		if !a.Shape().Equal(b.Shape()) {
			var err error
			if b, err = resize.Latent(ctx, b, a.Dim(3), a.Dim(2), string(resample.Bicubic), string(resample.Center)); err != nil {
				return oneOut{}, err
			}
		}
		s, err := mixed(a, b, float32(in.Factor), float32(1-in.Factor))
		if err != nil {
			return oneOut{}, err
		}
		return oneOut{in.First.With(s)}, nil
	},
}

// mixed is a·ka + b·kb for latents of one height and width. A batch or channels of one serve for all of the other's.
func mixed(a, b *tensor.Tensor, ka, kb float32) (*tensor.Tensor, error) {
	shape := a.Shape().Clone()
	for i, n := range b.Shape() {
		switch {
		case shape[i] == 1:
			shape[i] = n
		case n != 1 && n != shape[i]:
			return nil, fault.New(fault.BadTensor, "latents of shapes %v and %v cannot be mixed", a.Shape(), b.Shape())
		}
	}
	out := tensor.New(tensor.F32, shape...)
	dst, plane := out.F32(), out.Dim(2)*out.Dim(3)
	for p := range shape[0] * shape[1] {
		x, y := planeOf(a, p/shape[1], p%shape[1]), planeOf(b, p/shape[1], p%shape[1])
		for i, d := 0, dst[p*plane:]; i < plane; i++ {
			d[i] = x[i]*ka + y[i]*kb
		}
	}
	return out, nil
}

// planeOf is one channel of one latent; those of a single one serve for all.
func planeOf(t *tensor.Tensor, item, channel int) []float32 {
	plane := t.Dim(2) * t.Dim(3)
	return t.F32()[(item%t.Dim(0)*t.Dim(1)+channel%t.Dim(1))*plane:]
}
