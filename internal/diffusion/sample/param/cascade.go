package param

import "math"

// Cascade is the cosine schedule of Stable Cascade with its signal-to-noise ratio shifted.
type Cascade struct {
	sigmas []float32
	shift  float64
	first  float32 // the cosine's value at 0
}

// cascadeOffset keeps the cosine schedule off its ends.
const cascadeOffset = float32(8e-3)

// NewCascade makes the schedule; a shift of 1 is none.
func NewCascade(shift float64) *Cascade {
	c := &Cascade{shift: shift, sigmas: make([]float32, 10000)}
	c.first = c.cosine(0)
	for i := range c.sigmas {
		c.sigmas[i] = c.Sigma(float32(float64(i+1) / 10000))
	}
	return c
}

func (c *Cascade) cosine(t float32) float32 {
	angle := (t + cascadeOffset) / (1 + cascadeOffset) * math.Pi * 0.5
	v := cos32(angle)
	return v * v
}

// Sigmas implements Schedule.
func (c *Cascade) Sigmas() []float32 { return c.sigmas }

// Sigma implements Schedule. The timestep is 0 to 1.
func (c *Cascade) Sigma(timestep float32) float32 {
	a := c.cosine(timestep) / c.first
	if c.shift != 1 {
		l := log32(a/(1-a)) + 2*log32(1/float32(c.shift))
		a = 1 / (1 + exp32(-l))
	}
	a = min(max(a, 0.0001), 0.9999)
	return sqrt32((1 - a) / a)
}

// Timestep implements Schedule.
func (c *Cascade) Timestep(sigma float32) float32 {
	v := min(max(1/(sigma*sigma+1), 0), 1)
	return float32(math.Acos(float64(sqrt32(v*c.first))))/(math.Pi*0.5)*(1+cascadeOffset) - cascadeOffset
}

// PercentToSigma implements Schedule.
func (c *Cascade) PercentToSigma(p float64) float64 {
	switch {
	case p <= 0:
		return NoLimit
	case p >= 1:
		return 0
	}
	return float64(c.Sigma(float32(1 - p)))
}
