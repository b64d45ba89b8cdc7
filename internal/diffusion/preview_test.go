package diffusion

import (
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// TestOwnColours compares the preview of a finished latent to the picture, cell by cell: the checkpoint's own colours must be
// much nearer than those of the family's usual VAE.
func TestOwnColours(t *testing.T) {
	ck, err := Load(openDemo(t), diffusiontest.CPU(t))
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	f := golden.Read(t, filepath.Join(golden.Dir(t, "demo"), "cases.safetensors"))
	z, shape := f.F32("balloon.latent")
	picture, _ := f.F32("balloon.image")
	own, usual := ck.Model.Format(), ck.Model.Format()
	known, ok := latent.ByName("SD15")
	if !ok {
		t.Fatal("the family's format is unknown")
	}
	usual.RGB, usual.RGBBias = known.RGB, known.RGBBias
	distance := func(f latent.Format) float64 {
		rgb, w, h, ok := f.Preview(f.In(tensor.FromF32(z, shape...)))
		if !ok {
			t.Fatal("no preview")
		}
		sum := 0.0
		for i := range w * h * 3 {
			d := float64(rgb[i])/255 - cellMean(picture, i/3%w, i/3/w, w, i%3)
			sum += d * d
		}
		return sum / float64(w*h*3)
	}
	if o, u := distance(own), distance(usual); !(o < u/2) {
		t.Errorf("mean square difference %.4f with the own colours, %.4f with the usual ones; want less than half", o, u)
	}
}

// cellMean is a colour's mean over the 8×8 pixels of a latent cell.
func cellMean(picture []float32, x, y, cells, colour int) float64 {
	sum := 0.0
	for i := range 64 {
		sum += float64(picture[((y*8+i/8)*cells*8+x*8+i%8)*3+colour])
	}
	return sum / 64
}
