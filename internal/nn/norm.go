package nn

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// GroupNorm normalises groups of channels over all places of a picture.
type GroupNorm struct {
	W, B   *tensor.Tensor // [channels]
	Groups int
	Eps    float64
}

// NewGroupNorm reads "weight" and "bias" [channels]; it has 32 groups, as all models of this kind.
func NewGroupNorm(s *weights.Scope, channels int, eps float64) GroupNorm {
	return GroupNorm{W: s.Tensor("weight", channels), B: s.Tensor("bias", channels), Groups: 32, Eps: eps}
}

// Record normalises x [b, ..., channels].
func (n GroupNorm) Record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.GroupNorm(x, g.Weight(n.W), g.Weight(n.B), n.Groups, n.Eps)
}

// LayerNorm normalises over the last dimension.
type LayerNorm struct {
	W, B *tensor.Tensor // [width]
	Eps  float64
}

// NewLayerNorm reads "weight" and "bias" [width]. Its eps is 1e-5.
func NewLayerNorm(s *weights.Scope, width int) LayerNorm {
	return LayerNorm{W: s.Tensor("weight", width), B: s.Tensor("bias", width), Eps: 1e-5}
}

// Record normalises x [..., width].
func (n LayerNorm) Record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.LayerNorm(x, g.Weight(n.W), g.Weight(n.B), n.Eps)
}
