package sample_test

import (
	"context"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// still is a model that costs nothing: its prediction is always the same.
type still struct{ out *tensor.Tensor }

func (s *still) Sampling() param.Sampling { return param.NewEps(param.StableDiffusion()) }
func (s *still) Format() latent.Format    { return latent.Default() }

func (s *still) Apply(_ context.Context, x *tensor.Tensor, _ []float32, _ *sample.Batch) (*tensor.Tensor, error) {
	if s.out == nil || !s.out.Shape().Equal(x.Shape()) {
		s.out = tensor.New(tensor.F32, x.Shape()...)
	}
	clear(s.out.F32())
	return s.out, nil
}

// BenchmarkStep is a whole run of 20 steps on a latent of 4×64×64 by a model that costs nothing; ns/step is what sampling adds
// to each of the model's steps.
func BenchmarkStep(b *testing.B) {
	for _, name := range sample.SamplerNames() {
		b.Run(name, func(b *testing.B) {
			r := request(nil, 1, 4, 64, 64)
			r.Model, r.Sampler, r.Scheduler, r.Steps = &still{}, name, "karras", 20
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sample.Run(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20, "ns/step")
		})
	}
}
