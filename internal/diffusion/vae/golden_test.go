package vae

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
	"github.com/cocoonhq/cocoon/internal/weights/weightstest"
)

func load(t testing.TB, path string) *VAE {
	t.Helper()
	src, prefix := weightstest.FromGolden(t, path), "first_stage_model"
	if _, bare := weights.Describe(src, "decoder.conv_in.weight"); bare {
		prefix = ""
	}
	s := weights.NewScope(src, prefix)
	v := New(s)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if rest := s.Unused(); len(rest) > 0 {
		t.Fatalf("nobody read %v", rest)
	}
	return v
}

func TestGolden(t *testing.T) {
	diffusiontest.Each(t, "vae", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "vae_decode" && c.Part != "vae_encode" {
			return false
		}
		testCase(t, c, diffusiontest.CPU(t))
		return true
	})
}

// TestGoldenTiny runs tiny autoencoders both ways.
func TestGoldenTiny(t *testing.T) {
	diffusiontest.Each(t, "vae", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "taesd" {
			return false
		}
		var cfg struct {
			Channels int     `json:"latent_channels"`
			Scale    float64 `json:"vae_scale"`
			Shift    float64 `json:"vae_shift"`
		}
		c.Config(t, &cfg)
		s := weights.NewScope(weightstest.FromGolden(t, c.Path), "")
		v := NewTiny(s, Tiny{Scale: cfg.Scale, Shift: cfg.Shift, Patched: cfg.Channels == 128})
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		if rest := s.Unused("vae_"); len(rest) > 0 || v.Channels != cfg.Channels {
			t.Fatalf("%d channels, nobody read %v", v.Channels, rest)
		}
		b := diffusiontest.CPU(t)
		run := programs.New(b)
		picture, err := v.Decode(t.Context(), run, c.Tensor(t, "in.latent"))
		if err != nil {
			t.Fatal(err)
		}
		c.Compare(t, "out.image", picture)
		latent, err := v.Encode(t.Context(), run, c.Tensor(t, "in.image"))
		if err != nil {
			t.Fatal(err)
		}
		c.Compare(t, "out.latent", latent)
		testRaw(t, c, v, b, c.Tensor(t, "in.latent"))
		return true
	})
}

// tilesOf reads the arguments of a tiled call.
var tilesOf = regexp.MustCompile(`tile_x=(\d+), tile_y=(\d+), overlap=(\d+)`)

func testCase(t *testing.T, c diffusiontest.Case, b tensor.Backend) {
	run := programs.New(b)
	defer run.Close()
	v := load(t, c.Path)
	in := c.Tensor(t, "in.latent")
	whole, tiled, name := v.Decode, v.DecodeTiled, "out.image"
	if in == nil {
		in, whole, tiled, name = c.Tensor(t, "in.image"), v.Encode, v.EncodeTiled, "out.latent"
	}
	if m := tilesOf.FindStringSubmatch(c.Metadata["call"]); m != nil {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1])
		}
		last, all := 0, 0
		progress := func(done, total int) { last, all = done, total }
		got, err := tiled(t.Context(), run, in, Tiles{n[0], n[1], n[2], progress})
		if err != nil {
			t.Fatal(err)
		}
		if last != all || all < 3 {
			t.Errorf("progress ended at %d of %d", last, all)
		}
		c.Compare(t, name, got)
		return
	}
	got, err := whole(t.Context(), run, in)
	if err != nil {
		t.Fatal(err)
	}
	if c.Has(name) {
		c.Compare(t, name, got)
	}
	testRaw(t, c, v, b, in)
}

// testRaw compares what the network gives before it is mapped to pictures, or cut to the mean.
func testRaw(t *testing.T, c diffusiontest.Case, v *VAE, b tensor.Backend, in *tensor.Tensor) {
	name, record := "out.raw", v.net.decode
	if c.Has("out.moments") {
		cropped, err := v.crop(in)
		if err != nil {
			t.Fatal(err)
		}
		in, name = cropped.Permute(0, 3, 1, 2).Clone(), "out.moments"
		record = func(g *tensor.Graph, x tensor.Ref) tensor.Ref {
			return v.net.(*gaussian).moments(g, g.Affine(x, 2, -1))
		}
	}
	g := tensor.NewGraph()
	x := g.Input("x", tensor.F32, in.Shape()...)
	g.Output(g.Permute(record(g, g.Permute(x, 0, 2, 3, 1)), 0, 3, 1, 2))
	got, err := tensor.RunOnce(t.Context(), b, g.Program(), in)
	if err != nil {
		t.Fatal(err)
	}
	c.Compare(t, name, got[0])
}

// tilingConfig is a golden file's hyperparameters of the tiling alone.
type tilingConfig struct {
	Tile    []int   `json:"tile"`
	Overlap int     `json:"overlap"`
	Scale   float64 `json:"upscale_amount"`
	Out     int     `json:"out_channels"`
}

func TestGoldenTiling(t *testing.T) {
	diffusiontest.Each(t, "vae", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "tiled_scale" {
			return false
		}
		var cfg tilingConfig
		c.Config(t, &cfg)
		tiling := Tiling(cfg)
		var shapes []int64
		got, err := tiling.Apply(t.Context(), c.Tensor(t, "in.samples"), func(x *tensor.Tensor) (*tensor.Tensor, error) {
			for _, d := range x.Shape()[2:] {
				shapes = append(shapes, int64(d))
			}
			return resizePlusMean(x, cfg.Scale, cfg.Out), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Compare(t, "out.result", got)
		want, _ := c.I64("out.tile_shapes")
		if len(shapes) != len(want) {
			t.Fatalf("tiles %v, want %v", shapes, want)
		}
		for i := range want {
			if shapes[i] != want[i] {
				t.Fatalf("tiles %v, want %v", shapes, want)
			}
		}
		return true
	})
}

// resizePlusMean is the trivial function of the golden files: each of the first channels repeated, or averaged, to the scaled
// size, plus the mean of all of x.
func resizePlusMean(x *tensor.Tensor, scale float64, channels int) *tensor.Tensor {
	size := x.Shape()[2:]
	shape := append(tensor.Shape{1, channels}, size...)
	for d, n := range size {
		shape[d+2] = int(float64(n) * scale)
	}
	mean := 0.0
	for _, v := range x.F32() {
		mean += float64(v)
	}
	mean /= float64(x.Elems())
	out := tensor.New(tensor.F32, shape...)
	count := make([]float64, out.Elems())
	sum := make([]float64, out.Elems())
	big, small := x.Shape(), shape
	if scale > 1 {
		big, small = shape, x.Shape()
	}
	factor := max(scale, 1/scale)
	places := tensor.Shape(big[2:]).Elems()
	for i := range channels * places {
		// the place in the coarser of both
		at, rest, stride := 0, i%places, 1
		for d := len(big) - 1; d >= 2; d-- {
			p := rest % big[d]
			rest /= big[d]
			at += min(int(float64(p)/factor), small[d]-1) * stride
			stride *= small[d]
		}
		j := i/places*stride + at
		if scale > 1 {
			sum[i] += float64(x.F32()[j])
			count[i]++
		} else if j < len(sum) {
			sum[j] += float64(x.F32()[i])
			count[j]++
		}
	}
	for i := range sum {
		out.F32()[i] = float32(sum[i]/count[i] + mean)
	}
	return out
}
