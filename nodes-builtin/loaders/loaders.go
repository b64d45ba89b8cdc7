// Package loaders holds the nodes that bring models in, and those that use a text encoder.
package loaders

import (
	"context"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/diffusion"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/latent"
)

// Models is what these nodes need of the model folders. Loaded parts are shared: loading the same file again is free.
type Models interface {
	// Names lists the files of a folder as they are now, sorted.
	Names(ctx context.Context, folder string) []string
	// Checkpoint loads a file of the folder checkpoints. An error says what the file is and which node loads it.
	Checkpoint(ctx context.Context, name string) (diffusion.Checkpoint, error)
	// Model loads a file of the folder diffusion_models. An error says what the file is, and when it cannot be run yet.
	Model(ctx context.Context, name string) (*diffusion.Model, error)
	// Text loads a file of the folder text_encoders. An error says what the file is, and when it cannot be run yet.
	Text(ctx context.Context, name string) (*diffusion.CLIP, error)
	// VAE loads a file of the folder vae.
	VAE(ctx context.Context, name string) (*diffusion.VAE, error)
	// Version tells one content of a file from another.
	Version(ctx context.Context, folder, name string) string
	// Embeddings finds textual-inversion embeddings.
	Embeddings() diffusion.Embeddings
}

// All lists the nodes of the package.
func All(m Models) []node.Node {
	return []node.Node{checkpoint(m), unetLoader(m), clipLoader(m), vaeLoader(m), textEncode(m), setLastLayer.Node()}
}

type nameIn struct{ Name string }

type checkpointOut struct {
	Model sample.Source
	CLIP  *diffusion.CLIP
	VAE   latent.VAE // nil when the file has none
}

func checkpoint(m Models) node.Node {
	return node.Def[nameIn, checkpointOut]{
		ID: "CheckpointLoaderSimple", Name: "Load Checkpoint", Category: "model/loaders",
		Help:    "Loads a checkpoint: the model that removes noise, its text encoder and its VAE.",
		Aliases: []string{"load model", "checkpoint", "model loader", "load checkpoint", "ckpt", "model"},
		Ports: func(p *node.Ports, in *nameIn, out *checkpointOut) {
			node.Files(p, "ckpt_name", &in.Name, filesOf(m, "checkpoints")).Help("The checkpoint's file.")
			node.Result(p, "MODEL", &out.Model).Help("Removes noise from latents.")
			node.Result(p, "CLIP", &out.CLIP).Help("Encodes texts.")
			node.Result(p, "VAE", &out.VAE).Help("Turns latents into pictures and back.")
		},
		Do: func(ctx context.Context, in nameIn) (checkpointOut, error) {
			c, err := m.Checkpoint(ctx, in.Name)
			if err != nil {
				return checkpointOut{}, err
			}
			out := checkpointOut{Model: sample.Source{Model: c.Model}, CLIP: c.CLIP}
			if c.VAE != nil {
				out.VAE = c.VAE
			}
			return out, nil
		},
		Changed: changed(m, "checkpoints"),
	}.Node()
}

// changed loads a file anew that was replaced under its name.
func changed(m Models, folder string) func(context.Context, nameIn) (any, error) {
	return func(ctx context.Context, in nameIn) (any, error) { return m.Version(ctx, folder, in.Name), nil }
}

// filesOf lists the files of a folder.
func filesOf(m Models, folder string) func(context.Context) []string {
	return func(ctx context.Context) []string { return m.Names(ctx, folder) }
}

type vaeOut struct{ VAE latent.VAE }

func vaeLoader(m Models) node.Node {
	return node.Def[nameIn, vaeOut]{
		ID: "VAELoader", Name: "Load VAE", Category: "model/loaders", Help: "Loads a VAE from a file of its own.",
		Ports: func(p *node.Ports, in *nameIn, out *vaeOut) {
			node.Files(p, "vae_name", &in.Name, func(ctx context.Context) []string {
				return append(slices.Clone(m.Names(ctx, "vae")), pixelSpaceName)
			})
			node.Result(p, "VAE", &out.VAE)
		},
		Do: func(ctx context.Context, in nameIn) (vaeOut, error) {
			if in.Name == pixelSpaceName {
				return vaeOut{pixelSpace{}}, nil
			}
			v, err := m.VAE(ctx, in.Name)
			return vaeOut{v}, err
		},
		Changed: changed(m, "vae"),
	}.Node()
}

type textIn struct {
	Text string
	CLIP *diffusion.CLIP
}

type conditioningOut struct{ Conditioning value.Conditioning }

func textEncode(m Models) node.Node {
	return node.Def[textIn, conditioningOut]{
		ID: "CLIPTextEncode", Name: "CLIP Text Encode (Prompt)", Category: "model/conditioning",
		Help: "Encodes a text into what guides a model. (words:1.2) count more, embedding:name brings an embedding in.",
		Aliases: []string{"text", "prompt", "text prompt", "positive prompt", "negative prompt", "encode text", "text encoder",
			"encode prompt"},
		Ports: func(p *node.Ports, in *textIn, out *conditioningOut) {
			node.Text(p, "text", &in.Text, "").Multiline().Set("dynamicPrompts", true).Help("The text.")
			node.Linked(p, "clip", "CLIP", &in.CLIP).Help("The text encoder.")
			node.Result(p, "CONDITIONING", &out.Conditioning).Help("The encoded text.")
		},
		Do: func(ctx context.Context, in textIn) (conditioningOut, error) {
			if in.CLIP == nil {
				return conditioningOut{}, noEncoder()
			}
			c, err := in.CLIP.EncodeText(ctx, in.Text, m.Embeddings())
			return conditioningOut{c}, err
		},
	}.Node()
}

type layerIn struct {
	CLIP  *diffusion.CLIP
	Layer int
}

type clipOut struct{ CLIP *diffusion.CLIP }

var setLastLayer = node.Def[layerIn, clipOut]{
	ID: "CLIPSetLastLayer", Name: "CLIP Set Last Layer", Category: "model/conditioning",
	Help: "Stops a text encoder early: -2 is what many call clip skip 2.",
	Ports: func(p *node.Ports, in *layerIn, out *clipOut) {
		node.Linked(p, "clip", "CLIP", &in.CLIP)
		node.Number(p, "stop_at_clip_layer", &in.Layer, -1).Range(-24, -1).Step(1).Advanced()
		node.Result(p, "CLIP", &out.CLIP)
	},
	Do: func(_ context.Context, in layerIn) (clipOut, error) {
		if in.CLIP == nil {
			return clipOut{}, noEncoder()
		}
		return clipOut{in.CLIP.WithLayer(in.Layer)}, nil
	},
}
