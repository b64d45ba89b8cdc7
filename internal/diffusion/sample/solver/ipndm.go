package solver

import "context"

// IPNDM is the improved pseudo linear multistep method of arXiv:2204.13902 with fixed coefficients.
func IPNDM(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	return multistep(ctx, r, x, 4, func(i int) []float32 {
		h := r.Sigmas[i+1] - r.Sigmas[i]
		switch i {
		case 0:
			return []float32{h}
		case 1:
			return []float32{h * 3 / 2, -h / 2}
		case 2:
			return []float32{h * 23 / 12, -h * 16 / 12, h * 5 / 12}
		}
		return []float32{h * 55 / 24, -h * 59 / 24, h * 37 / 24, -h * 9 / 24}
	}, true)
}

// IPNDMV is IPNDM with coefficients for uneven steps.
func IPNDMV(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	return multistep(ctx, r, x, 4, func(i int) []float32 { return variable(r.Sigmas, i) }, true)
}

// variable gives the coefficients of the slopes at i, i-1, … for the step from i.
func variable(s []float32, i int) []float32 {
	h := s[i+1] - s[i]
	if i == 0 {
		return []float32{h}
	}
	h1 := s[i] - s[i-1]
	q := h / h1
	if i == 1 {
		return []float32{h * (2 + q) / 2, -h * q / 2}
	}
	h2 := s[i-1] - s[i-2]
	t1 := (1 - h/(3*(h+h1))*(h*(h+h1))/(h1*(h1+h2))) / 2
	if i == 2 {
		return []float32{h * ((2+q)/2 + t1), h * (-q/2 - (1+h1/h2)*t1), h * t1 * h1 / h2}
	}
	h3 := s[i-2] - s[i-3]
	t2 := ((1-h/(3*(h+h1)))/2 + (1-h/(2*(h+h1)))*h/(6*(h+h1+h2))) *
		(h * (h + h1) * (h + h1 + h2)) / (h1 * (h1 + h2) * (h1 + h2 + h3))
	p := h1 * (h1 + h2) / (h2 * (h2 + h3))
	return []float32{
		h * ((2+q)/2 + t1 + t2),
		h * (-q/2 - (1+h1/h2)*t1 - (1+h1/h2+p)*t2),
		h * (t1*h1/h2 + (h1/h2+p*(1+h2/h3))*t2),
		h * (-t2 * p * h1 / h2),
	}
}

// multistep steps by weighted slopes of the last order steps. coefficients gives the weights for step i, newest slope
// first. A last step to 0 takes the prediction if clean is set, else one Euler step.
//
// Compat: the latent reported is the starting one at every step.
func multistep(
	ctx context.Context, r *Run, x []float32, order int, coefficients func(i int) []float32, clean bool,
) ([]float32, error) {
	denoised, start := make([]float32, len(x)), append([]float32(nil), x...)
	ds := vectors(x, order)
	for i := range r.steps() {
		if err := r.denoise(ctx, denoised, x, r.Sigmas[i]); err != nil {
			return nil, err
		}
		if err := r.report(i, start, denoised); err != nil {
			return nil, err
		}
		d := rotate(ds)
		slope(d, x, denoised, r.Sigmas[i])
		switch to := r.Sigmas[i+1]; {
		case clean && to == 0:
			copy(x, denoised)
		case !clean && to <= 0:
			add(x, to-r.Sigmas[i], d)
		default:
			for k, c := range coefficients(i) {
				add(x, c, ds[k])
			}
		}
	}
	return x, nil
}
