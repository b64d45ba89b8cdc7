package solver

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Adaptive are the settings of DPMAdaptive. Source: arXiv:2206.00927, section D, and the PID controller of torchsde's kin.
type Adaptive struct {
	Order              int // 2 or 3
	Relative, Absolute float32
	First              float64 // length of the first step in log-sigma
	P, I, D, Safety    float64 // of the step size controller
	Eta, SNoise        float32
}

// DefaultAdaptive are the settings of the sampler dpm_adaptive.
func DefaultAdaptive() Adaptive {
	return Adaptive{Order: 3, Relative: 0.05, Absolute: 0.0078, First: 0.05, I: 1, Safety: 0.81, SNoise: 1}
}

// maxTries bounds the steps that an adaptive solver tries.
const maxTries = 10000

// DPMAdaptive is DPM-Solver-12 or -23: it chooses its own steps between the first level and the last one over 0.
func DPMAdaptive(a Adaptive) Solver {
	return func(ctx context.Context, r *Run, x []float32) ([]float32, error) {
		if r.steps() == 0 {
			return x, nil
		}
		if a.Order != 2 && a.Order != 3 {
			return nil, fault.New(fault.BadRequest, "order is %d: it must be 2 or 3", a.Order)
		}
		start, end, err := r.span()
		if err != nil {
			return nil, err
		}
		if end <= start && a.Eta != 0 {
			return nil, fault.New(fault.BadRequest, "eta must be 0 to go towards more noise")
		}
		return a.run(ctx, r, x, start, end)
	}
}

func (a Adaptive) run(ctx context.Context, r *Run, x []float32, start, end float32) ([]float32, error) {
	draw, err := r.fresh()
	if err != nil {
		return nil, err
	}
	s, pid := newDPMSolver(r, x), newPID(a, end > start)
	v := vectors(x, 5)
	low, high, prev, denoised, noise := v[0], v[1], v[2], v[3], v[4]
	copy(prev, x)
	at := start
	for i := 0; ahead(at, end, start); i++ {
		if i == maxTries {
			return nil, fault.New(fault.BadTensor, "dpm_adaptive did not reach its end in %d steps", maxTries)
		}
		t := min(end, at+float32(pid.h))
		if end <= start {
			t = max(end, at+float32(pid.h))
		}
		to, up := a.noiseRoom(at, t, end)
		s.have = 0
		if err := s.predict(ctx, 0, s.eps, x, at); err != nil {
			return nil, err
		}
		mix(denoised, 1, x, -exp(-at), s.eps)
		if err := a.both(ctx, s, low, high, x, at, to); err != nil {
			return nil, err
		}
		off := a.distance(low, high, prev)
		if math.IsNaN(off) {
			return nil, fault.New(fault.BadTensor, "the model's prediction at sigma %v is not a number", exp(-at))
		}
		if pid.accept(off) {
			copy(prev, low)
			copy(x, high)
			draw(noise, exp(-at), exp(-t))
			add(x, up*a.SNoise, noise)
			at = t
		}
		if err := r.report(i, x, denoised); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func ahead(at, end, start float32) bool {
	if end > start {
		return at < end-1e-5
	}
	return at > end+1e-5
}

// noiseRoom gives the time to step to instead of t, and the noise to add there.
func (a Adaptive) noiseRoom(at, t, end float32) (to, up float32) {
	if a.Eta == 0 {
		return t, 0
	}
	down, _ := ancestral(exp(-at), exp(-t), a.Eta)
	to = min(end, -log(down))
	return to, sqrt(exp(-t)*exp(-t) - exp(-to)*exp(-to))
}

// both writes the steps of the lower and of the higher order.
func (a Adaptive) both(ctx context.Context, s *dpmSolver, low, high, x []float32, at, to float32) error {
	if a.Order == 2 {
		s.first(low, x, at, to)
		return s.second(ctx, high, x, at, to, 0.5)
	}
	if err := s.second(ctx, low, x, at, to, 1.0/3); err != nil {
		return err
	}
	return s.third(ctx, high, x, at, to)
}

// distance is the root mean square of low - high in units of the tolerance.
func (a Adaptive) distance(low, high, prev []float32) float64 {
	sum := 0.0
	for i, l := range low {
		delta := max(a.Absolute, a.Relative*max(abs(l), abs(prev[i])))
		e := float64((l - high[i]) / delta)
		sum += e * e
	}
	return math.Sqrt(sum) / math.Sqrt(float64(len(low)))
}

func abs(x float32) float32 { return float32(math.Abs(float64(x))) }

// pid is a PID controller of the step size.
type pid struct {
	h, b1, b2, b3, safety float64
	errs                  [3]float64 // inverse errors, newest first
	started               bool
}

func newPID(a Adaptive, forward bool) *pid {
	order := float64(a.Order)
	if a.Eta != 0 {
		order = 1.5
	}
	h := math.Abs(a.First)
	if !forward {
		h = -h
	}
	return &pid{h: h, b1: (a.P + a.I + a.D) / order, b2: -(a.P + 2*a.D) / order, b3: a.D / order, safety: a.Safety}
}

// accept takes a step's error, sets the next step's size and says whether this one counts.
func (p *pid) accept(err float64) bool {
	inv := 1 / (err + 1e-8)
	if !p.started {
		p.errs, p.started = [3]float64{inv, inv, inv}, true
	}
	p.errs[0] = inv
	factor := math.Pow(p.errs[0], p.b1) * math.Pow(p.errs[1], p.b2) * math.Pow(p.errs[2], p.b3)
	factor = 1 + math.Atan(factor-1)
	ok := factor >= p.safety
	if ok {
		p.errs[2], p.errs[1] = p.errs[1], p.errs[0]
	}
	p.h *= factor
	return ok
}
