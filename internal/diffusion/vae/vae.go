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

	net network
}

// network is one kind of autoencoder. Pictures are [b, h, w, 3], -1 to 1 and a little beyond, latents [b, h, w, Channels].
type network interface {
	decode(g *tensor.Graph, z tensor.Ref) tensor.Ref
	encode(g *tensor.Graph, x tensor.Ref) tensor.Ref
	encodes() bool
}

// New reads an autoencoder from a scope ("decoder.conv_in.weight", …). A file may hold the decoder alone. What is missing or
// of the wrong shape is in the scope afterwards.
func New(s *weights.Scope) *VAE {
	n := &gaussian{dec: newDecoder(s.Sub("decoder"))}
	v := &VAE{Channels: nn.Dim(s.Shape("decoder.conv_in.weight"), 1), net: n}
	if s.HasSub("post_quant_conv") {
		w := s.Shape("post_quant_conv.weight")
		v.Channels = nn.Dim(w, 1)
		l := nn.NewPointwise(s.Sub("post_quant_conv"), v.Channels, nn.Dim(w, 0))
		n.unquant = &l
	}
	v.Temporal = n.dec.time != nil
	v.Ratio = 1 << min(max(0, len(n.dec.up)-1), 16)
	if !s.HasSub("encoder") {
		return v
	}
	enc := newEncoder(s.Sub("encoder"))
	n.enc = &enc
	if s.HasSub("quant_conv") {
		w := s.Shape("quant_conv.weight")
		l := nn.NewPointwise(s.Sub("quant_conv"), nn.Dim(w, 1), nn.Dim(w, 0))
		n.quant = &l
	}
	return v
}

// CanEncode reports whether the autoencoder has an encoder.
func (v *VAE) CanEncode() bool { return v.net.encodes() }

// gaussian is the variational autoencoder.
type gaussian struct {
	enc     *encoder // nil where the file has a decoder alone
	dec     decoder
	quant   *nn.Linear // moments to moments; nil: none
	unquant *nn.Linear // latent to latent; nil: none
}

func (n *gaussian) encodes() bool { return n.enc != nil }

func (n *gaussian) decode(g *tensor.Graph, z tensor.Ref) tensor.Ref {
	if n.unquant != nil {
		z = n.unquant.Record(g, z)
	}
	return n.dec.record(g, z)
}

func (n *gaussian) encode(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	z := n.moments(g, x)
	return g.Slice(z, -1, 0, z.Dim(3)/2)
}

// moments gives the mean and behind it the logarithm of the variance, [b, h', w', 2·Channels].
func (n *gaussian) moments(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	h := n.enc.record(g, x)
	if n.quant != nil {
		h = n.quant.Record(g, h)
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
