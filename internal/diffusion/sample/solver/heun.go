package solver

import "context"

// Heun is algorithm 2 of Karras et al., arXiv:2206.00364, without churn: Euler corrected by the slope at its end.
func Heun(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	v := vectors(x, 4)
	denoised, d, d2, x2 := v[0], v[1], v[2], v[3]
	for i := range r.steps() {
		if err := r.first(ctx, i, denoised, nil, x); err != nil {
			return nil, err
		}
		from, to := r.Sigmas[i], r.Sigmas[i+1]
		slope(d, x, denoised, from)
		if to == 0 {
			add(x, to-from, d)
			continue
		}
		mix(x2, 1, x, to-from, d)
		if err := r.denoise(ctx, denoised, x2, to); err != nil {
			return nil, err
		}
		slope(d2, x2, denoised, to)
		mix(d, 0.5, d, 0.5, d2)
		add(x, to-from, d)
	}
	return x, nil
}

// HeunPP2 is Heun with a second look ahead and weights by noise level: the Heun++ of the community, order 2.
func HeunPP2(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	s := r.Sigmas
	if len(s) == 0 {
		return x, nil
	}
	end := s[len(s)-1]
	v := vectors(x, 5)
	denoised, d, d2, d3, ahead := v[0], v[1], v[2], v[3], v[4]
	for i := range r.steps() {
		if err := r.first(ctx, i, denoised, nil, x); err != nil {
			return nil, err
		}
		slope(d, x, denoised, s[i])
		dt := s[i+1] - s[i]
		if s[i+1] == end {
			add(x, dt, d)
			continue
		}
		mix(ahead, 1, x, dt, d)
		if err := r.denoise(ctx, denoised, ahead, s[i+1]); err != nil {
			return nil, err
		}
		slope(d2, ahead, denoised, s[i+1])
		if s[i+2] == end {
			w2 := s[i+1] / (2 * s[0])
			mix(d, 1-w2, d, w2, d2)
			add(x, dt, d)
			continue
		}
		add(ahead, s[i+2]-s[i+1], d2)
		if err := r.denoise(ctx, denoised, ahead, s[i+2]); err != nil {
			return nil, err
		}
		slope(d3, ahead, denoised, s[i+2])
		w2, w3 := s[i+1]/(3*s[0]), s[i+2]/(3*s[0])
		mix3(d, 1-w2-w3, d, w2, d2, w3, d3)
		add(x, dt, d)
	}
	return x, nil
}
