package models

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Inspect tells what a file of tensors is from their names and shapes. It reads no elements but a few small marks.
func Inspect(src weights.Source) Report {
	n := newNames(src)
	r := Report{}
	switch {
	case r.control(n), r.patches(n), r.diffusion(n), r.parted(n), r.encoder(n), r.upscaler(n), r.special(n):
	}
	if r.Parts == nil {
		r.Parts = parts(src, []Part{{Name: string(r.Kind)}})
	}
	return r
}

// InspectFile opens the file at path and tells what it is. Metadata adds notes, never the kind or the family.
func InspectFile(path string) (r Report, err error) {
	err = tensor.Guard(func() error {
		f, err := weights.Open(path)
		if err != nil {
			return err
		}
		defer f.Close() // the report keeps no tensor
		r = inspectFile(f)
		return nil
	})
	return r, err
}

func inspectFile(f *weights.File) Report {
	r := Inspect(f)
	r.Format = f.Format()
	meta := f.Metadata()
	if r.Format == weights.GGUF {
		r.Notes = append(r.Notes, "GGUF, architecture "+cmp.Or(meta["general.architecture"], "not given"), "no built-in node loads GGUF files")
	}
	for _, key := range []string{"modelspec.title", "modelspec.architecture", "ss_base_model_version"} {
		if v := meta[key]; v != "" && len(v) < 200 {
			r.Notes = append(r.Notes, key+": "+v)
		}
	}
	return r
}

func extension(name string) string { return filepath.Ext(name) }

func (r *Report) control(n names) bool {
	c := readControl(n)
	if c == nil || n.hasBelow("model.diffusion_model.") {
		return false
	}
	r.Kind, r.Control, r.UNet = ControlNet, c, c.UNet
	if c.UNet != nil {
		if class, ok := classify(c.UNet, n); ok {
			r.Family, r.Class, r.Label = class.family, class.class, familyLabel(class.family)
		}
	}
	return true
}

func (r *Report) patches(n names) bool {
	l := readLoRA(n)
	if l == nil {
		return false
	}
	r.Kind, r.LoRA, r.Family = LoRAFile, l, loraFamily(n)
	r.Label = familyLabel(r.Family)
	return true
}

// diffusionPrefixes is what may stand before a diffusion model's names, in the order in which they are tried.
func diffusionPrefixes() []string {
	return []string{"model.diffusion_model.", "model.model.", "net.", "diffusion_model.", "model.", "transformer.", ""}
}

// diffusion recognises a diffusion model, bare or in a checkpoint.
func (r *Report) diffusion(n names) bool {
	for _, prefix := range diffusionPrefixes() {
		at := n.sub(prefix)
		if prefix != "" && !at.hasBelow("") {
			continue
		}
		if r.unet(n, at) || r.dit(at) {
			r.UNetPrefix = prefix
			r.Kind = DiffusionModel
			r.around(n)
			return true
		}
	}
	return false
}

func (r *Report) unet(root, at names) bool {
	u := readUNet(at)
	if u == nil {
		u = readDiffusersUNet(at)
	}
	if u == nil {
		return false
	}
	r.UNet = u
	c, ok := classify(u, root)
	if !ok {
		r.Label = "a U-shaped diffusion model of no known family"
		return true
	}
	r.Family, r.Class, r.Label, r.Vision = c.family, c.class, familyLabel(c.family), c.vision
	r.Sampling, r.Latent = sampling(c, u, root, at)
	r.Inpaint = u.In == 9 && (c.family == SD1 || c.family == SD2 || c.family == SDXL)
	return true
}

func (r *Report) dit(at names) bool {
	c, ok := readDiT(at)
	if !ok {
		return false
	}
	r.Family, r.Class, r.Label, r.Latent = c.family, c.class, c.label, c.latent
	r.Sampling.Prediction = c.prediction
	if c.family == Cascade {
		r.Sampling.Shift = 1
		if c.class == "Stable_Cascade_C" {
			r.Sampling.Shift, r.Vision = 2, "clip_l_vision."
		}
	}
	return true
}

// around finds the other parts of a checkpoint.
func (r *Report) around(n names) {
	known := []Part{{Name: "diffusion model", Prefix: r.UNetPrefix}}
	if r.UNetPrefix == "" {
		r.Parts = parts(n.src, known)
		return
	}
	for _, prefix := range []string{"first_stage_model.", "vae.", "conditioner.embedders.1.encoder."} {
		if v := readVAE(n.sub(prefix)); v != nil && r.VAE == nil {
			r.VAE, r.VAEPrefix = v, prefix
			known = append(known, Part{Name: "VAE", Prefix: prefix})
		}
	}
	if r.Vision != "" && n.hasBelow(r.Vision) {
		known = append(known, Part{Name: "image encoder", Prefix: r.Vision})
	} else {
		r.Vision = ""
	}
	r.Text = r.encoders(n)
	for _, e := range r.Text {
		known = append(known, Part{Name: e.Kind, Prefix: e.Prefix})
	}
	r.Parts = parts(n.src, known)
	if r.VAE == nil && len(r.Text) == 0 && r.Vision == "" {
		return // a diffusion model alone, whatever its names begin with
	}
	r.Kind = Checkpoint
	if r.VAE == nil {
		r.Missing = append(r.Missing, "VAE")
	}
	if len(r.Text) == 0 && r.Family != SVD {
		r.Missing = append(r.Missing, "text encoder")
	}
}

// encoders finds the text encoders of a checkpoint or of a file of encoders alone.
func (r *Report) encoders(n names) []TextEncoder {
	var out []TextEncoder
	seen := map[string]bool{}
	places := []string{
		"cond_stage_model.transformer.", "cond_stage_model.model.", "cond_stage_model.",
		"conditioner.embedders.0.transformer.", "conditioner.embedders.0.model.", "conditioner.embedders.1.model.",
		"conditioner.embedders.1.transformer.", "text_encoder.", "text_encoders.", "clip_l.", "clip_g.", "clip_h.",
	}
	if r.Kind == Unknown {
		places = append(places, "")
	}
	for _, folder := range []string{"text_encoders.", "text_encoder."} {
		for _, name := range n.below(folder) {
			if kind, _, ok := strings.Cut(strings.TrimPrefix(name, folder), "."); ok && !seen[kind] {
				seen[kind] = true
				places = append(places, folder+kind+".transformer.", folder+kind+".")
			}
		}
	}
	for _, place := range places {
		e, ok := readText(n.sub(place))
		if !ok || seen[e.Prefix] {
			continue
		}
		seen[e.Prefix] = true
		out = append(out, r.named(e))
	}
	return out
}

// named corrects the kind of a CLIP that depth alone does not tell: a shallow one is what its family has in its place.
func (r *Report) named(e TextEncoder) TextEncoder {
	if !e.OpenCLIP {
		return e
	}
	switch r.Family {
	case SD2:
		e.Kind = "clip_h"
	case SDXL, Refiner:
		e.Kind = "clip_g"
	}
	return e
}

// parted recognises autoencoders.
func (r *Report) parted(n names) bool {
	for _, prefix := range []string{"", "first_stage_model.", "vae.", "autoencoder."} {
		if v := readVAE(n.sub(prefix)); v != nil {
			r.Kind, r.VAE, r.VAEPrefix = VAEFile, v, prefix
			return true
		}
	}
	if halfTAESD(n) {
		r.Kind = ApproximateVAE
		return true
	}
	return false
}

// encoder recognises encoders of text and of pictures.
func (r *Report) encoder(n names) bool {
	picture := n.hasAny("", "vision_model.encoder.layers.0.layer_norm1.weight", "visual.transformer.resblocks.0.attn.in_proj_weight",
		"embeddings.patch_embeddings.projection.weight", "encoder.layer.0.norm1.weight")
	if r.Text = r.encoders(n); len(r.Text) > 0 {
		r.Kind = TextEncoderFile
		if n.hasBelow("vision_model.") {
			r.Notes = append(r.Notes, "it has an image encoder too: CLIPVisionLoader takes it")
		}
		return true
	}
	if picture {
		r.Kind = VisionEncoder
	}
	return picture
}

func (r *Report) upscaler(n names) bool {
	if r.Upscaler = readUpscaler(n); r.Upscaler == "" {
		return false
	}
	r.Kind = Upscaler
	return true
}

// special recognises the smaller kinds by a tensor each, and embeddings last: theirs have hardly a name of their own.
func (r *Report) special(n names) bool {
	switch {
	case n.has("style_embedding") || n.has("redux_down.weight"):
		r.Kind = StyleModel
	case n.has("position_net.null_positive_feature") || n.hasBelow("position_net.linears."):
		r.Kind = GLIGEN
	case n.hasBelow("ip_adapter.") || n.hasBelow("image_proj."):
		r.Kind = IPAdapter
	case n.hasBelow("id_encoder."):
		r.Kind = PhotoMaker
	case n.hasBelow("down_blocks.0.motion_modules."):
		r.Kind = MotionModule
	case n.hasBelow("320.0.") || n.hasBelow("768.0."):
		r.Kind = Hypernetwork
	case readEmbedding(n):
		r.Kind = Embedding
	}
	return r.Kind != Unknown
}

// familyLabel is a family of U-shaped models for people.
func familyLabel(f Family) string {
	switch f {
	case SD1:
		return "Stable Diffusion 1"
	case SD2:
		return "Stable Diffusion 2"
	case SDXL:
		return "Stable Diffusion XL"
	case Refiner:
		return "Stable Diffusion XL refiner"
	case SVD:
		return "Stable Video Diffusion"
	case X4:
		return "Stable Diffusion ×4 upscaler"
	case Lotus:
		return "Lotus"
	case Cascade:
		return "Stable Cascade"
	}
	for _, c := range ditClasses() {
		if c.family == f {
			return c.label
		}
	}
	return string(f)
}
