package unet

import (
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
	"github.com/cocoonhq/cocoon/internal/weights"
	"github.com/cocoonhq/cocoon/internal/weights/weightstest"
)

// config is the part of a golden file's hyperparameters that names and shapes do not tell.
type config struct {
	Heads     int    `json:"num_heads"`
	HeadWidth int    `json:"num_head_channels"`
	CrossOnly []bool `json:"disable_self_attentions"`
}

func load(t testing.TB, path string, c config) *UNet {
	t.Helper()
	s := weights.NewScope(weightstest.FromGolden(t, path), "model.diffusion_model")
	u := New(s, Config{Heads: max(0, c.Heads), HeadWidth: c.HeadWidth, CrossOnly: c.CrossOnly})
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if rest := s.Unused(); len(rest) > 0 {
		t.Fatalf("nobody read %v", rest)
	}
	return u
}

func TestGolden(t *testing.T) {
	diffusiontest.Each(t, "unet", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "diffusion_model" {
			return false
		}
		testForward(t, c, diffusiontest.CPU(t))
		return true
	})
}

// TestGoldenOracle runs the smallest network in float64, which shows that its program is right and not only near.
func TestGoldenOracle(t *testing.T) {
	diffusiontest.Each(t, "unet", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "diffusion_model" || c.Family != "mini" {
			return false
		}
		testForward(t, c, interp.New())
		return true
	})
}

func testForward(t *testing.T, c diffusiontest.Case, b tensor.Backend) {
	var cfg config
	c.Config(t, &cfg)
	u := load(t, c.Path, cfg)
	run := programs.New(b)
	defer run.Close()
	steps, _ := c.F32("in.timesteps")
	call := Call{X: c.Tensor(t, "in.x"), Timesteps: steps, Context: c.Tensor(t, "in.context"), Label: c.Tensor(t, "in.y")}
	if c.Has("in.image_only_indicator") {
		flags, shape := c.F32("in.image_only_indicator")
		call.ImagesOnly, call.Frames = flags, shape[1]
	}
	got, err := u.Predict(t.Context(), run, call)
	if err != nil {
		t.Fatal(err)
	}
	c.Compare(t, "out.eps", got)
}
