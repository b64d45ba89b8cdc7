package unet

import (
	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

const resEps = 1e-5 // of the group norms outside transformers

// resBlock is two convolutions beside a skip, told the time between them. Source: arXiv:2105.05233.
type resBlock struct {
	norm1, norm2 nn.GroupNorm
	conv1, conv2 nn.Conv
	emb          nn.Linear
	skip         *nn.Linear // nil where the width stays
}

func (b *builder) res(s *weights.Scope) layer {
	w := s.Shape("in_layers.2.weight")
	in, out := nn.Dim(w, 1), nn.Dim(w, 0)
	r := newRes(s, in, out, b.emb)
	if in != out || s.HasSub("skip_connection") {
		l := nn.NewPointwise(s.Sub("skip_connection"), in, out)
		r.skip = &l
	}
	if !s.Has("time_stack.in_layers.0.weight") {
		return r
	}
	b.temporal = true
	return videoRes{r, newTimeRes(s.Sub("time_stack"), out, b.emb), newMixer(s.Sub("time_mixer"))}
}

func newRes(s *weights.Scope, in, out, emb int) resBlock {
	return resBlock{
		norm1: nn.NewGroupNorm(s.Sub("in_layers.0"), in, resEps),
		conv1: nn.NewConv3x3(s.Sub("in_layers.2"), in, out),
		emb:   nn.NewLinear(s.Sub("emb_layers.1"), emb, out),
		norm2: nn.NewGroupNorm(s.Sub("out_layers.0"), out, resEps),
		conv2: nn.NewConv3x3(s.Sub("out_layers.3"), out, out),
	}
}

func (r resBlock) record(c *call, x tensor.Ref) tensor.Ref {
	g := c.g
	emb := r.emb.Record(g, c.emb)                                    // [b, out]
	h := r.inner(g, x, g.Reshape(emb, emb.Dim(0), 1, 1, emb.Dim(1))) // [b, h, w, out]
	if r.skip != nil {
		x = r.skip.Record(g, x)
	}
	return g.Add(x, h)
}

// inner is the block without its skip; emb broadcasts to its width.
func (r resBlock) inner(g *tensor.Graph, x, emb tensor.Ref) tensor.Ref {
	h := g.Add(r.conv1.Record(g, g.SiLU(r.norm1.Record(g, x))), emb)
	return r.conv2.Record(g, g.SiLU(r.norm2.Record(g, h)))
}
