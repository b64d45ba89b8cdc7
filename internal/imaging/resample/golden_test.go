package resample

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/golden"
)

// tolerance is the README's, for latents: the recorded inputs go well beyond 0..1.
func tolerance(m Method) float64 {
	switch m {
	case Nearest, NearestExact, Lanczos:
		return 0
	case Bislerp:
		return 1e-4
	}
	return 1e-5
}

func planesOf(pix []float32, shape []int) Planes {
	p := Planes{N: shape[0], C: shape[1], T: 1, H: shape[len(shape)-2], W: shape[len(shape)-1], Pix: pix}
	for _, n := range shape[2 : len(shape)-2] {
		p.T *= n
	}
	return p
}

func TestGoldenUpscale(t *testing.T) {
	f := golden.Read(t, filepath.Join(golden.Dir(t, "nodes-io"), "upscale.safetensors"))
	var notes []struct{ Key, Error string }
	if err := json.Unmarshal([]byte(f.Metadata["notes"]), &notes); err != nil {
		t.Fatal(err)
	}
	fails := map[string]bool{}
	keys := f.Names()
	for _, n := range notes {
		if n.Error != "" {
			fails[n.Key] = true
			keys = append(keys, n.Key)
		}
	}
	cases := 0
	for _, key := range keys {
		if !strings.HasPrefix(key, "out/") {
			continue
		}
		cases++
		t.Run(strings.TrimPrefix(key, "out/"), func(t *testing.T) { upscaleCase(t, f, key, fails[key]) })
	}
	if cases == 0 {
		t.Fatal("no cases")
	}
}

// upscaleCase runs out/<input>/<method>/<w>x<h>/<crop>.
func upscaleCase(t *testing.T, f *golden.File, key string, fails bool) {
	part := strings.Split(key, "/")
	in := planesOf(f.F32("in/" + part[1]))
	var w, h int
	if _, err := fmt.Sscanf(part[3], "%dx%d", &w, &h); err != nil {
		t.Fatal(err)
	}
	got, err := To(t.Context(), in, w, h, Method(part[2]), Crop(part[4]))
	if fails {
		if err == nil {
			t.Errorf("no error")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want := planesOf(f.F32(key))
	compare(t, got.Pix, want.Pix, tolerance(Method(part[2])))
	got.Pix, want.Pix = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shape, -want +got:\n%s", diff)
	}
}

func compare(t *testing.T, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	worst, at := 0.0, 0
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= worst) && got[i] != want[i] {
			worst, at = d, i
		}
	}
	if !(worst <= tol) {
		t.Errorf("value %d is %v, want %v: off by %.3g, allowed %.3g", at, got[at], want[at], worst, tol)
	}
}

func TestGoldenSlerpCoords(t *testing.T) {
	f := golden.Read(t, filepath.Join(golden.Dir(t, "nodes-io"), "upscale.safetensors"))
	for _, key := range f.Names() {
		if !strings.HasPrefix(key, "coords/") || !strings.HasSuffix(key, "/1") {
			continue
		}
		t.Run(key, func(t *testing.T) {
			var size, n int
			if _, err := fmt.Sscanf(key, "coords/%dto%d/1", &size, &n); err != nil {
				t.Fatal(err)
			}
			first, second := slerpCoords(n, size)
			want1, _ := f.F32(key)
			want2, _ := f.F32(strings.TrimSuffix(key, "1") + "2")
			if diff := cmp.Diff([][]float32{want1, want2}, [][]float32{first, second}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestGoldenPillow(t *testing.T) {
	f := golden.Read(t, filepath.Join(golden.Dir(t, "nodes-io"), "pil_resize.safetensors"))
	cases := 0
	for _, key := range f.Names() {
		if !strings.HasPrefix(key, "out/") {
			continue
		}
		cases++
		t.Run(strings.TrimPrefix(key, "out/"), func(t *testing.T) { pillowCase(t, f, key) })
	}
	if cases == 0 {
		t.Fatal("no cases")
	}
}

// pillowCase runs out/<mode>/<size in>/<filter>/<size>.
func pillowCase(t *testing.T, f *golden.File, key string) {
	filters := map[string]Filter{"nearest": PilNearest, "box": PilBox, "bilinear": PilBilinear, "hamming": PilHamming,
		"bicubic": PilBicubic, "lanczos": PilLanczos}
	part := strings.Split(key, "/")
	source := "in/" + part[1] + "/" + part[2]
	filter, ok := filters[part[3]]
	if !ok {
		t.Fatalf("no filter %q", part[3])
	}
	shape, size := f.Shape(source), f.Shape(key)
	if part[1] == "F" {
		pix, _ := f.F32(source)
		got, err := Floats{W: shape[1], H: shape[0], Pix: pix}.Resize(t.Context(), size[1], size[0], filter)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := f.F32(key)
		compare(t, got.Pix, want, 1e-6)
		return
	}
	pix, _ := f.U8(source)
	b := Bytes{W: shape[1], H: shape[0], C: 1, Pix: pix}
	if len(shape) == 3 {
		b.C = shape[2]
	}
	got, err := b.Resize(t.Context(), size[1], size[0], filter)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := f.U8(key)
	if diff := cmp.Diff(want, got.Pix); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
