package solver

import "context"

// DPM2 is DPM-Solver-2, arXiv:2206.00927: the slope at the logarithmic middle of the step.
func DPM2(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	m := newMidpoint(x)
	for i := range r.steps() {
		if err := r.first(ctx, i, m.denoised, nil, x); err != nil {
			return nil, err
		}
		if err := m.step(ctx, r, x, r.Sigmas[i], r.Sigmas[i+1]); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// midpoint holds what a midpoint step needs.
type midpoint struct{ denoised, d, x2 []float32 }

func newMidpoint(x []float32) midpoint {
	v := vectors(x, 3)
	return midpoint{v[0], v[1], v[2]}
}

// step takes x from one level to another by the slope in the middle, starting from the prediction in m.denoised.
func (m midpoint) step(ctx context.Context, r *Run, x []float32, from, to float32) error {
	slope(m.d, x, m.denoised, from)
	if to == 0 {
		add(x, to-from, m.d)
		return nil
	}
	mid := exp(lerp(log(from), log(to), 0.5))
	mix(m.x2, 1, x, mid-from, m.d)
	if err := r.denoise(ctx, m.denoised, m.x2, mid); err != nil {
		return err
	}
	slope(m.d, m.x2, m.denoised, mid)
	add(x, to-from, m.d)
	return nil
}

// DPM2Ancestral is DPM2 with noise added back after each step, as EulerAncestral does.
func DPM2Ancestral(eta, sNoise float32) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		draw, err := r.fresh()
		if err != nil {
			return nil, err
		}
		m, noise := newMidpoint(x), make([]float32, len(x))
		for i := range r.steps() {
			if err := r.first(ctx, i, m.denoised, nil, x); err != nil {
				return nil, err
			}
			from, to := r.Sigmas[i], r.Sigmas[i+1]
			keep, scale := float32(1), sNoise
			down, up := ancestral(from, to, eta)
			if r.Sampling.IsFlow() {
				down, keep, up = flowAncestral(from, to, eta)
				scale *= r.Sampling.NoiseScale()
			}
			if err := m.step(ctx, r, x, from, down); err != nil {
				return nil, err
			}
			if down != 0 {
				draw(noise, from, to)
				mix(x, keep, x, scale*up, noise)
			}
		}
		return x, nil
	}
}
