package sample

import (
	"context"
	"maps"
	"slices"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// Options are what nodes attach to a model to change how it is sampled. The zero value attaches nothing. Copies share
// their parts: change them through Source.With.
type Options struct {
	Sampling *param.Sampling // in place of the model's; nil: the model's
	Format   *latent.Format  // in place of the model's; nil: the model's

	// CFG takes the place of uncond + (cond - uncond)·scale: it writes g.Denoised.
	CFG func(ctx context.Context, g *Guidance) error
	// PreCFG functions may change the predictions before they are combined.
	PreCFG []func(ctx context.Context, g *Guidance) error
	// PostCFG functions may change g.Denoised after.
	PostCFG []func(ctx context.Context, g *Guidance) error
	// Predict takes the place of Guidance.Predict for the conditional and unconditional prediction of a step.
	Predict func(ctx context.Context, g *Guidance) error
	// Scale functions may change the guidance scale of a step; the last one has the last word.
	Scale []func(sigma, scale float64) float64
	// Mask changes the noise mask of a step, in place.
	Mask func(m MaskStep)

	KeepUncond bool           // predict without the positive condition even where scale 1 makes it pointless
	Patches    map[string]any // for the network, by names it knows: attention replacements and the like
}

func (o Options) clone() Options {
	o.PreCFG, o.PostCFG, o.Scale = slices.Clip(o.PreCFG), slices.Clip(o.PostCFG), slices.Clip(o.Scale)
	o.Patches = maps.Clone(o.Patches)
	return o
}

// patched gives the options with one more patch for the network.
func (o Options) patched(patches map[string]any) Options {
	o = o.clone()
	if o.Patches == nil {
		o.Patches = map[string]any{}
	}
	maps.Copy(o.Patches, patches)
	return o
}

// MaskStep is what a mask function is told.
type MaskStep struct {
	Values   []float32 // the mask in the latent's shape, to be changed
	Sigma    float32
	Sigmas   []float32 // of the whole run
	Sampling param.Sampling
}

// Guidance is one evaluation on its way from predictions to the guided one. Slices have the latent's shape.
type Guidance struct {
	X             []float32 // the noised latent; not to be changed
	Shape         tensor.Shape
	Sigma         float32
	Scale         float64
	Sampling      param.Sampling
	Cond, Uncond  []float32   // predictions; a PreCFG function may put others
	More          [][]float32 // those of guiders with more than two
	Denoised      []float32   // the result so far
	HasUncond     bool        // there is an unconditional prediction; Uncond is zeros without
	positive, neg []*cond
	run           *session
	opts          Options
}

// Predict asks the model again for the positive condition under additional patches and gives its prediction.
func (g *Guidance) Predict(ctx context.Context, patches map[string]any) ([]float32, error) {
	out, err := g.run.predict(ctx, [][]*cond{g.positive}, g.X, g.Sigma, g.opts.patched(patches))
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Evaluate predicts for both conditions, as a step does by itself, the unconditional one under additional patches: in a
// call of its own if there are any. It is for Options.Predict.
func (g *Guidance) Evaluate(ctx context.Context, patches map[string]any) error {
	var out [][]float32
	var err error
	if len(patches) == 0 || g.neg == nil {
		out, err = g.run.predict(ctx, [][]*cond{g.positive, g.neg}, g.X, g.Sigma, g.opts)
	} else {
		out, err = g.run.predict(ctx, [][]*cond{g.positive, nil}, g.X, g.Sigma, g.opts)
		if err == nil {
			var second [][]float32
			second, err = g.run.predict(ctx, [][]*cond{nil, g.neg}, g.X, g.Sigma, g.opts.patched(patches))
			if err == nil {
				out[1] = second[1]
			}
		}
	}
	if err != nil {
		return err
	}
	g.Cond, g.Uncond = out[0], out[1]
	return nil
}

// PredictFor asks the model for other conditions than the run's. They act everywhere and always, but for their strength.
// name tells them apart within the run, which prepares them once.
func (g *Guidance) PredictFor(ctx context.Context, name string, c value.Conditioning) ([]float32, error) {
	type key string
	ready := *Remember(g, key(name), func() *[]*cond { return new([]*cond) })
	if ready == nil {
		for _, x := range c {
			r := &cond{src: x, strength: float32(value.Or(x, value.KeyStrength, 1)), maskStrength: 1}
			if err := g.run.encode(ctx, "negative", r); err != nil {
				return nil, err
			}
			ready = append(ready, r)
		}
		*Remember(g, key(name), func() *[]*cond { return new([]*cond) }) = ready
	}
	out, err := g.run.predict(ctx, [][]*cond{ready}, g.X, g.Sigma, g.opts)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Remember gives what a guidance function keeps between the evaluations of one run, under a key of its own. fresh makes it
// the first time.
func Remember[T any](g *Guidance, key any, fresh func() *T) *T {
	if g.run.memory == nil {
		g.run.memory = map[any]any{}
	}
	if v, ok := g.run.memory[key].(*T); ok {
		return v
	}
	v := fresh()
	g.run.memory[key] = v
	return v
}
