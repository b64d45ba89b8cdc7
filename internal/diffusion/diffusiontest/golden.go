// Package diffusiontest holds models to their golden files. Only tests import it.
package diffusiontest

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Case is one golden file of models/<folder>.
type Case struct {
	*golden.File
	Path   string
	Part   string // what of a model it is about: "diffusion_model", "vae_decode", …
	Family string
}

// Each runs f for every golden file of a folder as a subtest named after the file. f reports whether it knows the kind; the
// test fails when no case is known.
func Each(t *testing.T, folder string, f func(t *testing.T, c Case) bool) {
	paths, err := filepath.Glob(filepath.Join(golden.Dir(t, "models/"+folder), "*.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	ran, known := 0, 0
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".safetensors"), func(t *testing.T) {
			ran++
			file := golden.Read(t, path)
			if f(t, Case{file, path, file.Metadata["part"], file.Metadata["family"]}) {
				known++
			}
		})
	}
	if known == 0 && (ran > 0 || len(paths) == 0) { // else -run left all of them out
		t.Errorf("no known case in %s", folder)
	}
}

// Config reads the case's config into v.
func (c Case) Config(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(c.Metadata["config"]), v); err != nil {
		t.Fatal(err)
	}
}

// Tensor gives a tensor of the case, F32 or I64; nil when it is absent.
func (c Case) Tensor(t testing.TB, name string) *tensor.Tensor {
	t.Helper()
	switch c.DType(name) {
	case "":
		return nil
	case "I64":
		v, shape := c.I64(name)
		return tensor.FromI64(v, shape...)
	default:
		v, shape := c.F32(name)
		return tensor.FromF32(v, shape...)
	}
}

// Compare holds got to a recorded output: the largest difference may be max(2e-5, 10 × what float32 rounding alone cost the
// reference) of the largest recorded value.
func (c Case) Compare(t testing.TB, name string, got *tensor.Tensor) {
	t.Helper()
	want, shape := c.F32(name)
	if !got.Shape().Equal(shape) {
		t.Errorf("%s: shape %v, want %v", name, got.Shape(), shape)
		return
	}
	var rounding map[string]struct {
		OverPeak float64 `json:"max_abs_over_peak"`
	}
	if text := c.Metadata["float64_diff"]; text != "" {
		if err := json.Unmarshal([]byte(text), &rounding); err != nil {
			t.Fatal(err)
		}
	}
	peak, worst := 0.0, 0.0
	for i, v := range tensor.ToF32(got.Dense()) {
		diff := math.Abs(float64(v) - float64(want[i]))
		if math.IsNaN(diff) {
			t.Errorf("%s: element %d is %v, want %v", name, i, v, want[i])
			return
		}
		worst, peak = max(worst, diff), max(peak, math.Abs(float64(want[i])))
	}
	limit := max(2e-5, 10*rounding[name].OverPeak) * peak
	if worst > limit {
		t.Errorf("%s: off by %.3g, may be %.3g (peak %.3g)", name, worst, limit, peak)
		return
	}
	t.Logf("%s: off by %.2g of the peak, may be %.2g", name, worst/peak, limit/peak)
}
