package diffusion

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// usualVAEWidth is the width of the autoencoders that the known preview colours were made for.
const usualVAEWidth = 128

// ownColours gives a latent format the rough colours of the checkpoint's own VAE, where that is not of the usual kind and the
// known colours would mislead: what each channel adds to the colour of a flat latent. It costs a decoding of a few cells.
func ownColours(src weights.Source, f latent.Format, v *VAE) latent.Format {
	out := weights.NewScope(src, vaePrefix).Shape("decoder.conv_out.weight")
	if v == nil || len(out) < 2 || out[1] == usualVAEWidth || f.Channels != v.Channels() || f.PatchedRGB {
		return f
	}
	const side = 4 // cells
	n := 2*f.Channels + 1
	z := tensor.New(tensor.F32, n, f.Channels, side, side)
	x := z.F32()
	for c := range f.Channels { // item 2c has the channel at 1, item 2c+1 at -1, the last is zero
		for i := range side * side {
			x[(2*c*f.Channels+c)*side*side+i] = 1
			x[((2*c+1)*f.Channels+c)*side*side+i] = -1
		}
	}
	img, err := v.Decode(context.Background(), f.Out(z))
	if err != nil {
		return f // no room for a few cells: there will be no run either
	}
	mean := func(item, colour int) float32 {
		px := img.F32()[item*img.Elems()/n : (item+1)*img.Elems()/n]
		sum := 0.0
		for i := colour; i < len(px); i += 3 {
			sum += float64(px[i])
		}
		return float32(sum / float64(len(px)/3))
	}
	f.RGB = make([][3]float32, f.Channels)
	for k := range 3 {
		f.RGBBias[k] = 2*mean(n-1, k) - 1
		for c := range f.Channels {
			f.RGB[c][k] = mean(2*c, k) - mean(2*c+1, k)
		}
	}
	return f
}
