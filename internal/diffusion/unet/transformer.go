package unet

import (
	"strconv"

	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

const spatialEps = 1e-6 // of the group norm before a transformer

// spatial lets every place attend to every other and to the text.
type spatial struct {
	norm    nn.GroupNorm
	in, out nn.Linear
	blocks  []transformerBlock
}

func (b *builder) transformer(s *weights.Scope) layer {
	channels := nn.Dim(s.Shape("norm.weight"), 0)
	inner := nn.Dim(s.Shape("proj_in.weight"), 0)
	t := spatial{
		norm: nn.NewGroupNorm(s.Sub("norm"), channels, spatialEps),
		in:   nn.NewPointwise(s.Sub("proj_in"), channels, inner),
		out:  nn.NewPointwise(s.Sub("proj_out"), inner, channels),
	}
	blocks := s.Sub("transformer_blocks")
	for i := 0; blocks.HasSub(strconv.Itoa(i)); i++ {
		t.blocks = append(t.blocks, b.transformerBlock(blocks.Sub(strconv.Itoa(i)), inner, b.config.crossOnly(b.level)))
	}
	if !s.Has("time_mixer.mix_factor") {
		return t
	}
	return b.videoSpatial(s, t, inner)
}

func (t spatial) record(c *call, x tensor.Ref) tensor.Ref {
	g, n, h, w := c.g, x.Dim(0), x.Dim(1), x.Dim(2)
	y := g.Reshape(t.norm.Record(g, x), n, h*w, x.Dim(3)) // [b, hw, c]
	y = t.in.Record(g, y)
	for _, b := range t.blocks {
		y = b.record(g, y, c.in.Context)
	}
	y = t.out.Record(g, y)
	return g.Add(x, g.Reshape(y, n, h, w, x.Dim(3)))
}

// transformerBlock is attention among places, attention to the text, and a gated MLP, each beside a skip.
type transformerBlock struct {
	norm1, norm2, norm3 nn.LayerNorm
	attn1, attn2        nn.Attention
	ff                  feedForward
	crossOnly           bool // attn1 reads the context too
}

func (b *builder) transformerBlock(s *weights.Scope, width int, crossOnly bool) transformerBlock {
	heads := b.config.heads(width)
	b.context = nn.Dim(s.Shape("attn2.to_k.weight"), 1)
	own := width
	if crossOnly {
		own = b.context
	}
	return transformerBlock{
		norm1:     nn.NewLayerNorm(s.Sub("norm1"), width),
		norm2:     nn.NewLayerNorm(s.Sub("norm2"), width),
		norm3:     nn.NewLayerNorm(s.Sub("norm3"), width),
		attn1:     nn.NewCrossAttention(s.Sub("attn1"), width, own, width, heads),
		attn2:     nn.NewCrossAttention(s.Sub("attn2"), width, b.context, width, heads),
		ff:        newFeedForward(s.Sub("ff"), width),
		crossOnly: crossOnly,
	}
}

func (t transformerBlock) record(g *tensor.Graph, x, context tensor.Ref) tensor.Ref {
	n := t.norm1.Record(g, x) // [b, hw, c]
	own := n
	if t.crossOnly {
		own = context
	}
	x = g.Add(t.attn1.Record(g, n, own), x)
	x = g.Add(t.attn2.Record(g, t.norm2.Record(g, x), context), x)
	return g.Add(t.ff.record(g, t.norm3.Record(g, x)), x)
}

// feedForward is an MLP whose hidden half is gated by the other half. Source: arXiv:2002.05202, GEGLU.
type feedForward struct{ in, out nn.Linear }

func newFeedForward(s *weights.Scope, width int) feedForward {
	inner := nn.Dim(s.Shape("net.2.weight"), 1)
	return feedForward{nn.NewLinear(s.Sub("net.0.proj"), width, 2*inner), nn.NewLinear(s.Sub("net.2"), inner, width)}
}

func (f feedForward) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return f.out.Record(g, g.GLU(f.in.Record(g, x), tensor.GateGELU))
}
