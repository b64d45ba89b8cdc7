package solver

import "context"

// RES is the second-order exponential multistep of arXiv:2308.02157, ancestral unless eta is 0. cfgPP decays the
// unconditional prediction: CFG++.
func RES(eta, sNoise float32, cfgPP bool) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		draw, err := r.fresh()
		if err != nil {
			return nil, err
		}
		sNoise := sNoise * r.Sampling.NoiseScale()
		v := vectors(x, 4)
		denoised, uncond, old, noise := v[0], v[1], v[2], v[3]
		oldDown := float32(0)
		for i := range r.steps() {
			base, place := denoised, []float32(nil)
			if cfgPP {
				base, place = uncond, uncond
			}
			if err := r.first(ctx, i, denoised, place, x); err != nil {
				return nil, err
			}
			from, to := r.Sigmas[i], r.Sigmas[i+1]
			down, up := ancestral(from, to, eta)
			if down == 0 || i == 0 {
				mix3(x, down/from, x, 1, denoised, -down/from, base)
			} else {
				h, b1, b2 := resWeights(from, down, oldDown, r.Sigmas[i-1])
				if cfgPP {
					mix3(x, 1, x, 1, denoised, -1, uncond)
				}
				mix3(x, exp(-h), x, h*b1, base, h*b2, old)
			}
			if up > 0 {
				draw(noise, from, to)
				add(x, sNoise*up, noise)
			}
			oldDown = down
			if cfgPP {
				uncond, old = old, uncond
			} else {
				denoised, old = old, denoised
			}
		}
		return x, nil
	}
}

// resWeights gives the step in log-sigma and the weights of the newest prediction and of the one before it.
func resWeights(from, down, oldDown, prev float32) (h, b1, b2 float32) {
	t, tOld, tNext, tPrev := -log(from), -log(oldDown), -log(down), -log(prev)
	h = tNext - t
	c2 := (tPrev - tOld) / h
	phi1 := expm1(-h) / -h
	phi2 := (phi1 - 1) / -h
	return h, orZero(phi1 - phi2/c2), orZero(phi2 / c2)
}
