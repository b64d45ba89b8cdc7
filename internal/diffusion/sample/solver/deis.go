package solver

import (
	"context"
	"math"
)

// DEIS is tAB-DEIS of order 3, arXiv:2204.13902: exponential integration with Lagrange polynomials in the time of a
// variance-preserving process.
func DEIS(ctx context.Context, r *Run, x []float32) ([]float32, error) {
	const order = 3
	t := vpTimes(r.Sigmas)
	return multistep(ctx, r, x, order, func(i int) []float32 {
		if i == 0 {
			return []float32{r.Sigmas[1] - r.Sigmas[0]}
		}
		n := min(i+1, order)
		out := make([]float32, n)
		for j := range out {
			out[j] = t.weight(i, j, n)
		}
		return out
	}, false)
}

// vp is a variance-preserving process, log(alpha) = -t²·(beta1-beta0)/2 - t·beta0, and the times of a run's levels in it.
type vp struct {
	t            []float64
	beta0, beta1 float64
}

// vpTimes makes the process whose levels are 0.002 at time 0.001 and 80 at time 1.
func vpTimes(sigmas []float32) vp {
	const epsilon, low, high = 1e-3, 0.002, 80.0
	l := math.Log(low*low + 1)
	top := math.Log(high*high + 1)
	betaD := 2 * (l/epsilon - top) / (epsilon - 1)
	betaMin := top - 0.5*betaD
	p := vp{t: make([]float64, len(sigmas)), beta0: betaMin, beta1: betaD + betaMin}
	for i, s := range sigmas {
		p.t[i] = (math.Sqrt(betaMin*betaMin+2*betaD*math.Log(float64(s)*float64(s)+1)) - betaMin) / betaD
	}
	return p
}

// weight integrates the Lagrange polynomial of the j-th newest of n points over the step from i.
//
// Compat: a sum over 10000 points whose width is the step over as many, not one less.
func (p vp) weight(i, j, n int) float32 {
	const points = 10000
	start, end := p.t[i], p.t[i+1]
	sum := 0.0
	for k := range points {
		tau := start + (end-start)*float64(k)/(points-1)
		alpha := math.Exp(-0.5*tau*tau*(p.beta1-p.beta0) - tau*p.beta0)
		v := 0.5 * (tau*(p.beta1-p.beta0) + p.beta0) / math.Sqrt(alpha*(1-alpha))
		for m := range n {
			if m != j {
				v *= (tau - p.t[i-m]) / (p.t[i-j] - p.t[i-m])
			}
		}
		sum += v
	}
	return float32(sum * (end - start) / points)
}
