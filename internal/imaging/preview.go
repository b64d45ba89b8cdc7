package imaging

import (
	"image"
	"image/jpeg"
	"io"
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// PreviewSize fits a picture of w×h into a square of side most, growing it too. Compat: the shorter side is rounded half to
// even and may become 0.
func PreviewSize(w, h, most int) (width, height int) {
	switch {
	case w > h:
		return most, int(math.RoundToEven(float64(h) / float64(w) * float64(most)))
	case w < h:
		return int(math.RoundToEven(float64(w) / float64(h) * float64(most))), most
	}
	return most, most
}

// EncodeJPEG writes a grey or RGB picture; quality is 1 to 100. Errors: w's; fault.BadRequest for other channels or sizes.
func EncodeJPEG(w io.Writer, b Bytes, quality int) error {
	if len(b.Pix) != b.W*b.H*b.C || b.W < 1 || b.H < 1 {
		return fault.New(fault.BadRequest, "cannot write %d bytes as a JPEG of %d×%d", len(b.Pix), b.W, b.H)
	}
	rect := image.Rect(0, 0, b.W, b.H)
	var img image.Image
	switch b.C {
	case 1:
		img = &image.Gray{Pix: b.Pix, Stride: b.W, Rect: rect}
	case 3:
		m := image.NewRGBA(rect)
		for i, at := 0, 0; i < len(b.Pix); i, at = i+3, at+4 {
			m.Pix[at], m.Pix[at+1], m.Pix[at+2], m.Pix[at+3] = b.Pix[i], b.Pix[i+1], b.Pix[i+2], 255
		}
		img = m
	default:
		return fault.New(fault.BadRequest, "a JPEG has 1 or 3 channels, not %d", b.C)
	}
	return jpeg.Encode(w, img, &jpeg.Options{Quality: quality})
}
