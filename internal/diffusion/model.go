package diffusion

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/unet"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Model is a denoiser and how it is sampled.
type Model struct {
	net      *unet.UNet
	run      *programs.Cache
	family   *family
	sampling param.Sampling
}

// Call is what the network is given: see unet.Call.
type Call = unet.Call

// Predict runs the network on what its parameterisation makes of a noisy latent, F32 [b, channels, h, w], and gives its
// output in the same shape. It fails with fault.OutOfMemory, saying what size would fit, before anything is computed.
func (m *Model) Predict(ctx context.Context, c Call) (*tensor.Tensor, error) {
	c.Pixels = 8
	return m.net.Predict(ctx, m.run, c)
}

// EstimateBytes is the memory that a call needs beyond weights, inputs and outputs.
func (m *Model) EstimateBytes(c Call) (int64, error) { return m.net.Bytes(m.run, c) }

// Channels is the number of channels the network takes: the latent's and what is joined to it.
func (m *Model) Channels() int { return m.net.Channels }

// LatentChannels is the number of channels of a latent.
func (m *Model) LatentChannels() int { return m.net.Out }

// Family is what people call models of this kind.
func (m *Model) Family() string { return m.family.name }

// Sampling is the noise levels of the model and what its output means.
func (m *Model) Sampling() param.Sampling { return m.sampling }

// WithSampling is the model sampled in another way.
func (m *Model) WithSampling(s param.Sampling) *Model {
	c := *m
	c.sampling = s
	return &c
}
