package nn

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Linear is x wᵀ + b over the last dimension.
type Linear struct {
	W *tensor.Tensor // [out, in]
	B *tensor.Tensor // [out], nil for none
}

// NewLinear reads "weight" [out, in] and "bias" [out].
func NewLinear(s *weights.Scope, in, out int) Linear {
	return Linear{W: s.Tensor("weight", out, in), B: s.Tensor("bias", out)}
}

// NewLinearNoBias reads "weight" [out, in] alone.
func NewLinearNoBias(s *weights.Scope, in, out int) Linear {
	return Linear{W: s.Tensor("weight", out, in)}
}

// NewPointwise reads a linear layer that files hold either as one or as a convolution with a 1×1 kernel: "weight"
// [out, in] or [out, in, 1, 1], and "bias" [out]. In NHWC both are the same sum over channels.
func NewPointwise(s *weights.Scope, in, out int) Linear {
	if len(s.Shape("weight")) != 4 {
		return NewLinear(s, in, out)
	}
	l := Linear{W: s.Tensor("weight", out, in, 1, 1), B: s.Tensor("bias", out)}
	if l.W != nil {
		l.W = l.W.Reshape(out, in)
	}
	return l
}

// Record gives [..., out] for x [..., in].
func (l Linear) Record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.Linear(x, g.Weight(l.W), g.Weight(l.B))
}

// Out is the size of the last dimension of what the layer gives.
func (l Linear) Out() int { return l.W.Dim(0) }
