package diffusiontest

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Made is a checkpoint of given shapes with made-up F16 elements: as large as a real one, and of no use.
type Made map[string]tensor.Shape

// FullSize is a checkpoint of a real one's shapes, by the name of its recorded header: "sd15", "sdxl-base", …
func FullSize(t testing.TB, name string) Made {
	t.Helper()
	f, err := os.Open(filepath.Join(golden.Dir(t, "models/detect-unet"), name+".header.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var heads map[string]struct {
		Shape tensor.Shape `json:"shape"`
	}
	if err := json.NewDecoder(z).Decode(&heads); err != nil {
		t.Fatal(err)
	}
	m := Made{}
	for n, h := range heads {
		m[n] = h.Shape
	}
	return m
}

// Names implements weights.Source.
func (m Made) Names() []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Info implements weights.Describer.
func (m Made) Info(name string) (weights.Info, bool) {
	s, ok := m[name]
	if !ok {
		return weights.Info{}, false
	}
	return weights.Info{DType: tensor.F16, Stored: "F16", Shape: s, Bytes: 2 * int64(s.Elems())}, true
}

// Tensor implements weights.Source: small numbers of both signs, in no order.
func (m Made) Tensor(name string) (*tensor.Tensor, bool) {
	s, ok := m[name]
	if !ok {
		return nil, false
	}
	t := tensor.New(tensor.F16, s...)
	data, x := t.Bytes(), uint32(len(name))
	for i := 0; i+1 < len(data); i += 2 {
		x = x*1664525 + 1013904223
		data[i], data[i+1] = byte(x>>16), byte(x>>24)&0x83|0x20 // ±0.008 to ±0.03
	}
	return t, true
}
