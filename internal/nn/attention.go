package nn

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Attention is multi-head attention with the projections around it. Source: arXiv:1706.03762, section 3.2.2.
type Attention struct {
	Q, K, V, Out Linear
	Heads        int
}

// NewCrossAttention reads "to_q", "to_k" and "to_v" without biases and "to_out.0" with one. Queries come from values of
// width in, keys and values from ones of width context; inside all are inner wide.
func NewCrossAttention(s *weights.Scope, in, context, inner, heads int) Attention {
	return Attention{
		Q:     NewLinearNoBias(s.Sub("to_q"), in, inner),
		K:     NewLinearNoBias(s.Sub("to_k"), context, inner),
		V:     NewLinearNoBias(s.Sub("to_v"), context, inner),
		Out:   NewLinear(s.Sub("to_out.0"), inner, in),
		Heads: heads,
	}
}

// Record gives [b, lq, in] for x [b, lq, in] and context [b, lk, context]; x itself may be the context.
func (a Attention) Record(g *tensor.Graph, x, context tensor.Ref) tensor.Ref {
	q, k, v := a.Q.Record(g, x), a.K.Record(g, context), a.V.Record(g, context) // [b, l, inner]
	return a.Out.Record(g, g.Attention(q, k, v, tensor.None, a.Heads, false))
}
