package sample

import (
	"context"
	"slices"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// input is what a run gives to each of its models.
type input struct {
	shape  tensor.Shape
	sigmas []float32
	seed   uint64
	latent *tensor.Tensor // as the VAE speaks it
	mask   *tensor.Tensor // in the latent's shape; nil for none
	arena  *arena         // reset before each evaluation
}

// session evaluates one model within a run.
type session struct {
	source   Source
	sampling param.Sampling
	in       input
	shape    tensor.Shape   // of the latent now: a sampler may resize it
	latent   *tensor.Tensor // as the model speaks it
	memory   map[any]any    // what guidance functions keep
}

func newSession(source Source, in input) *session {
	s := &session{source: source, sampling: source.Sampling(), in: in, shape: in.shape, latent: in.latent}
	if slices.ContainsFunc(in.latent.F32(), func(v float32) bool { return v != 0 }) {
		s.latent = source.Format().In(in.latent) // Compat: an empty latent is not shifted
	}
	return s
}

// job is a condition that acts in an evaluation.
type job struct {
	*cond
	list   int
	values Values // fitted to batch and area
	area   *area  // cut to the latent
	x      *tensor.Tensor
	weight []float32 // of each value of x; nil: strength everywhere
}

// predict gives each list's prediction: the weighted mean of its conditions'. A nil list's is zeros.
func (s *session) predict(ctx context.Context, lists [][]*cond, x []float32, sigma float32, opts Options) ([][]float32, error) {
	in := tensor.FromF32(x, s.shape...)
	var jobs []*job
	for i, l := range lists {
		for _, c := range l {
			if c.fallback {
				continue
			}
			if j := s.job(c, i, in, sigma); j != nil {
				jobs = append(jobs, j)
			}
		}
	}
	jobs = s.fallbacks(jobs, lists, in, sigma)
	sum := newSums(lists, jobs, s.shape, s.in.arena)
	for len(jobs) > 0 {
		batch, rest := s.pick(jobs)
		jobs = rest
		out, err := s.apply(ctx, batch, sigma, opts)
		if err != nil {
			return nil, err
		}
		for i, j := range batch {
			sum.add(j, out.Slice(0, i*s.shape[0], (i+1)*s.shape[0]).F32())
		}
	}
	return sum.means(), nil
}

// job makes a condition's job, nil if it does not act.
func (s *session) job(c *cond, list int, x *tensor.Tensor, sigma float32) *job {
	if !c.acts(sigma) {
		return nil
	}
	j := &job{cond: c, list: list, x: x}
	if c.area != nil {
		a, ok := c.area.within(s.shape[2:])
		if !ok {
			return nil
		}
		j.area, j.x = a, a.cut(x, 2)
	}
	j.weight = s.weights(c, j.area)
	j.values = make(Values, len(c.values))
	for name, v := range c.values {
		j.values[name] = v.fit(s.shape[0], j.area)
	}
	return j
}

// pick takes the jobs that run together with the first one, in reverse order, and gives the others.
func (s *session) pick(jobs []*job) (batch, rest []*job) {
	first := jobs[0]
	for _, j := range slices.Backward(jobs) {
		if j.x.Shape().Equal(first.x.Shape()) && j.control == first.control && j.values.stacks(first.values) {
			batch = append(batch, j)
		}
	}
	limit := len(batch)
	if l, ok := s.source.Model.(Limiter); ok {
		for i := 1; i <= len(batch); i++ {
			shape := first.x.Shape().Clone()
			limit = max(1, len(batch)/i)
			shape[0] *= limit
			if l.Fits(shape) {
				break
			}
		}
	}
	batch = batch[:limit]
	for _, j := range jobs {
		if !slices.Contains(batch, j) {
			rest = append(rest, j)
		}
	}
	return batch, rest
}

// apply runs the model on a batch of jobs and gives the clean latents it predicts.
func (s *session) apply(ctx context.Context, batch []*job, sigma float32, opts Options) (*tensor.Tensor, error) {
	xs, values := make([]*tensor.Tensor, len(batch)), make([]Values, len(batch))
	b := &Batch{Sigma: sigma, Sigmas: s.in.sigmas, Patches: opts.Patches, Control: batch[0].control}
	for i, j := range batch {
		xs[i], values[i] = j.x, j.values
		b.Lists = append(b.Lists, j.list)
	}
	b.Values = stack(values)
	x := xs[0]
	if len(xs) > 1 {
		x = s.stacked(xs)
	}
	each := s.in.arena.take(x.Dim(0))
	fill(each, sigma)
	if d, ok := s.source.Model.(Denoiser); ok {
		out, err := d.Denoise(ctx, x, each, b)
		return checked(out, err, x.Shape())
	}
	scaled := s.in.arena.tensor(x.Shape())
	s.sampling.Input(scaled.F32(), x.F32(), sigma)
	if c := b.Tensor("c_concat"); c != nil {
		if !slices.Equal(c.Shape()[2:], scaled.Shape()[2:]) || c.Dim(0) != scaled.Dim(0) {
			return nil, fault.New(fault.BadTensor, "channels of shape %v beside a latent of shape %v", c.Shape(), scaled.Shape())
		}
		scaled = concatChannels(scaled, c)
	}
	fill(each, s.sampling.Timestep(sigma))
	out, err := s.source.Model.Apply(ctx, scaled, each, b)
	if out, err = checked(out, err, x.Shape()); err != nil {
		return nil, err
	}
	s.sampling.Denoised(out.F32(), out.F32(), x.F32(), sigma)
	return out, nil
}

// stacked puts latents of one shape behind each other.
func (s *session) stacked(xs []*tensor.Tensor) *tensor.Tensor {
	shape := xs[0].Shape().Clone()
	shape[0] *= len(xs)
	out := s.in.arena.tensor(shape)
	at := 0
	for _, x := range xs {
		at += copy(out.F32()[at:], x.F32())
	}
	return out
}

// checked makes sure of what a model returned.
func checked(out *tensor.Tensor, err error, want tensor.Shape) (*tensor.Tensor, error) {
	if err != nil {
		return nil, err
	}
	if out == nil || out.DType() != tensor.F32 || !out.Shape().Equal(want) {
		return nil, fault.New(fault.Internal, "a model returned %v for latents of shape %v", out, want)
	}
	return out.Dense(), nil
}

func fill(v []float32, x float32) {
	for i := range v {
		v[i] = x
	}
}
