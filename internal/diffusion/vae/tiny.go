package vae

import (
	"strconv"

	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Tiny says how a tiny autoencoder's latents relate to the model's, which its tensors do not tell: (latent - Shift)·Scale.
type Tiny struct {
	Scale, Shift float64
	// Patched latents hold 2×2 cells of a quarter of the channels, as Flux 2's do.
	Patched bool
}

// tiny is a distilled autoencoder of a few narrow layers, for previews and quick looks: github.com/madebyollin/taesd.
type tiny struct {
	Tiny
	enc, dec []tinyLayer
}

// tinyLayer is one numbered layer.
type tinyLayer interface {
	record(g *tensor.Graph, x tensor.Ref) tensor.Ref
}

// NewTiny reads a tiny autoencoder from "taesd_encoder.0.weight", …, and "taesd_decoder.1.weight", …. Either half may be
// missing; what else is missing or of the wrong shape is in the scope afterwards.
func NewTiny(s *weights.Scope, t Tiny) *VAE {
	n := &tiny{Tiny: t}
	if s.HasSub("taesd_encoder") {
		n.enc = tinyEncoder(s.Sub("taesd_encoder"))
	}
	dec := s.Sub("taesd_decoder")
	n.dec = tinyDecoder(dec)
	channels := nn.Dim(dec.Shape("1.weight"), 1)
	if t.Patched {
		channels *= 4
	}
	return &VAE{Channels: channels, Ratio: 8, net: n}
}

func (n *tiny) encodes() bool { return n.enc != nil }

func (n *tiny) decode(g *tensor.Graph, z tensor.Ref) tensor.Ref {
	z = g.Affine(z, n.Scale, -n.Shift*n.Scale)
	if n.Patched {
		b, h, w, c := z.Dim(0), z.Dim(1), z.Dim(2), z.Dim(3)/4
		z = g.Permute(g.Reshape(z, b, h, w, c, 2, 2), 0, 1, 4, 2, 5, 3)
		z = g.Reshape(z, b, 2*h, 2*w, c)
	}
	z = g.Affine(g.Unary(tensor.KindTanh, g.Affine(z, 1.0/3, 0)), 3, 0)
	for _, l := range n.dec {
		z = l.record(g, z)
	}
	return g.Affine(z, 2, -1)
}

func (n *tiny) encode(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	x = g.Affine(x, 0.5, 0.5)
	for _, l := range n.enc {
		x = l.record(g, x)
	}
	if n.Patched {
		b, h, w, c := x.Dim(0), x.Dim(1)/2, x.Dim(2)/2, x.Dim(3)
		x = g.Permute(g.Reshape(x, b, h, 2, w, 2, c), 0, 1, 3, 5, 2, 4)
		x = g.Reshape(x, b, h, w, 4*c)
	}
	return g.Affine(x, 1/n.Scale, n.Shift)
}

// tinyEncoder reads numbered layers; a convolution without bias halves the size.
func tinyEncoder(s *weights.Scope) []tinyLayer {
	var out []tinyLayer
	for i := 0; s.HasSub(strconv.Itoa(i)); i++ {
		l := s.Sub(strconv.Itoa(i))
		if l.HasSub("conv") {
			out = append(out, newTinyBlock(l))
			continue
		}
		c := tinyConv(l)
		if c.B == nil {
			c.Attr.Stride = 2
		}
		out = append(out, plainConv{c})
	}
	return out
}

// tinyDecoder reads numbered layers. Layers without weights are the activation behind the first convolution and the
// doubling of size before convolutions without bias.
func tinyDecoder(s *weights.Scope) []tinyLayer {
	var out []tinyLayer
	for i := 1; s.HasSub(strconv.Itoa(i)) || s.HasSub(strconv.Itoa(i+1)); i++ {
		l := s.Sub(strconv.Itoa(i))
		switch {
		case l.HasSub("conv"):
			out = append(out, newTinyBlock(l))
		case l.Has("weight"):
			out = append(out, plainConv{tinyConv(l)})
		case i == 2:
			out = append(out, rectify{})
		default:
			out = append(out, twice{})
		}
	}
	return out
}

func tinyConv(s *weights.Scope) nn.Conv {
	w := s.Shape("weight")
	return nn.Conv{
		W: s.Tensor("weight", nn.Dim(w, 0), nn.Dim(w, 1), 3, 3), B: s.Optional("bias", nn.Dim(w, 0)),
		Attr: tensor.Conv{Stride: 1, Pad: [4]int{1, 1, 1, 1}},
	}
}

type plainConv struct{ nn.Conv }

func (c plainConv) record(g *tensor.Graph, x tensor.Ref) tensor.Ref { return c.Record(g, x) }

type rectify struct{}

func (rectify) record(g *tensor.Graph, x tensor.Ref) tensor.Ref { return g.Unary(tensor.KindReLU, x) }

type twice struct{}

func (twice) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.Resize(x, 2*x.Dim(1), 2*x.Dim(2), tensor.Nearest)
}

// tinyBlock is three convolutions beside a skip.
type tinyBlock struct {
	convs       [3]nn.Conv
	skip        *nn.Linear // nil where the width stays
	widen, back nn.Linear  // with the norm between: what a block of some models adds first
	norm        *nn.GroupNorm
}

func newTinyBlock(s *weights.Scope) tinyBlock {
	var b tinyBlock
	for i := range b.convs {
		b.convs[i] = tinyConv(s.Sub("conv." + strconv.Itoa(2*i)))
	}
	if w := s.Shape("skip.weight"); w != nil {
		b.skip = &nn.Linear{W: s.Tensor("skip.weight", nn.Dim(w, 0), nn.Dim(w, 1), 1, 1).Reshape(nn.Dim(w, 0), nn.Dim(w, 1))}
	}
	if w := s.Shape("pool.0.weight"); w != nil {
		wide, width := nn.Dim(w, 0), nn.Dim(w, 1)
		b.widen.W = s.Tensor("pool.0.weight", wide, width, 1, 1).Reshape(wide, width)
		norm := nn.NewGroupNorm(s.Sub("pool.1"), wide, 1e-5)
		norm.Groups = 4
		b.norm = &norm
		b.back.W = s.Tensor("pool.3.weight", width, wide, 1, 1).Reshape(width, wide)
	}
	return b
}

func (b tinyBlock) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	relu := func(x tensor.Ref) tensor.Ref { return g.Unary(tensor.KindReLU, x) }
	if b.norm != nil {
		x = g.Add(x, b.back.Record(g, relu(b.norm.Record(g, b.widen.Record(g, x)))))
	}
	h := relu(b.convs[0].Record(g, x))
	h = b.convs[2].Record(g, relu(b.convs[1].Record(g, h)))
	if b.skip != nil {
		x = b.skip.Record(g, x)
	}
	return relu(g.Add(h, x))
}
