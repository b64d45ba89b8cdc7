// Package latent knows the formats of latents: how a model's own values and those that a VAE speaks differ, and what
// picture a latent roughly shows.
package latent

import "github.com/cocoonhq/cocoon/internal/tensor"

// Format is what a family of models calls a latent. Between a VAE's latents and a model's stand a shift and a factor, for
// all channels or for each: model = (vae - shift)·scale.
type Format struct {
	Name       string
	Channels   int
	Dims       int // spatial ones: 1 sound, 2 pictures, 3 video
	Downscale  int // pixels a cell, along each side
	Temporal   int // frames a cell
	Scale      []float32
	Shift      []float32
	RGB        [][3]float32 // rough colour of each channel; nil: none known
	RGBBias    [3]float32
	TinyVAE    string // name of the small decoder that fits, without its ending; may be empty
	PatchedRGB bool   // RGB speaks of channels that hold a 2×2 patch each
}

// Default is the format that changes nothing: 4 channels, pictures, scale 1.
func Default() Format {
	return Format{Name: "Default", Channels: 4, Dims: 2, Downscale: 8, Temporal: 1}
}

func pick(v []float32, channel int, otherwise float32) float32 {
	switch len(v) {
	case 0:
		return otherwise
	case 1:
		return v[0]
	}
	return v[min(channel, len(v)-1)]
}

// In turns a VAE's latent, F32 [batch, channels, …], into the model's.
func (f Format) In(t *tensor.Tensor) *tensor.Tensor {
	return f.each(t, func(x, scale, shift float32) float32 { return (x - shift) * scale })
}

// Out turns a model's latent into the VAE's.
func (f Format) Out(t *tensor.Tensor) *tensor.Tensor {
	return f.each(t, func(x, scale, shift float32) float32 { return x/scale + shift })
}

func (f Format) each(t *tensor.Tensor, op func(x, scale, shift float32) float32) *tensor.Tensor {
	out := t.Clone()
	v := out.F32()
	if len(v) == 0 {
		return out
	}
	batch, channels := t.Dim(0), t.Dim(1)
	cells := len(v) / (batch * channels)
	for at := range batch * channels {
		scale, shift := pick(f.Scale, at%channels, 1), pick(f.Shift, at%channels, 0)
		plane := v[at*cells:][:cells]
		for i, x := range plane {
			plane[i] = op(x, scale, shift)
		}
	}
	return out
}
