package diffusion

import (
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/diffusion/clip"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// modelMarks are tensors that stand at the root of a file and tell how its model is sampled.
var modelMarks = []string{"edm_mean", "edm_std", "edm_vpred.sigma_max", "edm_vpred.sigma_min", "v_pred", "ztsnr"}

// LoadModel reads a denoiser from a file of its own or from a checkpoint, to be run on a backend. prefix is what stands before
// the names of its tensors, without a dot at the end; "" for nothing. Errors: fault.Unsupported when it is of a family that is
// not known; fault.BadFile when tensors are missing or do not fit.
func LoadModel(src weights.Source, prefix string, b tensor.Backend) (*Model, error) {
	if prefix != modelPrefix {
		src = moved(src, prefix)
	}
	f := detect(src, modelPrefix)
	if f == nil {
		return nil, fault.New(fault.Unsupported, "this diffusion model is of a family that is not supported")
	}
	return newModel(src, f, programs.New(b))
}

// moved shows a denoiser's tensors where checkpoints keep them. Marks stay where they are.
func moved(src weights.Source, prefix string) weights.Source {
	if prefix != "" {
		prefix += "."
	}
	return weights.Rename(src, func(old string) (string, bool) {
		name, ok := strings.CutPrefix(old, prefix)
		if slices.Contains(modelMarks, name) {
			return name, ok
		}
		return modelPrefix + "." + name, ok
	})
}

// LoadText reads a text encoder from a file of its own, to be run on a backend. kind is "l", "h" or "g": CLIP's ViT-L as Stable
// Diffusion 1 uses it, OpenCLIP's H as Stable Diffusion 2 does, bigG as the refiner of SDXL does. prefix is what stands before the names of
// its tensors, without a dot at the end. Errors: fault.Unsupported for another kind; fault.BadFile when tensors are missing or
// do not fit.
func LoadText(src weights.Source, kind, prefix string, b tensor.Backend) (*CLIP, error) {
	for _, f := range families() {
		if len(f.text) != 1 || f.text[0].name != kind {
			continue
		}
		row := f.text[0]
		e, err := build(src, prefix, func(s *weights.Scope) *clip.Encoder { return clip.New(s, row.config) })
		if err != nil {
			return nil, err
		}
		return &CLIP{run: programs.New(b), parts: []textPart{{name: kind, encoder: e, options: row.tokens}}}, nil
	}
	return nil, fault.New(fault.Unsupported, "there is no text encoder %q", kind)
}

// LoadTexts reads the text encoders of a checkpoint; nil when it has none. Errors are Load's.
func LoadTexts(src weights.Source, b tensor.Backend) (*CLIP, error) {
	f := detect(src, modelPrefix)
	if f == nil {
		return nil, fault.New(fault.Unsupported, "this checkpoint is of a family that is not supported")
	}
	return newCLIP(src, f, programs.New(b))
}
