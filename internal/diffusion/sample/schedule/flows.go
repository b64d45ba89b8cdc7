package schedule

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
)

// shifted moves t of (0, 1] towards noise by the exponent of mu.
//
// Compat: by the reciprocal, so t = 1 can end beside 1.
func shifted(t float32, mu float64) float32 {
	e := float32(math.Exp(mu))
	return e * (1 / (e + (1/t - 1)))
}

// Flux2 is the schedule of Flux.2: a shift that grows with the picture and falls with the steps.
func Flux2(steps, width, height int) []float32 {
	tokens := math.RoundToEven(float64(width) * float64(height) / (16 * 16))
	many := 0.00016927*tokens + 0.45666666
	mu := many
	if tokens <= 4300 {
		slope := (many - (8.73809524e-05*tokens + 1.89833333)) / 190
		mu = slope*float64(steps) + many - 200*slope
	}
	out := linspace(1, 0, steps+1)
	for i, t := range out {
		out[i] = shifted(t, mu)
	}
	return out
}

// LTXV is the schedule of LTX-Video: a flow shifted by the number of latent cells, tokens (4096 if unknown). stretch makes
// its last level over 0 the terminal one. One step has no span to stretch and can be no number.
func LTXV(steps int, maxShift, baseShift float64, stretch bool, terminal float64, tokens int) []float32 {
	slope := (maxShift - baseShift) / (4096 - 1024)
	mu := float64(tokens)*slope + baseShift - slope*1024
	out := linspace(1, 0, steps+1)
	last := 0
	for i, t := range out {
		if t != 0 {
			out[i] = shifted(t, mu)
		}
		if out[i] != 0 {
			last = i
		}
	}
	if !stretch {
		return out
	}
	scale := (1 - out[last]) / float32(1-terminal)
	for i, s := range out {
		if s != 0 {
			out[i] = 1 - (1-s)/scale
		}
	}
	return out
}

// Ideogram4 is the schedule of Ideogram 4: a logit-normal whose mean grows with the picture.
func Ideogram4(steps, width, height int, mu, std float64) []float32 {
	mean := mu + 0.5*math.Log(float64(width)*float64(height)/(512*512))
	low, high := 1/(1+math.Exp(9)), 1/(1+math.Exp(-7.5))
	out := make([]float32, steps+1)
	for i := range steps {
		u := float64(steps-i) / float64(steps)
		t := 1 - 1/(1+math.Exp(-(mean+std*math.Sqrt2*math.Erfinv(2*u-1))))
		out[i] = float32(1 - min(max(t, low), high))
	}
	return out
}

// Turbo picks the levels of SD-Turbo: every hundredth timestep from the top, or from a denoise of it.
func Turbo(s param.Sampling, steps int, denoise float64) []float32 {
	start := 10 - int(10*denoise)
	var out []float32
	for i := max(start, 0); i < min(start+steps, 10); i++ {
		out = append(out, s.Sigma(float32((10-i)*100-1)))
	}
	return append(out, 0)
}

// PercentToSigma is the sigma of a point of sampling, 0 to 1. actual gives the ends the table's levels instead of those that
// windows are compared with.
func PercentToSigma(s param.Sampling, percent float64, actual bool) float64 {
	switch {
	case actual && percent == 0:
		return float64(s.SigmaMax())
	case actual && percent == 1:
		return float64(s.SigmaMin())
	}
	return s.PercentToSigma(percent)
}
