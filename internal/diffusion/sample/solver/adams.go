package solver

import "math"

// weights gives the weights of the predictions at the points lambda, oldest first, for the step from s to t: equations 15
// and 18 of arXiv:2309.05019.
//
// Compat: all in float32, whose rounding the nearly singular system shows in the fifth digit.
func (a *adams) weights(sigma float32, points []float32, s, t float32, corrector bool) []float32 {
	n := len(points)
	mul := 1 + a.tau*a.tau
	h := t - s
	alpha := sigma * exp(t)
	if a.Simple && n == 2 {
		gain := alpha * -expm1(-h*mul)
		if corrector {
			b1 := alpha * (0.5 * mul * h)
			return []float32{gain - b1, b1}
		}
		b2 := alpha * (0.5 * mul * (h * h)) / (points[0] - s)
		return []float32{b2, gain - b2}
	}
	m := make([][]float32, n) // m[p][k] = points[k]^p
	for p := range m {
		m[p] = make([]float32, n)
		for k, l := range points {
			m[p][k] = power(l, p)
		}
	}
	out := solve32(m, expIntegrals(s, t, n, mul))
	for k := range out {
		out[k] *= alpha
	}
	return out
}

func power(x float32, p int) float32 {
	v := float32(1)
	for range p {
		v *= x
	}
	return v
}

// expIntegrals gives mul·∫exp(mul·x)·x^p dx from s to t over exp(mul·t) for p = 0 … n-1, by parts.
func expIntegrals(s, t float32, n int, mul float32) []float32 {
	out := make([]float32, n)
	decay := exp(-mul * (t - s))
	for p := range out {
		for k := range p + 1 {
			l := logFactorial(p) - logFactorial(k)
			if mul > 1 {
				l -= float32(p-k) * log(mul)
			}
			term := exp(l) * (pow(t, float32(k)) - pow(s, float32(k))*decay)
			if (p-k)%2 == 1 {
				term = -term
			}
			out[p] += term
		}
	}
	return out
}

func logFactorial(n int) float32 {
	v, _ := math.Lgamma(float64(n + 1))
	return float32(v)
}

// solve32 solves m·x = b by elimination with pivots. It overwrites both.
func solve32(m [][]float32, b []float32) []float32 {
	n := len(m)
	for c := range n {
		best := c
		for r := c + 1; r < n; r++ {
			if abs(m[r][c]) > abs(m[best][c]) {
				best = r
			}
		}
		m[c], m[best] = m[best], m[c]
		b[c], b[best] = b[best], b[c]
		for r := c + 1; r < n; r++ {
			f := m[r][c] / m[c][c]
			for k := c + 1; k < n; k++ {
				m[r][k] -= f * m[c][k]
			}
			b[r] -= f * b[c]
		}
	}
	for r := n - 1; r >= 0; r-- {
		for k := r + 1; k < n; k++ {
			b[r] -= m[r][k] * b[k]
		}
		b[r] /= m[r][r]
	}
	return b
}
