package diffusion

import (
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/diffusion/vae"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// TinyVAEs lists the tiny autoencoders that LoadTinyVAE knows.
func TinyVAEs() []string { return []string{"taesd", "taesdxl", "taesd3", "taef1", "taef2"} }

func tinyOf(name string) (vae.Tiny, bool) {
	switch name {
	case "taesd":
		return vae.Tiny{Scale: 0.18215}, true
	case "taesdxl":
		return vae.Tiny{Scale: 0.13025}, true
	case "taesd3":
		return vae.Tiny{Scale: 1.5305, Shift: 0.0609}, true
	case "taef1":
		return vae.Tiny{Scale: 0.3611, Shift: 0.1159}, true
	case "taef2":
		return vae.Tiny{Scale: 1, Patched: true}, true
	}
	return vae.Tiny{}, false
}

// LoadTinyVAE reads a tiny autoencoder from its two files, to be run on a backend. encoder may be nil: then it only decodes.
// Errors: fault.NotFound for a name not in TinyVAEs; fault.BadFile when tensors are missing or do not fit.
func LoadTinyVAE(name string, encoder, decoder weights.Source, b tensor.Backend) (*VAE, error) {
	t, ok := tinyOf(name)
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no tiny VAE %q", name)
	}
	v, err := build(halves{encoder, decoder}, "", func(s *weights.Scope) *vae.VAE { return vae.NewTiny(s, t) })
	if err != nil {
		return nil, err
	}
	return &VAE{net: v, run: programs.New(b)}, nil
}

// halves is the two files of a tiny autoencoder as one source.
type halves struct{ encoder, decoder weights.Source }

const encoderHalf, decoderHalf = "taesd_encoder.", "taesd_decoder."

// Names implements weights.Source.
func (h halves) Names() []string {
	var out []string
	for _, n := range h.decoder.Names() {
		out = append(out, decoderHalf+n)
	}
	if h.encoder != nil {
		for _, n := range h.encoder.Names() {
			out = append(out, encoderHalf+n)
		}
	}
	slices.Sort(out)
	return out
}

// Tensor implements weights.Source.
func (h halves) Tensor(name string) (*tensor.Tensor, bool) {
	if n, ok := strings.CutPrefix(name, decoderHalf); ok {
		return h.decoder.Tensor(n)
	}
	if n, ok := strings.CutPrefix(name, encoderHalf); ok && h.encoder != nil {
		return h.encoder.Tensor(n)
	}
	return nil, false
}
