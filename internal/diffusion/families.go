package diffusion

import (
	"math"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/diffusion/clip"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
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
	name   string // as people call it
	text   []textRow
	unet   unet.Config
	format func(src weights.Source) latent.Format
	// sampling reads how the model is sampled from what the file holds.
	sampling func(src weights.Source) param.Sampling
	label    labeller // what the label vector is made of; nil where there is none
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
	temporal       bool // layers look across pictures
	label          bool // the denoiser is told more than time and text
	large, second  bool // the first text encoder is OpenCLIP's; there is a second one
}

// families is the table.
func families() []family {
	withEnd, withZero := vocabulary.Options{PadWithEnd: true}, vocabulary.Options{}
	small := textRow{"l", []string{"cond_stage_model.transformer"}, clip.SD1, withEnd}
	huge := textRow{"h", []string{"cond_stage_model.model", "conditioner.embedders.0.model"}, clip.SD2, withZero}
	xlSmall := textRow{"l", []string{"conditioner.embedders.0.transformer"}, clip.SDXLSmall, withEnd}
	xlLarge := textRow{"g", []string{"conditioner.embedders.1.model"}, clip.SDXLLarge, withZero}
	refiner := textRow{"g", []string{"conditioner.embedders.0.model"}, clip.SDXLLarge, withZero}
	eight, wide := unet.Config{Heads: 8}, unet.Config{HeadWidth: 64}
	return []family{
		{
			name: "Stable Diffusion 1", text: []textRow{small}, unet: eight, format: sd15Latent, sampling: epsSampling,
			is: func(l layout) bool { return l.convProjection && !l.label },
		},
		{
			name: "Stable Diffusion 2", text: []textRow{huge}, unet: wide, format: sd15Latent, sampling: sd2Sampling,
			is: func(l layout) bool { return !l.convProjection && !l.label && !l.second },
		},
		{
			name: "Stable Diffusion XL", text: []textRow{xlSmall, xlLarge}, unet: wide, format: xlLatent, sampling: xlSampling,
			label: xlLabel, is: func(l layout) bool { return !l.convProjection && l.label && l.second },
		},
		{
			name: "Stable Diffusion XL Refiner", text: []textRow{refiner}, unet: wide, format: xlLatent, sampling: epsSampling,
			label: refinerLabel, is: func(l layout) bool { return !l.convProjection && l.label && l.large },
		},
	}
}

// detect finds the family of a checkpoint whose denoiser is below prefix; nil when it is none of the table's.
func detect(src weights.Source, prefix string) *family {
	s, root := weights.NewScope(src, prefix), weights.NewScope(src, "")
	if !s.Has("input_blocks.0.0.weight") {
		return nil
	}
	names := src.Names()
	i := slices.IndexFunc(names, func(n string) bool {
		return strings.HasPrefix(n, s.Prefix()) && strings.HasSuffix(n, ".proj_in.weight")
	})
	if i < 0 {
		return nil
	}
	projection, _ := weights.Describe(src, names[i])
	l := layout{
		convProjection: len(projection.Shape) == 4,
		temporal:       s.Has("input_blocks.1.0.time_mixer.mix_factor"),
		label:          s.HasSub("label_emb"),
		large:          root.HasSub("conditioner.embedders.0.model.transformer"),
		second:         root.HasSub("conditioner.embedders.1.model.transformer"),
	}
	if l.label && !l.large && !l.second { // a denoiser alone: what it is told is as wide as the encoders together
		w := contextWidth(src, s.Prefix())
		l.second, l.large = w == smallWidth+largeWidth, w == largeWidth
	}
	if s.Has("label_emb.weight") || l.temporal {
		return nil
	}
	for _, f := range families() {
		if f.is(l) {
			return &f
		}
	}
	return nil
}

// The widths of SDXL's text encoders. Its refiner has the large one alone.
const (
	smallWidth = 768
	largeWidth = 1280
)

// contextWidth is the width of what the transformers below prefix are told; 0 where there are none.
func contextWidth(src weights.Source, prefix string) int {
	for _, n := range src.Names() {
		if strings.HasPrefix(n, prefix) && strings.HasSuffix(n, ".attn2.to_k.weight") {
			k, _ := weights.Describe(src, n)
			return nn.Dim(k.Shape, 1)
		}
	}
	return 0
}

func epsSampling(weights.Source) param.Sampling { return param.NewEps(param.StableDiffusion()) }

// sd2Sampling tells SD2's v models, which nothing but a statistic gives away.
//
// Compat: the reference measures the spread of one bias; inpainting models are never v models.
func sd2Sampling(src weights.Source) param.Sampling {
	const name = modelPrefix + ".output_blocks.11.1.transformer_blocks.0.norm1.bias"
	in, _ := weights.Describe(src, modelPrefix+".input_blocks.0.0.weight")
	if t, ok := src.Tensor(name); ok && nn.Dim(in.Shape, 1) == 4 && deviation(t) > 0.09 {
		return param.NewV(param.StableDiffusion())
	}
	return epsSampling(src)
}

// xlSampling reads the marks by which SDXL's variants tell themselves apart.
func xlSampling(src weights.Source) param.Sampling {
	has := func(name string) bool { _, ok := weights.Describe(src, name); return ok }
	number := func(name string, otherwise float64) float64 {
		if t, ok := src.Tensor(name); ok && t.Elems() == 1 {
			return tensor.ToF64(t)[0]
		}
		return otherwise
	}
	switch {
	case has("edm_mean") && has("edm_std"):
		return param.NewEDM(0.002, 80, 0.5)
	case has("edm_vpred.sigma_max"):
		return param.NewVContinuous(number("edm_vpred.sigma_min", 0.002), number("edm_vpred.sigma_max", 120), 1)
	case has("v_pred"):
		b := param.StableDiffusion()
		b.ZeroSNR = has("ztsnr")
		return param.NewV(b)
	}
	return epsSampling(src)
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
