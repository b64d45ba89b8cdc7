package diffusion

import (
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// sd15Latent is the format of SD1 and SD2.
func sd15Latent(weights.Source) latent.Format { return format("SD15") }

// xlLatent is SDXL's format; Playground's variant has its own middle and spread by channel.
func xlLatent(src weights.Source) latent.Format {
	_, mean := weights.Describe(src, "edm_mean")
	_, std := weights.Describe(src, "edm_std")
	if mean && std {
		return format("SDXL_Playground_2_5")
	}
	return format("SDXL")
}

// format is a latent format that there is.
func format(name string) latent.Format {
	f, ok := latent.ByName(name)
	if !ok {
		panic("diffusion: no latent format " + name)
	}
	return f
}
