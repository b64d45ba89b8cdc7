package sample

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// DualCFG guides by two conditions over a negative one: InstructPix2Pix, arXiv:2211.09800, and its nested form.
type DualCFG struct {
	Source
	First, Second, Negative value.Conditioning
	Scale                   float64 // of the first over the second
	SecondScale             float64 // of the second over the negative
	Nested                  bool    // the first over the second, and that over the negative
}

// Main implements Guider.
func (g DualCFG) Main() Source { return g.Source }

func (g DualCFG) start(ctx context.Context, in input) (predictor, error) {
	s, lists, err := begin(ctx, g.Source, in,
		namedConds{"positive", g.First}, namedConds{"middle", asNegative(g.Second)}, namedConds{"negative", g.Negative})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, x []float32, shape tensor.Shape, sigma float32, opts Options) ([]float32, error) {
		s.shape = shape
		return g.predict(ctx, s, lists[0], lists[1], lists[2], x, sigma, opts)
	}, nil
}

func (g DualCFG) predict(
	ctx context.Context, s *session, first, second, neg []*cond, x []float32, sigma float32, opts Options,
) ([]float32, error) {
	if !g.Nested && !opts.KeepUncond && isOne(g.SecondScale) {
		neg = nil
		if isOne(g.Scale) {
			second = nil
		}
	}
	out, err := s.predict(ctx, [][]*cond{neg, second, first}, x, sigma, opts)
	if err != nil {
		return nil, err
	}
	if g.Nested {
		e := s.guidance(first, second, x, sigma, g.Scale, opts)
		e.Cond, e.Uncond = out[2], out[1]
		text, err := e.combine(ctx)
		if err != nil {
			return nil, err
		}
		scale := float32(g.SecondScale)
		for i, n := range out[0] {
			text[i] = n + scale*(text[i]-n)
		}
		return text, nil
	}
	e := s.guidance(second, neg, x, sigma, g.SecondScale, opts)
	e.Cond, e.Uncond = out[1], out[0]
	text, err := e.combine(ctx)
	if err != nil {
		return nil, err
	}
	scale := float32(g.Scale)
	for i := range text {
		text[i] += (out[2][i] - out[1][i]) * scale
	}
	return text, nil
}

// asNegative marks conditions as negative prompts whatever list they are in.
func asNegative(c value.Conditioning) value.Conditioning {
	out := make(value.Conditioning, len(c))
	for i, x := range c {
		out[i] = value.Set(x, KeyPromptType, "negative")
	}
	return out
}

// PerpNeg guides away from what is in the negative condition and not in the positive one: arXiv:2304.04968.
type PerpNeg struct {
	Source
	Positive, Negative, Empty value.Conditioning
	Scale, NegScale           float64
}

// Main implements Guider.
func (g PerpNeg) Main() Source { return g.Source }

func (g PerpNeg) start(ctx context.Context, in input) (predictor, error) {
	s, lists, err := begin(ctx, g.Source, in, namedConds{"positive", g.Positive},
		namedConds{"empty_negative_prompt", asNegative(g.Empty)}, namedConds{"negative", g.Negative})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, x []float32, shape tensor.Shape, sigma float32, opts Options) ([]float32, error) {
		s.shape = shape
		return g.predict(ctx, s, lists, x, sigma, opts)
	}, nil
}

func (g PerpNeg) predict(
	ctx context.Context, s *session, lists [][]*cond, x []float32, sigma float32, opts Options,
) ([]float32, error) {
	scale := overridden(g.Scale, sigma, opts)
	positive, empty, negative := lists[0], lists[1], lists[2]
	if !opts.KeepUncond && math.Abs(g.NegScale) == 0 {
		negative = nil
		if isOne(scale) {
			empty = nil
		}
	}
	out, err := s.predict(ctx, [][]*cond{positive, negative, empty}, x, sigma, opts)
	if err != nil {
		return nil, err
	}
	e := s.guidance(positive, negative, x, sigma, scale, opts)
	e.Cond, e.Uncond, e.More = out[0], out[1], out[2:]
	for _, f := range opts.PreCFG {
		if err := f(ctx, e); err != nil {
			return nil, err
		}
	}
	e.Denoised = Perpendicular(e.Cond, e.Uncond, e.More[0], g.NegScale, scale)
	for _, f := range opts.PostCFG {
		if err := f(ctx, e); err != nil {
			return nil, err
		}
	}
	return e.Denoised, nil
}

// Perpendicular is the combination of PerpNeg: what neg adds to empty, less its part along what pos adds, is subtracted
// negScale times. It is not a number where pos adds nothing.
func Perpendicular(pos, neg, empty []float32, negScale, scale float64) []float32 {
	var dot, norm float64
	for i, e := range empty {
		p, n := pos[i]-e, neg[i]-e
		dot += float64(n * p)
		norm += float64(p) * float64(p)
	}
	along := float32(dot) / float32(norm)
	out := make([]float32, len(pos))
	for i, e := range empty {
		p, n := pos[i]-e, neg[i]-e
		out[i] = e + float32(scale)*(p-(n-along*p)*float32(negScale))
	}
	return out
}

// DualModel asks a second model for the negative condition.
type DualModel struct {
	Source
	Second             Source
	Positive, Negative value.Conditioning
	Scale              float64
}

// Main implements Guider.
func (g DualModel) Main() Source { return g.Source }

func (g DualModel) start(ctx context.Context, in input) (predictor, error) {
	s, pos, err := begin(ctx, g.Source, in, namedConds{"positive", g.Positive}, namedConds{"negative", g.Negative})
	if err != nil {
		return nil, err
	}
	var second *session
	var neg [][]*cond
	if !isOne(g.Scale) {
		if second, neg, err = begin(ctx, g.Second, in, namedConds{"negative", g.Negative}); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, x []float32, shape tensor.Shape, sigma float32, opts Options) ([]float32, error) {
		s.shape = shape
		cond, err := s.predict(ctx, pos[:1], x, sigma, opts)
		if err != nil {
			return nil, err
		}
		scale := overridden(g.Scale, sigma, opts)
		if second == nil || isOne(scale) && !opts.KeepUncond {
			return cond[0], nil
		}
		second.shape = shape
		uncond, err := second.predict(ctx, neg, x, sigma, opts)
		if err != nil {
			return nil, err
		}
		e := s.guidance(pos[0], neg[0], x, sigma, scale, opts)
		e.Cond, e.Uncond = cond[0], uncond[0]
		return e.combine(ctx)
	}, nil
}
