package diffusion

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/unet"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// taking is a model that takes channels beside its latent of 4.
func taking(t *testing.T, channels int) *Model {
	return &Model{
		net: &unet.UNet{Channels: channels, Out: 4}, run: programs.New(diffusiontest.CPU(t)),
		family: &families()[0], format: sd15Latent(nil),
	}
}

func filled(v float32, shape ...int) *tensor.Tensor {
	out := tensor.New(tensor.F32, shape...)
	for i := range out.F32() {
		out.F32()[i] = v
	}
	return out
}

// planes gives each channel's value of a tensor [b, c, h, w] whose channels are even.
func planes(t *tensor.Tensor) []float32 {
	var out []float32
	for i := 0; i < t.Elems(); i += t.Dim(2) * t.Dim(3) {
		out = append(out, t.F32()[i])
	}
	return out
}

func TestBeside(t *testing.T) {
	in := sample.CondInput{Shape: tensor.Shape{2, 4, 6, 8}, Latent: filled(3, 2, 4, 6, 8)}
	masked := in
	masked.Mask = filled(0.7, 2, 4, 6, 8)
	own := value.Set(value.Set(value.Cond{}, value.KeyConcatMask, filled(0.2, 1, 48, 64)), value.KeyConcatLatent, filled(1, 1, 4, 3, 4))
	s := float32(0.18215)
	for _, row := range []struct {
		name     string
		channels int
		cond     value.Cond
		in       sample.CondInput
		want     []float32 // of the first item's channels; the second has the same
	}{
		{"latent alone", 4, value.Cond{}, in, nil},
		{"inpainting nothing", 9, value.Cond{}, in, []float32{1, 0.8223, -0.6876, 0.6364, 0.1380}},
		{"inpainting a noise mask", 9, value.Cond{}, masked, []float32{1, 3, 3, 3, 3}},
		{"inpainting another picture", 9, own, masked, []float32{0, s, s, s, s}},
		{"editing nothing", 8, value.Cond{}, in, []float32{0, 0, 0, 0}},
		{"editing a picture", 8, own, in, []float32{1, 1, 1, 1}},
	} {
		got, err := taking(t, row.channels).Conditions(t.Context(), row.cond, row.in)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		v, ok := got["c_concat"]
		if ok != (row.want != nil) {
			t.Errorf("%s: %v", row.name, got)
		}
		if !ok {
			continue
		}
		if want := (tensor.Shape{2, len(row.want), 6, 8}); !v.Tensor.Shape().Equal(want) || v.Kind != sample.NoiseShape {
			t.Errorf("%s: %v, want %v", row.name, v.Tensor, want)
		}
		if diff := cmp.Diff(append(row.want, row.want...), planes(v.Tensor)); diff != "" {
			t.Errorf("%s, -want +got:\n%s", row.name, diff)
		}
	}
	if _, err := taking(t, 7).Conditions(t.Context(), value.Cond{}, in); !errors.Is(err, fault.Unsupported) {
		t.Errorf("7 channels: %v", err)
	}
}

func TestPick(t *testing.T) {
	for _, row := range []struct {
		have, want int
		items      []int
	}{
		{1, 3, []int{0, 0, 0}}, {2, 4, []int{0, 0, 1, 1}}, {3, 3, []int{0, 1, 2}}, {5, 3, []int{0, 2, 4}}, {5, 1, []int{0}}, {4, 2, []int{0, 3}},
	} {
		for i, item := range row.items {
			if got := pick(i, row.have, row.want); got != item {
				t.Errorf("item %d of %d out of %d: %d, want %d", i, row.want, row.have, got, item)
			}
		}
	}
}

func TestModelRefuses(t *testing.T) {
	c, err := Load(openDemo(t), diffusiontest.CPU(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	x, text := tensor.New(tensor.F32, 1, 4, 8, 8), tensor.New(tensor.F32, 1, 77, 64)
	for _, row := range []struct {
		name    string
		x, text *tensor.Tensor
		steps   []float32
	}{
		{"another model's text", x, tensor.New(tensor.F32, 1, 77, 768), []float32{1}},
		{"no text", x, nil, []float32{1}},
		{"another model's latent", tensor.New(tensor.F32, 1, 16, 8, 8), text, []float32{1}},
		{"too few timesteps", x, text, nil},
	} {
		b := &sample.Batch{Values: sample.Values{}}
		if row.text != nil {
			b.Values["c_crossattn"] = sample.Value{Tensor: row.text}
		}
		if _, err := c.Model.Apply(t.Context(), row.x, row.steps, b); !errors.Is(err, fault.BadTensor) {
			t.Errorf("%s: %v, want a bad tensor", row.name, err)
		}
	}
}

// TestTilesWhereMemoryIsShort decodes and encodes on a device that has room for tiles alone.
func TestTilesWhereMemoryIsShort(t *testing.T) {
	src := openDemo(t)
	limited := func(limit int64) *VAE {
		b := cpu.New(cpu.Options{MemoryLimit: limit})
		t.Cleanup(func() { b.Close() })
		v, err := LoadVAE(src, b)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	z, picture := filled(0.3, 1, 4, 72, 24), value.Image{Tensor: filled(0.6, 1, 1152, 64, 3)}
	roomy := limited(0)
	want, err := roomy.DecodeTiled(t.Context(), z, Tiles{Width: 32, Height: 32, Overlap: 8})
	if err != nil {
		t.Fatal(err)
	}
	got, err := limited(60<<20).Decode(t.Context(), z)
	if err != nil || !cmp.Equal(want.F32(), got.F32()) {
		t.Errorf("decode: %v", err)
	}
	wantZ, err := roomy.EncodeTiled(t.Context(), picture, Tiles{Width: 256, Height: 256, Overlap: 32})
	if err != nil {
		t.Fatal(err)
	}
	gotZ, err := limited(20<<20).Encode(t.Context(), picture)
	if err != nil || !cmp.Equal(wantZ.F32(), gotZ.F32()) {
		t.Errorf("encode: %v", err)
	}
	if _, err := limited(1<<20).Decode(t.Context(), z); !errors.Is(err, fault.OutOfMemory) || !strings.Contains(err.Error(), "192 × 576 needs") {
		t.Errorf("without room for a tile: %v", err)
	}
}

func TestEmbeddings(t *testing.T) {
	pair := weights.Map{"clip_l": filled(1, 2, 4), "clip_g": filled(2, 3, 5)}
	for _, row := range []struct {
		name        string
		src         weights.Map
		encoder     string
		rows, width int
		first       float32
	}{
		{"for two encoders", pair, "clip_l", 2, 4, 1},
		{"for two encoders", pair, "clip_g", 3, 5, 2},
		{"of one vector", weights.Map{"emb_params": filled(3, 4)}, "clip_l", 1, 4, 3},
		{"of any name", weights.Map{"x": filled(4, 2, 4)}, "clip_l", 2, 4, 4},
	} {
		got, err := EmbeddingRows(row.src, row.encoder)
		if err != nil || len(got) != row.rows || len(got[0]) != row.width || got[0][0] != row.first {
			t.Errorf("%s, %s: %v %v", row.name, row.encoder, got, err)
		}
	}
	if _, err := EmbeddingRows(weights.Map{}, "clip_l"); !errors.Is(err, fault.BadFile) {
		t.Errorf("empty: %v", err)
	}
}

// FuzzLoad gives checkpoints whose tensors have wild shapes: they are refused or loaded, never a crash.
func FuzzLoad(f *testing.F) {
	demo := openDemo(f)
	names := demo.Names()
	f.Add(uint16(3), uint8(0), uint16(5), false)
	f.Add(uint16(300), uint8(1), uint16(0), true)
	f.Fuzz(func(t *testing.T, which uint16, dim uint8, size uint16, drop bool) {
		name := names[int(which)%len(names)]
		b := cpu.New(cpu.Options{Threads: 1})
		defer b.Close()
		c, err := Load(changed{demo, name, int(dim), int(size), drop}, b)
		if err == nil {
			c.Close()
		} else if code := fault.CodeOf(err); code == fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// changed is a source with one tensor of another shape, or without it.
type changed struct {
	weights.Source
	name      string
	dim, size int
	drop      bool
}

func (c changed) Names() []string {
	if !c.drop {
		return c.Source.Names()
	}
	var out []string
	for _, n := range c.Source.Names() {
		if n != c.name {
			out = append(out, n)
		}
	}
	return out
}

func (c changed) Tensor(name string) (*tensor.Tensor, bool) {
	t, ok := c.Source.Tensor(name)
	if !ok || name != c.name {
		return t, ok
	}
	if c.drop {
		return nil, false
	}
	s := t.Shape().Clone()
	if len(s) > 0 {
		s[c.dim%len(s)] = c.size % 4096
	}
	if s.Elems() > math.MaxInt32 {
		return t, true
	}
	return tensor.New(tensor.F16, s...), true
}

// TestTooLarge asks for a picture that no memory holds: it is refused before anything is computed.
func TestTooLarge(t *testing.T) {
	b := cpu.New(cpu.Options{MemoryLimit: 80 << 20})
	defer b.Close()
	c, err := Load(openDemo(t), b)
	if err != nil {
		t.Fatal(err)
	}
	shape := tensor.Shape{2, 4, 512, 256}
	if c.Model.Fits(shape) {
		t.Errorf("two of %v fit", shape)
	}
	batch := &sample.Batch{Values: sample.Values{"c_crossattn": {Tensor: tensor.New(tensor.F32, 1, 77, 64)}}}
	_, err = c.Model.Apply(t.Context(), tensor.New(tensor.F32, 1, 4, 1024, 512), []float32{1}, batch)
	if !errors.Is(err, fault.OutOfMemory) || !strings.Contains(err.Error(), "4096 × 8192 needs") || !strings.Contains(err.Error(), "Try ") {
		t.Errorf("%v, want out of memory, and what would fit", err)
	}
	t.Log(err)
}
