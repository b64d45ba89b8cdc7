package weightstest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Generated is a Source of made-up weights: each element is a function of the tensor's name, the seed and its place, so that
// whole networks fit into a few lines. Tensors are F32 and made anew at each call.
type Generated struct {
	seed  uint64
	names []string
	specs map[string]spec
}

// spec is one tensor's recipe: elements are offset + u·2^exponent with u in [-1, 1).
type spec struct {
	shape    tensor.Shape
	exponent int
	offset   float64
}

// UnmarshalJSON reads [shape, exponent, offset].
func (s *spec) UnmarshalJSON(data []byte) error {
	var exponent float64
	parts := []any{&s.shape, &exponent, &s.offset}
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	s.exponent = int(exponent)
	if _, ok := s.shape.TryElems(); !ok || len(parts) != 3 || float64(s.exponent) != exponent {
		return fmt.Errorf("recipe %s is no [shape, exponent, offset]", data)
	}
	return nil
}

// Generate makes the Source of a recipe {name: [shape, exponent, offset]}, the weights_spec of a golden file.
func Generate(seed uint64, recipe []byte) (*Generated, error) {
	g := &Generated{seed: seed}
	if err := json.Unmarshal(recipe, &g.specs); err != nil {
		return nil, fmt.Errorf("recipe of generated weights: %w", err)
	}
	for name := range g.specs {
		g.names = append(g.names, name)
	}
	slices.Sort(g.names)
	return g, nil
}

// Names lists the tensors in sorted order.
func (g *Generated) Names() []string { return g.names }

// Info describes a tensor without making it.
func (g *Generated) Info(name string) (weights.Info, bool) {
	s, ok := g.specs[name]
	if !ok {
		return weights.Info{}, false
	}
	return weights.Info{DType: tensor.F32, Stored: "F32", Shape: s.shape, Bytes: 4 * int64(s.shape.Elems())}, true
}

// Tensor makes a tensor.
func (g *Generated) Tensor(name string) (*tensor.Tensor, bool) {
	s, ok := g.specs[name]
	if !ok {
		return nil, false
	}
	out := make([]float32, s.shape.Elems())
	base, scale := nameHash(name)+g.seed*0xD1B54A32D192ED03, math.Ldexp(1, s.exponent)
	for i := range out {
		out[i] = float32(s.offset + unit(base, i)*scale)
	}
	return tensor.FromF32(out, s.shape...), true
}

// nameHash is FNV-1a in 64 bits.
func nameHash(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return h
}

// unit is element i of the splitmix64 stream from base, as 24 bits in [-1, 1): exact in float32.
func unit(base uint64, i int) float64 {
	z := base + uint64(i+1)*0x9E3779B97F4A7C15
	z ^= z >> 30
	z *= 0xBF58476D1CE4E5B9
	z ^= z >> 27
	z *= 0x94D049BB133111EB
	z ^= z >> 31
	return float64(z>>40)*0x1p-23 - 1
}
