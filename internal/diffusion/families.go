package diffusion

import (
	"math"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/diffusion/clip"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/unet"
	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	vocabulary "github.com/cocoonhq/cocoon/internal/tokenizer/clip"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Where checkpoints keep their parts.
const (
	modelPrefix = "model.diffusion_model"
	vaePrefix   = "first_stage_model"
)

// family is a kind of checkpoint: what its tensors do not tell. Sizes are read from shapes, so that one row serves every
// width and depth.
type family struct {
	name  string // as people call it
	text  []textRow
	unet  unet.Config
	scale float64 // latents are multiplied by it on their way to the model
	// sampling reads how the model is sampled from what the file holds.
	sampling func(src weights.Source) param.Sampling
	// is says whether a checkpoint is of this family. It is asked in the order of the table.
	is func(l layout) bool
}

// textRow is one text encoder of a family.
type textRow struct {
	name     string   // "l", "h" or "g"
	prefixes []string // where it may be, the first that holds tensors counts
	config   clip.Config
	tokens   vocabulary.Options
}

// layout is what of a checkpoint decides its family.
type layout struct {
	convProjection bool // transformers begin with a 1×1 convolution
	label          int  // width of the label vector, 0 for none
	second         bool // there is a second text encoder
}

var (
	smallText = textRow{name: "l", prefixes: []string{"cond_stage_model.transformer"}, config: clip.SD1, tokens: vocabulary.Options{PadWithEnd: true}}
	hugeText  = textRow{name: "h", prefixes: []string{"cond_stage_model.model", "conditioner.embedders.0.model"}, config: clip.SD2}
)

// families is the table.
func families() []family {
	heads, wide := unet.Config{Heads: 8}, unet.Config{HeadWidth: 64}
	return []family{
		{
			name: "Stable Diffusion 1", text: []textRow{smallText}, unet: heads, scale: 0.18215,
			sampling: func(weights.Source) param.Sampling { return param.NewEps(param.StableDiffusion()) },
			is:       func(l layout) bool { return l.convProjection && l.label == 0 },
		},
		{
			name: "Stable Diffusion 2", text: []textRow{hugeText}, unet: wide, scale: 0.18215,
			sampling: sd2Sampling,
			is:       func(l layout) bool { return !l.convProjection && l.label == 0 && !l.second },
		},
	}
}

// detect finds the family of a checkpoint whose denoiser is below prefix; nil when it is none of the table's.
func detect(src weights.Source, prefix string) *family {
	s := weights.NewScope(src, prefix)
	l := layout{
		label:  nn.Dim(s.Shape("label_emb.0.0.weight"), 1),
		second: weights.NewScope(src, "").HasSub("conditioner.embedders.1"),
	}
	if s.Has("label_emb.weight") {
		l.label = -1
	}
	if !s.Has("input_blocks.0.0.weight") {
		return nil
	}
	i := slices.IndexFunc(src.Names(), func(n string) bool {
		return strings.HasPrefix(n, s.Prefix()) && strings.HasSuffix(n, ".proj_in.weight")
	})
	if i < 0 {
		return nil
	}
	projection, _ := weights.Describe(src, src.Names()[i])
	l.convProjection = len(projection.Shape) == 4
	for _, f := range families() {
		if f.is(l) {
			return &f
		}
	}
	return nil
}

// sd2Sampling tells SD2's v models, which nothing but a statistic gives away.
//
// Compat: the reference measures the spread of one bias; inpainting models are never v models.
func sd2Sampling(src weights.Source) param.Sampling {
	const name = modelPrefix + ".output_blocks.11.1.transformer_blocks.0.norm1.bias"
	in, _ := weights.Describe(src, modelPrefix+".input_blocks.0.0.weight")
	if t, ok := src.Tensor(name); ok && nn.Dim(in.Shape, 1) == 4 && deviation(t) > 0.09 {
		return param.NewV(param.StableDiffusion())
	}
	return param.NewEps(param.StableDiffusion())
}

// deviation is the population standard deviation of a tensor's elements.
func deviation(t *tensor.Tensor) float64 {
	v := tensor.ToF64(t)
	mean, sum := 0.0, 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		sum += (x - mean) * (x - mean)
	}
	return math.Sqrt(sum / float64(max(1, len(v))))
}

// prefix picks where a text encoder is, "" when it is nowhere.
func (r textRow) prefix(src weights.Source) string {
	root := weights.NewScope(src, "")
	i := slices.IndexFunc(r.prefixes, root.HasSub)
	if i < 0 {
		return ""
	}
	return r.prefixes[i]
}
