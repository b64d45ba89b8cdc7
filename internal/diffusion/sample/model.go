// Package sample turns noise into latents: it asks a diffusion model for predictions under conditions, guides them, and
// lets a solver step down the noise levels. Run is a whole KSampler; RunCustom has every part chosen by the caller.
//
// Subfolders hold the parts that know nothing of conditions: rng and brownian (noise as torch draws it), param
// (parameterisations), schedule (noise levels), solver (samplers), latent (latent formats and previews).
package sample

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// Model is what sampling needs of a diffusion model.
type Model interface {
	Sampling() param.Sampling
	Format() latent.Format
	// Apply runs the network. x is the scaled input, F32 [n, channels, …], n items of possibly several conditions, with the
	// channels of "c_concat" behind its own; timestep has one value an item. The result is F32 of the latent's channels and
	// x's size. Neither may be kept: x is overwritten by the next call, and the result before it.
	Apply(ctx context.Context, x *tensor.Tensor, timestep []float32, b *Batch) (*tensor.Tensor, error)
}

// Denoiser is a Model that predicts clean latents itself: it is given unscaled latents and their sigma, and Apply is not
// called.
type Denoiser interface {
	Denoise(ctx context.Context, x *tensor.Tensor, sigma []float32, b *Batch) (*tensor.Tensor, error)
}

// Conditioner is a Model that takes more from a condition than its cross-attention tensor. It is asked once a run for each
// condition.
type Conditioner interface {
	Conditions(ctx context.Context, c value.Cond, in CondInput) (Values, error)
}

// Limiter is a Model that says how many items of a shape fit into one call. Others get all at once.
type Limiter interface {
	Fits(shape tensor.Shape) bool
}

// Roomer is a Model that can tell before any work whether a latent of a shape fits the memory, with an error that says what
// would.
type Roomer interface {
	Room(shape tensor.Shape) error
}

// CondInput is what a Conditioner may need to know of a run.
type CondInput struct {
	Shape         tensor.Shape   // of the latent
	Latent        *tensor.Tensor // the model's latent that sampling starts from
	Mask          *tensor.Tensor // noise mask in the latent's shape; nil for none
	Width, Height int            // pixels, unless the condition says otherwise
	PromptType    string         // "positive", "negative", or another list's name
	Seed          uint64
}

// The options of a condition that this package reads beside value's.
const (
	KeyPromptType    value.Key[string]  = "prompt_type" // takes the place of the list's name
	KeyControl       value.Key[any]     = "control"     // opaque; conditions with the same one are batched
	KeyControlUncond value.Key[bool]    = "control_apply_to_uncond"
	KeyClipStart     value.Key[float64] = "clip_start_percent"
	KeyClipEnd       value.Key[float64] = "clip_end_percent"
	KeyRegion        value.Key[Region]  = "region"
	KeyWidth         value.Key[int]     = "width"
	KeyHeight        value.Key[int]     = "height"
)

// Region is an area in any number of dimensions, outermost first; video has frames before height.
type Region struct {
	Size, At   []float64
	Percentage bool // of the latent's size, 0 to 1
}

// Source is a model with what nodes have attached to it.
type Source struct {
	Model   Model
	Options Options
}

// Sampling is the parameterisation in force.
func (s Source) Sampling() param.Sampling {
	if s.Options.Sampling != nil {
		return *s.Options.Sampling
	}
	return s.Model.Sampling()
}

// Format is the latent format in force.
func (s Source) Format() latent.Format {
	if s.Options.Format != nil {
		return *s.Options.Format
	}
	return s.Model.Format()
}

// With gives the source with its options changed by the functions. The original stays as it was.
func (s Source) With(change ...func(*Options)) Source {
	s.Options = s.Options.clone()
	for _, f := range change {
		f(&s.Options)
	}
	return s
}
