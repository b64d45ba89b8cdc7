package imaging

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/webp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func TestEncodeLossyWebP(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	for _, row := range []struct {
		name  string
		size  image.Point
		alpha func(x, y int) uint8
	}{
		{"opaque", image.Pt(40, 30), func(int, int) uint8 { return 255 }},
		{"one pixel", image.Pt(1, 1), func(int, int) uint8 { return 255 }},
		{"half hidden", image.Pt(40, 30), func(x, _ int) uint8 {
			if x < 20 {
				return 0
			}
			return 255
		}},
		{"sloping alpha", image.Pt(33, 17), func(x, y int) uint8 { return uint8(5*x + 3*y) }},
		{"noisy alpha", image.Pt(200, 150), func(int, int) uint8 { return uint8(noise.Uint32()) }},
	} {
		img := image.NewNRGBA(image.Rect(3, 5, 3+row.size.X, 5+row.size.Y)) // pictures need not begin at 0
		for y := range row.size.Y {
			for x := range row.size.X {
				img.SetNRGBA(3+x, 5+y, color.NRGBA{uint8(x), uint8(2 * y), 99, row.alpha(x, y)})
			}
		}
		var b bytes.Buffer
		if err := EncodeLossyWebP(t.Context(), &b, img, 75); err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		got, err := webp.Decode(&b)
		if err != nil || got.Bounds().Size() != row.size {
			t.Errorf("%s: decoded %v, %v", row.name, got, err)
			continue
		}
		for y := range row.size.Y {
			for x := range row.size.X {
				want := img.NRGBAAt(3+x, 5+y).A
				if _, _, _, a := got.At(x, y).RGBA(); uint8(a>>8) != want {
					t.Fatalf("%s: the alpha at %d, %d is %d, want %d", row.name, x, y, a>>8, want)
				}
			}
		}
	}
	for _, size := range []image.Point{{0, 4}, {1 << 14, 1}} {
		if err := EncodeLossyWebP(t.Context(), &bytes.Buffer{}, image.NewAlpha(image.Rectangle{Max: size}), 75); fault.CodeOf(err) != fault.Unsupported {
			t.Errorf("%v: %v, want unsupported", size, err)
		}
	}
}

func TestEncodeLossyWebPStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := EncodeLossyWebP(ctx, &bytes.Buffer{}, image.NewNRGBA(image.Rect(0, 0, 64, 64)), 75); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
}
