package vae

import (
	"strconv"

	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// resBlock is two convolutions beside a skip.
type resBlock struct {
	norm1, norm2 nn.GroupNorm
	conv1, conv2 nn.Conv
	skip         *nn.Linear // nil where the width stays
	time         *across    // nil where pictures do not see each other
}

func newResBlock(s *weights.Scope) resBlock {
	in, out := nn.Dim(s.Shape("conv1.weight"), 1), nn.Dim(s.Shape("conv1.weight"), 0)
	r := resBlock{
		norm1: nn.NewGroupNorm(s.Sub("norm1"), in, eps),
		conv1: nn.NewConv3x3(s.Sub("conv1"), in, out),
		norm2: nn.NewGroupNorm(s.Sub("norm2"), out, eps),
		conv2: nn.NewConv3x3(s.Sub("conv2"), out, out),
	}
	if in != out {
		l := nn.NewPointwise(s.Sub("nin_shortcut"), in, out)
		r.skip = &l
	}
	r.time = newAcross(s, out)
	return r
}

func (r resBlock) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	h := r.conv1.Record(g, g.SiLU(r.norm1.Record(g, x))) // [b, h, w, out]
	h = r.conv2.Record(g, g.SiLU(r.norm2.Record(g, h)))
	if r.skip != nil {
		x = r.skip.Record(g, x)
	}
	x = g.Add(x, h)
	if r.time != nil {
		x = r.time.record(g, x)
	}
	return x
}

// attention lets every place attend to every other, one head as wide as the layer.
type attention struct {
	norm         nn.GroupNorm
	q, k, v, out nn.Linear
}

func newAttention(s *weights.Scope, width int) attention {
	return attention{
		norm: nn.NewGroupNorm(s.Sub("norm"), width, eps),
		q:    nn.NewPointwise(s.Sub("q"), width, width),
		k:    nn.NewPointwise(s.Sub("k"), width, width),
		v:    nn.NewPointwise(s.Sub("v"), width, width),
		out:  nn.NewPointwise(s.Sub("proj_out"), width, width),
	}
}

func (a attention) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	n := g.Reshape(a.norm.Record(g, x), x.Dim(0), x.Dim(1)*x.Dim(2), x.Dim(3)) // [b, hw, c]
	h := g.Attention(a.q.Record(g, n), a.k.Record(g, n), a.v.Record(g, n), tensor.None, 1, false)
	return g.Add(x, g.Reshape(a.out.Record(g, h), x.Shape()...))
}

// middle is the innermost part.
type middle struct {
	block1, block2 resBlock
	attn           attention
}

func newMiddle(s *weights.Scope, width int) middle {
	return middle{newResBlock(s.Sub("block_1")), newResBlock(s.Sub("block_2")), newAttention(s.Sub("attn_1"), width)}
}

func (m middle) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return m.block2.record(g, m.attn.record(g, m.block1.record(g, x)))
}

// level is the blocks of one resolution and the convolution that leads to the next, nil for the outermost way out and the
// innermost way in.
type level struct {
	blocks []resBlock
	attn   []attention // none, or one a block
	scale  *nn.Conv
}

// levels reads "name.0", "name.1", … as far as they go.
func levels(s *weights.Scope, name string) []level {
	var out []level
	for i := 0; s.HasSub(name + "." + strconv.Itoa(i)); i++ {
		at := s.Sub(name + "." + strconv.Itoa(i))
		var l level
		for j := 0; at.HasSub("block." + strconv.Itoa(j)); j++ {
			l.blocks = append(l.blocks, newResBlock(at.Sub("block."+strconv.Itoa(j))))
			if a := at.Sub("attn." + strconv.Itoa(j)); a.Has("q.weight") {
				l.attn = append(l.attn, newAttention(a, nn.Dim(a.Shape("q.weight"), 0)))
			}
		}
		out = append(out, l)
	}
	return out
}

// width is the number of channels that the level's blocks give.
func (l level) width() int {
	if len(l.blocks) == 0 {
		return 0
	}
	return l.blocks[len(l.blocks)-1].conv2.W.Dim(0)
}

func (l level) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	for i, b := range l.blocks {
		x = b.record(g, x)
		if i < len(l.attn) {
			x = l.attn[i].record(g, x)
		}
	}
	return x
}
