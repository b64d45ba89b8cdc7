// Package guide holds what nodes attach to a model to change its guidance: functions over predictions, each a change of
// sample.Options for sample.Source.With.
package guide

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
)

// Attach changes the options of a model.
type Attach = func(*sample.Options)

// post makes an Attach of a function after the combination.
func post(f func(g *sample.Guidance)) Attach {
	return func(o *sample.Options) {
		o.PostCFG = append(o.PostCFG, func(_ context.Context, g *sample.Guidance) error {
			f(g)
			return nil
		})
	}
}

// pre makes an Attach of a function before the combination.
func pre(f func(g *sample.Guidance)) Attach {
	return func(o *sample.Options) {
		o.PreCFG = append(o.PreCFG, func(_ context.Context, g *sample.Guidance) error {
			f(g)
			return nil
		})
	}
}

// instead makes an Attach of a function in place of the combination.
func instead(f func(g *sample.Guidance)) Attach {
	return func(o *sample.Options) {
		o.CFG = func(_ context.Context, g *sample.Guidance) error {
			f(g)
			return nil
		}
	}
}

// items gives the range of values of each item of the batch.
func items(g *sample.Guidance, visit func(from, to int)) {
	n := len(g.X) / g.Shape[0]
	for i := range g.Shape[0] {
		visit(i*n, (i+1)*n)
	}
}

// deviation is the standard deviation of a sample.
func deviation(v []float32) float32 {
	mean, sum := 0.0, 0.0
	for _, x := range v {
		mean += float64(x)
	}
	mean /= float64(len(v))
	for _, x := range v {
		sum += (float64(x) - mean) * (float64(x) - mean)
	}
	return float32(math.Sqrt(sum / float64(len(v)-1)))
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

func norm(v []float32) float32 { return float32(math.Sqrt(dot(v, v))) }

// channelNorm gives the norm over channels of each cell of an item's values.
func channelNorm(v []float32, channels int) []float32 {
	cells := len(v) / channels
	out := make([]float32, cells)
	for i := range out {
		sum := 0.0
		for c := range channels {
			x := float64(v[c*cells+i])
			sum += x * x
		}
		out[i] = float32(math.Sqrt(sum))
	}
	return out
}

// less writes a - b.
func less(a, b []float32) []float32 {
	out := make([]float32, len(a))
	for i, x := range a {
		out[i] = x - b[i]
	}
	return out
}

// Override sets the guidance scale between two points of sampling, 0 to 1. window gives a point's sigma:
// param.Schedule.PercentToSigma. Where several overlap, the last attached wins.
func Override(scale, start, end float64, window func(percent float64) float64) Attach {
	high, low := window(start), window(end)
	return func(o *sample.Options) {
		o.Scale = append(o.Scale, func(sigma, now float64) float64 {
			if low <= sigma && sigma <= high {
				return scale
			}
			return now
		})
	}
}
