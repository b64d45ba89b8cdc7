package schedule

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Karras is the schedule of arXiv:2206.00364, equation 5: even in the rho-th root.
func Karras(steps int, low, high, rho float64) []float32 {
	a, b := math.Pow(low, 1/rho), math.Pow(high, 1/rho)
	out := make([]float32, 0, steps+1)
	for _, t := range linspace(0, 1, steps) {
		out = append(out, float32(math.Pow(float64(float32(b)+t*float32(a-b)), float64(float32(rho)))))
	}
	return append(out, 0)
}

// Exponential is even in the logarithm.
func Exponential(steps int, low, high float64) []float32 {
	out := linspace(float32(math.Log(high)), float32(math.Log(low)), steps)
	for i, v := range out {
		out[i] = exp32(v)
	}
	return append(out, 0)
}

// Polyexponential is even in the rho-th root of the logarithm. It fails for levels that have no logarithm.
func Polyexponential(steps int, low, high, rho float64) ([]float32, error) {
	if low <= 0 || high <= 0 {
		return nil, fault.New(fault.BadRequest, "sigma_min and sigma_max are %v and %v: both must be over 0", low, high)
	}
	out := linspace(1, 0, steps)
	for i, t := range out {
		ramp := float32(math.Pow(float64(t), rho))
		out[i] = exp32(ramp*float32(math.Log(high)-math.Log(low)) + float32(math.Log(low)))
	}
	return append(out, 0), nil
}

// VP is the variance-preserving schedule of arXiv:2011.13456.
func VP(steps int, betaD, betaMin, epsilon float64) []float32 {
	out := linspace(1, float32(epsilon), steps)
	for i, t := range out {
		x := float32(betaD)*(t*t)/2 + float32(betaMin)*t
		out[i] = float32(math.Sqrt(float64(float32(math.Expm1(float64(x))))))
	}
	return append(out, 0)
}

// Laplace draws the levels by a Laplace distribution of the logarithm: arXiv:2407.03297. It does not end in 0.
func Laplace(steps int, low, high, mu, beta float64) []float32 {
	out := linspace(0, 1, steps)
	for i, x := range out {
		d := 0.5 - x
		sign := float32(0)
		switch {
		case d > 0:
			sign = 1
		case d < 0:
			sign, d = -1, -d
		}
		l := float32(mu) - float32(beta)*sign*float32(math.Log(float64(1-2*d+1e-5)))
		out[i] = min(max(exp32(l), float32(low)), float32(high))
	}
	return out
}

func exp32(x float32) float32 { return float32(math.Exp(float64(x))) }
