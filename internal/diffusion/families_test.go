package diffusion

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// header is a Source of names and shapes without elements.
type header map[string]struct {
	DType string       `json:"dtype"`
	Shape tensor.Shape `json:"shape"`
	Value float32      `json:"value"` // of a scalar that is known
}

func (h header) Names() []string {
	var names []string
	for n := range h {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (h header) Info(name string) (weights.Info, bool) {
	e, ok := h[name]
	dt, _ := tensor.ParseDType(e.DType)
	return weights.Info{DType: dt, Stored: e.DType, Shape: e.Shape}, ok
}

// Tensor gives zeros, or the value that is known.
func (h header) Tensor(name string) (*tensor.Tensor, bool) {
	e, ok := h[name]
	if !ok {
		return nil, false
	}
	if len(e.Shape) == 0 {
		return tensor.FromF32([]float32{e.Value}), true
	}
	return tensor.New(tensor.U8, e.Shape...), true
}

func readHeader(t *testing.T, path string) header {
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
	h := header{}
	if err := json.NewDecoder(z).Decode(&h); err != nil {
		t.Fatal(err)
	}
	return h
}

// knownCheckpoint is what is recorded of a full-size checkpoint.
type knownCheckpoint struct {
	Header string `json:"header"`
	Class  string `json:"model_class"`
	Used   struct {
		Heads     int `json:"num_heads"`
		HeadWidth int `json:"num_head_channels"`
	} `json:"unet_config_used"`
	Sampling struct {
		Min float64 `json:"sigma_min"`
		Max float64 `json:"sigma_max"`
	} `json:"model_sampling"`
	Latent struct {
		Class string  `json:"class"`
		Scale float64 `json:"scale_factor"`
	} `json:"latent_format"`
}

// families of the reference's classes; those that are not here must not be taken for one that is.
var familyOf = map[string]string{
	"SD15": "Stable Diffusion 1", "SD15_instructpix2pix": "Stable Diffusion 1", "SD20": "Stable Diffusion 2",
	"SDXL": "Stable Diffusion XL", "SSD1B": "Stable Diffusion XL", "Segmind_Vega": "Stable Diffusion XL",
	"KOALA_700M": "Stable Diffusion XL", "KOALA_1B": "Stable Diffusion XL", "SDXLRefiner": "Stable Diffusion XL Refiner",
}

// TestGoldenFamilies finds the family of full-size checkpoints by their headers.
func TestGoldenFamilies(t *testing.T) {
	dir := golden.Dir(t, "models/detect-unet")
	text, err := os.ReadFile(filepath.Join(dir, "checkpoints.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]knownCheckpoint
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for name, want := range all {
		t.Run(name, func(t *testing.T) {
			file, extra, _ := strings.Cut(want.Header, " plus ")
			src := readHeader(t, filepath.Join(dir, strings.TrimSuffix(strings.Fields(file)[0], ";")))
			if extra != "" {
				if err := json.Unmarshal([]byte(extra), &src); err != nil {
					t.Fatal(err)
				}
			}
			checkFamily(t, src, want)
		})
	}
}

func checkFamily(t *testing.T, src header, want knownCheckpoint) {
	f := detect(src, modelPrefix)
	if familyOf[want.Class] == "" {
		if f != nil {
			t.Errorf("taken for %s, is %s", f.name, want.Class)
		}
		return
	}
	if f == nil || f.name != familyOf[want.Class] {
		t.Fatalf("%+v, want %s", f, familyOf[want.Class])
	}
	if f.unet.Heads != max(0, want.Used.Heads) || f.unet.Heads == 0 && f.unet.HeadWidth != want.Used.HeadWidth {
		t.Errorf("heads %+v, want %+v", f.unet, want.Used)
	}
	bare := weights.Rename(src, func(old string) (string, bool) {
		name, ok := strings.CutPrefix(old, modelPrefix+".")
		return name, ok
	})
	if b := detect(moved(bare, ""), modelPrefix); b == nil || b.name != f.name {
		t.Errorf("the denoiser alone is %+v", b)
	}
	if l := f.format(src); l.Name != want.Latent.Class || math.Abs(float64(l.Scale)-want.Latent.Scale) > 1e-7 {
		t.Errorf("latents %+v, want %+v", l, want.Latent)
	}
	if !strings.Contains(want.Header, "alternates") { // a v model by its elements, which headers lack
		s, near := f.sampling(src), func(got float32, want float64) bool { return math.Abs(float64(got)/want-1) <= 1e-5 }
		if !near(s.SigmaMin(), want.Sampling.Min) || !near(s.SigmaMax(), want.Sampling.Max) {
			t.Errorf("levels %v to %v, want %+v", s.SigmaMin(), s.SigmaMax(), want.Sampling)
		}
	}
	for _, row := range f.text {
		if row.prefix(src) == "" {
			t.Errorf("no text encoder %q", row.name)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	one := tensor.New(tensor.F32, 1)
	for _, row := range []struct {
		name string
		src  weights.Map
		want error
		says string
	}{
		{"nothing known", weights.Map{"x": one}, fault.WrongModel, "no checkpoint"},
		{"empty", weights.Map{}, fault.WrongModel, "no checkpoint"},
		{"of another family", weights.Map{"model.diffusion_model.x": one}, fault.Unsupported, "family"},
		{"cut", weights.Map{"model.diffusion_model.input_blocks.0.0.weight": one, "model.diffusion_model.input_blocks.1.1.proj_in.weight": tensor.New(tensor.F32, 32, 32, 1, 1)}, fault.BadFile, "missing"},
	} {
		_, err := Load(row.src, interp.New())
		if !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, want %v saying %q", row.name, err, row.want, row.says)
		}
	}
	if _, err := LoadVAE(weights.Map{"lora_unet_x.lora_down.weight": one}, interp.New()); !errors.Is(err, fault.WrongModel) {
		t.Errorf("LoRA as VAE: %v", err)
	}
}
