package models_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// TestGoldenDiffusersUNets gives the recorded full-size headers the names of the diffusers library: the same configuration and
// class must come out.
func TestGoldenDiffusersUNets(t *testing.T) {
	headersOf := map[string]string{"sd15": "sd15", "sd2": "sd20-base", "sdxl": "sdxl-base", "sdxl-refiner": "sdxl-refiner"}
	paths, err := filepath.Glob(filepath.Join(golden.Dir(t, "models/keymaps-unet"), "unet-diffusers-to-ldm-*.json.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d key maps, %v", len(paths), err)
	}
	for _, path := range paths {
		family := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "unet-diffusers-to-ldm-"), ".json.gz")
		t.Run(family, func(t *testing.T) {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			z, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			var toLDM map[string]string
			if err := json.NewDecoder(z).Decode(&toLDM); err != nil {
				t.Fatal(err)
			}
			toDiffusers := map[string]string{}
			for d, l := range toLDM {
				toDiffusers["model.diffusion_model."+l] = d
			}
			name, ok := headersOf[family]
			if !ok {
				name = family
			}
			ldm := readHeader(t, filepath.Join(golden.Dir(t, "models/detect-unet"), name+".header.json.gz"), "")
			want := models.Inspect(ldm)
			got := models.Inspect(weights.Rename(ldm, func(old string) (string, bool) { n, ok := toDiffusers[old]; return n, ok }))
			if got.Kind != models.DiffusionModel || got.Class != want.Class || !got.UNet.Diffusers {
				t.Fatalf("%v %s, want %s", got, got.Class, want.Class)
			}
			got.UNet.Diffusers = false
			if diff := cmp.Diff(want.UNet, got.UNet); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}
