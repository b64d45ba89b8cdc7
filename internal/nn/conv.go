package nn

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Conv is a two-dimensional convolution of NHWC values.
type Conv struct {
	W    *tensor.Tensor // [out, in, kh, kw]
	B    *tensor.Tensor // [out], nil for none
	Attr tensor.Conv
}

// NewConv3x3 reads a 3×3 convolution that keeps height and width: "weight" [out, in, 3, 3] and "bias" [out].
func NewConv3x3(s *weights.Scope, in, out int) Conv {
	return NewConv(s, in, out, 3, tensor.Conv{Stride: 1, Pad: [4]int{1, 1, 1, 1}})
}

// NewConv reads a convolution with a square kernel: "weight" [out, in, side, side] and "bias" [out].
func NewConv(s *weights.Scope, in, out, side int, attr tensor.Conv) Conv {
	return Conv{W: s.Tensor("weight", out, in, side, side), B: s.Tensor("bias", out), Attr: attr}
}

// Record convolves x [b, h, w, in].
func (c Conv) Record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.Conv2D(x, g.Weight(c.W), g.Weight(c.B), c.Attr)
}
