package diffusion

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/weights"
	"github.com/cocoonhq/cocoon/internal/weights/weightstest"
)

// TestGoldenTinyVAE loads tiny autoencoders by name from two files.
func TestGoldenTinyVAE(t *testing.T) {
	for _, name := range TinyVAEs() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(golden.Dir(t, "models/vae"), name+".safetensors")
			file := golden.Read(t, path)
			src := weightstest.FromGolden(t, path)
			half := func(prefix string) weights.Source {
				return weights.Rename(src, func(old string) (string, bool) { return strings.CutPrefix(old, prefix) })
			}
			c := diffusiontest.Case{File: file, Path: path}
			v, err := LoadTinyVAE(name, half(encoderHalf), half(decoderHalf), diffusiontest.CPU(t))
			if err != nil {
				t.Fatal(err)
			}
			got, err := v.Decode(t.Context(), c.Tensor(t, "in.latent"))
			if err != nil {
				t.Fatal(err)
			}
			c.Compare(t, "out.image", got.Tensor)
			if v, err = LoadTinyVAE(name, nil, half(decoderHalf), diffusiontest.CPU(t)); err != nil || v.CanEncode() {
				t.Errorf("without encoder: %v", err)
			}
		})
	}
	if _, err := LoadTinyVAE("tae", nil, weights.Map{}, diffusiontest.CPU(t)); !errors.Is(err, fault.NotFound) {
		t.Errorf("unknown name: %v", err)
	}
}
