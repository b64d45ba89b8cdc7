package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Kind is what a model file is for.
type Kind string

// The kinds.
const (
	Unknown         Kind = ""
	Checkpoint      Kind = "checkpoint"
	DiffusionModel  Kind = "diffusion model"
	VAEFile         Kind = "VAE"
	ApproximateVAE  Kind = "approximate VAE"
	TextEncoderFile Kind = "text encoder"
	LoRAFile        Kind = "LoRA"
	ControlNet      Kind = "ControlNet"
	Upscaler        Kind = "upscaler"
	Embedding       Kind = "embedding"
	VisionEncoder   Kind = "image encoder"
	StyleModel      Kind = "style model"
	GLIGEN          Kind = "GLIGEN model"
	Hypernetwork    Kind = "hypernetwork"
	PhotoMaker      Kind = "PhotoMaker model"
	IPAdapter       Kind = "IP-Adapter"
	MotionModule    Kind = "motion module"
)

// Part is a piece of a file: the diffusion model, the VAE, a text encoder, the rest.
type Part struct {
	Name       string
	Prefix     string // what all its names begin with
	Tensors    int
	Parameters int64
	Bytes      int64
	DTypes     []string // as stored, the one with the most parameters first
}

// Report is what a model file is.
type Report struct {
	Kind       Kind
	Format     weights.Format // of the file; empty for tensors that come from none
	Family     Family         // empty when unknown
	Class      string         // the reference's name of the model class: "SD15"; empty when unknown
	Label      string         // the family for people: "Stable Diffusion 1"
	UNetPrefix string         // what stands before the diffusion model's names
	UNet       *UNet          // nil for transformers and for files without a diffusion model
	Sampling   Sampling
	Latent     string // the reference's name of the latent format
	Inpaint    bool   // takes a mask and the masked picture beside the latent
	VAE        *VAE
	VAEPrefix  string
	Text       []TextEncoder
	Vision     string // prefix of an image encoder inside the file
	Control    *Control
	LoRA       *LoRA
	Upscaler   string // architecture
	Parts      []Part
	Missing    []string // parts that a file of this kind should have
	Notes      []string
}

// Parameters is the number of weights in all parts.
func (r Report) Parameters() int64 {
	var n int64
	for _, p := range r.Parts {
		n += p.Parameters
	}
	return n
}

// loader is where a kind of file goes.
type loader struct {
	node   string // the node that loads it; empty for none
	folder string // the folder it lies in
}

func (k Kind) loader() loader {
	switch k {
	case Checkpoint:
		return loader{"CheckpointLoaderSimple", "checkpoints"}
	case DiffusionModel:
		return loader{"UNETLoader", "diffusion_models"}
	case VAEFile:
		return loader{"VAELoader", "vae"}
	case ApproximateVAE:
		return loader{"VAELoader", "vae_approx"}
	case TextEncoderFile:
		return loader{"CLIPLoader", "text_encoders"}
	case LoRAFile:
		return loader{"LoraLoader", "loras"}
	case ControlNet:
		return loader{"ControlNetLoader", "controlnet"}
	case Upscaler:
		return loader{"UpscaleModelLoader", "upscale_models"}
	case Embedding:
		return loader{"", "embeddings"}
	case VisionEncoder:
		return loader{"CLIPVisionLoader", "clip_vision"}
	case StyleModel:
		return loader{"StyleModelLoader", "style_models"}
	case GLIGEN:
		return loader{"GLIGENLoader", "gligen"}
	case Hypernetwork:
		return loader{"HypernetworkLoader", "hypernetworks"}
	case PhotoMaker:
		return loader{"PhotoMakerLoader", "photomaker"}
	}
	return loader{}
}

// LoaderFor is the class of the node that loads such a file; empty when no node does.
func (r Report) LoaderFor() string {
	switch {
	case r.Format == weights.GGUF:
		return ""
	case r.Kind == Checkpoint && r.Family == SVD:
		return "ImageOnlyCheckpointLoader"
	case r.Kind == ControlNet && r.Control != nil && r.Control.Difference:
		return "DiffControlNetLoader"
	}
	return r.Kind.loader().node
}

// Folder is the key of the folder that such a file lies in; empty when there is none.
func (r Report) Folder() string { return r.Kind.loader().folder }

// withArticle gives "a VAE", "an upscaler".
func (k Kind) withArticle() string {
	if k != "" && strings.ContainsRune("aeiouAEIOU", rune(k[0])) {
		return "an " + string(k)
	}
	return "a " + string(k)
}

// String is the file in a few words: "a VAE (AutoencoderKL, 4 latent channels, 8×)".
func (r Report) String() string {
	if r.Kind == Unknown {
		return "a file of tensors that no known model has"
	}
	var of []string
	if r.Label != "" {
		of = append(of, r.Label)
	}
	switch {
	case r.Kind == VAEFile && r.VAE != nil:
		of = append(of, r.VAE.String())
	case r.Kind == TextEncoderFile && len(r.Text) > 0:
		of = append(of, r.Text[0].String())
	case r.Kind == LoRAFile && r.LoRA != nil && r.LoRA.Format != "lora":
		of = append(of, r.LoRA.Format)
	case r.Upscaler != "":
		of = append(of, r.Upscaler)
	case r.Control != nil && r.Control.Layout != "ldm" && r.Control.Layout != "diffusers":
		of = append(of, r.Control.Layout)
	}
	if len(of) == 0 {
		return r.Kind.withArticle()
	}
	return r.Kind.withArticle() + " (" + strings.Join(of, ", ") + ")"
}

// Want is nil when the file is of one of the wanted kinds, else a fault with code WrongModel that says what the file called
// name is and which node loads it.
func (r Report) Want(name string, kinds ...Kind) error {
	if slices.Contains(kinds, r.Kind) || len(kinds) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s is %v, not %s", name, r, kinds[0].withArticle())
	switch node := r.LoaderFor(); {
	case node != "":
		text += fmt.Sprintf("; load it with %s (its place is models/%s)", node, r.Folder())
	case r.Kind == Embedding:
		text += "; put it into models/embeddings and write embedding:" + strings.TrimSuffix(name, extension(name)) + " in a prompt"
	case r.Kind == Unknown:
		text += "; check where it was downloaded from"
	default:
		text += "; no built-in node loads it"
	}
	return fault.New(fault.WrongModel, "%s", text)
}

// parts counts the tensors of src by the prefixes that are known to be parts of it; what is left is "other".
func parts(src weights.Source, prefixes []Part) []Part {
	all := append(slices.Clone(prefixes), Part{Name: "other"})
	params := make([]map[string]int64, len(all))
	for _, name := range src.Names() {
		info, ok := weights.Describe(src, name)
		if !ok {
			continue
		}
		i := slices.IndexFunc(all, func(p Part) bool { return strings.HasPrefix(name, p.Prefix) })
		elems, ok := info.Shape.TryElems()
		if !ok {
			continue
		}
		all[i].Tensors++
		all[i].Parameters += int64(elems)
		all[i].Bytes += info.Bytes
		if params[i] == nil {
			params[i] = map[string]int64{}
		}
		params[i][info.Stored] += int64(elems)
	}
	for i := range all {
		for dtype := range params[i] {
			all[i].DTypes = append(all[i].DTypes, dtype)
		}
		slices.SortFunc(all[i].DTypes, func(a, b string) int {
			if params[i][a] != params[i][b] {
				return int(min(1, max(-1, params[i][b]-params[i][a])))
			}
			return strings.Compare(a, b)
		})
	}
	return slices.DeleteFunc(all, func(p Part) bool { return p.Tensors == 0 })
}
