package diffusion

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/unet"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// Model is a denoiser and how it is sampled. It is a sample.Model, a sample.Conditioner and a sample.Limiter; nodes change
// how it is sampled through sample.Source.
type Model struct {
	net      *unet.UNet
	run      *programs.Cache
	family   *family
	sampling param.Sampling
	format   latent.Format
}

// Family is what people call models of this kind.
func (m *Model) Family() string { return m.family.name }

// Sampling implements sample.Model.
func (m *Model) Sampling() param.Sampling { return m.sampling }

// Format implements sample.Model.
func (m *Model) Format() latent.Format { return m.format }

// Apply implements sample.Model. It fails with fault.OutOfMemory, saying what size would fit, before anything is computed.
func (m *Model) Apply(ctx context.Context, x *tensor.Tensor, timestep []float32, b *sample.Batch) (*tensor.Tensor, error) {
	return m.net.Predict(ctx, m.run, m.call(x, timestep, b.Cross(), b.Tensor("y")))
}

func (m *Model) call(x *tensor.Tensor, timestep []float32, text, label *tensor.Tensor) unet.Call {
	if m.net.Context == 0 {
		text = nil
	}
	if m.net.Label == 0 {
		label = nil
	}
	return unet.Call{X: x, Timesteps: timestep, Context: text, Label: label, Pixels: m.format.Downscale}
}

// Conditions implements sample.Conditioner.
func (m *Model) Conditions(ctx context.Context, c value.Cond, in sample.CondInput) (sample.Values, error) {
	out := sample.Values{}
	if c.Cross != nil {
		out["c_crossattn"] = sample.Value{Kind: sample.CrossAttn, Tensor: c.Cross}
	}
	if m.family.label != nil {
		label, err := m.labelOf(c, in)
		if err != nil {
			return nil, err
		}
		out["y"] = sample.Value{Tensor: label}
	}
	beside, err := m.beside(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if beside != nil {
		out["c_concat"] = sample.Value{Kind: sample.NoiseShape, Tensor: beside}
	}
	return out, nil
}

// little is memory that is not worth asking a device for.
const little = 64 << 20

// usualTokens is the length that texts are taken to have where it is not known.
const usualTokens = 77

// Fits implements sample.Limiter by the memory that is free. One item always fits: a call that has no room says so.
func (m *Model) Fits(shape tensor.Shape) bool {
	if len(shape) != 4 || shape[0] <= 1 {
		return true
	}
	need, err := m.EstimateBytes(shape)
	if err != nil || need <= little {
		return true
	}
	free, total := m.run.Backend().Memory()
	return total <= 0 || need <= free
}

// Room implements sample.Roomer: one item of a latent [b, channels, h, w] must fit the memory.
func (m *Model) Room(shape tensor.Shape) error {
	if len(shape) != 4 {
		return nil
	}
	return m.net.Room(m.run, 1, shape[2], shape[3], usualTokens, m.format.Downscale)
}

// EstimateBytes is the memory that a call needs beyond weights, inputs and outputs, for a latent [b, channels, h, w].
func (m *Model) EstimateBytes(shape tensor.Shape) (int64, error) {
	return m.net.Bytes(m.run, shape[0], shape[2], shape[3], usualTokens)
}

var (
	_ sample.Model       = (*Model)(nil)
	_ sample.Conditioner = (*Model)(nil)
	_ sample.Limiter     = (*Model)(nil)
	_ sample.Roomer      = (*Model)(nil)
)
