// Package param holds the parameterisations of diffusion models: what a network takes and predicts at a noise level
// (Prediction), and which noise levels and timesteps there are (Schedule).
//
// Scalars are float32 and rounded after each operation, because the reference's are.
package param

import "math"

// NoLimit is the sigma that percent 0 stands for where noise has no upper end: larger than any.
const NoLimit = 999999999.9

// Sampling is how one model is sampled.
type Sampling struct {
	Prediction
	Schedule
}

// Prediction is what a network takes and what its output means. All slices of a call have the same length.
type Prediction interface {
	// Input writes what the network is given for x at sigma.
	Input(dst, x []float32, sigma float32)
	// Denoised writes the clean latent that the network's output for x means. dst may be output.
	Denoised(dst, output, x []float32, sigma float32)
	// AddNoise writes the latent noised to sigma. full says that sigma is the schedule's largest or beyond.
	AddNoise(dst, noise, latent []float32, sigma float32, full bool)
	// Finish turns a result that stopped at sigma into a latent, in place.
	Finish(x []float32, sigma float32)
}

// Schedule is the range of noise levels of a model and the timesteps its network knows them by.
type Schedule interface {
	Sigmas() []float32                // ascending; not to be changed
	Timestep(sigma float32) float32   // what the network is told
	Sigma(timestep float32) float32   // the inverse of Timestep
	PercentToSigma(p float64) float64 // 0 is the start of sampling, 1 its end
}

// SigmaMin is the smallest sigma of the table.
func (s Sampling) SigmaMin() float32 { return s.Sigmas()[0] }

// SigmaMax is the largest sigma of the table.
func (s Sampling) SigmaMax() float32 {
	table := s.Sigmas()
	return table[len(table)-1]
}

// IsFlow reports whether noise and latent mix linearly, x = sigma·noise + (1-sigma)·latent, and sigma ends at 1.
func (s Sampling) IsFlow() bool {
	_, ok := s.Prediction.(isFlow)
	return ok
}

type isFlow interface{ flow() }

// NoiseScale is the factor that a flow model's noise is scaled by, 1 for most and for all other models.
func (s Sampling) NoiseScale() float32 {
	if f, ok := s.Prediction.(Flow); ok {
		return float32(f.scale())
	}
	return 1
}

// WithNoiseScale gives the sampling with another noise scale. It is unchanged unless it is a flow.
func (s Sampling) WithNoiseScale(scale float64) Sampling {
	if _, ok := s.Prediction.(Flow); ok {
		s.Prediction = Flow{NoiseScale: scale}
	}
	return s
}

// HalfLogSNR is log(alpha/sigma) of a noise level.
func (s Sampling) HalfLogSNR(sigma float32) float32 {
	if s.IsFlow() {
		return -log32(sigma / (1 - sigma))
	}
	return -log32(sigma)
}

// SigmaOfHalfLogSNR is the inverse of HalfLogSNR.
func (s Sampling) SigmaOfHalfLogSNR(l float32) float32 {
	if s.IsFlow() {
		return 1 / (1 + exp32(l))
	}
	return exp32(-l)
}

// fma is a·b + c with one rounding.
func fma(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

func exp32(x float32) float32  { return float32(math.Exp(float64(x))) }
func log32(x float32) float32  { return float32(math.Log(float64(x))) }
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// linspace32 is n values from start to end, both halves counted from their own end as torch does.
func linspace32(start, end float32, n int) []float32 {
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

// linspace64 is linspace32 in double precision.
func linspace64(start, end float64, n int) []float64 {
	out := make([]float64, n)
	step := (end - start) / float64(max(n-1, 1))
	for i := range out {
		if i < n/2 || n == 1 {
			out[i] = math.FMA(step, float64(i), start)
		} else {
			out[i] = math.FMA(-step, float64(n-1-i), end)
		}
	}
	return out
}
