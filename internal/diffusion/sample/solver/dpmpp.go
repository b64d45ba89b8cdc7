package solver

import "context"

// The DPM-Solver++ family, arXiv:2211.01095, in the time t = -log(sigma): the data prediction is integrated exactly along
// with the exponential decay of x.

// DPMPP2SAncestral is DPM-Solver++(2S) with noise added back after each step.
func DPMPP2SAncestral(eta, sNoise float32) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		draw, err := r.fresh()
		if err != nil {
			return nil, err
		}
		v := vectors(x, 3)
		denoised, x2, noise := v[0], v[1], v[2]
		for i := range r.steps() {
			if err := r.first(ctx, i, denoised, nil, x); err != nil {
				return nil, err
			}
			from, to := r.Sigmas[i], r.Sigmas[i+1]
			if r.Sampling.IsFlow() {
				err = flow2S(ctx, r, x, denoised, x2, noise, draw, from, to, eta, sNoise*r.Sampling.NoiseScale())
				if err != nil {
					return nil, err
				}
				continue
			}
			down, up := ancestral(from, to, eta)
			if down == 0 {
				euler(x, denoised, from, down)
			} else {
				t, next := -log(from), -log(down)
				h := next - t
				s := t + 0.5*h
				mix(x2, exp(-s)/exp(-t), x, -expm1(-h*0.5), denoised)
				if err := r.denoise(ctx, denoised, x2, exp(-s)); err != nil {
					return nil, err
				}
				mix(x, exp(-next)/exp(-t), x, -expm1(-h), denoised)
			}
			if to > 0 {
				draw(noise, from, to)
				add(x, sNoise*up, noise)
			}
		}
		return x, nil
	}
}

// flow2S is one step of DPMPP2SAncestral for flows, in the time log((1-sigma)/sigma).
func flow2S(ctx context.Context, r *Run, x, denoised, x2, noise []float32, draw noise, from, to, eta, sNoise float32) error {
	down, keep, up := flowAncestral(from, to, eta)
	if to == 0 {
		euler(x, denoised, from, down)
		return nil
	}
	mid := float32(0.9999)
	if from != 1 {
		lambda := func(s float32) float32 { return log((1 - s) / s) }
		t := lambda(from)
		mid = 1 / (exp(t+0.5*(lambda(down)-t)) + 1)
	}
	mix(x2, mid/from, x, 1-mid/from, denoised)
	if err := r.denoise(ctx, denoised, x2, mid); err != nil {
		return err
	}
	mix(x, down/from, x, 1-down/from, denoised)
	if eta > 0 {
		draw(noise, from, to)
		mix(x, keep, x, sNoise*up, noise)
	}
	return nil
}

// DPMPP2SAncestralCFGPP is DPMPP2SAncestral with CFG++: the decay starts from x moved by the guidance.
func DPMPP2SAncestralCFGPP(eta, sNoise float32) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		draw, err := r.fresh()
		if err != nil {
			return nil, err
		}
		sNoise := sNoise * r.Sampling.NoiseScale()
		v := vectors(x, 5)
		denoised, uncond, x2, noise, second := v[0], v[1], v[2], v[3], v[4]
		for i := range r.steps() {
			if err := r.first(ctx, i, denoised, uncond, x); err != nil {
				return nil, err
			}
			from, to := r.Sigmas[i], r.Sigmas[i+1]
			down, up := ancestral(from, to, eta)
			if down == 0 {
				slope(x2, x, uncond, from)
				mix(x, 1, denoised, down, x2)
			} else {
				t, next := -log(from), -log(down)
				h := next - t
				s := t + 0.5*h
				mix3(x2, 1, x, 1, denoised, -1, uncond)
				mix(x2, exp(-s)/exp(-t), x2, -expm1(-h*0.5), denoised)
				// Compat: the full step moves x by the guidance against the unconditional prediction in the middle.
				if err := r.denoiseBoth(ctx, second, uncond, x2, exp(-s)); err != nil {
					return nil, err
				}
				mix3(x, 1, x, 1, denoised, -1, uncond)
				mix(x, exp(-next)/exp(-t), x, -expm1(-h), second)
			}
			if to > 0 {
				draw(noise, from, to)
				add(x, sNoise*up, noise)
			}
		}
		return x, nil
	}
}

// DPMPPSDE is the stochastic DPM-Solver++ of order 2 with its inner point at r, on a Brownian path.
func DPMPPSDE(eta, sNoise, r2 float32) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		if r.steps() == 0 {
			return x, nil
		}
		draw, s := r.path(len(x)), r.levels()
		sNoise := sNoise * r.Sampling.NoiseScale()
		lambda := r.Sampling.HalfLogSNR
		v := vectors(x, 4)
		denoised, denoised2, x2, noise := v[0], v[1], v[2], v[3]
		inject := func(x []float32, scale, from, to float32) {
			if eta > 0 && sNoise > 0 {
				draw(noise, from, to)
				add(x, scale*sNoise, noise)
			}
		}
		for i := range r.steps() {
			from, to := s[i], s[i+1]
			if err := r.at(ctx, i, denoised, x, from); err != nil {
				return nil, err
			}
			if to == 0 {
				copy(x, denoised)
				continue
			}
			ls, lt := lambda(from), lambda(to)
			lmid := ls + r2*(lt-ls)
			mid := r.Sampling.SigmaOfHalfLogSNR(lmid)
			alphaS, alphaMid, alphaT := from*exp(ls), mid*exp(lmid), to*exp(lt)
			down, up := ancestral(exp(-ls), exp(-lmid), eta)
			h := -log(down) - ls
			mix(x2, alphaMid/alphaS*exp(-h), x, -alphaMid*expm1(-h), denoised)
			inject(x2, alphaMid*up, from, mid)
			if err := r.denoise(ctx, denoised2, x2, mid); err != nil {
				return nil, err
			}
			down, up = ancestral(exp(-ls), exp(-lt), eta)
			h = -log(down) - ls
			b := -alphaT * expm1(-h)
			mix3(x, alphaT/alphaS*exp(-h), x, b*(1-1/(2*r2)), denoised, b/(2*r2), denoised2)
			inject(x, alphaT*up, from, to)
		}
		return x, nil
	}
}

// at denoises x at sigma as the start of step i and reports it.
func (r *Run) at(ctx context.Context, i int, dst, x []float32, sigma float32) error {
	if err := r.denoise(ctx, dst, x, sigma); err != nil {
		return err
	}
	return r.report(i, x, dst)
}
