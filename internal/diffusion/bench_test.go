package diffusion

import (
	"fmt"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// size is a checkpoint and the picture to draw with it.
type size struct {
	name          string
	src           func(t testing.TB) weights.Source
	width, height int
}

// sizes are the demo's checkpoint and a full-size one. The full one takes seconds a step; -short leaves it out.
func sizes(t testing.TB) []size {
	full := func(t testing.TB) weights.Source { return diffusiontest.FullSize(t, "sd15") }
	all := []size{{"demo", openDemo, 128, 128}}
	if !testing.Short() {
		all = append(all, size{"sd15", full, 512, 512})
	}
	return all
}

func each(b *testing.B, f func(b *testing.B, c Checkpoint, s size)) {
	for _, s := range sizes(b) {
		b.Run(fmt.Sprintf("%s-%dx%d", s.name, s.width, s.height), func(b *testing.B) {
			c, err := Load(s.src(b), diffusiontest.CPU(b))
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			f(b, c, s)
		})
	}
}

// BenchmarkStep is one step under guidance: the network on a batch of two.
func BenchmarkStep(b *testing.B) {
	each(b, func(b *testing.B, c Checkpoint, s size) {
		x := tensor.New(tensor.F32, 2, 4, s.height/8, s.width/8)
		text := sample.Values{"c_crossattn": {Tensor: tensor.New(tensor.F32, 2, 77, c.CLIP.Width())}}
		step := func() {
			if _, err := c.Model.Apply(b.Context(), x, []float32{500, 500}, &sample.Batch{Values: text}); err != nil {
				b.Fatal(err)
			}
		}
		step() // compiles
		b.ReportAllocs()
		for b.Loop() {
			step()
		}
		need, err := c.Model.EstimateBytes(x.Shape())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(need)/1e6, "slab-MB")
	})
}

func BenchmarkDecode(b *testing.B) {
	each(b, func(b *testing.B, c Checkpoint, s size) {
		z := tensor.New(tensor.F32, 1, 4, s.height/8, s.width/8)
		for b.Loop() {
			if _, err := c.VAE.Decode(b.Context(), z); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	each(b, func(b *testing.B, c Checkpoint, s size) {
		picture := value.Image{Tensor: tensor.New(tensor.F32, 1, s.height, s.width, 3)}
		for b.Loop() {
			if _, err := c.VAE.Encode(b.Context(), picture); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkText(b *testing.B) {
	each(b, func(b *testing.B, c Checkpoint, s size) {
		for b.Loop() {
			if _, err := c.CLIP.EncodeText(b.Context(), "green hills on a sunny day, (a red balloon:1.2)", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLoad is from names and shapes to parts ready to run.
func BenchmarkLoad(b *testing.B) {
	src, cpu := openDemo(b), diffusiontest.CPU(b)
	for b.Loop() {
		c, err := Load(src, cpu)
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

// BenchmarkCompile is what the first step at a size takes more than the next.
func BenchmarkCompile(b *testing.B) {
	each(b, func(b *testing.B, c Checkpoint, s size) {
		for b.Loop() {
			if _, err := c.Model.EstimateBytes(tensor.Shape{2, 4, s.height / 8, s.width / 8}); err != nil {
				b.Fatal(err)
			}
			c.Model.run.Trim()
		}
	})
}
