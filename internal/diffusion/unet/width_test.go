package unet

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// oneLevel is a network of the blocks of one resolution of a full-size one: in leads to it, up are the two blocks that lead
// out of it, first and width the channels before and at it.
func oneLevel(all diffusiontest.Made, in string, up [2]string, first, width int) diffusiontest.Made {
	out := diffusiontest.Made{}
	move := func(from, to string) {
		for name, shape := range all {
			rest, ok := strings.CutPrefix(name, "model.diffusion_model."+from+".")
			if ok && !strings.HasPrefix(rest, "2.") { // no upsampling
				out[to+"."+rest] = shape
			}
		}
	}
	move("time_embed", "time_embed")
	out["time_embed.2.weight"], out["time_embed.2.bias"] = tensor.Shape{1280, 1280}, tensor.Shape{1280}
	move(in, "input_blocks.1")
	move(up[0], "output_blocks.0")
	move(up[1], "output_blocks.1")
	out["input_blocks.0.0.weight"], out["input_blocks.0.0.bias"] = tensor.Shape{first, 4, 3, 3}, tensor.Shape{first}
	out["out.0.weight"], out["out.0.bias"] = tensor.Shape{width}, tensor.Shape{width}
	out["out.2.weight"], out["out.2.bias"] = tensor.Shape{4, width, 3, 3}, tensor.Shape{4}
	return out
}

// TestFullWidth holds the levels of Stable Diffusion 1 in full width, whose heads are 40, 80 and 160 wide, to float64.
func TestFullWidth(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds a level")
	}
	all := diffusiontest.FullSize(t, "sd15")
	for _, row := range []struct {
		in           string
		up           [2]string
		first, width int
	}{
		{"input_blocks.1", [2]string{"output_blocks.10", "output_blocks.11"}, 320, 320},
		{"input_blocks.4", [2]string{"output_blocks.7", "output_blocks.8"}, 320, 640},
		{"input_blocks.7", [2]string{"output_blocks.4", "output_blocks.5"}, 640, 1280},
	} {
		t.Run(fmt.Sprint(row.width), func(t *testing.T) {
			s := weights.NewScope(oneLevel(all, row.in, row.up, row.first, row.width), "")
			u := New(s, Config{Heads: 8})
			if err := s.Err(); err != nil {
				t.Fatal(err)
			}
			c := Call{X: tensor.New(tensor.F32, 1, 4, 5, 3), Timesteps: []float32{700}, Context: tensor.New(tensor.F32, 1, 7, 768)}
			for i := range c.X.F32() {
				c.X.F32()[i] = float32(math.Sin(float64(i)))
			}
			for i := range c.Context.F32() {
				c.Context.F32()[i] = float32(math.Sin(float64(3 * i)))
			}
			got, err := u.Predict(t.Context(), programs.New(diffusiontest.CPU(t)), c)
			if err != nil {
				t.Fatal(err)
			}
			want, err := u.Predict(t.Context(), programs.New(interp.New()), c)
			if err != nil {
				t.Fatal(err)
			}
			worst, peak := 0.0, 0.0
			for i, w := range want.F32() {
				worst, peak = max(worst, math.Abs(float64(w-got.F32()[i]))), max(peak, math.Abs(float64(w)))
			}
			if !(worst <= 2e-5*peak) || peak == 0 {
				t.Errorf("off by %.2g of the peak %.2g, may be 2e-5", worst/peak, peak)
			}
		})
	}
}
