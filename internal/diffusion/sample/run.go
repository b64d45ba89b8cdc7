package sample

import (
	"context"
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/rng"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/schedule"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/solver"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// ToEnd is an EndStep behind every last step.
const ToEnd = math.MaxInt

// Request is what KSampler and KSamplerAdvanced are given.
type Request struct {
	Source
	Positive, Negative value.Conditioning
	Latent             value.Latent
	Seed               uint64
	Steps              int // 1 to 10000
	CFG                float64
	Sampler, Scheduler string
	Denoise            float64 // 0 to 1: how much of the schedule is run; 1 is all
	StartStep, EndStep int     // of the schedule's steps those from StartStep up to EndStep are run; ToEnd for all
	AddNoise           bool    // start from the latent with noise; without, the latent is taken to be noised already
	ForceFullDenoise   bool    // a run that ends before the schedule's end steps to 0 at its last step
	Progress           Progress
}

// Progress is told each step's number from 0, the number of steps, and the clean latent predicted, as the model speaks it.
// Some samplers report more steps than total, or fewer. The latent may not be kept. An error ends the run.
type Progress func(step, total int, denoised *tensor.Tensor) error

// MaxSteps is the most steps a Request may ask for.
const MaxSteps = 10000

// SamplerNames lists the samplers in KSampler's order.
func SamplerNames() []string { return solver.Names() }

// SchedulerNames lists the schedulers in KSampler's order.
func SchedulerNames() []string { return schedule.Names() }

// Run samples and gives the latent as the VAE speaks it. It looks at ctx before every evaluation of the model.
func Run(ctx context.Context, r Request) (*tensor.Tensor, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	sampler, err := SamplerByName(r.Sampler)
	if err != nil {
		return nil, err
	}
	start, err := FixEmpty(r.Latent, r.Format())
	if err != nil {
		return nil, err
	}
	sigmas, err := schedule.Denoised(r.Scheduler, r.Sampling(), r.Steps, r.Denoise, schedule.DropsLast(r.Sampler))
	if err != nil {
		return nil, err
	}
	if sigmas = r.cut(sigmas); len(sigmas) <= 1 {
		return start.Samples, nil
	}
	if m, ok := r.Model.(Roomer); ok {
		if err := m.Room(start.Samples.Shape()); err != nil {
			return nil, err
		}
	}
	noise := Noise(Silence{})
	if r.AddNoise {
		noise = RandomNoise{r.Seed}
	}
	out, err := RunCustom(ctx, Custom{
		Guider:  CFG{r.Source, r.Positive, r.Negative, r.CFG},
		Sampler: sampler, Sigmas: sigmas, Noise: noise, Latent: start, Seed: r.Seed, Progress: r.Progress,
	})
	if err != nil {
		return nil, err
	}
	return out.Samples, nil
}

func (r Request) check() error {
	switch {
	case r.Model == nil:
		return fault.New(fault.BadRequest, "there is no model to sample")
	case r.Steps < 1 || r.Steps > MaxSteps:
		return fault.New(fault.BadRequest, "%d steps: must be 1 to %d", r.Steps, MaxSteps)
	case math.IsNaN(r.CFG) || math.IsInf(r.CFG, 0):
		return fault.New(fault.BadRequest, "cfg is %v: must be a finite number", r.CFG)
	case math.IsNaN(r.Denoise):
		return fault.New(fault.BadRequest, "denoise is not a number")
	}
	return nil
}

// cut takes the levels from StartStep to EndStep; one or none means that nothing is to be done.
func (r Request) cut(sigmas []float32) []float32 {
	if len(sigmas) == 0 {
		return nil
	}
	if end := max(r.EndStep, 0); end < len(sigmas)-1 {
		sigmas = slices.Clone(sigmas[:end+1])
		if r.ForceFullDenoise {
			sigmas[end] = 0
		}
	}
	if r.StartStep >= len(sigmas)-1 {
		return nil
	}
	return sigmas[max(r.StartStep, 0):]
}

// Sampler is a solver with what KSampler says beside it.
type Sampler struct {
	Solve solver.Solver
	// FreshInpaint draws the noise of what an inpainting mask keeps anew instead of taking the run's.
	FreshInpaint bool
}

// SamplerByName gives a sampler of KSampler.
func SamplerByName(name string) (Sampler, error) {
	s, err := solver.ByName(name)
	return Sampler{Solve: s, FreshInpaint: name == "ddim"}, err
}

// Custom is a run whose every part is chosen by the caller.
type Custom struct {
	Guider   Guider
	Sampler  Sampler
	Sigmas   []float32
	Noise    Noise
	Latent   value.Latent
	Seed     uint64 // of the noise that the sampler adds
	Progress Progress
	Global   *rng.Generator // torch's global generator, for samplers that draw from it; nil: the one the noise came from
}

// Result is what a run gives, as the VAE speaks it.
type Result struct {
	Samples  *tensor.Tensor
	Denoised *tensor.Tensor // the last prediction reported; Samples if there was none
}

// RunCustom samples. Without levels the result is the latent.
func RunCustom(ctx context.Context, c Custom) (Result, error) {
	main := c.Guider.Main()
	start, err := FixEmpty(c.Latent, main.Format())
	if err != nil {
		return Result{}, err
	}
	if len(c.Sigmas) == 0 {
		return Result{start.Samples, start.Samples}, nil
	}
	noise, global, err := c.Noise.Draw(start)
	if err != nil {
		return Result{}, err
	}
	if c.Global == nil {
		c.Global = global
	}
	in := input{shape: start.Samples.Shape(), sigmas: c.Sigmas, seed: c.Seed, latent: start.Samples, arena: &arena{}}
	if !noise.Shape().Equal(in.shape) {
		return Result{}, fault.New(fault.BadTensor, "noise of shape %v for a latent of shape %v", noise.Shape(), in.shape)
	}
	if start.NoiseMask != nil {
		if in.mask, err = latentMask(start.NoiseMask, in.shape); err != nil {
			return Result{}, err
		}
	}
	predict, err := c.Guider.start(ctx, in)
	if err != nil {
		return Result{}, err
	}
	p, err := newInpainter(main, in, c.Sampler, noise, predict)
	if err != nil {
		return Result{}, err
	}
	return p.run(ctx, c)
}
