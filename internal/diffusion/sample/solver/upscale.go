package solver

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/rng"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// Resize gives a latent another width and height; shape is its own, batch first.
type Resize func(x []float32, shape []int, width, height int) ([]float32, error)

// LCMUpscale is LCM that grows the latent between steps, evenly up to ratio over growth of them; growth below 0 stands for
// half the steps. It draws from the run's global generator.
func LCMUpscale(ratio float64, growth int, resize Resize) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		if n := len(r.Sigmas); growth < 0 {
			growth = max(n/2, 1)
		} else {
			growth = min(growth, n)
		}
		global := r.Global
		if global == nil {
			global = rng.New(r.Seed)
		}
		n := len(r.Shape)
		height, width := r.Shape[n-2], r.Shape[n-1]
		for i := range r.steps() {
			denoised := make([]float32, len(x))
			if err := r.first(ctx, i, denoised, nil, x); err != nil {
				return nil, err
			}
			x = denoised
			if i < growth {
				f := 1 + (ratio-1)*float64(i+1)/float64(growth)
				w, h := scaled(width, f), scaled(height, f)
				if w < 1 || h < 1 {
					return nil, fault.New(fault.ValueTooSmall, "a latent of %d×%d cells cannot be scaled by %v", width, height, f)
				}
				var err error
				if x, err = resize(x, r.Shape, w, h); err != nil {
					return nil, err
				}
				r.Shape[n-2], r.Shape[n-1] = h, w
			}
			if to := r.Sigmas[i+1]; to > 0 {
				noise := make([]float32, len(x))
				global.Randn(noise)
				add(x, to, noise)
			}
		}
		return x, nil
	}
}

func scaled(n int, f float64) int { return int(math.RoundToEven(float64(n) * f)) }
