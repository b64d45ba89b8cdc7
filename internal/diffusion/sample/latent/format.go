// Package latent knows the formats of latents: how a model's own values and those that a VAE speaks differ, and what
// picture a latent roughly shows.
package latent

import "github.com/cocoonhq/cocoon/internal/tensor"

// Format is what a family of models calls a latent. Its model's values are (v - Shift)·Scale of the VAE's, or
// (v - Mean)·Scale/Std by channel.
type Format struct {
	Name         string
	Channels     int
	Dims         int // spatial ones: 1 sound, 2 pictures, 3 video
	Downscale    int // pixels a cell, along each side
	Temporal     int // frames or samples a cell
	Scale        float32
	Shift        float32
	Mean, Std    []float32    // by channel; nil for none
	RGB          [][3]float32 // rough colour of each channel; nil for none known
	RGBBias      [3]float32
	TinyVAE      string // name of the small decoder that fits, without its ending; may be empty
	PatchedRGB   bool   // RGB speaks of channels that hold a patch of 2×2 cells
	PairedFrames bool   // two of the VAE's frames are one of the model's, with twice the channels
}

// Default is the format that changes nothing: 4 channels, pictures, scale 1.
func Default() Format {
	return Format{Name: "Default", Channels: 4, Dims: 2, Downscale: 8, Temporal: 1, Scale: 1}
}

// In turns a VAE's latent, F32 [batch, channels, …], into the model's.
func (f Format) In(t *tensor.Tensor) *tensor.Tensor {
	out := f.each(t, func(x, mean, std float32) float32 {
		if f.Mean != nil {
			return (x - mean) * f.Scale / std
		}
		return (x - f.Shift) * f.Scale
	})
	if f.PairedFrames {
		return pairFrames(out)
	}
	return out
}

// Out turns a model's latent into the VAE's.
func (f Format) Out(t *tensor.Tensor) *tensor.Tensor {
	out := f.each(t, func(x, mean, std float32) float32 {
		if f.Mean != nil {
			return x*std/f.Scale + mean
		}
		return x/f.Scale + f.Shift
	})
	if f.PairedFrames {
		return partFrames(out)
	}
	return out
}

func (f Format) each(t *tensor.Tensor, op func(x, mean, std float32) float32) *tensor.Tensor {
	out := t.Clone()
	v := out.F32()
	if len(v) == 0 {
		return out
	}
	batch, channels := t.Dim(0), t.Dim(1)
	cells := len(v) / (batch * channels)
	for at := range batch * channels {
		mean, std := float32(0), float32(1)
		if c := at % channels; c < len(f.Mean) {
			mean, std = f.Mean[c], f.Std[c]
		}
		plane := v[at*cells:][:cells]
		for i, x := range plane {
			plane[i] = op(x, mean, std)
		}
	}
	return out
}

// pairFrames puts the first frame before the first and makes each two one, the second's channels behind the first's:
// [b, c, 2n-1, h, w] becomes [b, 2c, n, h, w]. Other shapes stay.
func pairFrames(t *tensor.Tensor) *tensor.Tensor {
	if len(t.Shape()) != 5 || t.Dim(2)%2 == 0 {
		return t
	}
	s := t.Shape()
	b, c, n, cells := s[0], s[1], (s[2]+1)/2, s[3]*s[4]
	out := tensor.New(tensor.F32, b, 2*c, n, s[3], s[4])
	src, dst := t.F32(), out.F32()
	for i := range b * 2 * c * n {
		item, ch, frame := i/(2*c*n), i/n%(2*c), i%n
		from := max(2*frame+ch/c-1, 0)
		copy(dst[i*cells:][:cells], src[((item*c+ch%c)*s[2]+from)*cells:])
	}
	return out
}

// partFrames undoes pairFrames. Shapes that it does not make stay.
func partFrames(t *tensor.Tensor) *tensor.Tensor {
	if len(t.Shape()) != 5 || t.Dim(1)%2 != 0 {
		return t
	}
	s := t.Shape()
	b, c, n, cells := s[0], s[1]/2, 2*s[2]-1, s[3]*s[4]
	out := tensor.New(tensor.F32, b, c, n, s[3], s[4])
	src, dst := t.F32(), out.F32()
	for i := range b * c * n {
		item, ch, frame := i/(c*n), i/n%c, i%n+1
		copy(dst[i*cells:][:cells], src[((item*2*c+frame%2*c+ch)*s[2]+frame/2)*cells:])
	}
	return out
}
