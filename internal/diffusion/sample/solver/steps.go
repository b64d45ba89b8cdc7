package solver

import (
	"context"
	"math"
)

// DDPM is the ancestral sampler of arXiv:2006.11239 between any two levels.
func DDPM(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	draw, err := r.fresh()
	if err != nil {
		return nil, err
	}
	v := vectors(x, 3)
	denoised, eps, noise := v[0], v[1], v[2]
	for i := range r.steps() {
		if err := r.first(ctx, i, denoised, nil, x); err != nil {
			return nil, err
		}
		from, to := r.Sigmas[i], r.Sigmas[i+1]
		bar, barNext := 1/(from*from+1), 1/(to*to+1)
		alpha := bar / barNext
		slope(eps, x, denoised, from)
		a := sqrt(1 / alpha)
		mix(x, a/sqrt(1+from*from), x, -a*(1-alpha)/sqrt(1-bar), eps)
		if to > 0 {
			draw(noise, from, to)
			add(x, sqrt((1-alpha)*(1-barNext)/(1-bar)), noise)
		}
		if to != 0 {
			scale := sqrt(1 + to*to)
			for k := range x {
				x[k] *= scale
			}
		}
	}
	return x, nil
}

// Consistency are the settings of LCM.
type Consistency struct {
	SNoise, SNoiseEnd float64 // factor on the noise at the first and at the last step, linear between them
	ClipStd           float32 // noise is clamped to so many of its standard deviations; 0 leaves it
}

// LCM predicts the clean latent and noises it to the next level: arXiv:2303.01469, algorithm 1.
func LCM(c Consistency) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		draw, err := r.fresh()
		if err != nil {
			return nil, err
		}
		v := vectors(x, 2)
		denoised, noise := v[0], v[1]
		for i := range r.steps() {
			if err := r.first(ctx, i, denoised, nil, x); err != nil {
				return nil, err
			}
			from, to := r.Sigmas[i], r.Sigmas[i+1]
			if !(to > 0) {
				copy(x, denoised)
				continue
			}
			draw(noise, from, to)
			c.shape(noise, i, r.steps())
			r.Sampling.AddNoise(x, noise, denoised, to, false)
		}
		return x, nil
	}
}

// shape clamps and scales the noise of a step.
func (c Consistency) shape(noise []float32, i, steps int) {
	if c.ClipStd > 0 {
		limit := c.ClipStd * deviation(noise)
		for k, v := range noise {
			noise[k] = min(max(v, -limit), limit)
		}
	}
	t := 0.0
	if steps > 1 {
		t = float64(i) / float64(steps-1)
	}
	if s := c.SNoise + (c.SNoiseEnd-c.SNoise)*t; s != 1 {
		for k := range noise {
			noise[k] *= float32(s)
		}
	}
}

// deviation is the standard deviation of a sample.
func deviation(v []float32) float32 {
	mean, sum := 0.0, 0.0
	for _, x := range v {
		mean += float64(x)
	}
	mean /= float64(len(v))
	for _, x := range v {
		sum += (float64(x) - mean) * (float64(x) - mean)
	}
	return float32(math.Sqrt(sum / float64(len(v)-1)))
}

// GradientEstimation extrapolates the slope from the last one: openreview o2ND9v0CeK. cfgPP takes the slope from the
// unconditional prediction.
func GradientEstimation(gamma float32, cfgPP bool) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		v := vectors(x, 4)
		denoised, uncond, d, old := v[0], v[1], v[2], v[3]
		base := uncond
		if !cfgPP {
			uncond, base = nil, denoised
		}
		for i := range r.steps() {
			if err := r.denoiseBoth(ctx, denoised, uncond, x, r.Sigmas[i]); err != nil {
				return nil, err
			}
			from, to := r.Sigmas[i], r.Sigmas[i+1]
			slope(d, x, base, from)
			if err := r.report(i, x, denoised); err != nil {
				return nil, err
			}
			if to == 0 {
				copy(x, denoised)
				continue
			}
			if cfgPP {
				mix(x, 1, denoised, to, d)
			} else {
				add(x, to-from, d)
			}
			if i >= 1 {
				addDiff(x, (gamma-1)*(to-from), d, old)
			}
			d, old = old, d
		}
		return x, nil
	}
}
