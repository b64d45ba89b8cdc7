package solver

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// dpmSolver holds the steps of DPM-Solver in the time t = -log(sigma). Source: arXiv:2206.00927, algorithms 1 and 2.
type dpmSolver struct {
	r                  *Run
	eps, eps1, eps2, u []float32
	have               int // how many of eps, eps1, eps2 are known for this step
}

func newDPMSolver(r *Run, x []float32) *dpmSolver {
	v := vectors(x, 4)
	return &dpmSolver{r: r, eps: v[0], eps1: v[1], eps2: v[2], u: v[3]}
}

// predict writes the noise predicted for x at t, unless it is known already.
func (s *dpmSolver) predict(ctx context.Context, k int, dst, x []float32, t float32) error {
	if k < s.have {
		return nil
	}
	sigma := exp(-t)
	if err := s.r.denoise(ctx, dst, x, sigma); err != nil {
		return err
	}
	slope(dst, x, dst, sigma)
	s.have = k + 1
	return nil
}

// first writes the step of order 1 to dst. The prediction at x is known.
func (s *dpmSolver) first(dst, x []float32, t, next float32) {
	mix(dst, 1, x, -exp(-next)*expm1(next-t), s.eps)
}

// second writes the step of order 2 whose inner point is at r1.
func (s *dpmSolver) second(ctx context.Context, dst, x []float32, t, next, r1 float32) error {
	h := next - t
	if err := s.inner(ctx, x, t, h, r1); err != nil {
		return err
	}
	a, b := -exp(-next)*expm1(h), -exp(-next)/(2*r1)*expm1(h)
	mix(dst, 1, x, a, s.eps)
	addDiff(dst, b, s.eps1, s.eps)
	return nil
}

// inner predicts at t + r1·h.
func (s *dpmSolver) inner(ctx context.Context, x []float32, t, h, r1 float32) error {
	at := t + r1*h
	mix(s.u, 1, x, -exp(-at)*expm1(r1*h), s.eps)
	return s.predict(ctx, 1, s.eps1, s.u, at)
}

// third writes the step of order 3 whose inner points are at 1/3 and 2/3.
func (s *dpmSolver) third(ctx context.Context, dst, x []float32, t, next float32) error {
	const r1, r2 = float32(1.0 / 3), float32(2.0 / 3)
	h := next - t
	if err := s.inner(ctx, x, t, h, r1); err != nil {
		return err
	}
	at := t + r2*h
	a, b := -exp(-at)*expm1(r2*h), -exp(-at)*(r2/r1)*(expm1(r2*h)/(r2*h)-1)
	mix(s.u, 1, x, a, s.eps)
	addDiff(s.u, b, s.eps1, s.eps)
	if err := s.predict(ctx, 2, s.eps2, s.u, at); err != nil {
		return err
	}
	a, b = -exp(-next)*expm1(h), -exp(-next)/r2*(expm1(h)/h-1)
	mix(dst, 1, x, a, s.eps)
	addDiff(dst, b, s.eps2, s.eps)
	return nil
}

// span gives the times of the first level and of the last one over 0.
func (r *Run) span() (start, end float32, err error) {
	s := r.Sigmas
	low := s[len(s)-1]
	if low == 0 {
		low = s[len(s)-2]
	}
	if low <= 0 || s[0] <= 0 {
		return 0, 0, fault.New(fault.BadRequest, "this sampler needs noise levels over 0, not %v to %v", s[0], low)
	}
	return -log(s[0]), -log(low), nil
}

// DPMFast is DPM-Solver-fast: as many evaluations as steps, in orders 3, then the rest.
func DPMFast(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	if r.steps() == 0 {
		return x, nil
	}
	start, end, err := r.span()
	if err != nil {
		return nil, err
	}
	if _, err := r.fresh(); err != nil {
		return nil, err // Compat: it seeds noise that it never adds
	}
	m := r.steps()/3 + 1
	s, denoised := newDPMSolver(r, x), make([]float32, len(x))
	ts := linspace(start, end, m+1)
	for i, order := range fastOrders(r.steps(), m) {
		s.have = 0
		if err := s.predict(ctx, 0, s.eps, x, ts[i]); err != nil {
			return nil, err
		}
		mix(denoised, 1, x, -exp(-ts[i]), s.eps)
		if err := r.report(i, x, denoised); err != nil {
			return nil, err
		}
		switch order {
		case 1:
			s.first(x, x, ts[i], ts[i+1])
		case 2:
			err = s.second(ctx, x, x, ts[i], ts[i+1], 0.5)
		default:
			err = s.third(ctx, x, x, ts[i], ts[i+1])
		}
		if err != nil {
			return nil, err
		}
	}
	return x, nil
}

func fastOrders(evaluations, m int) []int {
	var orders []int
	tail := []int{evaluations % 3}
	if evaluations%3 == 0 {
		tail = []int{2, 1}
	}
	for range m - len(tail) {
		orders = append(orders, 3)
	}
	return append(orders, tail...)
}

func linspace(start, end float32, n int) []float32 {
	out := make([]float32, n)
	step := (end - start) / float32(max(n-1, 1))
	for i := range out {
		if i < n/2 || n == 1 {
			out[i] = start + step*float32(i)
		} else {
			out[i] = end - step*float32(n-1-i)
		}
	}
	return out
}
