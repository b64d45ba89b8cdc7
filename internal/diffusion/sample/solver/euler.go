package solver

import "context"

// Euler is algorithm 2 of Karras et al., arXiv:2206.00364, without its second-order correction and churn.
func Euler(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	denoised := make([]float32, len(x))
	for i := range r.steps() {
		if err := r.first(ctx, i, denoised, nil, x); err != nil {
			return nil, err
		}
		euler(x, denoised, r.Sigmas[i], r.Sigmas[i+1])
	}
	return x, nil
}

// EulerAncestral takes Euler steps below each level and adds noise back up to it. eta scales the noise that is made room
// for, sNoise the noise itself.
func EulerAncestral(eta, sNoise float32) Solver {
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
			if r.Sampling.IsFlow() {
				eulerFlow(x, denoised, noise, draw, from, to, eta, sNoise*r.Sampling.NoiseScale())
				continue
			}
			down, up := ancestral(from, to, eta)
			if down == 0 {
				copy(x, denoised)
				continue
			}
			euler(x, denoised, from, down)
			draw(noise, from, to)
			add(x, sNoise*up, noise)
		}
		return x, nil
	}
}

func eulerFlow(x, denoised, noise []float32, draw noise, from, to, eta, sNoise float32) {
	if to == 0 {
		copy(x, denoised)
		return
	}
	down, keep, up := flowAncestral(from, to, eta)
	mix(x, down/from, x, 1-down/from, denoised)
	if eta > 0 {
		draw(noise, from, to)
		mix(x, keep, x, sNoise*up, noise)
	}
}

// EulerAncestralCFGPP is EulerAncestral that takes the noise direction from the unconditional prediction: CFG++,
// arXiv:2406.08070. eta 0 is its deterministic form.
func EulerAncestralCFGPP(eta, sNoise float32) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		draw, err := r.fresh()
		if err != nil {
			return nil, err
		}
		sNoise := sNoise * r.Sampling.NoiseScale()
		v := vectors(x, 4)
		denoised, uncond, noise, d := v[0], v[1], v[2], v[3]
		for i := range r.steps() {
			if err := r.first(ctx, i, denoised, uncond, x); err != nil {
				return nil, err
			}
			from, to := r.Sigmas[i], r.Sigmas[i+1]
			if to == 0 {
				copy(x, denoised)
				continue
			}
			alphaS := from * exp(r.Sampling.HalfLogSNR(from))
			alphaT := to * exp(r.Sampling.HalfLogSNR(to))
			mix(d, 1/from, x, -alphaS/from, uncond)
			down, up := ancestral(from/alphaS, to/alphaT, eta)
			mix(x, alphaT, denoised, alphaT*down, d)
			if eta > 0 && sNoise > 0 {
				draw(noise, from, to)
				add(x, alphaT*sNoise*up, noise)
			}
		}
		return x, nil
	}
}

// EulerPP is Euler along the direction from the prediction moved by the guidance: the other reading of CFG++.
func EulerPP(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	v := vectors(x, 2)
	denoised, uncond := v[0], v[1]
	for i := range r.steps() {
		if err := r.first(ctx, i, denoised, uncond, x); err != nil {
			return nil, err
		}
		from, to := r.Sigmas[i], r.Sigmas[i+1]
		for k, d := range denoised {
			x[k] += (x[k] - d + uncond[k] - d) / from * (to - from)
		}
	}
	return x, nil
}
