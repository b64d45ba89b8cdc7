package latent

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/resize"
)

type inpaintIn struct {
	encodeIn
	Mask value.Mask
	Grow int
}

var vaeEncodeForInpaint = node.Def[inpaintIn, oneOut]{
	ID: "VAEEncodeForInpaint", Name: "VAE Encode (for Inpainting)", Category: category,
	Help: "Turns pictures into latents with what the mask covers made grey, and lets the sampler change that only.",
	Ports: func(p *node.Ports, in *inpaintIn, out *oneOut) {
		node.Link(p, "pixels", &in.Pixels)
		vaeInput(p, &in.VAE)
		node.Link(p, "mask", &in.Mask)
		node.Number(p, "grow_mask_by", &in.Grow, 6).Range(0, 64).Step(1)
		result(p, out)
	},
	Do: func(ctx context.Context, in inpaintIn) (oneOut, error) {
		if in.VAE == nil {
			return oneOut{}, noVAE()
		}
		pixels, mask, err := cutToCells(ctx, in.Pixels, in.Mask, in.VAE.Ratio())
		if err != nil {
			return oneOut{}, err
		}
		s, err := in.VAE.Encode(ctx, greyUnder(pixels, mask))
		if err != nil {
			return oneOut{}, err
		}
		return oneOut{value.Latent{Samples: s, NoiseMask: grow(mask, in.Grow)}}, nil
	},
}

type inpaintConditioningIn struct {
	Positive, Negative value.Conditioning
	encodeIn
	Mask      value.Mask
	NoiseMask bool
}

type inpaintConditioningOut struct {
	Positive, Negative value.Conditioning
	Latent             value.Latent
}

var inpaintConditioning = node.Def[inpaintConditioningIn, inpaintConditioningOut]{
	ID: "InpaintModelConditioning", Name: "InpaintModelConditioning", Category: "model/conditioning",
	Help: "Tells a model made for inpainting what to keep of a picture.",
	Ports: func(p *node.Ports, in *inpaintConditioningIn, out *inpaintConditioningOut) {
		node.Link(p, "positive", &in.Positive)
		node.Link(p, "negative", &in.Negative)
		vaeInput(p, &in.VAE)
		node.Link(p, "pixels", &in.Pixels)
		node.Link(p, "mask", &in.Mask)
		node.Switch(p, "noise_mask", &in.NoiseMask, true).
			Help("Let the sampler change the covered part only. Better with some models, worse with others.")
		node.Result(p, "CONDITIONING", &out.Positive).Named("positive")
		node.Result(p, "CONDITIONING", &out.Negative).Named("negative")
		node.Result(p, "LATENT", &out.Latent).Named("latent")
	},
	Do: func(ctx context.Context, in inpaintConditioningIn) (inpaintConditioningOut, error) {
		if in.VAE == nil {
			return inpaintConditioningOut{}, noVAE()
		}
		const cells = 8 // Compat: whatever the VAE's ratio is
		pixels, mask, err := cutToCells(ctx, in.Pixels, in.Mask, cells)
		if err != nil {
			return inpaintConditioningOut{}, err
		}
		kept, err := in.VAE.Encode(ctx, greyUnder(pixels, mask))
		if err != nil {
			return inpaintConditioningOut{}, err
		}
		whole, err := in.VAE.Encode(ctx, in.Pixels)
		if err != nil {
			return inpaintConditioningOut{}, err
		}
		out := inpaintConditioningOut{Latent: value.Latent{Samples: whole}}
		if in.NoiseMask {
			out.Latent.NoiseMask = mask
		}
		out.Positive, out.Negative = withConcat(in.Positive, kept, mask), withConcat(in.Negative, kept, mask)
		return out, nil
	},
}

func withConcat(in value.Conditioning, latent, mask *tensor.Tensor) value.Conditioning {
	out := make(value.Conditioning, len(in))
	for i, c := range in {
		out[i] = value.Set(value.Set(c, value.KeyConcatLatent, latent), value.KeyConcatMask, mask)
	}
	return out
}

// cutToCells resizes the mask to the picture and cuts both, in the middle, to multiples of the cell's side. The mask becomes
// [batch, 1, height, width].
func cutToCells(ctx context.Context, img value.Image, m value.Mask, cell int) (value.Image, *tensor.Tensor, error) {
	d := m.Dense()
	if len(d.Shape()) < 2 {
		return img, nil, fault.New(fault.BadTensor, "a mask of shape %v has no height and width", d.Shape())
	}
	h, w := img.Dim(1), img.Dim(2)
	if n := d.Elems() / max(1, d.Dim(-2)*d.Dim(-1)); n != 1 && n != img.Dim(0) {
		return img, nil, fault.New(fault.BadTensor, "%d masks fit no batch of %d pictures; it takes one, or as many", n, img.Dim(0))
	}
	mask, err := resize.Mask(ctx, d.Reshape(-1, 1, d.Dim(-2), d.Dim(-1)), w, h)
	if err != nil {
		return img, nil, err
	}
	cutH, cutW := h/cell*cell, w/cell*cell
	if cutH == h && cutW == w {
		return img, mask, nil
	}
	y, x := h%cell/2, w%cell/2
	img = value.Image{Tensor: img.Slice(1, y, y+cutH).Slice(2, x, x+cutW).Clone()}
	return img, mask.Slice(2, y, y+cutH).Slice(3, x, x+cutW).Clone(), nil
}

// greyUnder makes the picture's first three channels 0.5 where the rounded mask is 1.
func greyUnder(img value.Image, mask *tensor.Tensor) value.Image {
	out := img.Clone()
	px, m, c := out.F32(), mask.F32(), out.Dim(3)
	for i := range out.Elems() / c {
		keep := 1 - round(m[i%len(m)])
		for j := range min(c, 3) {
			px[i*c+j] = (px[i*c+j]-0.5)*keep + 0.5
		}
	}
	return value.Image{Tensor: out}
}

// grow widens the rounded mask by a square of the given side. Compat: even sides reach further up and left.
func grow(mask *tensor.Tensor, side int) *tensor.Tensor {
	out := tensor.New(tensor.F32, mask.Shape()...)
	h, w := mask.Dim(2), mask.Dim(3)
	src, dst := mask.F32(), out.F32()
	for i, v := range src {
		dst[i] = round(v)
	}
	if side == 0 || len(src) == 0 {
		return out
	}
	for p := range mask.Elems() / (h * w) {
		plane := dst[p*h*w : (p+1)*h*w]
		for y := range h {
			boxSum(plane[y*w:], w, 1, side)
		}
		for x := range w {
			boxSum(plane[x:], h, w, side)
		}
		for i, v := range plane {
			plane[i] = round(min(max(v, 0), 1))
		}
	}
	return out
}

// boxSum replaces each of n values by the sum of those in a window of the given side around it. The values are whole numbers,
// so the order of the sum does not matter.
func boxSum(v []float32, n, stride, side int) {
	before := int(math.Ceil(float64(side-1) / 2))
	sums := make([]float64, n+1)
	for i := range n {
		sums[i+1] = sums[i] + float64(v[i*stride])
	}
	for i := range n {
		from, to := max(i-before, 0), min(i-before+side, n)
		v[i*stride] = float32(sums[max(to, from)] - sums[from])
	}
}

// round rounds half to even, as torch does.
func round(v float32) float32 { return float32(math.RoundToEven(float64(v))) }
