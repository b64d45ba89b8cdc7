package vae

import (
	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

const timeEps = 1e-5 // of the norms across pictures

// across is a residual block across the pictures of a video, blended with what came in by a learned factor.
// Source: arXiv:2311.15127.
type across struct {
	norm1, norm2 nn.GroupNorm
	conv1, conv2 nn.Conv
	factor       *tensor.Tensor // [1]
}

// newAcross reads the block beside a residual block, nil when there is none.
func newAcross(s *weights.Scope, width int) *across {
	if !s.Has("mix_factor") {
		return nil
	}
	t := s.Sub("time_stack")
	return &across{
		norm1:  nn.NewGroupNorm(t.Sub("in_layers.0"), width, timeEps),
		conv1:  newTimeConv(t.Sub("in_layers.2"), width),
		norm2:  nn.NewGroupNorm(t.Sub("out_layers.0"), width, timeEps),
		conv2:  newTimeConv(t.Sub("out_layers.3"), width),
		factor: s.Tensor("mix_factor", 1),
	}
}

// newTimeConv reads a convolution over three pictures: "weight" [out, in, 3, 1, 1].
func newTimeConv(s *weights.Scope, width int) nn.Conv {
	return nn.Conv{
		W:    s.Tensor("weight", width, width, 3, 1, 1).Reshape(width, width, 3, 1),
		B:    s.Tensor("bias", width),
		Attr: tensor.Conv{Stride: 1, Pad: [4]int{1, 0, 1, 0}},
	}
}

// record blends x [t, h, w, c], the pictures of one video.
func (a *across) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	rows := inTime(g, x)
	h := a.conv1.Record(g, g.SiLU(a.norm1.Record(g, rows)))
	h = g.Add(rows, a.conv2.Record(g, g.SiLU(a.norm2.Record(g, h))))
	own := g.Unary(tensor.KindSigmoid, g.Cast(g.Weight(a.factor), tensor.F32))
	return g.Add(x, g.Mul(own, g.Sub(g.Reshape(h, x.Shape()...), x)))
}

// inTime views pictures [t, h, w, c] as one whose height is time and whose width is all places.
func inTime(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.Reshape(x, 1, x.Dim(0), x.Dim(1)*x.Dim(2), x.Dim(3))
}
