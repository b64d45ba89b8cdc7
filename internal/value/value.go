// Package value holds what links carry between nodes: pictures, masks, latents, conditioning. Values are immutable: a node
// that changes one makes a new one, and may share what stayed the same.
package value

import (
	"maps"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Image is a batch of pictures: F32 [batch, height, width, channels], 0 to 1, channels 3 (RGB) or 4 (RGBA).
type Image struct{ *tensor.Tensor }

// LinkType names the type as clients see it.
func (Image) LinkType() node.Type { return "IMAGE" }

// Mask is a batch of masks: F32 [batch, height, width], 0 to 1.
type Mask struct{ *tensor.Tensor }

// LinkType names the type as clients see it.
func (Mask) LinkType() node.Type { return "MASK" }

// Latent is a batch of latents with what samplers must know about them.
type Latent struct {
	Samples    *tensor.Tensor // F32 [batch, channels, height, width]; video has frames before the height
	NoiseMask  *tensor.Tensor // F32 [batch, 1, height, width] or [batch, height, width]; nil: all is sampled anew
	BatchIndex []int          // index each item draws its noise by; nil: its place in the batch
	Extra      map[string]any // whatever else nodes put beside the samples, under the reference's key
}

// LinkType names the type as clients see it.
func (Latent) LinkType() node.Type { return "LATENT" }

// With returns the latent with other samples.
func (l Latent) With(samples *tensor.Tensor) Latent {
	l.Samples = samples
	return l
}

// Conditioning is what guides a sampler: any number of conds, each acting where and when its options say.
type Conditioning []Cond

// LinkType names the type as clients see it.
func (Conditioning) LinkType() node.Type { return "CONDITIONING" }

// Cond is one encoded text (or what stands for one) and its options.
type Cond struct {
	Cross   *tensor.Tensor // F32 [batch, tokens, width]
	options map[string]any
}

// Key names an option of a Cond and fixes its Go type. The text is the reference's key.
type Key[T any] string

// Get reads an option.
func Get[T any](c Cond, k Key[T]) (T, bool) {
	v, ok := c.options[string(k)].(T)
	return v, ok
}

// Or reads an option, or gives what stands for an absent one.
func Or[T any](c Cond, k Key[T], otherwise T) T {
	if v, ok := Get(c, k); ok {
		return v
	}
	return otherwise
}

// Set returns the cond with an option set; the original stays as it was.
func Set[T any](c Cond, k Key[T], v T) Cond {
	c.options = maps.Clone(c.options)
	if c.options == nil {
		c.options = map[string]any{}
	}
	c.options[string(k)] = v
	return c
}

// Options gives a copy of all options by key.
func (c Cond) Options() map[string]any { return maps.Clone(c.options) }

// Area is a rectangle that a cond acts in: in latent cells, or in fractions of the latent's size.
type Area struct {
	Height, Width, Y, X float64
	Percentage          bool // fractions, 0 to 1
}

// The options of this family of models. Others declare theirs beside the code that reads them.
const (
	KeyPooled          Key[*tensor.Tensor] = "pooled_output"
	KeyArea            Key[Area]           = "area"
	KeyStrength        Key[float64]        = "strength"
	KeyMask            Key[*tensor.Tensor] = "mask" // F32 [batch, height, width]
	KeyMaskStrength    Key[float64]        = "mask_strength"
	KeySetAreaToBounds Key[bool]           = "set_area_to_bounds"
	KeyStartPercent    Key[float64]        = "start_percent"
	KeyEndPercent      Key[float64]        = "end_percent"
	KeyDefault         Key[bool]           = "default" // acts where no other cond does
	KeyConcatLatent    Key[*tensor.Tensor] = "concat_latent_image"
	KeyConcatMask      Key[*tensor.Tensor] = "concat_mask"
	KeyGuidance        Key[float64]        = "guidance"
)
