package models_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// pairHeader reads a header whose entries are [dtype, shape], and what was concluded from it.
func pairHeader(t *testing.T, path string, conclusion any) *headers {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Header     map[string][2]json.RawMessage
		Conclusion json.RawMessage
	}
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all.Conclusion) > 0 && conclusion != nil {
		if err := json.Unmarshal(all.Conclusion, conclusion); err != nil {
			t.Fatal(err)
		}
	}
	h := &headers{infos: map[string]weights.Info{}}
	for name, e := range all.Header {
		var dtype string
		var shape []int
		if err := json.Unmarshal(e[0], &dtype); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(e[1], &shape); err != nil {
			t.Fatal(err)
		}
		h.add(name, dtype, shape)
	}
	return h
}

func headerFiles(t *testing.T, kind string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(golden.Dir(t, "models/headers-dit"), kind+"-*.json.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d headers of kind %s, %v", len(paths), kind, err)
	}
	return paths
}

// withPrefix is the names of another source with something before each.
func withPrefix(src weights.Source, prefix string) weights.Source {
	return weights.Rename(src, func(old string) (string, bool) { return prefix + old, true })
}

func TestGoldenTransformers(t *testing.T) {
	for _, path := range headerFiles(t, "unet") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json.gz"), func(t *testing.T) {
			var want struct {
				Class  string
				Latent string `json:"latent_format"`
			}
			h := pairHeader(t, path, &want)
			for _, prefix := range []string{"", "model.diffusion_model."} {
				r := models.Inspect(withPrefix(h, prefix))
				if r.Kind != models.DiffusionModel || r.Class != want.Class || r.Latent != want.Latent || r.UNetPrefix != prefix || r.LoaderFor() != "UNETLoader" {
					t.Errorf("%q: %v: %s, latent %s; want %s, %s", r.UNetPrefix, r, r.Class, r.Latent, want.Class, want.Latent)
				}
			}
		})
	}
}

func TestGoldenTextEncoders(t *testing.T) {
	for _, path := range headerFiles(t, "te") {
		want := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "te-"), ".json.gz")
		t.Run(want, func(t *testing.T) {
			r := models.Inspect(pairHeader(t, path, nil))
			if r.Kind != models.TextEncoderFile || len(r.Text) != 1 || r.Text[0].Kind != want || r.LoaderFor() != "CLIPLoader" {
				t.Errorf("%v, %+v", r, r.Text)
			}
		})
	}
}

func TestGoldenVideoVAEs(t *testing.T) {
	var all struct {
		VAEs map[string]struct {
			Class    string
			Channels int `json:"latent_channels"`
			Dims     int `json:"latent_dim"`
			Ratio    int `json:"spatial_compression_decode"`
		}
	}
	dir := golden.Dir(t, "models/headers-dit")
	readJSON(t, filepath.Join(dir, "vae_detection.json"), &all)
	for name, want := range all.VAEs {
		t.Run(name, func(t *testing.T) {
			r := models.Inspect(pairHeader(t, filepath.Join(dir, fmt.Sprintf("vae-%s.json.gz", name)), nil))
			if r.Kind != models.VAEFile {
				t.Fatalf("%v", r)
			}
			if v := r.VAE; v.Class != want.Class || v.LatentChannels != want.Channels || v.LatentDims != want.Dims || v.Ratio != want.Ratio {
				t.Errorf("got %+v, want %+v", *v, want)
			}
		})
	}
}
