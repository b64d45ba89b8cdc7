package param

import "math"

// Betas are the noise increments of a discrete schedule.
type Betas struct {
	Kind       string // "linear" (in square roots), "sqrt_linear", "sqrt" or "cosine"; empty is linear
	Start, End float64
	Steps      int
	ZeroSNR    bool // the last level is rescaled to pure noise: arXiv:2305.08891
}

// StableDiffusion is the schedule of SD1, SD2 and SDXL.
func StableDiffusion() Betas { return Betas{Start: 0.00085, End: 0.012, Steps: 1000} }

// sigmas is the table in double precision.
func (b Betas) sigmas() []float64 {
	betas := b.betas()
	alphas := 1.0
	for i, v := range betas {
		alphas *= 1 - v
		betas[i] = math.Sqrt((1 - alphas) / alphas)
	}
	if b.ZeroSNR {
		zeroSNR(betas)
	}
	return betas
}

func (b Betas) betas() []float64 {
	switch b.Kind {
	case "cosine":
		return cosineBetas(b.Steps)
	case "sqrt_linear", "sqrt":
		betas := linspace64(b.Start, b.End, b.Steps)
		for i, v := range betas {
			if b.Kind == "sqrt" {
				betas[i] = math.Sqrt(v)
			}
		}
		return betas
	}
	betas := linspace64(math.Sqrt(b.Start), math.Sqrt(b.End), b.Steps)
	for i, v := range betas {
		betas[i] = v * v
	}
	return betas
}

// cosineBetas is the schedule of arXiv:2102.09672.
func cosineBetas(steps int) []float64 {
	const offset = 8e-3
	alpha := func(i int) float64 {
		c := math.Cos((float64(i)/float64(steps) + offset) / (1 + offset) * math.Pi / 2)
		return c * c
	}
	out := make([]float64, steps)
	for i := range out {
		out[i] = min(max(1-alpha(i+1)/alpha(i), 0), 0.999)
	}
	return out
}

// zeroSNR shifts and scales the square roots of alpha so that the last is (almost) zero and the first stays.
func zeroSNR(sigmas []float64) {
	root := func(s float64) float64 { return math.Sqrt(1 / (s*s + 1)) }
	first, last := root(sigmas[0]), root(sigmas[len(sigmas)-1])
	for i, s := range sigmas {
		a := (root(s) - last) * (first / (first - last))
		a *= a
		if i == len(sigmas)-1 {
			a = 4.8973451890853435e-08 // Compat: the reference's stand-in for zero
		}
		sigmas[i] = math.Sqrt((1 - a) / a)
	}
}

// Discrete is a table of levels whose timesteps are its indexes, log-linear between them.
type Discrete struct {
	sigmas, logs []float32
	stride       int // timesteps between entries; entry 0 is timestep stride-1
}

// NewDiscrete makes the schedule of the betas.
func NewDiscrete(b Betas) *Discrete {
	d := &Discrete{stride: 1}
	for _, s := range b.sigmas() {
		d.sigmas = append(d.sigmas, float32(s))
		d.logs = append(d.logs, float32(math.Log(s)))
	}
	return d
}

// DistilledSteps is the number of levels of a distilled (LCM) schedule.
const DistilledSteps = 50

// NewDistilled makes the schedule of a consistency model: DistilledSteps levels, evenly picked from the betas' from the top.
func NewDistilled(b Betas) *Discrete {
	all := NewDiscrete(b).sigmas
	d := &Discrete{stride: max(len(all)/DistilledSteps, 1)}
	n := min(DistilledSteps, len(all))
	for i := range n {
		s := all[len(all)-1-(n-1-i)*d.stride]
		d.sigmas = append(d.sigmas, s)
		d.logs = append(d.logs, log32(s))
	}
	return d
}

// Sigmas implements Schedule.
func (d *Discrete) Sigmas() []float32 { return d.sigmas }

// Timestep implements Schedule: the nearest entry by logarithm.
func (d *Discrete) Timestep(sigma float32) float32 {
	l := log32(sigma)
	best, at := float32(math.Inf(1)), 0
	for i, v := range d.logs {
		dist := l - v
		if dist < 0 {
			dist = -dist
		}
		if dist < best {
			best, at = dist, i
		}
	}
	return float32(at*d.stride + d.stride - 1)
}

// Sigma implements Schedule.
func (d *Discrete) Sigma(timestep float32) float32 {
	t := timestep
	if d.stride > 1 {
		t = (timestep - float32(d.stride-1)) / float32(d.stride)
	}
	t = min(max(t, 0), float32(len(d.sigmas)-1))
	low, high := int(math.Floor(float64(t))), int(math.Ceil(float64(t)))
	w := t - float32(low)
	return exp32((1-w)*d.logs[low] + w*d.logs[high])
}

// PercentToSigma implements Schedule.
func (d *Discrete) PercentToSigma(p float64) float64 {
	switch {
	case p <= 0:
		return NoLimit
	case p >= 1:
		return 0
	}
	return float64(d.Sigma(float32((1 - p) * 999)))
}
