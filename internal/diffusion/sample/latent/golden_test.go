package latent_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/sampletest"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

func format(t *testing.T, name string) latent.Format {
	t.Helper()
	f, ok := latent.ByName(name)
	if !ok {
		t.Fatalf("unknown format %q", name)
	}
	return f
}

func read(f *golden.File, name string) *tensor.Tensor {
	v, shape := f.F32(name)
	return tensor.FromF32(v, shape...)
}

func near(t *testing.T, what string, got, want *tensor.Tensor) {
	t.Helper()
	if !got.Shape().Equal(want.Shape()) {
		t.Fatalf("%s: got shape %v, want %v", what, got.Shape(), want.Shape())
	}
	sampletest.Near(t, what, got.F32(), want.F32(), 1e-6, 1e-2*sampletest.Top(want.F32()))
}

func TestGoldenFormats(t *testing.T) {
	f := golden.Read(t, filepath.Join(golden.Dir(t, "sampling"), "latent_formats.safetensors"))
	var rows []struct {
		Name     string
		Channels int
		Ratio    int `json:"spacial_downscale_ratio"`
	}
	if err := json.Unmarshal([]byte(f.Metadata["index"]), &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Run(r.Name, func(t *testing.T) {
			l := format(t, r.Name)
			if l.Channels != r.Channels || l.Downscale != r.Ratio {
				t.Errorf("got %d channels and ratio %d, want %d and %d", l.Channels, l.Downscale, r.Channels, r.Ratio)
			}
			x := read(f, r.Name+"/x")
			near(t, "in", l.In(x), read(f, r.Name+"/in"))
			near(t, "out", l.Out(x), read(f, r.Name+"/out"))
		})
	}
}

func TestGoldenPreview(t *testing.T) {
	f := golden.Read(t, filepath.Join(golden.Dir(t, "nodes-io"), "latent_preview.safetensors"))
	var rows []struct {
		Format string
		Size   []int
	}
	if err := json.Unmarshal([]byte(f.Metadata["index"]), &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Run(r.Format, func(t *testing.T) {
			l := format(t, r.Format)
			if r.Size == nil {
				if _, _, _, ok := l.Preview(tensor.New(tensor.F32, 1, l.Channels, 4, 4)); ok {
					t.Error("got a preview, want none")
				}
				return
			}
			got, w, h, ok := l.Preview(read(f, r.Format+"/x0"))
			want, _ := f.U8(r.Format + "/rgb")
			if !ok || w != r.Size[0] || h != r.Size[1] || len(got) != len(want) {
				t.Fatalf("got %d bytes of %d×%d, %v, want %d of %v", len(got), w, h, ok, len(want), r.Size)
			}
			for i, b := range want {
				if d := int(got[i]) - int(b); d < -1 || d > 1 { // the order of a sum can turn a truncation
					t.Errorf("at %d: got %d, want %d", i, got[i], b)
				}
			}
		})
	}
}

func TestGoldenAllFormats(t *testing.T) {
	f := golden.Read(t, filepath.Join(golden.Dir(t, "models"), "latent_formats.safetensors"))
	for _, name := range f.Names() {
		name, ok := strings.CutPrefix(name, "in.")
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			l, ok := latent.ByName(name)
			if name == "LatentFormat" {
				l, ok = latent.Default(), true
			}
			if !ok {
				t.Fatalf("unknown format %q", name)
			}
			x := read(f, "in."+name)
			near(t, "in", l.In(x), read(f, "out."+name+".process_in"))
			near(t, "out", l.Out(x), read(f, "out."+name+".process_out"))
		})
	}
}

func BenchmarkPreview(b *testing.B) {
	l, _ := latent.ByName("SD15")
	x := tensor.New(tensor.F32, 1, 4, 64, 64)
	for b.Loop() {
		l.Preview(x)
	}
}

func TestGoldenTable(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(golden.Dir(t, "models"), "latent_formats.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Formats map[string]struct {
			Channels  int          `json:"latent_channels"`
			Dims      int          `json:"latent_dimensions"`
			Scale     float32      `json:"scale_factor"`
			Shift     float32      `json:"shift_factor"`
			Downscale int          `json:"spacial_downscale_ratio"`
			Temporal  int          `json:"temporal_downscale_ratio"`
			RGB       [][3]float32 `json:"latent_rgb_factors"`
			Bias      [3]float32   `json:"latent_rgb_factors_bias"`
			TinyVAE   string       `json:"taesd_decoder_name"`
			Patched   bool         `json:"has_rgb_factors_reshape"`
			Mean      []float32    `json:"latents_mean"`
			Std       []float32    `json:"latents_std"`
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for name, w := range file.Formats {
		if name == "LatentFormat" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want := latent.Format{
				Name: name, Channels: w.Channels, Dims: w.Dims, Scale: w.Scale, Shift: w.Shift, Downscale: w.Downscale,
				Temporal: w.Temporal, RGB: w.RGB, RGBBias: w.Bias, TinyVAE: w.TinyVAE, PatchedRGB: w.Patched,
				Mean: w.Mean, Std: w.Std,
			}
			got := format(t, name)
			got.PairedFrames = false // not in the file
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
