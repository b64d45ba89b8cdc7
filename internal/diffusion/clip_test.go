package diffusion

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// shelf is embeddings by encoder and name.
type shelf map[string][][]float32

func (s shelf) Lookup(encoder, name string) ([][]float32, bool, error) {
	rows, ok := s[encoder+"/"+name]
	return rows, ok, nil
}

func TestEncodeText(t *testing.T) {
	c, err := Load(openDemo(t), diffusiontest.CPU(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	encode := func(clip *CLIP, text string, e Embeddings) *tensor.Tensor {
		t.Helper()
		out, err := clip.EncodeText(t.Context(), text, e)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := value.Get(out[0], value.KeyPooled); !ok || !p.Shape().Equal(tensor.Shape{1, 64}) {
			t.Errorf("%q: pooled %v", text, p)
		}
		return out[0].Cross
	}
	same := func(a, b *tensor.Tensor) bool { return cmp.Equal(a.F32(), b.F32()) }
	have := shelf{"clip_l/x": {make([]float32, 64)}, "clip_l/wide": {make([]float32, 768)}, "clip_g/y": {make([]float32, 64)}}
	plain := encode(c.CLIP, "a moon", nil)
	if !plain.Shape().Equal(tensor.Shape{1, 77, 64}) {
		t.Errorf("shape %v", plain.Shape())
	}
	for _, row := range []struct {
		name string
		clip *CLIP
		text string
		same bool // as plain
	}{
		{"again", c.CLIP, "a moon", true},
		{"weight 1", c.CLIP, "a (moon:1)", true},
		{"weighted", c.CLIP, "a (moon:1.5)", false},
		{"an embedding", c.CLIP, "a moon embedding:x", false},
		{"an embedding for another encoder", c.CLIP, "a moon embedding:y", true},
		{"an embedding too wide", c.CLIP, "a moon embedding:wide", true},
		{"the last layer", c.CLIP.WithLayer(-1), "a moon", true},
		{"the layer before", c.CLIP.WithLayer(-2), "a moon", false},
		{"too deep", c.CLIP.WithLayer(-24), "a moon", true},
		{"back again", c.CLIP.WithLayer(-2).WithLayer(0), "a moon", true},
	} {
		if got := encode(row.clip, row.text, have); same(got, plain) != row.same {
			t.Errorf("%s: same as plain %v, want %v", row.name, !row.same, row.same)
		}
	}
}

// TestStoredTypes runs a checkpoint in each type that weights are stored in, and the same numbers in F32.
func TestStoredTypes(t *testing.T) {
	demo, b := openDemo(t), diffusiontest.CPU(t)
	x := tensor.New(tensor.F32, 1, 4, 8, 8)
	for i := range x.F32() {
		x.F32()[i] = float32(i%17)/8 - 1
	}
	text := &sample.Batch{Values: sample.Values{"c_crossattn": {Tensor: tensor.New(tensor.F32, 1, 77, 64)}}}
	step := func(src weights.Source) []float32 {
		t.Helper()
		c, err := Load(src, b)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		out, err := c.Model.Apply(t.Context(), x, []float32{500}, text)
		if err != nil {
			t.Fatal(err)
		}
		return out.F32()
	}
	for _, dt := range []tensor.DType{tensor.F16, tensor.BF16, tensor.F8E4M3, tensor.F8E5M2} {
		got, want := step(stored{demo, []tensor.DType{dt}}), step(stored{demo, []tensor.DType{dt, tensor.F32}})
		if e := relative(got, want); !(e < 1e-6) {
			t.Errorf("%v: differs by %.2g from the same numbers in F32", dt, e)
		}
	}
}

// stored is a source converted to types, one after the other.
type stored struct {
	weights.Source
	types []tensor.DType
}

func (s stored) Info(name string) (weights.Info, bool) {
	info, ok := weights.Describe(s.Source, name)
	info.DType = s.types[len(s.types)-1]
	return info, ok
}

func (s stored) Tensor(name string) (*tensor.Tensor, bool) {
	t, ok := s.Source.Tensor(name)
	for _, dt := range s.types {
		if ok {
			t = tensor.Convert(t, dt)
		}
	}
	return t, ok
}
