package param

import "math"

// Continuous is a range of levels, log-linear in percent, with a table of a thousand for schedulers that want one.
type Continuous struct{ sigmas []float32 }

// NewContinuous makes the levels from low to high, both over 0. The network is told log(sigma)/4.
func NewContinuous(low, high float64) Continuous {
	t := linspace32(float32(math.Log(low)), float32(math.Log(high)), 1000)
	for i, v := range t {
		t[i] = exp32(v)
	}
	return Continuous{t}
}

// Sigmas implements Schedule.
func (c Continuous) Sigmas() []float32 { return c.sigmas }

// Timestep implements Schedule.
func (c Continuous) Timestep(sigma float32) float32 { return 0.25 * log32(sigma) }

// Sigma implements Schedule.
func (c Continuous) Sigma(timestep float32) float32 { return exp32(timestep / 0.25) }

// PercentToSigma implements Schedule.
func (c Continuous) PercentToSigma(p float64) float64 {
	switch {
	case p <= 0:
		return NoLimit
	case p >= 1:
		return 0
	}
	low, high := math.Log(float64(c.sigmas[0])), math.Log(float64(c.sigmas[len(c.sigmas)-1]))
	return math.Exp((high-low)*(1-p) + low)
}

// ContinuousV is Continuous for networks that are told the angle between noise and latent, 0 to 1.
type ContinuousV struct{ Continuous }

// Timestep implements Schedule.
func (c ContinuousV) Timestep(sigma float32) float32 {
	return float32(math.Atan(float64(sigma))) / math.Pi * 2
}

// Sigma implements Schedule.
func (c ContinuousV) Sigma(timestep float32) float32 {
	return float32(math.Tan(float64(timestep * math.Pi / 2)))
}

// ContinuousCosmos is Continuous for networks that are told sigma/(sigma+1).
type ContinuousCosmos struct{ Continuous }

// Timestep implements Schedule.
func (c ContinuousCosmos) Timestep(sigma float32) float32 { return sigma / (sigma + 1) }

// Sigma implements Schedule.
func (c ContinuousCosmos) Sigma(timestep float32) float32 {
	top := c.sigmas[len(c.sigmas)-1]
	if timestep >= top/(top+1) {
		return top
	}
	return timestep / (1 - timestep)
}

// FlowLevels are the levels of a flow model, 0 to 1, shifted towards noise: arXiv:2403.03206, section 5.3.
type FlowLevels struct {
	sigmas            []float32
	shift, multiplier float64
}

// NewFlowLevels makes levels with a shift (1 is none) for networks that are told sigma·multiplier.
func NewFlowLevels(shift, multiplier float64) FlowLevels {
	f := FlowLevels{sigmas: make([]float32, 1000), shift: shift, multiplier: multiplier}
	for i := range f.sigmas {
		f.sigmas[i] = f.Sigma(float32(i+1) / 1000 * float32(multiplier))
	}
	return f
}

// Sigmas implements Schedule.
func (f FlowLevels) Sigmas() []float32 { return f.sigmas }

// Timestep implements Schedule.
func (f FlowLevels) Timestep(sigma float32) float32 { return sigma * float32(f.multiplier) }

// Sigma implements Schedule. It is not Timestep's inverse: it applies the shift.
func (f FlowLevels) Sigma(timestep float32) float32 {
	t := timestep / float32(f.multiplier)
	if f.shift == 1 {
		return t
	}
	return float32(f.shift) * t / (1 + float32(f.shift-1)*t)
}

// PercentToSigma implements Schedule.
func (f FlowLevels) PercentToSigma(p float64) float64 {
	switch {
	case p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	t := 1 - p
	if f.shift == 1 {
		return t
	}
	return f.shift * t / (1 + (f.shift-1)*t)
}

// FluxLevels are the levels of Flux: a flow shifted by the exponent of its shift.
type FluxLevels struct {
	sigmas []float32
	shift  float64
}

// NewFluxLevels makes levels with a shift (0 is none).
func NewFluxLevels(shift float64) FluxLevels {
	f := FluxLevels{sigmas: make([]float32, 10000), shift: shift}
	for i := range f.sigmas {
		f.sigmas[i] = f.Sigma(float32(i+1) / 10000)
	}
	return f
}

// FluxShift is the shift for a picture's size in pixels, linear in its tokens between base (256) and top (4096).
func FluxShift(top, base float64, width, height int) float64 {
	slope := (top - base) / (4096 - 256)
	return float64(width)*float64(height)/(8*8*2*2)*slope + base - slope*256
}

// Sigmas implements Schedule.
func (f FluxLevels) Sigmas() []float32 { return f.sigmas }

// Timestep implements Schedule.
func (f FluxLevels) Timestep(sigma float32) float32 { return sigma }

// Sigma implements Schedule.
func (f FluxLevels) Sigma(timestep float32) float32 {
	e := float32(math.Exp(f.shift))
	return e * (1 / (e + (1/timestep - 1))) // Compat: by the reciprocal
}

// PercentToSigma implements Schedule.
func (f FluxLevels) PercentToSigma(p float64) float64 {
	switch {
	case p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	e := math.Exp(f.shift)
	return e / (e + (1/(1-p) - 1))
}
