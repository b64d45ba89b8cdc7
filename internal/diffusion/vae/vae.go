// Package vae is the autoencoder between pictures and latents: convolutions with attention in the middle, a Gaussian in
// between of which the mean is used. Source: arXiv:2112.10752, key names of its public code. Depth, widths, channels and the
// ratio of sizes are read from tensor names and shapes.
package vae

import (
	"strconv"

	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

const eps = 1e-6 // of all norms

// VAE is an autoencoder. It is immutable.
type VAE struct {
	Channels int  // of latents
	Ratio    int  // pixels a latent cell, each way
	Temporal bool // the latents of a batch are one video, decoded together

	enc      encoder
	dec      decoder
	quant    *nn.Linear // moments to moments; nil: none
	unquant  *nn.Linear // latent to latent; nil: none
	noEncode bool       // the file has a decoder alone
}

// New reads an autoencoder from a scope ("decoder.conv_in.weight", …). A file may hold the decoder alone. What is missing or
// of the wrong shape is in the scope afterwards.
func New(s *weights.Scope) *VAE {
	v := &VAE{Channels: nn.Dim(s.Shape("decoder.conv_in.weight"), 1)}
	if s.Has("post_quant_conv.weight") {
		v.Channels = nn.Dim(s.Shape("post_quant_conv.weight"), 1)
		l := nn.NewPointwise(s.Sub("post_quant_conv"), v.Channels, nn.Dim(s.Shape("post_quant_conv.weight"), 0))
		v.unquant = &l
	}
	v.dec = newDecoder(s.Sub("decoder"))
	v.Temporal = v.dec.time != nil
	v.Ratio = 1 << max(0, len(v.dec.up)-1)
	v.noEncode = !s.HasSub("encoder")
	if v.noEncode {
		return v
	}
	v.enc = newEncoder(s.Sub("encoder"))
	if s.Has("quant_conv.weight") {
		w := s.Shape("quant_conv.weight")
		l := nn.NewPointwise(s.Sub("quant_conv"), nn.Dim(w, 1), nn.Dim(w, 0))
		v.quant = &l
	}
	return v
}

// CanEncode reports whether the autoencoder has an encoder.
func (v *VAE) CanEncode() bool { return !v.noEncode }

// RecordDecode gives pictures [b, h·Ratio, w·Ratio, 3], -1 to 1 and a little beyond, for latents [b, h, w, Channels].
func (v *VAE) RecordDecode(g *tensor.Graph, z tensor.Ref) tensor.Ref {
	if v.unquant != nil {
		z = v.unquant.Record(g, z)
	}
	return v.dec.record(g, z)
}

// RecordEncode gives the moments [b, h/Ratio, w/Ratio, 2·Channels] of pictures [b, h, w, 3], -1 to 1: the mean, then the
// logarithm of the variance.
func (v *VAE) RecordEncode(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	h := v.enc.record(g, x)
	if v.quant != nil {
		h = v.quant.Record(g, h)
	}
	return h
}

// decoder grows a latent to a picture.
type decoder struct {
	in, out nn.Conv
	mid     middle
	up      []level // outermost first; run from the last
	norm    nn.GroupNorm
	time    *nn.Conv // last, across pictures; nil where they do not see each other
}

func newDecoder(s *weights.Scope) decoder {
	in, out := s.Shape("conv_in.weight"), s.Shape("conv_out.weight")
	d := decoder{
		in:   nn.NewConv3x3(s.Sub("conv_in"), nn.Dim(in, 1), nn.Dim(in, 0)),
		mid:  newMiddle(s.Sub("mid"), nn.Dim(in, 0)),
		up:   levels(s, "up"),
		norm: nn.NewGroupNorm(s.Sub("norm_out"), nn.Dim(out, 1), eps),
		out:  nn.NewConv3x3(s.Sub("conv_out"), nn.Dim(out, 1), nn.Dim(out, 0)),
	}
	for i := 1; i < len(d.up); i++ {
		n := d.up[i].width()
		conv := nn.NewConv3x3(s.Sub("up."+strconv.Itoa(i)+".upsample.conv"), n, n)
		d.up[i].scale = &conv
	}
	if s.Has("conv_out.time_mix_conv.weight") {
		conv := newTimeConv(s.Sub("conv_out.time_mix_conv"), nn.Dim(out, 0))
		d.time = &conv
	}
	return d
}

func (d decoder) record(g *tensor.Graph, z tensor.Ref) tensor.Ref {
	h := d.mid.record(g, d.in.Record(g, z)) // [b, h, w, c]
	for i := len(d.up) - 1; i >= 0; i-- {
		h = d.up[i].record(g, h)
		if conv := d.up[i].scale; conv != nil {
			h = conv.Record(g, g.Resize(h, 2*h.Dim(1), 2*h.Dim(2), tensor.Nearest))
		}
	}
	x := d.out.Record(g, g.SiLU(d.norm.Record(g, h)))
	if d.time != nil {
		x = g.Reshape(d.time.Record(g, inTime(g, x)), x.Shape()...)
	}
	return x
}

// encoder shrinks a picture to a latent's moments.
type encoder struct {
	in, out nn.Conv
	down    []level // outermost first
	mid     middle
	norm    nn.GroupNorm
}

func newEncoder(s *weights.Scope) encoder {
	in, out := s.Shape("conv_in.weight"), s.Shape("conv_out.weight")
	e := encoder{
		in:   nn.NewConv3x3(s.Sub("conv_in"), nn.Dim(in, 1), nn.Dim(in, 0)),
		down: levels(s, "down"),
		mid:  newMiddle(s.Sub("mid"), nn.Dim(out, 1)),
		norm: nn.NewGroupNorm(s.Sub("norm_out"), nn.Dim(out, 1), eps),
		out:  nn.NewConv3x3(s.Sub("conv_out"), nn.Dim(out, 1), nn.Dim(out, 0)),
	}
	for i := range max(0, len(e.down)-1) {
		n := e.down[i].width()
		// Padded on the right and at the bottom alone.
		pad := tensor.Conv{Stride: 2, Pad: [4]int{0, 0, 1, 1}}
		conv := nn.NewConv(s.Sub("down."+strconv.Itoa(i)+".downsample.conv"), n, n, 3, pad)
		e.down[i].scale = &conv
	}
	return e
}

func (e encoder) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	h := e.in.Record(g, x)
	for _, l := range e.down {
		h = l.record(g, h)
		if l.scale != nil {
			h = l.scale.Record(g, h)
		}
	}
	h = e.mid.record(g, h)
	return e.out.Record(g, g.SiLU(e.norm.Record(g, h)))
}
