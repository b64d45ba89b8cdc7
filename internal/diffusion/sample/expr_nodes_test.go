package sample_test

import (
	"regexp"
	"slices"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/guide"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

func (e eval) model(x expr) sample.Source {
	e.Helper()
	if x.Model != "" {
		return sample.Source{Model: &analytic{sampling: e.kinds.Sampling(e.T, x.Model, nil)}}
	}
	i := e.of(x)
	m := i.model("model")
	return m.With(e.attachment(x.Node, i, m))
}

// attachment is what a node attaches to a model.
func (e eval) attachment(node string, i inputs, m sample.Source) guide.Attach {
	e.Helper()
	switch node {
	case "RescaleCFG":
		return guide.Rescale(i.float("multiplier"), m.Sampling().IsFlow())
	case "CFGZeroStar":
		return guide.ZeroStar()
	case "CFGNorm":
		if i.bool("pre_cfg") {
			return guide.NormBefore(i.float("strength"))
		}
		return guide.NormAfter(i.float("strength"))
	case "APG":
		return guide.Projected(i.float("eta"), i.float("norm_threshold"), i.float("momentum"))
	case "TCFG":
		return guide.Damped()
	case "Mahiro":
		return guide.Mahiro()
	case "RenormCFG":
		return guide.Renorm(i.float("cfg_trunc"), i.float("renorm_cfg"), 4)
	case "FreSca":
		return guide.Frequencies(i.float("scale_low"), i.float("scale_high"), i.int("freq_cutoff"))
	case "Epsilon Scaling":
		return guide.EpsilonScaling(i.float("scaling_factor"))
	case "TemporalScoreRescaling":
		return guide.ScoreRescaling(i.float("tsr_k"), i.float("tsr_sigma"))
	}
	return e.control(node, i, m)
}

// control is what nodes attach that change how much, when and where a model is guided.
func (e eval) control(node string, i inputs, m sample.Source) guide.Attach {
	e.Helper()
	window := m.Sampling().PercentToSigma
	switch node {
	case "PerpNeg":
		return guide.PerpNeg(i.cond("empty_conditioning"), i.float("neg_scale"))
	case "CFGOverride":
		return guide.Override(i.float("cfg"), i.float("start_percent"), i.float("end_percent"), window)
	case "VideoLinearCFGGuidance":
		return guide.Linear(i.float("min_cfg"))
	case "VideoTriangleCFGGuidance":
		return guide.Triangle(i.float("min_cfg"))
	case "PerturbedAttentionGuidance":
		return guide.Perturbed(i.float("scale"), map[string]any{"attn1": "perturbed"})
	case "SkipLayerGuidanceDiT", "SkipLayerGuidanceSD3", "SkipLayerGuidanceDiTSimple":
		return e.skip(node, i, window)
	case "LatentApplyOperationCFG":
		return guide.Operate(e.operation(i.sub("operation")))
	case "DifferentialDiffusion":
		return guide.Differential(i.float("strength"))
	case "ModelNoiseScale":
		s := m.Sampling().WithNoiseScale(i.float("noise_scale"))
		return func(o *sample.Options) { o.Sampling = &s }
	}
	e.Fatalf("unknown node %q", node)
	return nil
}

func (e eval) skip(node string, i inputs, window func(float64) float64) guide.Attach {
	digits := regexp.MustCompile(`\d+`)
	patches := map[string]any{}
	for _, list := range []string{"layers", "double_layers", "single_layers"} {
		for _, l := range digits.FindAllString(i.text(list), -1) {
			patches[list+l] = "skip"
		}
	}
	s := guide.Skip{
		Scale: i.float("scale"), Rescale: i.float("rescaling_scale"), Patches: patches,
		From: window(i.float("start_percent")), To: window(i.float("end_percent")),
	}
	if len(patches) == 0 {
		return func(*sample.Options) {}
	}
	if node == "SkipLayerGuidanceDiTSimple" {
		return guide.SkippedUncond(s)
	}
	return guide.Skipped(s)
}

func (e eval) operation(x expr) guide.Operation {
	e.Helper()
	i := e.of(x)
	switch x.Node {
	case "LatentOperationTonemapReinhard":
		return func(t *tensor.Tensor) (*tensor.Tensor, error) { return latent.Tonemap(t, i.float("multiplier")), nil }
	case "LatentOperationSharpen":
		return func(t *tensor.Tensor) (*tensor.Tensor, error) {
			return latent.Sharpen(t, i.int("sharpen_radius"), i.float("sigma"), i.float("alpha"))
		}
	}
	e.Fatalf("unknown node %q", x.Node)
	return nil
}

// cond evaluates conditionings as the nodes of that name do.
func (e eval) cond(x expr) value.Conditioning {
	e.Helper()
	if x.Tokens != nil {
		return tokens(x.Tokens...)
	}
	i := e.of(x)
	switch x.Node {
	case "ConditioningCombine":
		return slices.Concat(i.cond("conditioning_1"), i.cond("conditioning_2"))
	case "ConditioningSetDefaultCombine":
		return slices.Concat(i.cond("cond"), each(i.cond("cond_DEFAULT"), func(c value.Cond) value.Cond {
			return value.Set(c, value.KeyDefault, true)
		}))
	case "ConditioningAverage":
		return e.average(i)
	case "ConditioningConcat":
		from := i.cond("conditioning_from")[0].Cross.F32()
		return each(i.cond("conditioning_to"), func(c value.Cond) value.Cond {
			all := slices.Concat(c.Cross.F32(), from)
			c.Cross = tensor.FromF32(all, 1, len(all)/4, 4)
			return c
		})
	case "ConditioningZeroOut":
		return each(i.cond("conditioning"), func(c value.Cond) value.Cond {
			c.Cross = tensor.New(tensor.F32, c.Cross.Shape()...)
			return c
		})
	case "ConditioningSetProperties":
		return each(i.cond("cond_NEW"), func(c value.Cond) value.Cond {
			c = value.Set(c, value.KeyMask, i.mask("mask"))
			c = value.Set(c, value.KeyMaskStrength, i.float("strength"))
			return value.Set(c, value.KeySetAreaToBounds, i.text("set_cond_area") != "default")
		})
	}
	return each(i.cond("conditioning"), func(c value.Cond) value.Cond { return e.placed(x.Node, i, c) })
}

func each(c value.Conditioning, f func(value.Cond) value.Cond) value.Conditioning {
	out := make(value.Conditioning, len(c))
	for i, x := range c {
		out[i] = f(x)
	}
	return out
}

// placed sets where and when a condition acts.
func (e eval) placed(node string, i inputs, c value.Cond) value.Cond {
	e.Helper()
	switch node {
	case "ConditioningSetArea":
		c = value.Set(c, value.KeyArea, value.Area{
			Height: float64(i.int("height") / 8), Width: float64(i.int("width") / 8),
			Y: float64(i.int("y") / 8), X: float64(i.int("x") / 8),
		})
	case "ConditioningSetAreaPercentage":
		c = value.Set(c, value.KeyArea, value.Area{
			Height: i.float("height"), Width: i.float("width"), Y: i.float("y"), X: i.float("x"), Percentage: true,
		})
	case "ConditioningSetAreaStrength":
		return value.Set(c, value.KeyStrength, i.float("strength"))
	case "ConditioningSetMask":
		c = value.Set(c, value.KeyMask, i.mask("mask"))
		c = value.Set(c, value.KeyMaskStrength, i.float("strength"))
		return value.Set(c, value.KeySetAreaToBounds, i.text("set_cond_area") != "default")
	case "ConditioningSetTimestepRange":
		c = value.Set(c, value.KeyStartPercent, i.float("start"))
		return value.Set(c, value.KeyEndPercent, i.float("end"))
	default:
		e.Fatalf("unknown node %q", node)
	}
	c = value.Set(c, value.KeyStrength, i.float("strength"))
	return value.Set(c, value.KeySetAreaToBounds, false)
}

func (e eval) average(i inputs) value.Conditioning {
	from, k := i.cond("conditioning_from")[0].Cross.F32(), float32(i.float("conditioning_to_strength"))
	return each(i.cond("conditioning_to"), func(c value.Cond) value.Cond {
		mixed := c.Cross.Clone()
		for n, v := range mixed.F32() {
			other := float32(0)
			if n < len(from) {
				other = from[n]
			}
			mixed.F32()[n] = v*k + other*(1-k)
		}
		c.Cross = mixed
		return c
	})
}

// guidanceTolerance is the README's: 1e-4 of the largest value, and what it says of samplers that react to rounding.
func guidanceTolerance(name string) float64 {
	switch {
	case regexp.MustCompile(`DPMPP_SDE`).MatchString(name):
		return 4e-3
	case regexp.MustCompile(`DPMAdaptative`).MatchString(name):
		return 2e-3
	}
	return 1e-4
}
