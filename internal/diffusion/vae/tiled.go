package vae

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Tiles is a size of tiles: in latent cells for decoding, in pixels for encoding.
type Tiles struct {
	Width, Height int
	Overlap       int // less than half the shorter side
	// Progress is told how many tiles are done, of how many. May be nil.
	Progress func(done, total int)
}

// passes are the three tilings whose results are averaged: tall, wide and as asked, so that no seam is in one place twice.
// It refuses those that would not get on over a picture or latent of a size.
func (t Tiles) passes(scale float64, out, width, height int) ([3]Tiling, error) {
	tile := func(w, h int) Tiling { return Tiling{Tile: []int{h, w}, Overlap: t.Overlap, Scale: scale, Out: out} }
	all := [3]Tiling{tile(t.Width/2, t.Height*2), tile(t.Width*2, t.Height/2), tile(t.Width, t.Height)}
	for _, p := range all {
		if t.Overlap < 0 || width > p.Tile[1] && p.Tile[1] <= t.Overlap || height > p.Tile[0] && p.Tile[0] <= t.Overlap {
			return all, fault.New(fault.BadRequest,
				"tiles of %d × %d cannot overlap by %d: it must be less than half the shorter side", t.Width, t.Height, t.Overlap)
		}
	}
	return all, nil
}

// DecodeTiled decodes in tiles, for pictures whose whole does not fit; seams are blended, and colours may drift a little
// between tiles.
func (v *VAE) DecodeTiled(ctx context.Context, run *programs.Cache, latent *tensor.Tensor, t Tiles) (*tensor.Tensor, error) {
	if err := v.checkLatent(latent); err != nil {
		return nil, err
	}
	passes, err := t.passes(float64(v.Ratio), 3, latent.Dim(3), latent.Dim(2))
	if err != nil {
		return nil, err
	}
	mean, err := v.average(ctx, run, decodeRaw, latent, passes, t.Progress)
	if err != nil {
		return nil, err
	}
	picture := mean.Permute(0, 2, 3, 1).Clone()
	for i, p := range picture.F32() {
		picture.F32()[i] = min(max((p+1)/2, 0), 1)
	}
	return picture, nil
}

// EncodeTiled encodes in tiles, for pictures whose whole does not fit. The rest is as for Encode.
func (v *VAE) EncodeTiled(ctx context.Context, run *programs.Cache, picture *tensor.Tensor, t Tiles) (*tensor.Tensor, error) {
	picture, err := v.crop(picture)
	if err != nil {
		return nil, err
	}
	passes, err := t.passes(1/float64(v.Ratio), v.Channels, picture.Dim(2), picture.Dim(1))
	if err != nil {
		return nil, err
	}
	return v.average(ctx, run, encodeTile, picture.Permute(0, 3, 1, 2).Clone(), passes, t.Progress)
}

// average runs a program over the tiles of each pass and averages the passes.
func (v *VAE) average(ctx context.Context, run *programs.Cache, k kind, x *tensor.Tensor, passes [3]Tiling, progress func(done, total int)) (*tensor.Tensor, error) {
	done, total := 0, 0
	for _, p := range passes {
		total += x.Dim(0) * p.Count(x.Shape()[2:]...)
	}
	each := func(tile *tensor.Tensor) (*tensor.Tensor, error) {
		out, err := v.one(ctx, run, k, tile)
		if done++; err == nil && progress != nil {
			progress(done, total)
		}
		return out, err
	}
	var sum *tensor.Tensor
	for _, p := range passes {
		got, err := p.Apply(ctx, x, each)
		if err != nil {
			return nil, err
		}
		if sum == nil {
			sum = got
			continue
		}
		for i, f := range got.F32() {
			sum.F32()[i] += f
		}
	}
	for i := range sum.F32() {
		sum.F32()[i] /= float32(len(passes))
	}
	return sum, nil
}
