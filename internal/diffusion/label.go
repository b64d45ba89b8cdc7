package diffusion

import (
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// The options of a condition that SDXL reads beside sample's: where a picture was cut from, how large it should look, and
// how pretty it is said to be.
const (
	KeyCropW          value.Key[int]     = "crop_w"
	KeyCropH          value.Key[int]     = "crop_h"
	KeyTargetWidth    value.Key[int]     = "target_width"
	KeyTargetHeight   value.Key[int]     = "target_height"
	KeyAestheticScore value.Key[float64] = "aesthetic_score"
)

// labeller makes the numbers that follow the pooled text in a label vector.
type labeller func(c value.Cond, in sample.CondInput) []float32

// labelWidth is the width that each number of a label vector takes.
const labelWidth = 256

// xlLabel is SDXL's sizes: arXiv:2307.01952, section 2.2.
func xlLabel(c value.Cond, in sample.CondInput) []float32 {
	crop := func(k value.Key[int]) float32 { return float32(value.Or(c, k, 0)) }
	return []float32{
		float32(in.Height), float32(in.Width), crop(KeyCropH), crop(KeyCropW),
		float32(value.Or(c, KeyTargetHeight, in.Height)), float32(value.Or(c, KeyTargetWidth, in.Width)),
	}
}

// refinerLabel is the refiner's sizes and score.
func refinerLabel(c value.Cond, in sample.CondInput) []float32 {
	score := 6.0
	if in.PromptType == "negative" {
		score = 2.5
	}
	return []float32{
		float32(in.Height), float32(in.Width), float32(value.Or(c, KeyCropH, 0)), float32(value.Or(c, KeyCropW, 0)),
		float32(value.Or(c, KeyAestheticScore, score)),
	}
}

// labelVector joins pooled text, F32 [b, w], with the embeddings of numbers: F32 [b, w + 256 each].
func labelVector(pooled *tensor.Tensor, numbers []float32) *tensor.Tensor {
	n, w := pooled.Dim(0), pooled.Dim(1)
	embedded := nn.Timesteps(numbers, labelWidth, 10000).F32()
	out := make([]float32, 0, n*(w+len(embedded)))
	for i := range n {
		out = append(out, pooled.F32()[i*w:(i+1)*w]...)
		out = append(out, embedded...)
	}
	return tensor.FromF32(out, n, w+len(embedded))
}

// labelOf is the label vector of a condition.
func (m *Model) labelOf(c value.Cond, in sample.CondInput) (*tensor.Tensor, error) {
	pooled, ok := value.Get(c, value.KeyPooled)
	if !ok || pooled == nil || len(pooled.Shape()) != 2 {
		return nil, fault.New(fault.BadTensor,
			"%s needs conditioning with a pooled text encoding: encode the prompt with the CLIP of such a model", m.family.name)
	}
	return labelVector(pooled.Dense(), m.family.label(c, in)), nil
}
