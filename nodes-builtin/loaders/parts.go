package loaders

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
)

type unetIn struct {
	nameIn
	Weights string
}

type modelOut struct{ Model sample.Source }

func unetLoader(m Models) node.Node {
	return node.Def[unetIn, modelOut]{
		ID: "UNETLoader", Name: "Load Diffusion Model", Category: "model/loaders",
		Help: "Loads a diffusion model from a file of its own, without text encoder and VAE.",
		Ports: func(p *node.Ports, in *unetIn, out *modelOut) {
			node.Files(p, "unet_name", &in.Name, filesOf(m, "diffusion_models"))
			node.Choice(p, "weight_dtype", &in.Weights, "default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2").Advanced().
				Help("How other servers round the weights. Here they stay as the file has them.")
			node.Result(p, "MODEL", &out.Model)
		},
		Do: func(ctx context.Context, in unetIn) (modelOut, error) {
			model, err := m.Model(ctx, in.Name)
			return modelOut{sample.Source{Model: model}}, err
		},
		Changed: func(ctx context.Context, in unetIn) (any, error) {
			return m.Version(ctx, "diffusion_models", in.Name), nil
		},
	}.Node()
}

// encoderTypes are the kinds of models that CLIPLoader's file may be for. Compat: all of them, in the reference's order.
var encoderTypes = []string{
	"stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos", "lumina2", "wan", "hidream",
	"chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image", "flux2", "ovis", "longcat_image", "cogvideox", "lens", "pixeldit",
	"ideogram4", "boogu", "krea2", "joyimage", "mage", "minimax",
}

type encoderIn struct {
	nameIn
	Type, Device string
}

func clipLoader(m Models) node.Node {
	return node.Def[encoderIn, clipOut]{
		ID: "CLIPLoader", Name: "Load CLIP", Category: "model/loaders",
		Help: "Loads a text encoder from a file of its own. What kind it is, is told from the file.",
		Ports: func(p *node.Ports, in *encoderIn, out *clipOut) {
			node.Files(p, "clip_name", &in.Name, filesOf(m, "text_encoders"))
			node.Choice(p, "type", &in.Type, encoderTypes...)
			node.Choice(p, "device", &in.Device, "default", "cpu").Optional().Advanced()
			node.Result(p, "CLIP", &out.CLIP)
		},
		Do: func(ctx context.Context, in encoderIn) (clipOut, error) {
			c, err := m.Text(ctx, in.Name)
			return clipOut{c}, err
		},
		Changed: func(ctx context.Context, in encoderIn) (any, error) {
			return m.Version(ctx, "text_encoders", in.Name), nil
		},
	}.Node()
}
