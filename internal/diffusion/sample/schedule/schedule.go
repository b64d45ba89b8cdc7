// Package schedule picks the noise levels that a sampler steps through: from a model's parameterisation by a named
// scheduler, or from numbers alone. Levels are float32, descending, and end in 0 unless said otherwise.
package schedule

import (
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// MaxSteps bounds the levels that a scheduler makes.
const MaxSteps = 10_000_000

// Names lists the schedulers of KSampler in its order.
func Names() []string {
	return []string{
		"simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic", "kl_optimal",
	}
}

// Of gives the levels of a named scheduler: steps of them and the final 0, though some schedulers make another number. It
// fails for an unknown name and for steps outside 1 … MaxSteps.
func Of(name string, s param.Sampling, steps int) ([]float32, error) {
	if steps < 1 || steps > MaxSteps {
		return nil, fault.New(fault.BadRequest, "%d steps: a scheduler makes 1 to %d", steps, MaxSteps)
	}
	low, high := float64(s.SigmaMin()), float64(s.SigmaMax())
	switch name {
	case "simple":
		return simple(s, steps), nil
	case "sgm_uniform":
		return uniform(s, steps, true), nil
	case "karras":
		return Karras(steps, low, high, 7), nil
	case "exponential":
		return Exponential(steps, low, high), nil
	case "ddim_uniform":
		return ddim(s, steps), nil
	case "beta":
		return Beta(s, steps, 0.6, 0.6), nil
	case "normal":
		return uniform(s, steps, false), nil
	case "linear_quadratic":
		return linearQuadratic(s, steps), nil
	case "kl_optimal":
		return klOptimal(steps, low, high), nil
	}
	return nil, fault.New(fault.BadRequest, "there is no scheduler %q", name)
}

// DropsLast reports whether a sampler of KSampler steps over the last level before 0 by itself.
func DropsLast(sampler string) bool {
	switch sampler {
	case "dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2":
		return true
	}
	return false
}

// Denoised gives the last steps levels of a schedule long enough that they are its last part: denoise 1 is all of it, 0.5
// its second half, 0 nothing. dropLast makes one level more and leaves the last before 0 out, which some samplers ask for.
func Denoised(name string, s param.Sampling, steps int, denoise float64, dropLast bool) ([]float32, error) {
	if math.IsNaN(denoise) {
		return nil, fault.New(fault.BadRequest, "denoise is not a number")
	}
	if denoise <= 0 {
		return nil, nil
	}
	total := steps
	if denoise <= 0.9999 {
		total = int(min(float64(steps)/denoise, MaxSteps+1))
	}
	made := total
	if dropLast {
		made++
	}
	sigmas, err := Of(name, s, made)
	if err != nil {
		return nil, err
	}
	if dropLast && len(sigmas) >= 2 {
		sigmas = slices.Delete(sigmas, len(sigmas)-2, len(sigmas)-1)
	}
	if denoise <= 0.9999 {
		sigmas = sigmas[max(0, len(sigmas)-(steps+1)):]
	}
	return sigmas, nil
}

// simple picks evenly from the table, from the top.
func simple(s param.Sampling, steps int) []float32 {
	table := s.Sigmas()
	stride := float64(len(table)) / float64(steps)
	out := make([]float32, 0, steps+1)
	for i := range steps {
		out = append(out, table[len(table)-1-int(float64(i)*stride)])
	}
	return append(out, 0)
}

// ddim picks evenly from the table, from the bottom; the number of levels follows from the stride.
func ddim(s param.Sampling, steps int) []float32 {
	table := s.Sigmas()
	var out []float32
	if len(table) > 1 && table[1] > 0.00001 {
		out = append(out, 0)
	} else {
		steps++
	}
	for i, stride := 1, max(len(table)/steps, 1); i < len(table); i += stride {
		out = append(out, table[i])
	}
	slices.Reverse(out)
	return out
}

// uniform steps evenly in the network's timesteps. open leaves the last step out of them.
func uniform(s param.Sampling, steps int, open bool) []float32 {
	start, end := s.Timestep(s.SigmaMax()), s.Timestep(s.SigmaMin())
	zero := true
	var ts []float32
	switch {
	case open:
		ts = linspace(start, end, steps+1)[:steps]
	case math.Abs(float64(s.Sigma(end))) <= 0.00001:
		zero = false
		ts = linspace(start, end, steps+1)
	default:
		ts = linspace(start, end, steps)
	}
	out := make([]float32, 0, len(ts)+1)
	for _, t := range ts {
		out = append(out, s.Sigma(t))
	}
	if zero {
		out = append(out, 0)
	}
	return out
}

// linearQuadratic goes linearly over the first 0.025 of the way and quadratically over the rest, as Mochi does.
func linearQuadratic(s param.Sampling, steps int) []float32 {
	const threshold = 0.025
	top := s.SigmaMax()
	if steps == 1 {
		return []float32{top, 0}
	}
	linear := steps / 2
	rest := float64(steps - linear)
	diff := float64(linear) - threshold*float64(steps)
	quad := diff / (float64(linear) * rest * rest)
	slope := threshold/float64(linear) - 2*diff/(rest*rest)
	offset := quad * float64(linear) * float64(linear)
	out := make([]float32, 0, steps+1)
	for i := range steps {
		x := float64(i)
		v := x * threshold / float64(linear)
		if i >= linear {
			v = quad*x*x + slope*x + offset
		}
		out = append(out, float32(1-v)*top)
	}
	return append(out, 0)
}

// klOptimal steps evenly in the angle between noise and latent. One step is 0/0, and stays so.
func klOptimal(steps int, low, high float64) []float32 {
	a, b := float32(math.Atan(low)), float32(math.Atan(high))
	out := make([]float32, 0, steps+1)
	for i := range steps {
		t := float32(i) / float32(steps-1)
		out = append(out, float32(math.Tan(float64(t*a+(1-t)*b))))
	}
	return append(out, 0)
}

// linspace is n values from start to end, both halves counted from their own end as torch does.
func linspace(start, end float32, n int) []float32 {
	out := make([]float32, n)
	step := (end - start) / float32(max(n-1, 1))
	for i := range out {
		if i < n/2 || n == 1 {
			out[i] = fma(step, float32(i), start)
		} else {
			out[i] = fma(-step, float32(n-1-i), end)
		}
	}
	return out
}

// fma is a·b + c with one rounding.
func fma(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }
