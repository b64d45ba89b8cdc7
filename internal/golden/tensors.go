package golden

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// File is one golden safetensors file in memory. Every accessor fails the test when the tensor is missing or of another dtype.
type File struct {
	Metadata map[string]string // __metadata__, never nil

	t     testing.TB
	path  string
	heads map[string]head
	data  []byte
}

type head struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// Read loads the safetensors file at path. It is made for our own recorded files: bad files fail the test.
func Read(t testing.TB, path string) *File {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) < 8 || binary.LittleEndian.Uint64(raw) > uint64(len(raw)-8) {
		t.Fatalf("%s: no safetensors header", path)
	}
	n := int(binary.LittleEndian.Uint64(raw))
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw[8:8+n], &all); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	f := &File{Metadata: map[string]string{}, t: t, path: path, heads: map[string]head{}, data: raw[8+n:]}
	for name, text := range all {
		var into any = &f.Metadata
		var h head
		if name != "__metadata__" {
			into = &h
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%s: %s: %v", path, name, err)
		}
		if name == "__metadata__" {
			continue
		}
		if h.Offsets[0] < 0 || h.Offsets[0] > h.Offsets[1] || h.Offsets[1] > len(f.data) {
			t.Fatalf("%s: %s: offsets %v outside the data", path, name, h.Offsets)
		}
		f.heads[name] = h
	}
	return f
}

// Names lists the tensors in sorted order.
func (f *File) Names() []string {
	names := make([]string, 0, len(f.heads))
	for name := range f.heads {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Has reports whether the file has a tensor of that name.
func (f *File) Has(name string) bool {
	_, ok := f.heads[name]
	return ok
}

// DType gives the dtype of a tensor as the file spells it: "F32", "U8", "I64", …; empty when there is no such tensor.
func (f *File) DType(name string) string { return f.heads[name].DType }

// Shape gives the shape of a tensor; nil when there is no such tensor.
func (f *File) Shape(name string) []int { return f.heads[name].Shape }

// Raw gives the dtype, shape and little-endian bytes of a tensor, whatever its dtype.
func (f *File) Raw(name string) (dtype string, shape []int, data []byte) {
	f.t.Helper()
	h, ok := f.heads[name]
	if !ok {
		f.t.Fatalf("%s: no tensor %q", f.path, name)
	}
	return h.DType, h.Shape, f.data[h.Offsets[0]:h.Offsets[1]]
}

func (f *File) typed(name, want string) ([]byte, []int) {
	f.t.Helper()
	dtype, shape, data := f.Raw(name)
	if dtype != want {
		f.t.Fatalf("%s: %s is %s, not %s", f.path, name, dtype, want)
	}
	return data, shape
}

// F32 gives a float32 tensor and its shape.
func (f *File) F32(name string) ([]float32, []int) {
	f.t.Helper()
	data, shape := f.typed(name, "F32")
	out := make([]float32, len(data)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return out, shape
}

// F64 gives a float64 tensor and its shape.
func (f *File) F64(name string) ([]float64, []int) {
	f.t.Helper()
	data, shape := f.typed(name, "F64")
	out := make([]float64, len(data)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return out, shape
}

// I64 gives an int64 tensor and its shape.
func (f *File) I64(name string) ([]int64, []int) {
	f.t.Helper()
	data, shape := f.typed(name, "I64")
	out := make([]int64, len(data)/8)
	for i := range out {
		out[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return out, shape
}

// I32 gives an int32 tensor and its shape.
func (f *File) I32(name string) ([]int32, []int) {
	f.t.Helper()
	data, shape := f.typed(name, "I32")
	out := make([]int32, len(data)/4)
	for i := range out {
		out[i] = int32(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return out, shape
}

// U16 gives the 16-bit words of a U16, F16 or BF16 tensor and its shape.
func (f *File) U16(name string) ([]uint16, []int) {
	f.t.Helper()
	dtype, shape, data := f.Raw(name)
	if dtype != "U16" && dtype != "F16" && dtype != "BF16" {
		f.t.Fatalf("%s: %s is %s, not a 16-bit type", f.path, name, dtype)
	}
	out := make([]uint16, len(data)/2)
	for i := range out {
		out[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return out, shape
}

// U8 gives the bytes of a U8 or BOOL tensor and its shape.
func (f *File) U8(name string) ([]byte, []int) {
	f.t.Helper()
	dtype, shape, data := f.Raw(name)
	if dtype != "U8" && dtype != "BOOL" {
		f.t.Fatalf("%s: %s is %s, not U8 or BOOL", f.path, name, dtype)
	}
	return data, shape
}
