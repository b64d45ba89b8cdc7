package guide

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Projected is adaptive projected guidance: arXiv:2410.02416. eta scales the part of the guidance along the conditional
// prediction, threshold bounds its norm (0: not), momentum keeps a running sum of it (0: not).
func Projected(eta, threshold, momentum float64) Attach {
	type memory struct {
		sum   []float32
		sigma float32
	}
	key := new(int) // each attachment remembers for itself
	return pre(func(g *sample.Guidance) {
		m := sample.Remember(g, key, func() *memory { return &memory{sigma: float32(math.Inf(1))} })
		if g.Sigma > m.sigma {
			m.sum = nil
		}
		m.sigma = g.Sigma
		guidance := less(g.Cond, g.Uncond)
		if momentum != 0 {
			for i := range m.sum {
				guidance[i] += float32(momentum) * m.sum[i]
			}
			m.sum = append(m.sum[:0], guidance...)
		}
		group := 1 // Compat: norms are over the last three dimensions, for video of each channel
		for _, d := range g.Shape[len(g.Shape)-3:] {
			group *= d
		}
		for at := 0; at < len(guidance); at += group {
			project(guidance[at:at+group], g.Cond[at:at+group], g.Uncond[at:at+group], eta, threshold, g.Scale)
		}
	})
}

func project(guidance, cond, uncond []float32, eta, threshold, scale float64) {
	if threshold > 0 {
		if f := float32(threshold) / norm(guidance); f < 1 {
			for i := range guidance {
				guidance[i] *= f
			}
		}
	}
	length := max(norm(cond), 1e-12)
	along := float32(dot(guidance, cond)) / length
	for i, v := range guidance {
		parallel := along * (cond[i] / length)
		moved := v - parallel + float32(eta)*parallel
		cond[i] = uncond[i] + moved + (cond[i]-uncond[i])/float32(scale)
	}
}

// Damped drops the part of the unconditional noise that is tangential to both predictions' main direction:
// arXiv:2503.18137.
func Damped() Attach {
	return pre(func(g *sample.Guidance) {
		if !g.HasUncond {
			return
		}
		items(g, func(from, to int) {
			x := g.X[from:to]
			u, c := less(x, g.Uncond[from:to]), less(x, g.Cond[from:to])
			// The main right singular vector of the two rows is a combination of them: the main eigenvector of their
			// products.
			uu, uc, cc := dot(u, u), dot(u, c), dot(c, c)
			top := (uu+cc)/2 + math.Sqrt((uu-cc)*(uu-cc)/4+uc*uc)
			a, b := uc, top-uu
			if a == 0 && b == 0 {
				a, b = 1, 0
			}
			n := math.Sqrt(a*a*uu + 2*a*b*uc + b*b*cc)
			a, b = a/n, b/n
			along := a*uu + b*uc
			for i := range u {
				g.Uncond[from+i] = x[i] - float32(along*(a*float64(u[i])+b*float64(c[i])))
			}
		})
	})
}

// Frequencies scales low and high frequencies of the guidance apart: arXiv:2504.02154. cutoff counts the frequencies along
// each side that are low.
func Frequencies(low, high float64, cutoff int) Attach {
	return pre(func(g *sample.Guidance) {
		if !g.HasUncond {
			return
		}
		w, h := g.Shape[len(g.Shape)-1], g.Shape[len(g.Shape)-2]
		plane := make([]float32, h*w)
		for at := 0; at < len(g.X); at += h * w {
			for i := range plane {
				plane[i] = g.Cond[at+i] - g.Uncond[at+i]
			}
			for i, l := range lowPass(plane, h, w, cutoff) {
				g.Cond[at+i] = float32(high)*plane[i] + float32(low-high)*l + g.Uncond[at+i]
			}
		}
	})
}

// Operation changes a latent.
type Operation func(*tensor.Tensor) (*tensor.Tensor, error)

// Operate applies an operation to the guidance.
func Operate(op Operation) Attach {
	return func(o *sample.Options) {
		o.PreCFG = append(o.PreCFG, func(_ context.Context, g *sample.Guidance) error {
			out, err := op(tensor.FromF32(less(g.Cond, g.Uncond), g.Shape...))
			if err != nil {
				return err
			}
			for i, v := range out.F32() {
				g.Cond[i] = v + g.Uncond[i]
			}
			return nil
		})
	}
}
