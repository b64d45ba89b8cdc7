// Package solver holds the samplers: ways to step a latent from noise down a list of noise levels, given what predicts the
// clean latent at each. They work on flat slices; who calls them knows the shapes.
//
// Scalars are float32, because the reference's are; the papers' letters name them.
package solver

import (
	"context"
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/brownian"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/rng"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// Solver steps x, which it owns, through the levels of a run and returns the result, which may be another slice.
type Solver func(ctx context.Context, r *Run, x []float32) ([]float32, error)

// Denoiser predicts the clean latent.
type Denoiser interface {
	// Denoise writes the prediction for x at sigma to dst. A solver that also wants what the model predicts without the
	// positive condition gives a place for it, else nil. No slice may be kept.
	Denoise(ctx context.Context, dst, uncond, x []float32, sigma float32) error
}

// Run is what a solver works with.
type Run struct {
	Model    Denoiser
	Sampling param.Sampling
	Sigmas   []float32      // the levels, the starting one first. A solver may put another list here, never write to it
	Seed     uint64         // of the noise that is added on the way
	Shape    []int          // of x, batch first. A solver that resizes x changes it
	Global   *rng.Generator // torch's global generator, for what draws from it; may be nil
	// Step is told each step's number, the latent and the clean latent predicted for it; it may not keep them. May be nil.
	Step func(i int, x, denoised []float32) error
}

// steps is the number of steps: one less than levels.
func (r *Run) steps() int { return max(len(r.Sigmas)-1, 0) }

// denoise asks the model and looks at ctx.
func (r *Run) denoise(ctx context.Context, dst, x []float32, sigma float32) error {
	return r.denoiseBoth(ctx, dst, nil, x, sigma)
}

func (r *Run) denoiseBoth(ctx context.Context, dst, uncond, x []float32, sigma float32) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(err, fault.Cancelled, "sampling was stopped")
	}
	return r.Model.Denoise(ctx, dst, uncond, x, sigma)
}

// report tells Step.
func (r *Run) report(i int, x, denoised []float32) error {
	if r.Step == nil {
		return nil
	}
	if err := r.Step(i, x, denoised); err != nil {
		return fmt.Errorf("sample step %d: %w", i, err)
	}
	return nil
}

// first denoises at the start of step i and reports it.
func (r *Run) first(ctx context.Context, i int, dst, uncond, x []float32) error {
	if err := r.denoiseBoth(ctx, dst, uncond, x, r.Sigmas[i]); err != nil {
		return err
	}
	return r.report(i, x, dst)
}

// noise fills dst with unit noise for the step from one level to another.
type noise func(dst []float32, from, to float32)

// fresh is independent noise: a generator of its own, seeded next to the run's.
func (r *Run) fresh() (noise, error) {
	if r.Seed == math.MaxUint64 {
		return nil, fault.New(fault.ValueTooBig, "seed %d has no successor, which this sampler seeds its noise with", r.Seed)
	}
	g := rng.New(r.Seed + 1)
	return func(dst []float32, _, _ float32) { g.Randn(dst) }, nil
}

// path is noise from a Brownian path over all levels, so that it depends on the levels and not on the steps between them.
func (r *Run) path(n int) noise {
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, s := range r.Sigmas {
		if s > 0 {
			low = min(low, s)
		}
		high = max(high, s)
	}
	return brownian.New(r.Seed, low, high, n).Noise
}

// levels are the run's, the first moved off a flow's pure noise, which has no logarithm.
func (r *Run) levels() []float32 {
	if len(r.Sigmas) <= 1 || !r.Sampling.IsFlow() || r.Sigmas[0] < 1 {
		return r.Sigmas
	}
	s := append([]float32(nil), r.Sigmas...)
	s[0] = float32(r.Sampling.PercentToSigma(1e-4))
	return s
}
