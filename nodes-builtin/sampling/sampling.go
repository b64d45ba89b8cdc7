// Package sampling holds the nodes that turn noise into latents.
package sampling

import (
	"context"
	"image"
	"maps"
	"math"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// Config says how samplers show their work.
type Config struct {
	Preview     bool // send pictures of unfinished latents
	PreviewSize int  // longest side in pixels
}

// All lists the nodes of the package.
func All(c Config) []node.Node { return []node.Node{kSampler(c), kSamplerAdvanced(c), auraFlow.Node()} }

type commonIn struct {
	Model              sample.Source
	Seed               uint64
	Steps              int
	CFG                float64
	Sampler, Scheduler string
	Positive, Negative value.Conditioning
	Latent             value.Latent
}

type samplerIn struct {
	commonIn
	Denoise float64
}

type latentOut struct{ Latent value.Latent }

func kSampler(c Config) node.Node {
	return node.Def[samplerIn, latentOut]{
		ID: "KSampler", Name: "KSampler", Category: "model/sampling",
		Help:    "Removes noise from latents step by step, guided by a positive and a negative conditioning.",
		Aliases: []string{"sampler", "sample", "generate", "denoise", "diffuse", "txt2img", "img2img"},
		Ports: func(p *node.Ports, in *samplerIn, out *latentOut) {
			node.Linked(p, "model", "MODEL", &in.Model).Help("The model that removes noise.")
			node.Number(p, "seed", &in.Seed, 0).Range(0, uint64(math.MaxUint64)).Set("control_after_generate", true).
				Help("Which noise to start from: the same seed gives the same picture.")
			node.Number(p, "steps", &in.Steps, 20).Range(1, sample.MaxSteps).Help("How many steps to take.")
			node.Number(p, "cfg", &in.CFG, 8).Range(0.0, 100.0).Step(0.1).Set("round", 0.01).
				Help("How closely to follow the positive conditioning. Too much burns the picture.")
			node.Choice(p, "sampler_name", &in.Sampler, sample.SamplerNames()...).Help("How each step is taken.")
			node.Choice(p, "scheduler", &in.Scheduler, sample.SchedulerNames()...).Help("How the noise is divided among the steps.")
			node.Linked(p, "positive", "CONDITIONING", &in.Positive).Help("What to show.")
			node.Linked(p, "negative", "CONDITIONING", &in.Negative).Help("What to avoid.")
			node.Linked(p, "latent_image", "LATENT", &in.Latent).Help("The latents to start from.")
			node.Number(p, "denoise", &in.Denoise, 1).Range(0.0, 1.0).Step(0.01).
				Help("How much to change: 1 makes a new picture, less keeps more of the latents.")
			node.Result(p, "LATENT", &out.Latent).Help("The latents without noise.")
		},
		Do: func(ctx context.Context, in samplerIn) (latentOut, error) {
			r := in.request()
			r.Denoise, r.EndStep, r.AddNoise = in.Denoise, sample.ToEnd, true
			return c.run(ctx, r)
		},
	}.Node()
}

type advancedIn struct {
	AddNoise string
	commonIn
	Start, End int
	Leftover   string
}

func kSamplerAdvanced(c Config) node.Node {
	return node.Def[advancedIn, latentOut]{
		ID: "KSamplerAdvanced", Name: "KSampler (Advanced)", Category: "model/sampling",
		Help: "KSampler over a part of the steps, so that several can share a run.",
		Ports: func(p *node.Ports, in *advancedIn, out *latentOut) {
			node.Linked(p, "model", "MODEL", &in.Model)
			node.Choice(p, "add_noise", &in.AddNoise, "enable", "disable").Advanced()
			node.Number(p, "noise_seed", &in.Seed, 0).Range(0, uint64(math.MaxUint64)).Set("control_after_generate", true)
			node.Number(p, "steps", &in.Steps, 20).Range(1, sample.MaxSteps)
			node.Number(p, "cfg", &in.CFG, 8).Range(0.0, 100.0).Step(0.1).Set("round", 0.01)
			node.Choice(p, "sampler_name", &in.Sampler, sample.SamplerNames()...)
			node.Choice(p, "scheduler", &in.Scheduler, sample.SchedulerNames()...)
			node.Linked(p, "positive", "CONDITIONING", &in.Positive)
			node.Linked(p, "negative", "CONDITIONING", &in.Negative)
			node.Linked(p, "latent_image", "LATENT", &in.Latent)
			node.Number(p, "start_at_step", &in.Start, 0).Range(0, sample.MaxSteps).Advanced()
			node.Number(p, "end_at_step", &in.End, sample.MaxSteps).Range(0, sample.MaxSteps).Advanced()
			node.Choice(p, "return_with_leftover_noise", &in.Leftover, "disable", "enable").Advanced()
			node.Result(p, "LATENT", &out.Latent)
		},
		Do: func(ctx context.Context, in advancedIn) (latentOut, error) {
			r := in.request()
			r.Denoise, r.StartStep, r.EndStep = 1, in.Start, in.End
			r.AddNoise, r.ForceFullDenoise = in.AddNoise != "disable", in.Leftover != "enable"
			return c.run(ctx, r)
		},
	}.Node()
}

func (in commonIn) request() sample.Request {
	return sample.Request{
		Source: in.Model, Positive: in.Positive, Negative: in.Negative, Latent: in.Latent, Seed: in.Seed, Steps: in.Steps,
		CFG: in.CFG, Sampler: in.Sampler, Scheduler: in.Scheduler,
	}
}

func (c Config) run(ctx context.Context, r sample.Request) (latentOut, error) {
	r.Progress = func(step, total int, denoised *tensor.Tensor) error {
		var p *node.Preview
		if img := c.preview(r.Source, denoised); img != nil {
			p = &node.Preview{Image: img, Format: "JPEG", MaxSide: c.PreviewSize}
		}
		node.ProgressPreview(ctx, step+1, total, p)
		return ctx.Err()
	}
	samples, err := sample.Run(ctx, r)
	if err != nil {
		return latentOut{}, err
	}
	out := r.Latent.With(samples)
	// Compat: what said how large an empty latent is has served.
	out.Extra = maps.Clone(out.Extra)
	delete(out.Extra, "downscale_ratio_spacial")
	delete(out.Extra, "downscale_ratio_temporal")
	return latentOut{out}, nil
}

// preview is a rough picture of a latent, one pixel a cell; nil when previews are off or the format has no such picture.
func (c Config) preview(s sample.Source, denoised *tensor.Tensor) image.Image {
	if !c.Preview {
		return nil
	}
	rgb, w, h, ok := s.Format().Preview(denoised)
	if !ok {
		return nil
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = rgb[3*i], rgb[3*i+1], rgb[3*i+2], 0xff
	}
	return img
}
