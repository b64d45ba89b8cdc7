package solver

import "context"

// StochasticAdams are the settings of SASolver.
type StochasticAdams struct {
	Eta                  float64 // noise inside the window; 0 makes it an ODE solver
	Start, End           float64 // the window in sigma, descending. Both 0: from 20 % to 80 % of sampling
	SNoise               float32
	Predictor, Corrector int  // orders; corrector 0 leaves it out
	PECE                 bool // the corrected latent is evaluated too
	Simple               bool // the paper's simplified formulas at order 2
}

// DefaultStochasticAdams are the settings of the sampler sa_solver.
func DefaultStochasticAdams() StochasticAdams {
	return StochasticAdams{Eta: 1, SNoise: 1, Predictor: 3, Corrector: 4}
}

// adams is the state of a run of SASolver.
type adams struct {
	StochasticAdams
	s, lambda []float32   // levels and their half-logSNR
	history   [][]float32 // predictions, newest first
	sum       []float32
	known     int
	tau       float32 // noise of the last predictor step
}

// SASolver is the stochastic Adams solver of arXiv:2309.05019, a predictor and corrector of varying order.
func SASolver(a StochasticAdams) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		if r.steps() == 0 {
			return x, nil
		}
		draw, err := r.fresh()
		if err != nil {
			return nil, err
		}
		st := newAdams(a, r, x)
		pred := append([]float32(nil), x...)
		noise := make([]float32, len(x))
		for i := range r.steps() {
			if err := r.at(ctx, i, rotate(st.history), pred, st.s[i]); err != nil {
				return nil, err
			}
			st.known = min(st.known+1, len(st.history))
			if err := st.correct(ctx, r, i, x, pred, noise); err != nil {
				return nil, err
			}
			to := st.s[i+1]
			if to == 0 {
				copy(pred, st.history[0])
				continue
			}
			st.predict(i, pred, x)
			if h := st.lambda[i+1] - st.lambda[i]; st.tau > 0 && st.SNoise > 0 {
				draw(noise, st.s[i], to)
				scale := to * sqrt(-expm1(-2*st.tau*st.tau*h)) * st.SNoise
				for k := range noise {
					noise[k] *= scale
				}
				add(pred, 1, noise)
			}
		}
		return pred, nil
	}
}

func newAdams(a StochasticAdams, r *Run, x []float32) *adams {
	if a.Start == 0 && a.End == 0 {
		a.Start, a.End = r.Sampling.PercentToSigma(0.2), r.Sampling.PercentToSigma(0.8)
	}
	a.SNoise *= r.Sampling.NoiseScale()
	st := &adams{StochasticAdams: a, s: r.levels(), sum: make([]float32, len(x))}
	st.history = vectors(x, max(a.Predictor, a.Corrector, 1))
	for _, s := range st.s {
		st.lambda = append(st.lambda, r.Sampling.HalfLogSNR(s))
	}
	return st
}

// orders gives the orders of the predictor and the corrector at step i: fewer at both ends.
func (a *adams) orders(i int) (predictor, corrector int) {
	n := len(a.s)
	predictor = min(a.Predictor, a.known)
	if i > 0 && (a.s[i+1] != 0 || a.PECE) {
		corrector = min(a.Corrector, a.known)
	}
	if a.s[n-1] == 0 {
		predictor, corrector = min(predictor, n-2-i), min(corrector, n-1-i)
	}
	return predictor, corrector
}

// correct writes to x the latent at step i, of which pred is a prediction. noise is what the last step added.
func (a *adams) correct(ctx context.Context, r *Run, i int, x, pred, noise []float32) error {
	_, order := a.orders(i)
	if order == 0 {
		copy(x, pred)
		return nil
	}
	h := a.lambda[i] - a.lambda[i-1]
	b := a.weights(a.s[i], a.lambda[i-order+1:i+1], a.lambda[i-1], a.lambda[i], true)
	a.advance(x, x, a.s[i]/a.s[i-1]*exp(-a.tau*a.tau*h), b)
	if a.tau > 0 && a.SNoise > 0 {
		add(x, 1, noise)
	}
	if !a.PECE {
		return nil
	}
	return r.denoise(ctx, a.history[0], x, a.s[i])
}

// predict writes to pred where x goes in step i.
func (a *adams) predict(i int, pred, x []float32) {
	order, _ := a.orders(i)
	a.tau = 0
	// Compat: levels are float32, the window's ends are not: a level on an end may lie outside by rounding.
	if to := float64(a.s[i+1]); a.Eta > 0 && a.Start >= to && to >= a.End {
		a.tau = float32(a.Eta)
	}
	h := a.lambda[i+1] - a.lambda[i]
	b := a.weights(a.s[i+1], a.lambda[i-order+1:i+1], a.lambda[i], a.lambda[i+1], false)
	a.advance(pred, x, a.s[i+1]/a.s[i]*exp(-a.tau*a.tau*h), b)
}

// advance writes decay·x plus the weighted predictions; weights come oldest first.
func (a *adams) advance(dst, x []float32, decay float32, weights []float32) {
	clear(a.sum)
	for k, w := range weights {
		add(a.sum, w, a.history[len(weights)-1-k])
	}
	mix(dst, decay, x, 1, a.sum)
}
