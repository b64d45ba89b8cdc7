package guide

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/value"
)

// Rescale keeps the contrast that guidance adds in bounds: arXiv:2305.08891, section 3.4. multiplier mixes, 0 leaves plain
// guidance. flow says that the model is a flow, which is rescaled in clean latents instead of velocities.
func Rescale(multiplier float64, flow bool) Attach {
	return instead(func(g *sample.Guidance) {
		items(g, func(from, to int) {
			rescale(g, from, to, float32(multiplier), flow)
		})
	})
}

func rescale(g *sample.Guidance, from, to int, multiplier float32, flow bool) {
	scale, s := float32(g.Scale), g.Sigma
	d := float32(math.Sqrt(float64(s*s + 1)))
	cond, guided := make([]float32, to-from), make([]float32, to-from)
	for i := range cond {
		c, u := g.Cond[from+i], g.Uncond[from+i]
		if !flow { // to velocities
			x := g.X[from+i] / (s*s + 1)
			c, u = (x-c)*d/s, (x-u)*d/s
		}
		cond[i], guided[i] = c, u+scale*(c-u)
	}
	wide := deviation(guided)
	if flow {
		wide = max(wide, 1e-8)
	}
	ratio := deviation(cond) / wide
	for i, v := range guided {
		r := multiplier*(v*ratio) + (1-multiplier)*v
		if !flow {
			r = g.X[from+i]/(s*s+1) - r*s/d
		}
		g.Denoised[from+i] = r
	}
}

// NormBefore scales the guided noise of each cell to the norm of the conditional one. strength mixes, 0 leaves plain
// guidance.
func NormBefore(strength float64) Attach {
	return instead(func(g *sample.Guidance) {
		k := float32(strength)
		items(g, func(from, to int) {
			x := g.X[from:to]
			cond, comb := less(x, g.Cond[from:to]), less(x, g.Uncond[from:to])
			for i, u := range comb {
				comb[i] = u + float32(g.Scale)*(cond[i]-u)
			}
			have, want := channelNorm(comb, g.Shape[1]), channelNorm(cond, g.Shape[1])
			for i, v := range comb {
				r := v
				if h := have[i%len(have)]; h > 0 {
					r = v * (want[i%len(have)] / max(h, 1e-12))
				}
				if k != 1 {
					r = k*r + (1-k)*v
				}
				g.Denoised[from+i] = x[i] - r
			}
		})
	})
}

// Renorm bounds the norm of the guided prediction by renorm times the conditional one's, and guides only below a sigma:
// arXiv:2503.21758. channels is how many of the latent's are guided, the model's own.
func Renorm(truncate, renorm float64, channels int) Attach {
	return instead(func(g *sample.Guidance) {
		n := min(channels, g.Shape[1])
		items(g, func(from, to int) {
			copy(g.Denoised[from:to], g.Cond[from:to])
			if !(g.Sigma < float32(truncate)) {
				return
			}
			end := from + (to-from)/g.Shape[1]*n
			out := g.Denoised[from:end]
			for i := range out {
				u := g.Uncond[from+i]
				out[i] = u + float32(g.Scale)*(g.Cond[from+i]-u)
			}
			if renorm <= 0 {
				return
			}
			limit, have := norm(g.Cond[from:end])*float32(renorm), norm(out)
			if have >= limit {
				for i := range out {
					out[i] *= limit / have
				}
			}
		})
	})
}

// Linear guides the frames of a batch by scales from low to the run's, evenly.
func Linear(low float64) Attach {
	return frames(func(i, n int, top float32) float32 {
		return float32(low) + (top-float32(low))*fraction(i, n)
	})
}

// Triangle guides the frames of a batch by scales that rise from low to the run's in the middle and fall again.
func Triangle(low float64) Attach {
	return frames(func(i, n int, top float32) float32 {
		v := float64(fraction(i, n))
		return float32(2*math.Abs(v-math.Floor(v+0.5)))*(top-float32(low)) + float32(low)
	})
}

func fraction(i, n int) float32 { return float32(i) / float32(max(n-1, 1)) }

func frames(scale func(i, n int, top float32) float32) Attach {
	return instead(func(g *sample.Guidance) {
		n, i := g.Shape[0], 0
		items(g, func(from, to int) {
			s := scale(i, n, float32(g.Scale))
			for k := from; k < to; k++ {
				g.Denoised[k] = g.Uncond[k] + s*(g.Cond[k]-g.Uncond[k])
			}
			i++
		})
	})
}

// PerpNeg is sample.PerpNeg as an attachment: the empty condition is asked for in a call of its own.
func PerpNeg(empty value.Conditioning, negScale float64) Attach {
	return func(o *sample.Options) {
		o.CFG = func(ctx context.Context, g *sample.Guidance) error {
			nothing, err := g.PredictFor(ctx, "perp_neg", empty)
			if err != nil {
				return err
			}
			copy(g.Denoised, sample.Perpendicular(g.Cond, g.Uncond, nothing, negScale, g.Scale))
			return nil
		}
	}
}
