package diffusion

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/diffusion/vae"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// VAE turns latents into pictures and back.
type VAE struct {
	net *vae.VAE
	run *programs.Cache
}

// Tiles is a size of tiles: see vae.Tiles.
type Tiles = vae.Tiles

// Decode gives the pictures of latents F32 [b, channels, h, w], in tiles where one does not fit the memory. Of videos,
// [b, channels, frames, h, w], it takes the first picture.
func (v *VAE) Decode(ctx context.Context, samples *tensor.Tensor) (value.Image, error) {
	t, err := v.net.Decode(ctx, v.run, firstFrame(samples))
	return value.Image{Tensor: t}, err
}

// DecodeTiled is Decode in tiles of a size in latent cells.
func (v *VAE) DecodeTiled(ctx context.Context, samples *tensor.Tensor, t Tiles) (value.Image, error) {
	out, err := v.net.DecodeTiled(ctx, v.run, firstFrame(samples), t)
	return value.Image{Tensor: out}, err
}

// Encode gives the latents of pictures, in tiles where one does not fit the memory. Sizes are cut in the middle to multiples
// of Ratio; alpha is left out.
func (v *VAE) Encode(ctx context.Context, p value.Image) (*tensor.Tensor, error) {
	return v.net.Encode(ctx, v.run, p.Tensor)
}

// EncodeTiled is Encode in tiles of a size in pixels.
func (v *VAE) EncodeTiled(ctx context.Context, p value.Image, t Tiles) (*tensor.Tensor, error) {
	return v.net.EncodeTiled(ctx, v.run, p.Tensor, t)
}

// Close gives back the compiled programs, which a checkpoint's VAE shares with the other parts. It stays usable.
func (v *VAE) Close() error { return v.run.Close() }

// Ratio is the number of pixels a latent cell stands for, each way.
func (v *VAE) Ratio() int { return v.net.Ratio }

// Channels is the number of a latent's channels.
func (v *VAE) Channels() int { return v.net.Channels }

// CanEncode reports whether the VAE has an encoder.
func (v *VAE) CanEncode() bool { return v.net.CanEncode() }

func firstFrame(z *tensor.Tensor) *tensor.Tensor {
	if s := z.Shape(); len(s) == 5 && s[2] > 0 {
		return z.Slice(2, 0, 1).Dense().Reshape(s[0], s[1], s[3], s[4])
	}
	return z
}
