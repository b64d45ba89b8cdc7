package models

import (
	"fmt"
	"strconv"
)

// VAE is what the names and shapes of an autoencoder tell.
type VAE struct {
	Class          string // the reference's name: AutoencoderKL, AutoencodingEngine, TAESD, …
	LatentChannels int
	LatentDims     int // 2 for pictures, 3 for video
	Ratio          int // pixels a latent cell, each way
	Channels       int // of the widest picture-sized layer; 0 when unknown
	Encoder        bool
	Decoder        bool
	Temporal       bool // decodes frames together
	Diffusers      bool // the tensors have the names of the diffusers library
}

// readVAE reads an autoencoder below n's prefix; nil when there is none.
//
// Compat: which autoencoder it is, and its ratio, as the reference's VAE class finds them.
func readVAE(n names) *VAE {
	switch {
	case n.has("decoder.mid.block_1.mix_factor"):
		v := readKL(n)
		v.Class, v.Temporal = "AutoencodingEngine", true
		return v
	case n.has("taesd_decoder.1.weight"):
		return &VAE{Class: "TAESD", LatentChannels: n.dim("taesd_decoder.1.weight", 1), LatentDims: 2, Ratio: 8,
			Channels: n.dim("taesd_decoder.1.weight", 0), Encoder: n.hasBelow("taesd_encoder."), Decoder: true}
	case n.has("vquantizer.codebook.weight"):
		return &VAE{Class: "StageA", LatentChannels: n.dim("vquantizer.codebook.weight", 1), LatentDims: 2, Ratio: 4, Encoder: true, Decoder: true}
	case n.hasAny("", "backbone.1.0.block.0.1.num_batches_tracked", "encoder.backbone.1.0.block.0.1.num_batches_tracked"):
		return &VAE{Class: "StageC_coder", LatentChannels: 16, LatentDims: 2, Ratio: 32, Encoder: true, Decoder: n.hasBelow("previewer.")}
	case n.has("blocks.11.num_batches_tracked"):
		return &VAE{Class: "StageC_coder", LatentChannels: 16, LatentDims: 2, Ratio: 8, Decoder: true}
	case n.has("decoder.conv_in.weight"):
		return readPicture(n)
	case n.has("decoder.up_blocks.0.resnets.0.norm1.weight"):
		return readKL(n)
	case n.has("decoder.middle.0.residual.0.gamma"):
		if n.has("decoder.upsamples.0.upsamples.0.residual.2.weight") {
			return &VAE{Class: "WanVAE", LatentChannels: 48, LatentDims: 3, Ratio: 16, Encoder: n.hasBelow("encoder."), Decoder: true}
		}
		return &VAE{Class: "WanVAE", LatentChannels: n.dim("conv2.weight", 0), LatentDims: 3, Ratio: 8, Encoder: n.hasBelow("encoder."), Decoder: true}
	case n.has("decoder.conv_in.conv.weight"):
		return &VAE{Class: "video autoencoder", LatentChannels: n.dim("decoder.conv_in.conv.weight", 1), LatentDims: 3, Ratio: 8, Encoder: n.hasBelow("encoder."), Decoder: true}
	}
	return nil
}

// readPicture tells the autoencoders apart that begin to decode with a plain convolution.
func readPicture(n names) *VAE {
	if n.has("decoder.up_blocks.0.resnets.0.norm1.weight") {
		return readKL(n)
	}
	in := n.shape("decoder.conv_in.weight")
	v := &VAE{Class: "AutoencodingEngine", LatentDims: 2, Encoder: n.hasBelow("encoder."), Decoder: true}
	switch {
	case len(in) == 4 && in[1] == 64:
		v.LatentChannels, v.Ratio = 64, 32
	case len(in) == 5 && in[1] == 32:
		v.LatentChannels, v.LatentDims, v.Ratio = 32, 3, 16
	default:
		return readKL(n)
	}
	return v
}

// readKL reads the autoencoder of latent diffusion. Its levels halve the size at each step but the last.
func readKL(n names) *VAE {
	v := &VAE{Class: "AutoencodingEngine", LatentDims: 2, Encoder: n.hasBelow("encoder."), Decoder: n.hasBelow("decoder.")}
	v.Diffusers = n.has("decoder.up_blocks.0.resnets.0.norm1.weight")
	levels := max(n.count("decoder.up.", "."), n.count("decoder.up_blocks.", "."))
	v.Ratio = 1 << max(0, min(levels, 8)-1)
	v.LatentChannels = n.dim("decoder.conv_in.weight", 1)
	v.Channels = n.dim("decoder.conv_out.weight", 1)
	if n.hasAny("", "post_quant_conv.weight", "decoder.post_quant_conv.weight") {
		v.Class = "AutoencoderKL"
	}
	if n.has("bn.running_mean") { // Flux.2: latents are put together two by two
		v.LatentChannels, v.Ratio = v.LatentChannels*4, v.Ratio*2
	}
	return v
}

// String describes the autoencoder in a line.
func (v *VAE) String() string {
	what := v.Class + ", " + strconv.Itoa(v.LatentChannels) + " latent channels, " + strconv.Itoa(v.Ratio) + "×"
	if v.LatentDims == 3 {
		what += ", video"
	}
	if !v.Encoder {
		what += ", decoder only"
	}
	return what
}

// halfTAESD reports whether the file is one half of a tiny autoencoder, as they are published.
func halfTAESD(n names) bool {
	return len(n.all) < 200 && n.has("3.conv.0.weight") && n.hasAny("", "0.weight", "1.weight") && len(n.shape("3.conv.0.weight")) == 4
}

// TextEncoder is what the names and shapes of a text encoder tell.
type TextEncoder struct {
	Kind      string // clip_l, clip_h, clip_g, t5xxl, qwen3_4b, …: as loaders and key prefixes name it
	Prefix    string // what stands before its names in the file
	Layers    int
	Width     int
	Vocab     int
	Positions int  // 0 where they are not learned
	OpenCLIP  bool // names of OpenCLIP, with joined q, k, v
}

// String describes the encoder in a line.
func (e TextEncoder) String() string {
	return fmt.Sprintf("%s, %d layers, %d wide", e.Kind, e.Layers, e.Width)
}
