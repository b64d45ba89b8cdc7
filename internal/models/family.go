package models

import (
	"slices"
)

// Family is a line of models that share an architecture and the parts around it.
type Family string

// The families of U-shaped models. Those of transformers are in the table beside their names.
const (
	SD1     Family = "sd1"
	SD2     Family = "sd2"
	SDXL    Family = "sdxl" // SSD-1B, Segmind Vega and KOALA too
	Refiner Family = "sdxl-refiner"
	SVD     Family = "svd" // SV3D too
	Cascade Family = "cascade"
	X4      Family = "sd-x4-upscaler"
	Lotus   Family = "lotus"
)

// Prediction says what a model's output stands for.
type Prediction string

// The predictions.
const (
	EPS         Prediction = "eps"
	VPrediction Prediction = "v_prediction"
	EDM         Prediction = "edm"
	VEDM        Prediction = "v_prediction_edm"
	ImageToImg  Prediction = "img_to_img"
	CascadePred Prediction = "stable_cascade"
	Flow        Prediction = "flow" // rectified flow of any kind
)

// unetClass is one row of the classes of U-shaped models.
type unetClass struct {
	class      string // the reference's name
	family     Family
	match      func(u *UNet) bool
	required   string // a tensor that must be there, counted from the file's root
	heads      int    // 0: by head width
	prediction Prediction
	latent     string // the reference's name of the latent format
	vision     string // prefix of an image encoder in the checkpoint
}

// unetClasses are the known sizes, in the order in which they are tried.
//
// Compat: order and conditions are those of the reference's supported models.
func unetClasses() []unetClass {
	plain := func(channels, context, label int, linear bool) func(*UNet) bool {
		return func(u *UNet) bool {
			return u.Channels == channels && u.Context == context && u.Label == label && u.LinearProjections == linear && !u.Temporal
		}
	}
	with := func(f func(*UNet) bool, in int) func(*UNet) bool {
		return func(u *UNet) bool { return f(u) && u.In == in }
	}
	deep := func(channels, context, label int, depth ...int) func(*UNet) bool {
		f := plain(channels, context, label, true)
		return func(u *UNet) bool { return f(u) && slices.Equal(u.TransformerDepth, depth) }
	}
	video := func(label int) func(*UNet) bool {
		return func(u *UNet) bool {
			return u.Channels == 320 && u.In == 8 && u.LinearProjections && u.Context == 1024 && u.Label == label && u.Temporal &&
				slices.Equal(u.TransformerDepth, []int{1, 1, 1, 1, 1, 1, 0, 0})
		}
	}
	const sgmVision = "conditioner.embedders.0.open_clip.model.visual."
	sd1 := plain(320, 768, 0, false)
	return []unetClass{
		{class: "LotusD", family: Lotus, match: func(u *UNet) bool {
			return u.Channels == 320 && u.LinearProjections && !u.Temporal && u.Label == 4 && u.In == 4
		}, prediction: ImageToImg, latent: "SD15"},
		{class: "Stable_Zero123", family: SD1, match: with(sd1, 8), required: "cc_projection.weight", heads: 8, prediction: EPS, latent: "SD15", vision: "cond_stage_model.model.visual."},
		{class: "SD15_instructpix2pix", family: SD1, match: with(sd1, 8), heads: 8, prediction: EPS, latent: "SD15"},
		{class: "SD15", family: SD1, match: sd1, heads: 8, prediction: EPS, latent: "SD15"},
		{class: "SD20", family: SD2, match: plain(320, 1024, 0, true), prediction: EPS, latent: "SD15"},
		{class: "SD21UnclipL", family: SD2, match: plain(320, 1024, 1536, true), prediction: EPS, latent: "SD15", vision: "embedder.model.visual."},
		{class: "SD21UnclipH", family: SD2, match: plain(320, 1024, 2048, true), prediction: EPS, latent: "SD15", vision: "embedder.model.visual."},
		{class: "SDXL_instructpix2pix", family: SDXL, match: with(deep(320, 2048, 2816, 0, 0, 2, 2, 10, 10), 8), prediction: EPS, latent: "SDXL"},
		{class: "SDXLRefiner", family: Refiner, match: deep(384, 1280, 2560, 0, 0, 4, 4, 4, 4, 0, 0), prediction: EPS, latent: "SDXL"},
		{class: "SDXL", family: SDXL, match: deep(320, 2048, 2816, 0, 0, 2, 2, 10, 10), prediction: EPS, latent: "SDXL"},
		{class: "SSD1B", family: SDXL, match: deep(320, 2048, 2816, 0, 0, 2, 2, 4, 4), prediction: EPS, latent: "SDXL"},
		{class: "KOALA_700M", family: SDXL, match: deep(320, 2048, 2816, 0, 2, 5), prediction: EPS, latent: "SDXL"},
		{class: "KOALA_1B", family: SDXL, match: deep(320, 2048, 2816, 0, 2, 6), prediction: EPS, latent: "SDXL"},
		{class: "Segmind_Vega", family: SDXL, match: deep(320, 2048, 2816, 0, 0, 1, 1, 2, 2), prediction: EPS, latent: "SDXL"},
		{class: "SD_X4Upscaler", family: X4, match: with(plain(256, 1024, 0, true), 7), heads: 8, prediction: VPrediction, latent: "SD_X4"},
		{class: "SV3D_u", family: SVD, match: video(256), prediction: VEDM, latent: "SD15", vision: sgmVision},
		{class: "SV3D_p", family: SVD, match: video(1280), prediction: VEDM, latent: "SD15", vision: sgmVision},
		{class: "SVD_img2vid", family: SVD, match: video(768), prediction: VEDM, latent: "SD15", vision: sgmVision},
	}
}

// anySize are the families by what does not depend on size, for models that no row of unetClasses knows. The reference knows
// its models in their published sizes only; here a small or a deep one is of the family whose shape it has.
func anySize() []unetClass {
	return []unetClass{
		{class: "SVD_img2vid", family: SVD, match: func(u *UNet) bool { return u.Temporal }, prediction: VEDM, latent: "SD15"},
		{class: "SD_X4Upscaler", family: X4, match: func(u *UNet) bool { return u.Label == 0 && u.LinearProjections && u.In == 7 }, heads: 8, prediction: VPrediction, latent: "SD_X4"},
		{class: "SD15_instructpix2pix", family: SD1, match: func(u *UNet) bool { return u.Label == 0 && !u.LinearProjections && u.In == 8 }, heads: 8, prediction: EPS, latent: "SD15"},
		{class: "SD15", family: SD1, match: func(u *UNet) bool { return u.Label == 0 && !u.LinearProjections }, heads: 8, prediction: EPS, latent: "SD15"},
		{class: "SD20", family: SD2, match: func(u *UNet) bool { return u.Label == 0 && u.LinearProjections }, prediction: EPS, latent: "SD15"},
		{class: "SDXLRefiner", family: Refiner, match: func(u *UNet) bool {
			return u.LinearProjections && len(u.ChannelMult) == 4 && len(u.TransformerDepth) > 0 && u.TransformerDepth[0] == 0
		}, prediction: EPS, latent: "SDXL"},
		{class: "SDXL", family: SDXL, match: func(u *UNet) bool {
			return u.LinearProjections && len(u.TransformerDepth) > 0 && u.TransformerDepth[0] == 0
		}, prediction: EPS, latent: "SDXL"},
		{class: "SD21UnclipH", family: SD2, match: func(u *UNet) bool { return u.LinearProjections }, prediction: EPS, latent: "SD15", vision: "embedder.model.visual."},
	}
}

// classify finds the row of a configuration and sets the heads in it; false when there is none.
func classify(u *UNet, root names) (unetClass, bool) {
	for _, c := range append(unetClasses(), anySize()...) {
		if !c.match(u) || c.required != "" && !root.has(c.required) {
			continue
		}
		u.Heads, u.HeadWidth = c.heads, 0
		if c.heads == 0 {
			u.HeadWidth = 64
		}
		return c, true
	}
	return unetClass{}, false
}

// Sampling is what a checkpoint says about its noise. Zero values stand for the family's own.
type Sampling struct {
	Prediction      Prediction
	ZeroTerminalSNR bool
	SigmaMin        float64
	SigmaMax        float64
	SigmaData       float64
	Shift           float64
	LinearStart     float64 // of the betas
	LinearEnd       float64
}

// vPredictionDeviation is the standard deviation of a bias from which on a model of the second generation predicts v.
const vPredictionDeviation = 0.09

// sampling finds out what a U-shaped model predicts.
//
// Compat: SD2 by the deviation of one bias, SDXL by marker tensors at the file's root.
func sampling(c unetClass, u *UNet, root, unet names) (s Sampling, latent string) {
	s.Prediction, latent = c.prediction, c.latent
	switch c.family {
	case SD2:
		d, ok := deviation(unet, "output_blocks.11.1.transformer_blocks.0.norm1.bias")
		if ok && u.In == 4 && d > vPredictionDeviation {
			s.Prediction = VPrediction
		}
	case X4:
		s.LinearStart, s.LinearEnd = 0.0001, 0.02
	case SVD:
		s.SigmaMin, s.SigmaMax = 0.002, 700
	case SDXL:
		switch {
		case root.hasAll("edm_mean", "edm_std"):
			latent = "SDXL_Playground_2_5"
			s = Sampling{Prediction: EDM, SigmaData: 0.5, SigmaMin: 0.002, SigmaMax: 80}
		case root.has("edm_vpred.sigma_max"):
			s.Prediction = VEDM
			s.SigmaMax, _ = root.value("edm_vpred.sigma_max")
			s.SigmaMin, _ = root.value("edm_vpred.sigma_min")
		case root.has("v_pred"):
			s.Prediction, s.ZeroTerminalSNR = VPrediction, root.has("ztsnr")
		}
	}
	return s, latent
}
