package solver

import (
	"context"
	"math"
)

// LMS is the linear multistep method of Adams and Bashforth over the slopes of the last steps, up to order of them.
func LMS(order int) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		s := r.Sigmas
		denoised := make([]float32, len(x))
		ds := vectors(x, max(min(order, r.steps()), 1))
		for i := range r.steps() {
			if err := r.first(ctx, i, denoised, nil, x); err != nil {
				return nil, err
			}
			slope(rotate(ds), x, denoised, s[i])
			if s[i+1] == 0 {
				copy(x, denoised)
				continue
			}
			n := min(i+1, order)
			for j := range n {
				add(x, float32(adamsBashforth(s[i+1-n:i+2], j)), ds[j])
			}
		}
		return x, nil
	}
}

// adamsBashforth is the integral of the Lagrange polynomial of the j-th newest point over the last step. t holds the
// points, oldest first, and the end of the step.
func adamsBashforth(t []float32, j int) float64 {
	n := len(t) - 1
	now, end := float64(t[n-1]), float64(t[n])
	own := float64(t[n-1-j])
	sum := 0.0
	for _, g := range gauss(n/2 + 1) {
		tau := now + (end-now)*(g.x+1)/2
		p := 1.0
		for k := range n {
			if k != j {
				p *= (tau - float64(t[n-1-k])) / (own - float64(t[n-1-k]))
			}
		}
		sum += g.w * p
	}
	return sum * (end - now) / 2
}

type node struct{ x, w float64 }

// gauss gives the points and weights of Gauss-Legendre quadrature on [-1, 1], exact to degree 2n-1.
func gauss(n int) []node {
	out := make([]node, n)
	for i := range out {
		x := math.Cos(math.Pi * (float64(i) + 0.75) / (float64(n) + 0.5))
		var dp float64
		for range 50 {
			p0, p1 := 1.0, x
			for k := 2; k <= n; k++ {
				p0, p1 = p1, (float64(2*k-1)*x*p1-float64(k-1)*p0)/float64(k)
			}
			dp = float64(n) * (x*p1 - p0) / (x*x - 1)
			step := p1 / dp
			x -= step
			if math.Abs(step) < 1e-15 {
				break
			}
		}
		out[i] = node{x, 2 / ((1 - x*x) * dp * dp)}
	}
	return out
}
