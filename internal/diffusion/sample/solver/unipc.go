package solver

import "context"

// unipc is the state of a run of UniPC. It works on variance-preserving latents: x/sqrt(1 + sigma²).
type unipc struct {
	r       *Run
	bh2     bool
	order   int
	s       []float32   // levels, the last over 0
	history [][]float32 // predictions, newest first
	times   []float32   // their levels
	base    []float32
	res     []float32
}

// UniPC is the unified predictor and corrector of arXiv:2302.04867 with B(h) = h, or exp(h) - 1 if bh2 is set.
func UniPC(bh2 bool) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		if r.steps() == 0 {
			return x, nil
		}
		u := newUniPC(r, x, bh2)
		scale := 1 / sqrt(1+u.s[0]*u.s[0])
		for k := range x {
			x[k] *= scale
		}
		for i := range r.steps() {
			if err := u.step(ctx, i, x); err != nil {
				return nil, err
			}
			if err := r.report(i, x, u.history[0]); err != nil {
				return nil, err
			}
		}
		alpha := exp(logAlpha(u.s[len(u.s)-1]))
		for k := range x {
			x[k] /= alpha
		}
		return x, nil
	}
}

func newUniPC(r *Run, x []float32, bh2 bool) *unipc {
	u := &unipc{r: r, bh2: bh2, order: min(3, len(r.Sigmas)-2)}
	u.s = append(u.s, r.Sigmas...)
	if last := &u.s[len(u.s)-1]; *last == 0 {
		*last = 0.001
		r.Sigmas = u.s // Compat: what finishes a flow's latent sees this level, too
	}
	u.history = vectors(x, max(u.order, 1)+1)
	u.times = make([]float32, len(u.history))
	v := vectors(x, 2)
	u.base, u.res = v[0], v[1]
	return u
}

// step makes step i: the first only evaluates, the last updates twice, to its own level and to the end.
//
// Compat: a run of one step ends where it starts.
func (u *unipc) step(ctx context.Context, i int, x []float32) error {
	if i == 0 {
		u.times[0] = u.s[0]
		return u.predict(ctx, rotate(u.history), x, u.s[0])
	}
	steps := u.r.steps()
	order := min(u.order, steps+1-i)
	if i < u.order {
		order = i
	}
	if err := u.update(ctx, x, i, order); err != nil {
		return err
	}
	if i < steps-1 {
		return nil
	}
	return u.update(ctx, x, steps, 1)
}

// predict writes the clean latent predicted for x, both variance preserving, by way of the noise as the paper does.
func (u *unipc) predict(ctx context.Context, dst, x []float32, sigma float32) error {
	scale := sqrt(sigma*sigma + 1)
	for k, v := range x {
		u.res[k] = v * scale
	}
	if err := u.r.denoise(ctx, dst, u.res, sigma); err != nil {
		return err
	}
	la := logAlpha(sigma)
	alpha, std := exp(la), sqrt(1-exp(2*la))
	for k, d := range dst {
		eps := (u.res[k] - d) / sigma
		dst[k] = (x[k] - std*eps) / alpha
	}
	return nil
}

func logAlpha(sigma float32) float32 { return 0.5 * log(1/(sigma*sigma+1)) }

// lambda is log(alpha/std) of a level.
func lambda(sigma float32) float32 {
	la := logAlpha(sigma)
	return la - 0.5*log(1-exp(2*la))
}

// update moves x to level i by a predictor and, but for the last level, a corrector of the given order.
func (u *unipc) update(ctx context.Context, x []float32, i, order int) error {
	last := i == u.r.steps()
	now, t := u.times[0], u.s[i]
	h := lambda(t) - lambda(now)
	w := u.weights(order, h)
	la := logAlpha(t)
	alpha := exp(la)
	mix(u.base, sqrt(1-exp(2*la))/sqrt(1-exp(2*logAlpha(now))), x, -alpha*expm1(-h), u.history[0])
	u.combine(x, alpha*w.b, w.predictor, w.ratios)
	if last {
		return nil
	}
	next := u.history[len(u.history)-1]
	if err := u.predict(ctx, next, x, t); err != nil {
		return err
	}
	n := len(w.corrector) - 1
	u.combine(x, alpha*w.b, w.corrector[:n], w.ratios)
	c := alpha * w.b * w.corrector[n]
	addDiff(x, -c, next, u.history[0])
	rotate(u.history)
	copy(u.times[1:], u.times)
	u.times[0] = t
	return nil
}

// combine writes base minus the weighted differences of the predictions to the newest.
func (u *unipc) combine(x []float32, scale float32, weights, ratios []float32) {
	copy(x, u.base)
	for k, w := range weights {
		addDiff(x, -scale*w/ratios[k], u.history[k+1], u.history[0])
	}
}

// unipcWeights are the weights of an update. Source: arXiv:2302.04867, theorem 3.1.
type unipcWeights struct {
	b                    float32 // B(h)
	ratios               []float32
	predictor, corrector []float32
}

func (u *unipc) weights(order int, h float32) unipcWeights {
	hh := -h
	w := unipcWeights{b: hh}
	if u.bh2 {
		w.b = expm1(hh)
	}
	now := lambda(u.times[0])
	for k := 1; k < order; k++ {
		w.ratios = append(w.ratios, (lambda(u.times[k])-now)/h)
	}
	ratios := append(append([]float32(nil), w.ratios...), 1)
	b := make([]float32, order)
	phi, factorial := expm1(hh)/hh-1, float32(1)
	for k := range b {
		b[k] = phi * factorial / w.b
		factorial *= float32(k + 2)
		phi = phi/hh - 1/factorial
	}
	switch order {
	case 1:
		w.corrector = []float32{0.5}
	case 2:
		w.predictor, w.corrector = []float32{0.5}, vandermonde(ratios, b)
	default:
		w.predictor, w.corrector = vandermonde(ratios[:order-1], b), vandermonde(ratios, b)
	}
	return w
}

// vandermonde solves for the weights whose moments over the points are b.
func vandermonde(points []float32, b []float32) []float32 {
	m := make([][]float32, len(points))
	for p := range m {
		m[p] = make([]float32, len(points))
		for k, v := range points {
			m[p][k] = power(v, p)
		}
	}
	return solve32(m, append([]float32(nil), b[:len(points)]...))
}
