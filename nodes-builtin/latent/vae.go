package latent

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/diffusion"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// VAE is what these nodes need of one.
type VAE interface {
	Decode(ctx context.Context, samples *tensor.Tensor) (value.Image, error)
	DecodeTiled(ctx context.Context, samples *tensor.Tensor, t diffusion.Tiles) (value.Image, error)
	Encode(ctx context.Context, p value.Image) (*tensor.Tensor, error)
	EncodeTiled(ctx context.Context, p value.Image, t diffusion.Tiles) (*tensor.Tensor, error)
	Ratio() int // pixels a side of a cell
}

// WithVAE lists the nodes of the package that use a VAE.
func WithVAE() []node.Node {
	return []node.Node{
		vaeDecode.Node(), vaeEncode.Node(), vaeEncodeForInpaint.Node(), vaeDecodeTiled.Node(), vaeEncodeTiled.Node(),
		inpaintConditioning.Node(),
	}
}

// noVAE tells what to do when a checkpoint brought no VAE.
func noVAE() error {
	return fault.New(fault.WrongModel, "the vae input is empty: the checkpoint holds no VAE. Load one with VAELoader")
}

func vaeInput(p *node.Ports, to *VAE) node.In { return node.Linked(p, "vae", "VAE", to) }

type decodeIn struct {
	oneIn
	VAE VAE
}

type imageOut struct{ Image value.Image }

var vaeDecode = node.Def[decodeIn, imageOut]{
	ID: "VAEDecode", Name: "VAE Decode", Category: category, Help: "Turns latents into pictures.",
	Aliases: []string{"decode", "decode latent", "latent to image", "render latent"},
	Ports: func(p *node.Ports, in *decodeIn, out *imageOut) {
		node.Link(p, "samples", &in.Samples).Help("The latents to decode.")
		vaeInput(p, &in.VAE).Help("The VAE that fits the model which made them.")
		node.Result(p, "IMAGE", &out.Image).Help("The pictures.")
	},
	Do: func(ctx context.Context, in decodeIn) (imageOut, error) {
		if in.VAE == nil {
			return imageOut{}, noVAE()
		}
		img, err := in.VAE.Decode(ctx, in.Samples.Samples)
		return imageOut{img}, err
	},
}

type tileIn struct{ Size, Overlap, TemporalSize, TemporalOverlap int }

func tilePorts(p *node.Ports, in *tileIn, step int) {
	node.Number(p, "tile_size", &in.Size, 512).Range(64, 4096).Step(step).Advanced()
	node.Number(p, "overlap", &in.Overlap, 64).Range(0, 4096).Step(32).Advanced()
	node.Number(p, "temporal_size", &in.TemporalSize, 64).Range(8, 4096).Step(4).
		Help("For VAEs of videos: how many frames at a time.").Advanced()
	node.Number(p, "temporal_overlap", &in.TemporalOverlap, 8).Range(4, 4096).Step(4).
		Help("For VAEs of videos: by how many frames they overlap.").Advanced()
}

type decodeTiledIn struct {
	decodeIn
	tileIn
}

var vaeDecodeTiled = node.Def[decodeTiledIn, imageOut]{
	ID: "VAEDecodeTiled", Name: "VAE Decode (Tiled)", Category: category,
	Help: "Turns latents into pictures tile by tile, which needs less memory.",
	Ports: func(p *node.Ports, in *decodeTiledIn, out *imageOut) {
		node.Link(p, "samples", &in.Samples)
		vaeInput(p, &in.VAE)
		tilePorts(p, &in.tileIn, 32)
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(ctx context.Context, in decodeTiledIn) (imageOut, error) {
		if in.VAE == nil {
			return imageOut{}, noVAE()
		}
		overlap, cell := in.Overlap, in.VAE.Ratio()
		if in.Size < overlap*4 { // Compat
			overlap = in.Size / 4
		}
		side := in.Size / cell
		img, err := in.VAE.DecodeTiled(ctx, in.Samples.Samples, diffusion.Tiles{Width: side, Height: side, Overlap: overlap / cell})
		return imageOut{img}, err
	},
}

type encodeIn struct {
	Pixels value.Image
	VAE    VAE
}

var vaeEncode = node.Def[encodeIn, oneOut]{
	ID: "VAEEncode", Name: "VAE Encode", Category: category, Help: "Turns pictures into latents.",
	Aliases: []string{"encode", "encode image", "image to latent"},
	Ports: func(p *node.Ports, in *encodeIn, out *oneOut) {
		node.Link(p, "pixels", &in.Pixels)
		vaeInput(p, &in.VAE)
		result(p, out)
	},
	Do: func(ctx context.Context, in encodeIn) (oneOut, error) {
		if in.VAE == nil {
			return oneOut{}, noVAE()
		}
		s, err := in.VAE.Encode(ctx, in.Pixels)
		return oneOut{value.Latent{Samples: s}}, err
	},
}

type encodeTiledIn struct {
	encodeIn
	tileIn
}

var vaeEncodeTiled = node.Def[encodeTiledIn, oneOut]{
	ID: "VAEEncodeTiled", Name: "VAE Encode (Tiled)", Category: category,
	Help: "Turns pictures into latents tile by tile, which needs less memory.",
	Ports: func(p *node.Ports, in *encodeTiledIn, out *oneOut) {
		node.Link(p, "pixels", &in.Pixels)
		vaeInput(p, &in.VAE)
		tilePorts(p, &in.tileIn, 64)
		result(p, out)
	},
	Do: func(ctx context.Context, in encodeTiledIn) (oneOut, error) {
		if in.VAE == nil {
			return oneOut{}, noVAE()
		}
		s, err := in.VAE.EncodeTiled(ctx, in.Pixels, diffusion.Tiles{Width: in.Size, Height: in.Size, Overlap: in.Overlap})
		return oneOut{value.Latent{Samples: s}}, err
	},
}
