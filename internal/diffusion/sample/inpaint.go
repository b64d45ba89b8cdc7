package sample

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/rng"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/solver"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// inpainter is the solver.Denoiser of a run. Where a noise mask is 0 it shows the model the starting latent, noised to the
// level, and gives the starting latent as the prediction.
type inpainter struct {
	source   Source
	sampling param.Sampling
	in       input
	predict  predictor
	solve    *solver.Run
	start    []float32 // the model's latent
	noise    []float32 // of the start of sampling
	kept     []float32 // noise that what is kept is shown under
	mask, x  []float32 // this step's
	opts     Options
	ahead    Options // opts and the capture of the unconditional prediction
	uncond   []float32
}

func newInpainter(source Source, in input, sampler Sampler, noise *tensor.Tensor, predict predictor) (*inpainter, error) {
	p := &inpainter{
		source: source, sampling: source.Sampling(), in: in, predict: predict, opts: source.Options,
		start: newSession(source, in).latent.F32(), noise: noise.F32(), kept: noise.F32(),
	}
	if len(p.start) != len(p.noise) {
		return nil, fault.New(fault.BadTensor, "a latent of shape %v is none of format %s", in.shape, source.Format().Name)
	}
	if sampler.FreshInpaint {
		if in.seed == math.MaxUint64 {
			return nil, fault.New(fault.ValueTooBig, "seed %d has no successor, which this sampler seeds its noise with", in.seed)
		}
		p.kept = make([]float32, len(p.noise))
		rng.New(in.seed + 1).Randn(p.kept)
	}
	if in.mask != nil {
		p.mask, p.x = make([]float32, len(p.noise)), make([]float32, len(p.noise))
	}
	p.ahead = p.opts.clone()
	p.ahead.KeepUncond = true
	p.ahead.PostCFG = append(p.ahead.PostCFG, func(_ context.Context, g *Guidance) error {
		copy(p.uncond, g.Uncond)
		return nil
	})
	return p, nil
}

// run steps from the noised starting latent.
func (p *inpainter) run(ctx context.Context, c Custom) (Result, error) {
	var last *tensor.Tensor
	total := len(c.Sigmas) - 1
	p.solve = &solver.Run{
		Model: p, Sampling: p.sampling, Sigmas: c.Sigmas, Seed: c.Seed, Shape: p.in.shape.Clone(), Global: c.Global,
		Step: func(i int, _, denoised []float32) error {
			if len(denoised) != tensor.Shape(p.solve.Shape).Elems() {
				return fault.New(fault.Internal, "a prediction of %d values for %v", len(denoised), p.solve.Shape)
			}
			d := tensor.FromF32(denoised, p.solve.Shape...)
			if last == nil || !last.Shape().Equal(d.Shape()) {
				last = tensor.New(tensor.F32, d.Shape()...)
			}
			copy(last.F32(), denoised)
			if c.Progress == nil {
				return nil
			}
			return c.Progress(i, total, d)
		},
	}
	x := make([]float32, len(p.noise))
	p.sampling.AddNoise(x, p.noise, p.start, c.Sigmas[0], p.full(c.Sigmas[0]))
	x, err := c.Sampler.Solve(ctx, p.solve, x)
	if err != nil {
		return Result{}, err
	}
	p.sampling.Finish(x, p.solve.Sigmas[total])
	out := Result{Samples: p.source.Format().Out(tensor.FromF32(x, p.solve.Shape...))}
	out.Denoised = out.Samples
	if last != nil {
		out.Denoised = p.source.Format().Out(last)
	}
	return out, nil
}

// full reports whether sampling starts at the highest level or beyond.
func (p *inpainter) full(sigma float32) bool {
	top, s := float64(p.sampling.SigmaMax()), float64(sigma)
	return s > top || math.Abs(top-s) <= 1e-5*max(math.Abs(top), math.Abs(s))
}

// Denoise implements solver.Denoiser.
func (p *inpainter) Denoise(ctx context.Context, dst, uncond, x []float32, sigma float32) error {
	p.in.arena.reset()
	opts := p.opts
	if uncond != nil {
		opts, p.uncond = p.ahead, uncond
	}
	if p.mask != nil {
		if len(x) != len(p.mask) {
			return fault.New(fault.Unsupported, "a sampler that resizes cannot keep what a noise mask keeps")
		}
		x = p.masked(x, sigma)
	}
	out, err := p.predict(ctx, x, p.solve.Shape, sigma, opts)
	if err != nil {
		return err
	}
	if len(out) != len(dst) {
		return fault.New(fault.Internal, "a prediction of %d values for %d", len(out), len(dst))
	}
	if p.mask == nil {
		copy(dst, out)
		return nil
	}
	for i, m := range p.mask {
		dst[i] = out[i]*m + p.start[i]*(1-m)
	}
	return nil
}

// masked gives the latent that the model is shown: the noised starting latent where the mask is 0.
func (p *inpainter) masked(x []float32, sigma float32) []float32 {
	copy(p.mask, p.in.mask.F32())
	if p.opts.Mask != nil {
		p.opts.Mask(MaskStep{Values: p.mask, Sigma: sigma, Sigmas: p.in.sigmas, Sampling: p.sampling})
	}
	p.sampling.AddNoise(p.x, p.kept, p.start, sigma, false)
	for i, m := range p.mask {
		p.x[i] = x[i]*m + p.x[i]*(1-m)
	}
	return p.x
}
