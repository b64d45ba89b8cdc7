package solver

import "context"

// phi1 is h·phi_1(h) and phi2 is h·phi_2(h) of exponential integrators.
func phi1(h float32) float32 { return expm1(h) }
func phi2(h float32) float32 { return (expm1(h) - h) / h }

// spread is the deviation of noise over a step of -h/2 in half-logSNR: sqrt(1 - exp(h)).
func spread(h float32) float32 { return sqrt(-expm1(h)) }

// exponential is what the stages of a stochastic exponential solver share.
type exponential struct {
	r        *Run
	draw     noise
	eta      float32
	sNoise   float32
	inject   bool
	sde, tmp []float32 // noise gathered since the start of the step
}

func newExponential(r *Run, x []float32, eta, sNoise float32) (*exponential, error) {
	draw, err := r.fresh()
	if err != nil {
		return nil, err
	}
	e := &exponential{r: r, draw: draw, eta: eta, sNoise: sNoise * r.Sampling.NoiseScale()}
	e.inject = eta > 0 && e.sNoise > 0
	v := vectors(x, 2)
	e.sde, e.tmp = v[0], v[1]
	return e, nil
}

// start draws the noise of a step's first stage, which goes the part q of h from one level to another, and adds it to x.
func (e *exponential) start(x []float32, h, q, from, to float32) {
	if !e.inject {
		return
	}
	e.draw(e.sde, from, to)
	scale := spread(-2 * q * h * e.eta)
	for k := range e.sde {
		e.sde[k] *= scale
	}
	add(x, to*e.sNoise, e.sde)
}

// extend carries the noise on from the part q1 of the step to q2 and adds it to x.
func (e *exponential) extend(x []float32, h, q1, q2, from, to float32) {
	if !e.inject {
		return
	}
	f := (q1 - q2) * h * e.eta
	e.draw(e.tmp, from, to)
	mix(e.sde, exp(f), e.sde, spread(2*f), e.tmp)
	add(x, to*e.sNoise, e.sde)
}

// Seeds2 is SEEDS-2, arXiv:2305.14267, with its inner point at q. second weights both predictions by phi_2 instead of
// the midpoint rule. eta 0 makes it an exponential Heun or midpoint method.
func Seeds2(eta, sNoise, q float32, second bool) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		e, err := newExponential(r, x, eta, sNoise)
		if err != nil {
			return nil, err
		}
		s := r.levels()
		v := vectors(x, 3)
		denoised, denoised2, x2 := v[0], v[1], v[2]
		for i := range r.steps() {
			from, to := s[i], s[i+1]
			if err := r.at(ctx, i, denoised, x, from); err != nil {
				return nil, err
			}
			if to == 0 {
				copy(x, denoised)
				continue
			}
			ls, lt := r.Sampling.HalfLogSNR(from), r.Sampling.HalfLogSNR(to)
			h := lt - ls
			he := h * (eta + 1)
			lmid := lerp(ls, lt, q)
			mid := r.Sampling.SigmaOfHalfLogSNR(lmid)
			alphaMid, alphaT := mid*exp(lmid), to*exp(lt)

			mix(x2, mid/from*exp(-q*h*eta), x, -alphaMid*phi1(-q*he), denoised)
			e.start(x2, h, q, from, mid)
			if err := r.denoise(ctx, denoised2, x2, mid); err != nil {
				return nil, err
			}
			fac := 1 / (2 * q)
			b1, b2 := (1-fac)*phi1(-he), fac*phi1(-he)
			if second {
				b2 = phi2(-he) / q
				b1 = phi1(-he) - b2
			}
			mix3(x, to/from*exp(-h*eta), x, -alphaT*b1, denoised, -alphaT*b2, denoised2)
			e.extend(x, h, q, 1, mid, to)
		}
		return x, nil
	}
}

// Seeds3 is SEEDS-3 with its inner points at a third and two thirds.
func Seeds3(eta, sNoise float32) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		const q1, q2 = float32(1.0 / 3), float32(2.0 / 3)
		e, err := newExponential(r, x, eta, sNoise)
		if err != nil {
			return nil, err
		}
		s := r.levels()
		v := vectors(x, 3)
		denoised, other, inner := v[0], v[1], v[2]
		for i := range r.steps() {
			from, to := s[i], s[i+1]
			if err := r.at(ctx, i, denoised, x, from); err != nil {
				return nil, err
			}
			if to == 0 {
				copy(x, denoised)
				continue
			}
			ls, lt := r.Sampling.HalfLogSNR(from), r.Sampling.HalfLogSNR(to)
			h := lt - ls
			he := h * (eta + 1)
			l1, l2 := lerp(ls, lt, q1), lerp(ls, lt, q2)
			s1, s2 := r.Sampling.SigmaOfHalfLogSNR(l1), r.Sampling.SigmaOfHalfLogSNR(l2)
			alpha1, alpha2, alphaT := s1*exp(l1), s2*exp(l2), to*exp(lt)
			mix(inner, s1/from*exp(-q1*h*eta), x, -alpha1*phi1(-q1*he), denoised)
			e.start(inner, h, q1, from, s1)
			if err := r.denoise(ctx, other, inner, s1); err != nil {
				return nil, err
			}
			b2 := q2 / q1 * phi2(-q2*he)
			b1 := phi1(-q2*he) - b2
			mix3(inner, s2/from*exp(-q2*h*eta), x, -alpha2*b1, denoised, -alpha2*b2, other)
			e.extend(inner, h, q1, q2, s1, s2)
			if err := r.denoise(ctx, other, inner, s2); err != nil {
				return nil, err
			}
			b3 := phi2(-he) / q2
			b1 = phi1(-he) - b3
			mix3(x, to/from*exp(-h*eta), x, -alphaT*b1, denoised, -alphaT*b3, other)
			e.extend(x, h, q2, 1, s2, to)
		}
		return x, nil
	}
}
