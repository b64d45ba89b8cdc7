package solver

import "context"

// ERSDEScale scales the noise of an extended reverse-time SDE by its level lambda = sigma/alpha.
type ERSDEScale func(lambda float32) float32

// ERSDENoise is the scale that the paper found best.
func ERSDENoise(lambda float32) float32 { return lambda * (exp(pow(lambda, 0.3)) + 10) }

// ERSDE is the extended reverse-time SDE solver of arXiv:2309.06169 up to stage 3.
func ERSDE(scale ERSDEScale, sNoise float32, stages int) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		draw, err := r.fresh()
		if err != nil {
			return nil, err
		}
		sNoise := sNoise * r.Sampling.NoiseScale()
		s := r.levels()
		lambda := make([]float32, len(s))
		for i, v := range s {
			lambda[i] = exp(-r.Sampling.HalfLogSNR(v))
		}
		v := vectors(x, 5)
		denoised, old, slope, oldSlope, noise := v[0], v[1], v[2], v[3], v[4]
		for i := range r.steps() {
			if err := r.at(ctx, i, denoised, x, s[i]); err != nil {
				return nil, err
			}
			if s[i+1] == 0 {
				copy(x, denoised)
				denoised, old = old, denoised
				continue
			}
			ls, lt := lambda[i], lambda[i+1]
			alphaS, alphaT := s[i]/ls, s[i+1]/lt
			q := scale(lt) / scale(ls)
			mix(x, alphaT/alphaS*q, x, alphaT*(1-q), denoised)
			if stages >= 2 && i >= 1 {
				dt := lt - ls
				area, moment := ersdeIntegrals(scale, ls, lt)
				d := ls - lambda[i-1]
				clear(slope)
				addDiff(slope, 1/d, denoised, old)
				add(x, alphaT*(dt+area*scale(lt)), slope)
				if stages >= 3 && i >= 2 {
					c := alphaT * (dt*dt/2 + moment*scale(lt)) / ((ls - lambda[i-2]) / 2)
					addDiff(x, c, slope, oldSlope)
				}
				slope, oldSlope = oldSlope, slope
			}
			if sNoise > 0 {
				draw(noise, s[i], s[i+1])
				add(x, alphaT*sNoise*orZero(sqrt(lt*lt-ls*ls*q*q)), noise)
			}
			denoised, old = old, denoised
		}
		return x, nil
	}
}

// ersdeIntegrals sums 1/scale and (lambda - ls)/scale between lt and ls over 200 points.
func ersdeIntegrals(scale ERSDEScale, ls, lt float32) (area, moment float32) {
	const points = 200
	step := -(lt - ls) / points
	var a, m float64
	for k := range points {
		at := lt + float32(k)*step
		v := scale(at)
		a += float64(1 / v)
		m += float64((at - ls) / v)
	}
	return float32(a) * step, float32(m) * step
}

// ERSDEScaled is ERSDENoise with its share of noise scaled: eta 1 is ERSDENoise, 0 is no noise.
func ERSDEScaled(eta float32) ERSDEScale {
	return func(l float32) float32 { return l * pow(exp(pow(l, 0.3))+10, eta) }
}

// ReverseSDE is the scale of the plain reverse-time SDE.
func ReverseSDE(eta float32) ERSDEScale {
	return func(l float32) float32 { return pow(l, eta+1) }
}

// ERODE is the scale of the ODE, to be used without noise.
func ERODE(l float32) float32 { return l }
