package schedule

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
)

// Beta picks from the table by the quantiles of a beta distribution: arXiv:2407.12173. Levels picked twice come once.
func Beta(s param.Sampling, steps int, alpha, beta float64) []float32 {
	table := s.Sigmas()
	out := make([]float32, 0, steps+1)
	last := -1.0
	for i := range steps {
		q := 1 - float64(i)*(1/float64(steps))
		at := math.RoundToEven(betaQuantile(q, alpha, beta) * float64(len(table)-1))
		if at != last && at >= 0 && at < float64(len(table)) {
			out = append(out, table[int(at)])
		}
		last = at
	}
	return append(out, 0)
}

// betaQuantile is the x whose regularised incomplete beta function is p, by bisection.
func betaQuantile(p, a, b float64) float64 {
	switch {
	case !(a > 0 && b > 0):
		return math.NaN()
	case p <= 0:
		return 0
	case p >= 1:
		return 1
	case a == 1: // closed forms, whose halves must stay halves
		return 1 - math.Pow(1-p, 1/b)
	case b == 1:
		return math.Pow(p, 1/a)
	}
	low, high := 0.0, 1.0
	for range 100 {
		mid := (low + high) / 2
		if mid == low || mid == high {
			break
		}
		if betaCDF(mid, a, b) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// betaCDF is the regularised incomplete beta function by its continued fraction. Source: Numerical Recipes, section 6.4.
func betaCDF(x, a, b float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	front := math.Exp(lgamma(a+b) - lgamma(a) - lgamma(b) + a*math.Log(x) + b*math.Log1p(-x))
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(x, a, b) / a
	}
	return 1 - front*betaFraction(1-x, b, a)/b
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// betaFraction evaluates the continued fraction by Lentz's method.
func betaFraction(x, a, b float64) float64 {
	const tiny = 1e-300
	nonzero := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/nonzero(1-(a+b)*x/(a+1))
	h := d
	for i := 1; i <= 500; i++ {
		m := float64(i)
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / nonzero(1+even*d)
		c = nonzero(1 + even/c)
		h *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / nonzero(1+odd*d)
		c = nonzero(1 + odd/c)
		h *= d * c
		if math.Abs(d*c-1) < 1e-16 {
			break
		}
	}
	return h
}
