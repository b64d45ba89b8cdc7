package clip

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	vocabulary "github.com/cocoonhq/cocoon/internal/tokenizer/clip"
)

// The encoders of each family, without heads: those follow from the width.
var (
	// SD1 is ViT-L of Stable Diffusion 1: the pooled vector is not projected.
	SD1 = Config{Activation: tensor.KindQuickGELU, NormHidden: true, Pad: vocabulary.End}
	// SD2 is OpenCLIP's H of Stable Diffusion 2.
	SD2 = Config{Activation: tensor.KindGELU, Layer: -2, NormHidden: true, Projected: true}
	// SDXLSmall is SDXL's ViT-L.
	SDXLSmall = Config{Activation: tensor.KindQuickGELU, Layer: -2, Projected: true, Pad: vocabulary.End}
	// SDXLLarge is OpenCLIP's bigG of SDXL and its refiner.
	SDXLLarge = Config{Activation: tensor.KindGELU, Layer: -2, Projected: true}
	// Cascade is OpenCLIP's bigG of Stable Cascade.
	Cascade = Config{Activation: tensor.KindGELU, Layer: -1, Projected: true, MaskPadding: true, Pad: vocabulary.End}
)
