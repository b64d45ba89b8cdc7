package diffusion

import (
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// sd15Latent is the format of SD1 and SD2.
func sd15Latent(weights.Source) latent.Format {
	f := latent.Default()
	f.Name, f.Scale, f.TinyVAE = "SD15", []float32{0.18215}, "taesd_decoder"
	f.RGB = [][3]float32{{0.3512, 0.2297, 0.3227}, {0.3250, 0.4974, 0.2350}, {-0.2829, 0.1762, 0.2721}, {-0.2120, -0.2616, -0.7177}}
	return f
}

// xlLatent is SDXL's format; Playground's variant has its own middle and spread by channel.
func xlLatent(src weights.Source) latent.Format {
	f := latent.Default()
	f.Name, f.Scale, f.TinyVAE = "SDXL", []float32{0.13025}, "taesdxl_decoder"
	f.RGB = [][3]float32{{0.3651, 0.4232, 0.4341}, {-0.2533, -0.0042, 0.1068}, {0.1076, 0.1111, -0.0362}, {-0.3165, -0.2492, -0.2188}}
	f.RGBBias = [3]float32{0.1084, -0.0175, -0.0011}
	_, mean := weights.Describe(src, "edm_mean")
	_, std := weights.Describe(src, "edm_std")
	if !mean || !std {
		return f
	}
	f.Name = "SDXL_Playground_2_5"
	f.Shift = []float32{-1.6574, 1.886, -1.383, 2.5155}
	f.Scale = []float32{0.5 / 8.4927, 0.5 / 5.9022, 0.5 / 6.5498, 0.5 / 5.2299}
	f.RGB = [][3]float32{{0.3920, 0.4054, 0.4549}, {-0.2634, -0.0196, 0.0653}, {0.0568, 0.1687, -0.0755}, {-0.3112, -0.2359, -0.2076}}
	f.RGBBias = [3]float32{}
	return f
}
