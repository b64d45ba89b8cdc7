package imaging

import (
	"image"
	"image/draw"
)

// Upright turns a picture of a JPEG file as the file's EXIF block says it is to be shown; one that is to be shown as it is comes back
// itself. beginning is the file's first bytes, which hold the block.
func Upright(img image.Image, beginning []byte) image.Image {
	t := jpegTurn(beginning)
	if t == upright {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	from := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(from, from.Bounds(), img, img.Bounds().Min, draw.Src)
	p := t.place(w, h)
	to := image.NewNRGBA(image.Rect(0, 0, p.w, p.h))
	for y := range h {
		for x := range w {
			at := 4 * (p.origin + x*p.dx + y*p.dy)
			copy(to.Pix[at:at+4], from.Pix[4*(y*w+x):])
		}
	}
	return to
}
