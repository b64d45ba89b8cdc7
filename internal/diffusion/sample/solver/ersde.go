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
		lambda := r.ratios(s)
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
				first, second := ersdeWeights(scale, lambda[:i+2])
				clear(slope)
				addDiff(slope, 1/(ls-lambda[i-1]), denoised, old)
				add(x, alphaT*first, slope)
				if stages >= 3 && i >= 2 {
					addDiff(x, alphaT*second, slope, oldSlope)
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

// ratios are the levels as noise over signal.
func (r *Run) ratios(levels []float32) []float32 {
	out := make([]float32, len(levels))
	for i, v := range levels {
		out[i] = exp(-r.Sampling.HalfLogSNR(v))
	}
	return out
}

// ersdeWeights gives the weights of the first and second derivative of the prediction for the last step of lambda.
func ersdeWeights(scale ERSDEScale, lambda []float32) (first, second float32) {
	n := len(lambda)
	ls, lt := lambda[n-2], lambda[n-1]
	area, moment := ersdeIntegrals(scale, ls, lt)
	dt := lt - ls
	first = dt + area*scale(lt)
	if n >= 4 {
		second = (dt*dt/2 + moment*scale(lt)) / ((ls - lambda[n-4]) / 2)
	}
	return first, second
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
