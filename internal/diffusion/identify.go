package diffusion

import (
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// kind is what a weights file is, and what to do with it.
type kind struct {
	what string // "a LoRA"
	cure string // "load it with LoraLoader"
}

// sign is a mark of a kind: all names must be there, or a name must begin or end so.
type sign struct {
	kind
	has          []string
	begins, ends string
}

var (
	lora        = kind{"a LoRA", "put it into models/loras and load it with LoraLoader"}
	control     = kind{"a ControlNet", "put it into models/controlnet and load it with ControlNetLoader"}
	aloneVAE    = kind{"a VAE", "put it into models/vae and load it with VAELoader"}
	aloneModel  = kind{"a diffusion model alone, without text encoder and VAE", "put it into models/diffusion_models and load it with UNETLoader"}
	textEncoder = kind{"a text encoder", "put it into models/text_encoders and load it with CLIPLoader"}
	vision      = kind{"a CLIP vision model", "put it into models/clip_vision and load it with CLIPVisionLoader"}
	upscaler    = kind{"an upscaling model", "put it into models/upscale_models and load it with UpscaleModelLoader"}
	embedding   = kind{"a textual-inversion embedding", "put it into models/embeddings and write embedding:NAME in a prompt"}
)

// signs are asked in order: a LoRA also has the names of what it patches.
var signs = []sign{
	{kind: lora, ends: ".lora_down.weight"},
	{kind: lora, ends: ".lora_A.weight"},
	{kind: lora, ends: ".lora_up.weight"},
	{kind: lora, ends: ".lora.up.weight"},
	{kind: lora, ends: "_lora.up.weight"},
	{kind: lora, ends: ".hada_w1_a"},
	{kind: lora, ends: ".lokr_w1"},
	{kind: lora, ends: ".lokr_w1_a"},
	{kind: lora, ends: ".oft_blocks"},
	{kind: control, begins: "control_model."},
	{kind: control, begins: "controlnet_cond_embedding."},
	{kind: control, begins: "controlnet_blocks."},
	{kind: control, begins: "zero_convs."},
	{kind: control, begins: "lora_controlnet"},
	{kind: control, has: []string{"adapter.body.0.in_conv.weight"}},
	{kind: control, has: []string{"body.0.resnets.0.block1.weight"}},
	{kind: aloneVAE, has: []string{"decoder.conv_in.weight"}},
	{kind: aloneVAE, has: []string{"encoder.conv_in.weight"}},
	{kind: aloneVAE, begins: "taesd_decoder."},
	{kind: aloneModel, has: []string{"input_blocks.0.0.weight"}},
	{kind: aloneModel, has: []string{"conv_in.weight", "time_embedding.linear_1.weight"}},
	{kind: aloneModel, begins: "double_blocks."},
	{kind: aloneModel, begins: "joint_blocks."},
	{kind: aloneModel, begins: "transformer_blocks."},
	{kind: aloneModel, begins: "blocks.0.cross_attn."},
	{kind: vision, begins: "vision_model."},
	{kind: vision, begins: "visual.transformer."},
	{kind: textEncoder, begins: "text_model.encoder."},
	{kind: textEncoder, begins: "transformer.resblocks."},
	{kind: textEncoder, begins: "encoder.block.0.layer.0.SelfAttention."},
	{kind: textEncoder, begins: "model.layers.0.self_attn."},
	{kind: embedding, has: []string{"emb_params"}},
	{kind: embedding, begins: "string_to_param"},
	{kind: embedding, has: []string{"clip_l"}},
	{kind: embedding, has: []string{"clip_g"}},
	{kind: upscaler, has: []string{"conv_first.weight"}},
	{kind: upscaler, begins: "model.1.sub.0."},
	{kind: upscaler, has: []string{"body.0.weight", "body.1.weight"}},
}

// identify says what a file is; its what is empty when nothing tells.
func identify(src weights.Source) kind {
	names := src.Names()
	for _, s := range signs {
		if s.fits(src, names) {
			return s.kind
		}
	}
	return kind{}
}

func (s sign) fits(src weights.Source, names []string) bool {
	if len(s.has) > 0 {
		for _, n := range s.has {
			if _, ok := weights.Describe(src, n); !ok {
				return false
			}
		}
		return true
	}
	for _, n := range names {
		if s.begins != "" && strings.HasPrefix(n, s.begins) || s.ends != "" && strings.HasSuffix(n, s.ends) {
			return true
		}
	}
	return false
}

func notACheckpoint(src weights.Source) error {
	if k := identify(src); k.what != "" {
		return fault.New(fault.WrongModel, "this file is %s and no checkpoint: %s", k.what, k.cure)
	}
	return fault.New(fault.WrongModel, "this file is no checkpoint: it has no tensors below %q", modelPrefix)
}
