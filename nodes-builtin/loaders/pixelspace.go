package loaders

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// pixelSpaceName is the choice of VAELoader that is no file.
const pixelSpaceName = "pixel_space"

// pixelSpace stands where a VAE stands for models that work on pixels: a latent is the picture, -1 to 1, channels first.
type pixelSpace struct{}

// Ratio is 1: a cell is a pixel.
func (pixelSpace) Ratio() int { return 1 }

// Decode gives the picture of three channels.
func (pixelSpace) Decode(_ context.Context, z *tensor.Tensor) (value.Image, error) {
	if len(z.Shape()) != 4 || z.Dim(1) != 3 {
		return value.Image{}, fault.New(fault.BadTensor, "a latent of shape %v is no picture of three channels; decode it with the VAE of its model", z.Shape())
	}
	out := z.Permute(0, 2, 3, 1).Clone()
	for i, v := range out.F32() {
		out.F32()[i] = min(max((v+1)/2, 0), 1)
	}
	return value.Image{Tensor: out}, nil
}

// DecodeTiled is Decode: there is nothing to save.
func (p pixelSpace) DecodeTiled(ctx context.Context, z *tensor.Tensor, _ diffusion.Tiles) (value.Image, error) {
	return p.Decode(ctx, z)
}

// Encode gives the first three channels as a latent.
func (pixelSpace) Encode(_ context.Context, img value.Image) (*tensor.Tensor, error) {
	if img.Dim(3) < 3 {
		return nil, fault.New(fault.BadTensor, "a picture of %d channels has no three colours", img.Dim(3))
	}
	out := img.Slice(3, 0, 3).Permute(0, 3, 1, 2).Clone()
	for i, v := range out.F32() {
		out.F32()[i] = v*2 - 1
	}
	return out, nil
}

// EncodeTiled is Encode.
func (p pixelSpace) EncodeTiled(ctx context.Context, img value.Image, _ diffusion.Tiles) (*tensor.Tensor, error) {
	return p.Encode(ctx, img)
}
