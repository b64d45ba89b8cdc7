package diffusion

import (
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/weights"
)

func sd15Latent(weights.Source) latent.Format { return scaled("SD15", 0.18215) }

// xlLatent is SDXL's format; Playground's variant has its own middle and spread by channel.
func xlLatent(src weights.Source) latent.Format {
	_, mean := weights.Describe(src, "edm_mean")
	_, std := weights.Describe(src, "edm_std")
	if !mean || !std {
		return scaled("SDXL", 0.13025)
	}
	f := scaled("SDXL_Playground_2_5", 0.5)
	f.Shift = []float32{-1.6574, 1.886, -1.383, 2.5155}
	f.Scale = []float32{0.5 / 8.4927, 0.5 / 5.9022, 0.5 / 6.5498, 0.5 / 5.2299}
	return f
}

func scaled(name string, scale float32) latent.Format {
	f := latent.Default()
	f.Name, f.Scale = name, []float32{scale}
	return f
}
