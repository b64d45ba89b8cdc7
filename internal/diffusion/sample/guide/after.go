package guide

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
)

// ZeroStar scales the unconditional prediction to fit the conditional one best: arXiv:2503.18886.
func ZeroStar() Attach {
	return post(func(g *sample.Guidance) {
		scale := float32(g.Scale)
		items(g, func(from, to int) {
			x := g.X[from:to]
			c, u := less(x, g.Cond[from:to]), less(x, g.Uncond[from:to])
			alpha := float32(dot(c, u)) / (float32(dot(u, u)) + 1e-8)
			for i := from; i < to; i++ {
				v := g.Uncond[i]
				g.Denoised[i] += v*(alpha-1) + scale*v*(1-alpha)
			}
		})
	})
}

// NormAfter scales down the guided prediction of each cell to the norm of the conditional one, and all by strength.
func NormAfter(strength float64) Attach {
	return post(func(g *sample.Guidance) {
		items(g, func(from, to int) {
			out := g.Denoised[from:to]
			have, want := channelNorm(out, g.Shape[1]), channelNorm(g.Cond[from:to], g.Shape[1])
			for i := range out {
				k := i % len(have)
				out[i] *= min(max(want[k]/(have[k]+1e-8), 0), 1) * float32(strength)
			}
		})
	})
}

// Mahiro leans the guidance to the direction of the positive condition the more it differs from the negative one.
func Mahiro() Attach {
	return post(func(g *sample.Guidance) {
		scale := float32(g.Scale)
		root := func(v float32) float32 {
			return float32(math.Copysign(math.Sqrt(math.Abs(float64(v))), float64(v)))
		}
		channels := g.Shape[1]
		sum, cells := 0.0, 0
		items(g, func(from, to int) {
			n := (to - from) / channels
			for i := range n {
				var uu, um, mm float64
				for c := range channels {
					k := from + c*n + i
					u, m := float64(root(g.Uncond[k]*scale)), float64(root((g.Cond[k]*scale+g.Denoised[k])/2))
					uu, um, mm = uu+u*u, um+u*m, mm+m*m
				}
				sum += um / (max(math.Sqrt(uu), 1e-8) * max(math.Sqrt(mm), 1e-8))
				cells++
			}
		})
		s := 2 * (float32(sum/float64(cells)) + 1)
		for i, d := range g.Denoised {
			g.Denoised[i] = (s*d + (4-s)*(g.Cond[i]*scale)) / 4
		}
	})
}

// EpsilonScaling divides the predicted noise by a factor against exposure bias: arXiv:2308.15321.
func EpsilonScaling(factor float64) Attach {
	if factor == 0 {
		factor = 1e-9
	}
	return post(func(g *sample.Guidance) {
		for i, x := range g.X {
			g.Denoised[i] = x - (x-g.Denoised[i])/float32(factor)
		}
	})
}

// ScoreRescaling is temporal score rescaling: arXiv:2510.01184, equation 6. k is the strength (1: none), sigma how early it
// sets in.
func ScoreRescaling(k, sigma float64) Attach {
	variance := float32(sigma * sigma)
	return post(func(g *sample.Guidance) {
		if k == 1 || g.Sigma == 0 {
			return
		}
		half := float64(g.Sampling.HalfLogSNR(g.Sigma))
		snr := float32(math.Exp(float64(float32(2 * half))))
		if snr == 0 {
			return
		}
		r := float32(k)
		if !math.IsInf(float64(snr), 1) {
			r = (snr*variance + 1) / (snr*variance/float32(k) + 1)
		}
		alpha := g.Sigma * float32(math.Exp(half))
		for i, x := range g.X {
			a, d := x/alpha, g.Denoised[i]
			g.Denoised[i] = a + r*(d-a)
		}
	})
}

// Perturbed guides away from a prediction under patches, by the given strength: perturbed attention, arXiv:2403.17377.
func Perturbed(scale float64, patches map[string]any) Attach {
	return Skipped(Skip{Scale: scale, From: math.Inf(1), To: math.Inf(-1), Patches: patches})
}

// Skip are the settings of Skipped.
type Skip struct {
	Scale    float64
	Rescale  float64 // how far the result's deviation is brought back to the conditional prediction's; 0: not
	From, To float64 // sigmas between which it acts, descending
	Patches  map[string]any
}

func (s Skip) acts(sigma float32) bool { return float64(sigma) >= s.To && float64(sigma) <= s.From }

// Skipped guides away from a prediction under patches, such as skipped layers.
func Skipped(s Skip) Attach {
	return func(o *sample.Options) {
		o.PostCFG = append(o.PostCFG, func(ctx context.Context, g *sample.Guidance) error {
			if !(s.Scale > 0) || !s.acts(g.Sigma) {
				return nil
			}
			worse, err := g.Predict(ctx, s.Patches)
			if err != nil {
				return err
			}
			for i, w := range worse {
				g.Denoised[i] += (g.Cond[i] - w) * float32(s.Scale)
			}
			if s.Rescale == 0 {
				return nil
			}
			r := float32(s.Rescale)
			f := r*(deviation(g.Cond)/deviation(g.Denoised)) + 1 - r
			for i := range g.Denoised {
				g.Denoised[i] *= f
			}
			return nil
		})
	}
}

// SkippedUncond predicts the unconditional part under patches between two sigmas.
func SkippedUncond(s Skip) Attach {
	return func(o *sample.Options) {
		o.Predict = func(ctx context.Context, g *sample.Guidance) error {
			if s.acts(g.Sigma) && g.HasUncond {
				return g.Evaluate(ctx, s.Patches)
			}
			return g.Evaluate(ctx, nil)
		}
	}
}

// Differential turns a soft noise mask into one that grows over the steps: arXiv:2306.00950. strength below 1 mixes the
// soft mask back in.
func Differential(strength float64) Attach {
	return func(o *sample.Options) {
		o.Mask = func(m sample.MaskStep) {
			to := max(m.Sampling.SigmaMin(), m.Sigmas[len(m.Sigmas)-1])
			end := m.Sampling.Timestep(to)
			threshold := (m.Sampling.Timestep(m.Sigma) - end) / (m.Sampling.Timestep(m.Sigmas[0]) - end)
			k := float32(strength)
			for i, v := range m.Values {
				hard := float32(0)
				if v >= threshold {
					hard = 1
				}
				if strength != 0 && strength < 1 {
					hard = k*hard + (1-k)*v
				}
				m.Values[i] = hard
			}
		}
	}
}
