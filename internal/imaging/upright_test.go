package imaging

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

func TestUpright(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 16, 8)) // white on the left, black on the right
	for y := range 8 {
		for x := range 8 {
			img.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	file := func(turn byte) []byte {
		block := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + string(turn) + "\x00\x00\x00")
		n := len(block) + 2
		return append(append([]byte{0xff, 0xd8, 0xff, 0xe1, byte(n >> 8), byte(n)}, block...), b.Bytes()[2:]...)
	}
	for _, row := range []struct {
		name  string
		turn  byte
		w, h  int
		white image.Point
	}{
		{"as it is", 1, 16, 8, image.Pt(1, 1)},
		{"no orientation", 9, 16, 8, image.Pt(1, 1)},
		{"mirrored", 2, 16, 8, image.Pt(14, 1)},
		{"half a turn", 3, 16, 8, image.Pt(14, 1)},
		{"clockwise", 6, 8, 16, image.Pt(1, 1)},
		{"counter-clockwise", 8, 8, 16, image.Pt(1, 14)},
	} {
		got := Upright(img, file(row.turn))
		g, ok := color.GrayModel.Convert(got.At(row.white.X, row.white.Y)).(color.Gray)
		if got.Bounds().Dx() != row.w || got.Bounds().Dy() != row.h || !ok || g.Y != 255 {
			t.Errorf("%s: %v, %v at %v; want %d×%d and white", row.name, got.Bounds(), g, row.white, row.w, row.h)
		}
	}
}
