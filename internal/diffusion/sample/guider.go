package sample

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// Guider combines what one or more models predict under several conditions. CFG and its kin in this package are the
// guiders there are.
type Guider interface {
	// Main is the model whose parameterisation and latent format rule the run.
	Main() Source
	start(ctx context.Context, in input) (predictor, error)
}

// predictor gives the guided prediction of one evaluation. It is valid until the next.
type predictor func(ctx context.Context, x []float32, shape tensor.Shape, sigma float32, opts Options) ([]float32, error)

// namedConds is one list of conditions of a guider.
type namedConds struct {
	name  string
	conds value.Conditioning
}

// begin opens a session and prepares its conditions.
func begin(ctx context.Context, source Source, in input, named ...namedConds) (*session, [][]*cond, error) {
	s := newSession(source, in)
	lists, err := s.prepare(ctx, named)
	if err != nil {
		return nil, nil, err
	}
	out := make([][]*cond, len(lists))
	for i, l := range lists {
		out[i] = l.conds
		if l.conds == nil {
			out[i] = []*cond{} // nil stands for a list that is left out
		}
	}
	return s, out, nil
}

// isOne reports whether a guidance scale leaves only the first of two predictions.
func isOne(scale float64) bool { return math.Abs(scale-1) <= 1e-9*max(math.Abs(scale), 1) }

// CFG is classifier-free guidance: arXiv:2207.12598.
type CFG struct {
	Source
	Positive, Negative value.Conditioning
	Scale              float64
}

// Main implements Guider.
func (g CFG) Main() Source { return g.Source }

func (g CFG) start(ctx context.Context, in input) (predictor, error) {
	s, lists, err := begin(ctx, g.Source, in, namedConds{"positive", g.Positive}, namedConds{"negative", g.Negative})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, x []float32, shape tensor.Shape, sigma float32, opts Options) ([]float32, error) {
		s.shape = shape
		return s.guide(ctx, lists[0], lists[1], x, sigma, g.scale(sigma, opts), opts)
	}, nil
}

func (g CFG) scale(sigma float32, opts Options) float64 { return overridden(g.Scale, sigma, opts) }

func overridden(scale float64, sigma float32, opts Options) float64 {
	for _, f := range opts.Scale {
		scale = f(float64(sigma), scale)
	}
	return scale
}

// Basic follows its condition alone.
type Basic struct {
	Source
	Positive value.Conditioning
}

// Main implements Guider.
func (g Basic) Main() Source { return g.Source }

func (g Basic) start(ctx context.Context, in input) (predictor, error) {
	s, lists, err := begin(ctx, g.Source, in, namedConds{"positive", g.Positive})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, x []float32, shape tensor.Shape, sigma float32, opts Options) ([]float32, error) {
		s.shape = shape
		return s.guide(ctx, lists[0], nil, x, sigma, overridden(1, sigma, opts), opts)
	}, nil
}

// guide predicts for both lists and combines.
func (s *session) guide(
	ctx context.Context, positive, negative []*cond, x []float32, sigma float32, scale float64, opts Options,
) ([]float32, error) {
	if isOne(scale) && !opts.KeepUncond {
		negative = nil
	}
	g := s.guidance(positive, negative, x, sigma, scale, opts)
	predict := opts.Predict
	if predict == nil {
		predict = func(ctx context.Context, g *Guidance) error { return g.Evaluate(ctx, nil) }
	}
	if err := predict(ctx, g); err != nil {
		return nil, err
	}
	for _, f := range opts.PreCFG {
		if err := f(ctx, g); err != nil {
			return nil, err
		}
	}
	return g.combine(ctx)
}

func (s *session) guidance(positive, negative []*cond, x []float32, sigma float32, scale float64, opts Options) *Guidance {
	return &Guidance{
		X: x, Shape: s.shape, Sigma: sigma, Scale: scale, Sampling: s.sampling,
		HasUncond: negative != nil, positive: positive, neg: negative, run: s, opts: opts,
	}
}

// combine guides the predictions of g and gives the result.
func (g *Guidance) combine(ctx context.Context) ([]float32, error) {
	g.Denoised = g.run.in.arena.zeros(len(g.X))
	if g.opts.CFG != nil {
		if err := g.opts.CFG(ctx, g); err != nil {
			return nil, err
		}
	} else {
		scale := float32(g.Scale)
		for i, u := range g.Uncond {
			g.Denoised[i] = u + (g.Cond[i]-u)*scale
		}
	}
	for _, f := range g.opts.PostCFG {
		if err := f(ctx, g); err != nil {
			return nil, err
		}
	}
	return g.Denoised, nil
}
