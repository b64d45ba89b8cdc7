package sample_test

import (
	"slices"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/rng"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/schedule"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/solver"
	"github.com/cocoonhq/cocoon/internal/imaging/resample"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// latent evaluates what gives a latent: samplers and the latent nodes around them.
func (e eval) latent(x expr) value.Latent {
	e.Helper()
	if x.Latent != nil {
		return x.Latent.value(e.T)
	}
	i := e.of(x)
	switch x.Node {
	case "KSampler", "KSamplerAdvanced":
		return e.ksampler(x.Node, i)
	case "SamplerCustom", "SamplerCustomAdvanced":
		return e.custom(x, i)
	case "AddNoise":
		out, err := sample.AddNoise(i.model("model"), e.noise(i.sub("noise")), e.sigmas(i.sub("sigmas")), i.latent("latent_image"))
		e.must(err)
		return out
	case "LatentApplyOperation":
		l := i.latent("samples")
		out, err := e.operation(i.sub("operation"))(l.Samples)
		e.must(err)
		return l.With(out)
	case "LatentFromBatch":
		l := i.latent("samples")
		from, n := i.int("batch_index"), i.int("length")
		for k := range n {
			l.BatchIndex = append(l.BatchIndex, from+k)
		}
		return l.With(l.Samples.Slice(0, from, from+n).Clone())
	case "RepeatLatentBatch":
		l := i.latent("samples")
		all := slices.Repeat(l.Samples.F32(), i.int("amount"))
		shape := l.Samples.Shape().Clone()
		shape[0] *= i.int("amount")
		return l.With(tensor.FromF32(all, shape...))
	case "LatentBatchSeedBehavior":
		l := i.latent("samples")
		l.BatchIndex = make([]int, l.Samples.Dim(0))
		if i.text("seed_behavior") == "random" {
			l.BatchIndex = nil
		}
		return l
	}
	e.Fatalf("unknown node %q", x.Node)
	return value.Latent{}
}

func (e eval) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func (e eval) ksampler(node string, i inputs) value.Latent {
	e.Helper()
	l := i.latent("latent_image")
	r := sample.Request{
		Source: i.model("model"), Positive: i.cond("positive"), Negative: i.cond("negative"), Latent: l,
		Steps: i.int("steps"), CFG: i.float("cfg"), Sampler: i.text("sampler_name"), Scheduler: i.text("scheduler"),
	}
	if node == "KSampler" {
		r.Seed, r.Denoise, r.EndStep, r.AddNoise = i.seed("seed"), i.float("denoise"), sample.ToEnd, true
	} else {
		r.Seed, r.Denoise, r.AddNoise = i.seed("noise_seed"), 1, i.text("add_noise") == "enable"
		r.StartStep, r.EndStep = i.int("start_at_step"), i.int("end_at_step")
		r.ForceFullDenoise = i.text("return_with_leftover_noise") == "disable"
	}
	out, err := sample.Run(e.Context(), r)
	e.must(err)
	return l.With(out)
}

func (e eval) custom(x expr, i inputs) value.Latent {
	e.Helper()
	c := sample.Custom{
		Sampler: e.sampler(i.sub("sampler")), Sigmas: e.sigmas(i.sub("sigmas")), Latent: i.latent("latent_image"),
		Noise: sample.Silence{}, Global: nil,
	}
	if x.Node == "SamplerCustom" {
		c.Seed = i.seed("noise_seed")
		if i.bool("add_noise") {
			c.Noise = sample.RandomNoise{Seed: c.Seed}
		}
		c.Guider = sample.CFG{Source: i.model("model"), Positive: i.cond("positive"), Negative: i.cond("negative"), Scale: i.float("cfg")}
	} else {
		c.Noise, c.Guider = e.noise(i.sub("noise")), e.guider(i.sub("guider"))
		if n, ok := c.Noise.(sample.RandomNoise); ok {
			c.Seed = n.Seed
		} else {
			c.Global = rng.New(0)
		}
	}
	out, err := sample.RunCustom(e.Context(), c)
	e.must(err)
	if x.Out == 1 {
		return c.Latent.With(out.Denoised)
	}
	return c.Latent.With(out.Samples)
}

func (e eval) noise(x expr) sample.Noise {
	e.Helper()
	switch x.Node {
	case "RandomNoise":
		return sample.RandomNoise{Seed: e.of(x).seed("noise_seed")}
	case "DisableNoise":
		return sample.Silence{}
	}
	e.Fatalf("unknown node %q", x.Node)
	return nil
}

func (e eval) guider(x expr) sample.Guider {
	e.Helper()
	i := e.of(x)
	switch x.Node {
	case "BasicGuider":
		return sample.Basic{Source: i.model("model"), Positive: i.cond("conditioning")}
	case "CFGGuider":
		return sample.CFG{Source: i.model("model"), Positive: i.cond("positive"), Negative: i.cond("negative"), Scale: i.float("cfg")}
	case "DualCFGGuider":
		return sample.DualCFG{
			Source: i.model("model"), First: i.cond("cond1"), Second: i.cond("cond2"), Negative: i.cond("negative"),
			Scale: i.float("cfg_conds"), SecondScale: i.float("cfg_cond2_negative"), Nested: i.text("style") == "nested",
		}
	case "PerpNegGuider":
		return sample.PerpNeg{
			Source: i.model("model"), Positive: i.cond("positive"), Negative: i.cond("negative"),
			Empty: i.cond("empty_conditioning"), Scale: i.float("cfg"), NegScale: i.float("neg_scale"),
		}
	case "DualModelGuider":
		neg := value.Conditioning{{}}
		if i.has("negative") {
			neg = i.cond("negative")
		}
		if !i.has("model_negative") {
			return sample.CFG{Source: i.model("model"), Positive: i.cond("positive"), Negative: neg, Scale: i.float("cfg")}
		}
		return sample.DualModel{
			Source: i.model("model"), Second: i.model("model_negative"), Positive: i.cond("positive"), Negative: neg,
			Scale: i.float("cfg"),
		}
	}
	e.Fatalf("unknown node %q", x.Node)
	return nil
}

func (e eval) sigmas(x expr) []float32 {
	e.Helper()
	if x.Sigmas != nil {
		return *x.Sigmas
	}
	i := e.of(x)
	switch x.Node {
	case "BasicScheduler":
		s, err := schedule.Basic(i.text("scheduler"), i.model("model").Sampling(), i.int("steps"), i.float("denoise"))
		e.must(err)
		return s
	case "SplitSigmas":
		high, low := schedule.Split(e.sigmas(i.sub("sigmas")), i.int("step"))
		if x.Out == 1 {
			return low
		}
		return high
	case "FlipSigmas":
		return schedule.Flip(e.sigmas(i.sub("sigmas")))
	}
	e.Fatalf("unknown node %q", x.Node)
	return nil
}

func (e eval) sampler(x expr) sample.Sampler {
	e.Helper()
	i := e.of(x)
	eta, sNoise := i.f32("eta"), i.f32("s_noise")
	switch x.Node {
	case "KSamplerSelect":
		s, err := sample.SamplerByName(i.text("sampler_name"))
		e.must(err)
		return s
	case "SamplerEulerAncestral":
		return sample.Sampler{Solve: solver.EulerAncestral(eta, sNoise)}
	case "SamplerEulerAncestralCFGPP":
		return sample.Sampler{Solve: solver.EulerAncestralCFGPP(eta, sNoise)}
	case "SamplerEulerCFGpp":
		if i.text("version") == "alternative" {
			return sample.Sampler{Solve: solver.EulerPP}
		}
		return sample.Sampler{Solve: solver.EulerAncestralCFGPP(0, 0)}
	case "SamplerLMS":
		return sample.Sampler{Solve: solver.LMS(i.int("order"))}
	case "SamplerDPMPP_2M_SDE":
		return sample.Sampler{Solve: solver.DPMPP2MSDE(eta, sNoise, i.text("solver_type") == "heun")}
	case "SamplerDPMPP_3M_SDE":
		return sample.Sampler{Solve: solver.DPMPP3MSDE(eta, sNoise)}
	case "SamplerDPMPP_SDE":
		return sample.Sampler{Solve: solver.DPMPPSDE(eta, sNoise, i.f32("r"))}
	case "SamplerDPMPP_2S_Ancestral":
		return sample.Sampler{Solve: solver.DPMPP2SAncestral(eta, sNoise)}
	case "SamplerSEEDS2":
		return sample.Sampler{Solve: solver.Seeds2(eta, sNoise, i.f32("r"), i.text("solver_type") == "phi_2")}
	}
	return sample.Sampler{Solve: e.solver(x.Node, i, eta, sNoise)}
}

func (e eval) solver(node string, i inputs, eta, sNoise float32) solver.Solver {
	e.Helper()
	switch node {
	case "SamplerDPMAdaptative":
		return solver.DPMAdaptive(solver.Adaptive{
			Order: i.int("order"), Relative: i.f32("rtol"), Absolute: i.f32("atol"), First: i.float("h_init"),
			P: i.float("pcoeff"), I: i.float("icoeff"), D: i.float("dcoeff"), Safety: i.float("accept_safety"),
			Eta: eta, SNoise: sNoise,
		})
	case "SamplerER_SDE":
		scale := solver.ERSDEScaled(eta)
		switch kind := i.text("solver_type"); {
		case kind == "ODE" || eta == 0:
			scale, sNoise = solver.ERODE, 0
		case kind == "Reverse-time SDE":
			scale = solver.ReverseSDE(eta)
		}
		return solver.ERSDE(scale, sNoise, i.int("max_stage"))
	case "SamplerSASolver":
		window := i.model("model").Sampling().PercentToSigma
		return solver.SASolver(solver.StochasticAdams{
			Eta: i.float("eta"), Start: window(i.float("sde_start_percent")), End: window(i.float("sde_end_percent")),
			SNoise: sNoise, Predictor: i.int("predictor_order"), Corrector: i.int("corrector_order"),
			PECE: i.bool("use_pece"), Simple: i.bool("simple_order_2"),
		})
	case "SamplerLCM":
		return solver.LCM(solver.Consistency{SNoise: i.float("s_noise"), SNoiseEnd: i.float("s_noise_end"), ClipStd: i.f32("noise_clip_std")})
	case "SamplerLCMUpscale":
		return solver.LCMUpscale(i.float("scale_ratio"), i.int("scale_steps"), e.resize(i.text("upscale_method")))
	}
	e.Fatalf("unknown node %q", node)
	return nil
}

// resize is what LCMUpscale is given; the method is the node's.
func (e eval) resize(method string) solver.Resize {
	return func(x []float32, shape []int, width, height int) ([]float32, error) {
		in := resample.Planes{N: shape[0], C: shape[1], T: 1, H: shape[2], W: shape[3], Pix: x}
		out, err := resample.To(e.Context(), in, width, height, resample.Method(method), resample.Disabled)
		return out.Pix, err
	}
}
