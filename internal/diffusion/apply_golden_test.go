package diffusion

import (
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/unet"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/internal/weights"
	"github.com/cocoonhq/cocoon/internal/weights/weightstest"
)

// applyConfig is a golden file's hyperparameters.
type applyConfig struct {
	UNet struct {
		Heads     int `json:"num_heads"`
		HeadWidth int `json:"num_head_channels"`
	} `json:"unet"`
	Prediction string `json:"prediction"`
	Settings   struct {
		Data float64 `json:"sigma_data"`
		Max  float64 `json:"sigma_max"`
		Min  float64 `json:"sigma_min"`
		Zero bool    `json:"zsnr"`
	} `json:"sampling_settings"`
}

func (c applyConfig) sampling(t *testing.T) param.Sampling {
	b, s := param.StableDiffusion(), c.Settings
	b.ZeroSNR = s.Zero
	if s.Data == 0 {
		s.Data = 1
	}
	switch c.Prediction {
	case "eps":
		return param.NewEps(b)
	case "v":
		return param.NewV(b)
	case "edm":
		return param.NewEDM(s.Min, s.Max, s.Data)
	case "edm_v":
		return param.NewVContinuous(s.Min, s.Max, s.Data)
	}
	t.Fatalf("prediction %q", c.Prediction)
	return param.Sampling{}
}

// TestGoldenApply goes from a noisy latent and its sigma to the clean latent that a model predicts.
func TestGoldenApply(t *testing.T) {
	diffusiontest.Each(t, "unet", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "apply_model" {
			return false
		}
		var cfg applyConfig
		c.Config(t, &cfg)
		s := weights.NewScope(weightstest.FromGolden(t, c.Path), modelPrefix)
		m := &Model{
			net: unet.New(s, unet.Config{Heads: max(0, cfg.UNet.Heads), HeadWidth: cfg.UNet.HeadWidth}),
			run: programs.New(diffusiontest.CPU(t)), family: &families()[0], sampling: cfg.sampling(t),
		}
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		x, sigmas := c.Tensor(t, "in.x"), c.Tensor(t, "in.sigma").F32()
		out := tensor.New(tensor.F32, x.Shape()...)
		item := x.Elems() / x.Dim(0)
		for i, sigma := range sigmas { // each item has a sigma of its own, which no sampler does
			applyOne(t, m, c, i, sigma, out.F32()[i*item:(i+1)*item])
		}
		c.Compare(t, "out.denoised", out)
		return true
	})
}

func applyOne(t *testing.T, m *Model, c diffusiontest.Case, i int, sigma float32, denoised []float32) {
	t.Helper()
	s := m.Sampling()
	one := func(name string) *tensor.Tensor {
		if all := c.Tensor(t, name); all != nil {
			return all.Slice(0, i, i+1).Dense()
		}
		return nil
	}
	x := one("in.x")
	in := x.Clone()
	s.Input(in.F32(), x.F32(), sigma)
	if beside := one("in.c_concat"); beside != nil {
		in = tensor.FromF32(append(in.F32(), beside.F32()...), 1, in.Dim(1)+beside.Dim(1), in.Dim(2), in.Dim(3))
	}
	b := &sample.Batch{Values: sample.Values{"c_crossattn": {Tensor: one("in.context")}}}
	if y := one("in.y"); y != nil {
		b.Values["y"] = sample.Value{Tensor: y}
	}
	got, err := m.Apply(t.Context(), in, []float32{s.Timestep(sigma)}, b)
	if err != nil {
		t.Fatal(err)
	}
	s.Denoised(denoised, got.F32(), x.F32(), sigma)
}

// TestGoldenLabels makes the label vectors of SDXL and its refiner.
func TestGoldenLabels(t *testing.T) {
	diffusiontest.Each(t, "unet", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "encode_adm" {
			return false
		}
		var cfg struct {
			Arguments struct {
				Width      int     `json:"width"`
				Height     int     `json:"height"`
				CropW      int     `json:"crop_w"`
				CropH      int     `json:"crop_h"`
				TargetW    int     `json:"target_width"`
				TargetH    int     `json:"target_height"`
				Score      float64 `json:"aesthetic_score"`
				PromptType string  `json:"prompt_type"`
			} `json:"arguments"`
		}
		cfg.Arguments.Width, cfg.Arguments.Height = 768, 768
		c.Config(t, &cfg)
		a := cfg.Arguments
		cond := value.Set(value.Set(value.Cond{}, KeyCropW, a.CropW), KeyCropH, a.CropH)
		if a.TargetW > 0 {
			cond = value.Set(value.Set(cond, KeyTargetWidth, a.TargetW), KeyTargetHeight, a.TargetH)
		}
		if a.Score > 0 {
			cond = value.Set(cond, KeyAestheticScore, a.Score)
		}
		label := map[string]labeller{"sdxl": xlLabel, "sdxl-refiner": refinerLabel}[c.Family]
		in := sample.CondInput{Width: a.Width, Height: a.Height, PromptType: a.PromptType}
		c.Compare(t, "out.y", labelVector(c.Tensor(t, "in.pooled"), label(cond, in)))
		return true
	})
}
