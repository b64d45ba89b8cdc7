package solver

import "context"

// DPMPP2M is DPM-Solver++(2M): arXiv:2211.01095, algorithm 2.
func DPMPP2M(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	s := r.Sigmas
	v := vectors(x, 2)
	denoised, old := v[0], v[1]
	for i := range r.steps() {
		if err := r.first(ctx, i, denoised, nil, x); err != nil {
			return nil, err
		}
		t, next := -log(s[i]), -log(s[i+1])
		h := next - t
		decay, gain := exp(-next)/exp(-t), -expm1(-h)
		if i == 0 || s[i+1] == 0 {
			mix(x, decay, x, gain, denoised)
		} else {
			c := 1 / (2 * ((t + log(s[i-1])) / h))
			mix3(x, decay, x, gain*(1+c), denoised, -gain*c, old)
		}
		denoised, old = old, denoised
	}
	return x, nil
}

// DPMPP2MCFGPP is DPMPP2M with CFG++.
func DPMPP2MCFGPP(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	s := r.Sigmas
	v := vectors(x, 3)
	denoised, uncond, old := v[0], v[1], v[2]
	for i := range r.steps() {
		if err := r.first(ctx, i, denoised, uncond, x); err != nil {
			return nil, err
		}
		t, next := -log(s[i]), -log(s[i+1])
		h := next - t
		mix3(x, exp(-h), x, 1, denoised, -exp(-h), uncond)
		if i > 0 && s[i+1] != 0 {
			c := expm1(-h) * (1 / (2 * ((t + log(s[i-1])) / h)))
			addDiff(x, -c, denoised, old)
		}
		uncond, old = old, uncond
	}
	return x, nil
}

// DPMPP2MSDE is the stochastic DPM-Solver++(2M) on a Brownian path; heun chooses the other form of its second order.
func DPMPP2MSDE(eta, sNoise float32, heun bool) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		if r.steps() == 0 {
			return x, nil
		}
		draw, s := r.path(len(x)), r.levels()
		sNoise := sNoise * r.Sampling.NoiseScale()
		v := vectors(x, 3)
		denoised, old, noise := v[0], v[1], v[2]
		last, known := float32(0), false
		for i := range r.steps() {
			from, to := s[i], s[i+1]
			if err := r.at(ctx, i, denoised, x, from); err != nil {
				return nil, err
			}
			if to == 0 {
				copy(x, denoised)
			} else {
				ls, lt := r.Sampling.HalfLogSNR(from), r.Sampling.HalfLogSNR(to)
				h := lt - ls
				alpha, gain := to*exp(lt), -expm1(-h*(eta+1))
				mix(x, to/from*exp(-h*eta), x, alpha*gain, denoised)
				if known {
					c := 0.5 * alpha * gain * (1 / (last / h))
					if heun {
						c = alpha * (gain/(-h*(eta+1)) + 1) * (1 / (last / h))
					}
					addDiff(x, c, denoised, old)
				}
				if eta > 0 && sNoise > 0 {
					draw(noise, from, to)
					add(x, to*sqrt(-expm1(-2*h*eta))*sNoise, noise)
				}
				last = h
			}
			denoised, old, known = old, denoised, true
		}
		return x, nil
	}
}

// DPMPP3MSDE is the stochastic DPM-Solver++(3M) on a Brownian path.
func DPMPP3MSDE(eta, sNoise float32) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		if r.steps() == 0 {
			return x, nil
		}
		draw, s := r.path(len(x)), r.levels()
		sNoise := sNoise * r.Sampling.NoiseScale()
		history, noise := vectors(x, 3), make([]float32, len(x)) // newest first
		var h1, h2 float32
		for i := range r.steps() {
			from, to := s[i], s[i+1]
			if err := r.at(ctx, i, rotate(history), x, from); err != nil {
				return nil, err
			}
			d := history
			if to == 0 {
				copy(x, d[0])
				continue
			}
			ls, lt := r.Sampling.HalfLogSNR(from), r.Sampling.HalfLogSNR(to)
			h := lt - ls
			he := h * (eta + 1)
			alpha := to * exp(lt)
			mix(x, to/from*exp(-h*eta), x, -alpha*expm1(-he), d[0])
			phi2 := expm1(-he)/he + 1
			phi3 := phi2/he - 0.5
			switch {
			case i >= 2:
				third(x, d, h1/h, h2/h, alpha*phi2, alpha*phi3)
			case i == 1:
				addDiff(x, alpha*phi2/(h1/h), d[0], d[1])
			}
			if eta > 0 && sNoise > 0 {
				draw(noise, from, to)
				add(x, to*sqrt(-expm1(-2*h*eta))*sNoise, noise)
			}
			h1, h2 = h, h1
		}
		return x, nil
	}
}

// third adds a2·D1 - a3·D2, the first and second divided differences of the last three predictions, to x.
func third(x []float32, d [][]float32, r0, r1, a2, a3 float32) {
	d0, d1, d2 := d[0], d[1], d[2]
	for k := range x {
		d10, d11 := (d0[k]-d1[k])/r0, (d1[k]-d2[k])/r1
		first := d10 + (d10-d11)*r0/(r0+r1)
		second := (d10 - d11) / (r0 + r1)
		x[k] += a2*first - a3*second
	}
}
