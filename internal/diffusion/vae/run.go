package vae

import (
	"context"
	"errors"
	"slices"

	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// kind says what a program of the autoencoder does.
type kind uint8

const (
	decodeImage kind = iota // latent to picture in 0..1, NHWC
	decodeRaw               // latent to decoder output, NCHW
	encodeMean              // picture in 0..1, NHWC, to latent
	encodeTile              // the same, NCHW
)

// key is what tells the programs of one autoencoder apart.
type key struct {
	v                    *VAE
	kind                 kind
	batch, height, width int
}

// Decode gives pictures F32 [b, h·Ratio, w·Ratio, 3] in 0..1 for latents F32 [b, Channels, h, w], one at a time. Where one
// does not fit the device's memory it is decoded in tiles.
func (v *VAE) Decode(ctx context.Context, run *programs.Cache, latent *tensor.Tensor) (*tensor.Tensor, error) {
	if err := v.checkLatent(latent); err != nil {
		return nil, err
	}
	out, err := v.each(ctx, run, decodeImage, latent)
	if errors.Is(err, fault.OutOfMemory) {
		return inTiles(Tiles{Width: 64, Height: 64, Overlap: 16}, err, func(t Tiles) (*tensor.Tensor, error) { return v.DecodeTiled(ctx, run, latent, t) })
	}
	return out, err
}

// inTiles tries tiles of a size, of half and of a quarter of it, until they fit; else it gives whole, why the whole did not.
func inTiles(t Tiles, whole error, f func(t Tiles) (*tensor.Tensor, error)) (*tensor.Tensor, error) {
	for range 3 {
		out, err := f(t)
		if !errors.Is(err, fault.OutOfMemory) {
			return out, err
		}
		t = Tiles{Width: t.Width / 2, Height: t.Height / 2, Overlap: t.Overlap / 2}
	}
	return nil, whole
}

// Encode gives latents F32 [b, Channels, h/Ratio, w/Ratio], the means, not scaled to what a model works on, for pictures
// F32 [b, h, w, 3 or 4] in 0..1, one at a time. Sizes that Ratio does not divide are cut in the middle, and alpha is left
// out. Where a picture does not fit the device's memory it is encoded in tiles.
func (v *VAE) Encode(ctx context.Context, run *programs.Cache, picture *tensor.Tensor) (*tensor.Tensor, error) {
	picture, err := v.crop(picture)
	if err != nil {
		return nil, err
	}
	out, err := v.each(ctx, run, encodeMean, picture)
	if errors.Is(err, fault.OutOfMemory) {
		return inTiles(Tiles{Width: 512, Height: 512, Overlap: 64}, err, func(t Tiles) (*tensor.Tensor, error) { return v.EncodeTiled(ctx, run, picture, t) })
	}
	return out, err
}

// each runs a program over the items of a batch, one by one unless they are one video.
func (v *VAE) each(ctx context.Context, run *programs.Cache, k kind, x *tensor.Tensor) (*tensor.Tensor, error) {
	if v.Temporal && k == decodeImage {
		return v.one(ctx, run, k, x)
	}
	outs := make([]*tensor.Tensor, x.Dim(0))
	for i := range outs {
		var err error
		if outs[i], err = v.one(ctx, run, k, x.Slice(0, i, i+1).Dense()); err != nil {
			return nil, err
		}
	}
	return stack(outs), nil
}

// stack joins tensors of one shape [1, …] to [n, …].
func stack(ts []*tensor.Tensor) *tensor.Tensor {
	if len(ts) == 1 {
		return ts[0]
	}
	n := ts[0].Elems()
	out := tensor.New(tensor.F32, slices.Concat([]int{len(ts)}, ts[0].Shape()[1:])...)
	for i, t := range ts {
		copy(out.F32()[i*n:], t.F32())
	}
	return out
}

// one runs a program on a single item, or a video.
func (v *VAE) one(ctx context.Context, run *programs.Cache, k kind, x *tensor.Tensor) (*tensor.Tensor, error) {
	n, h, w := x.Dim(0), x.Dim(2), x.Dim(3)
	if k == encodeMean {
		h, w = x.Dim(1), x.Dim(2)
	}
	s := programs.Spec{
		Key:    key{v, k, n, h, w},
		Record: func(g *tensor.Graph) { v.program(g, k, n, h, w) },
		Width:  w, Height: h,
	}
	if k == decodeImage || k == decodeRaw {
		s.Width, s.Height = w*v.Ratio, h*v.Ratio
	}
	out, err := run.Run(ctx, s, x)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func (v *VAE) program(g *tensor.Graph, k kind, n, h, w int) {
	switch k {
	case decodeImage:
		x := v.net.decode(g, g.Permute(g.Input("latent", tensor.F32, n, v.Channels, h, w), 0, 2, 3, 1))
		g.Output(g.Clamp(g.Affine(x, 0.5, 0.5), 0, 1))
	case decodeRaw:
		x := v.net.decode(g, g.Permute(g.Input("latent", tensor.F32, n, v.Channels, h, w), 0, 2, 3, 1))
		g.Output(g.Permute(x, 0, 3, 1, 2))
	case encodeMean, encodeTile:
		var x tensor.Ref
		if k == encodeMean {
			x = g.Input("picture", tensor.F32, n, h, w, 3)
		} else {
			x = g.Permute(g.Input("picture", tensor.F32, n, 3, h, w), 0, 2, 3, 1)
		}
		g.Output(g.Permute(v.net.encode(g, g.Affine(x, 2, -1)), 0, 3, 1, 2))
	}
}

func (v *VAE) checkLatent(z *tensor.Tensor) error {
	if len(z.Shape()) != 4 || z.Dim(1) != v.Channels {
		return fault.New(fault.BadTensor, "the VAE decodes latents of %d channels, not %v: the latent was made for another kind of model", v.Channels, z.Shape())
	}
	return nil
}

// crop cuts pictures to sizes that Ratio divides, in the middle, and to three channels.
func (v *VAE) crop(p *tensor.Tensor) (*tensor.Tensor, error) {
	if !v.CanEncode() {
		return nil, fault.New(fault.WrongModel, "this VAE has no encoder: it can only decode")
	}
	if len(p.Shape()) != 4 || p.Dim(3) < 3 {
		return nil, fault.New(fault.BadTensor, "the VAE encodes pictures of 3 channels, not %v", p.Shape())
	}
	for _, d := range []int{1, 2} {
		n, rest := p.Dim(d)/v.Ratio*v.Ratio, p.Dim(d)%v.Ratio
		if n == 0 {
			return nil, fault.New(fault.ValueTooSmall, "a picture of %d × %d is too small: the VAE needs %d pixels each way", p.Dim(2), p.Dim(1), v.Ratio)
		}
		p = p.Slice(d, rest/2, rest/2+n)
	}
	return p.Slice(3, 0, 3).Dense(), nil
}

// Prove records both directions once at a small size. It panics when weights do not fit together.
func (v *VAE) Prove() {
	v.program(tensor.NewGraph(), decodeRaw, 1, 1, 1)
	if v.CanEncode() {
		v.program(tensor.NewGraph(), encodeMean, 1, 2*v.Ratio, 2*v.Ratio)
	}
}
