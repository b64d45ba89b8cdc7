package sample

import (
	"maps"
	"slices"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/rng"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// Noise makes the noise that a run starts from.
type Noise interface {
	// Draw gives noise in the shape of the latent, and the generator it came from; nil for none.
	Draw(l value.Latent) (*tensor.Tensor, *rng.Generator, error)
}

// Silence is no noise: the latent is taken to be noised already.
type Silence struct{}

// Draw implements Noise.
func (Silence) Draw(l value.Latent) (*tensor.Tensor, *rng.Generator, error) {
	return tensor.New(tensor.F32, l.Samples.Shape()...), nil, nil
}

// RandomNoise is the noise of a seed, as torch draws it.
type RandomNoise struct{ Seed uint64 }

// Draw implements Noise. Items draw theirs by the latent's batch index if it has one.
func (n RandomNoise) Draw(l value.Latent) (*tensor.Tensor, *rng.Generator, error) {
	g := rng.New(n.Seed)
	shape := l.Samples.Shape().Clone()
	v, err := g.Noise(shape, l.BatchIndex)
	if err != nil {
		return nil, nil, err
	}
	if l.BatchIndex != nil {
		shape[0] = len(l.BatchIndex)
	}
	return tensor.FromF32(v, shape...), g, nil
}

// The keys of a latent's Extra that say what it was made for.
const (
	ExtraDownscale = "downscale_ratio_spacial"  // int: pixels a cell
	ExtraTemporal  = "downscale_ratio_temporal" // int: frames a cell
)

// FixEmpty checks a latent and gives an empty one, which was made before the model was known, the model's channels, size
// and dimensions.
func FixEmpty(l value.Latent, f latent.Format) (value.Latent, error) {
	t := l.Samples
	if t == nil || t.DType() != tensor.F32 || len(t.Shape()) < 3 || len(t.Shape()) > 5 || t.Elems() == 0 {
		return l, fault.New(fault.BadTensor, "a latent must be F32 [batch, channels, …] and not empty, got %v", t)
	}
	t = t.Dense()
	empty := !slices.ContainsFunc(t.F32(), func(v float32) bool { return v != 0 })
	shape := t.Shape().Clone()
	if empty {
		shape[1] = f.Channels
		if made, ok := whole(l.Extra[ExtraDownscale]); ok && made != f.Downscale && f.Downscale > 0 {
			n := len(shape)
			for d := max(2, n-2); d < n; d++ {
				shape[d] = max(1, roundRatio(shape[d], made, f.Downscale))
			}
		}
	}
	if f.Dims == 3 && len(shape) == 4 {
		shape = slices.Insert(shape, 2, 1)
	}
	if made, ok := whole(l.Extra[ExtraTemporal]); empty && ok && len(shape) == 5 && made != f.Temporal && f.Temporal > 0 {
		shape[2] = max(1, roundRatio(shape[2], made, f.Temporal))
	}
	if empty {
		t = tensor.New(tensor.F32, shape...)
	} else {
		t = t.Reshape(shape...)
	}
	if l.Extra != nil { // Compat: what comes of sampling no longer says what it was made for
		l.Extra = maps.Clone(l.Extra)
		delete(l.Extra, ExtraDownscale)
		delete(l.Extra, ExtraTemporal)
	}
	return l.With(t), nil
}

// whole reads a whole number of either width: nodes write 64 bits, as JSON's numbers have.
func whole(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	}
	return 0, false
}

// roundRatio is n·a/b, halves to even.
func roundRatio(n, a, b int) int {
	q, r := n*a/b, n*a%b
	if 2*r > b || 2*r == b && q%2 == 1 {
		q++
	}
	return q
}

// AddNoise noises a latent to the span of the given levels, or to the only one, without sampling. What is not finite
// becomes 0.
func AddNoise(source Source, noise Noise, sigmas []float32, l value.Latent) (value.Latent, error) {
	if len(sigmas) == 0 {
		return l, nil
	}
	n, _, err := noise.Draw(l)
	if err != nil {
		return l, err
	}
	level := sigmas[0]
	if len(sigmas) > 1 {
		level = max(level-sigmas[len(sigmas)-1], sigmas[len(sigmas)-1]-level)
	}
	if !n.Shape().Equal(l.Samples.Shape()) {
		return l, fault.New(fault.BadTensor, "noise of shape %v for a latent of shape %v", n.Shape(), l.Samples.Shape())
	}
	start := newSession(source, input{shape: l.Samples.Shape(), latent: l.Samples.Dense()}).latent
	out := tensor.New(tensor.F32, n.Shape()...)
	source.Sampling().AddNoise(out.F32(), n.F32(), start.F32(), level, false)
	out = source.Format().Out(out)
	v := out.F32()
	for i, x := range v {
		if x-x != 0 { // infinite or not a number
			v[i] = 0
		}
	}
	return l.With(out), nil
}
