// Package imaging reads and writes picture files: PNG, JPEG, GIF, BMP, WebP and TIFF in, PNG and JPEG out, the text of PNGs
// both ways. How pictures change their size is in its folder resample.
//
// All bytes that come in are foreign: sizes are checked against Limits before anything is decoded, and a broken file is a
// fault.BadFile.
package imaging

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/imaging/resample"
	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// Bytes is a picture of 8-bit channels.
type Bytes = resample.Bytes

// Picture is what a file shows: one frame, or those of an animation, all of one size.
type Picture struct {
	N, H, W int
	Pix     []float32 // [N, H, W, 3], red first, 0..1
	Alpha   []float32 // [N, H, W], 1 is opaque; nil when the file has no alpha
}

// noMask is the side of the mask of a picture without alpha.
const noMask = 64

// Mask gives 1 - alpha, [n, h, w]. Compat: without alpha it is zeros of 64×64, whatever the picture's size.
func (p *Picture) Mask() (pix []float32, n, h, w int) {
	if p.Alpha == nil {
		return make([]float32, p.N*noMask*noMask), p.N, noMask, noMask
	}
	pix = make([]float32, len(p.Alpha))
	for i, a := range p.Alpha {
		pix[i] = 1 - a
	}
	return pix, p.N, p.H, p.W
}

// Channel copies one colour, [N, H, W]: 0 red, 1 green, 2 blue.
func (p *Picture) Channel(c int) []float32 {
	out := make([]float32, len(p.Pix)/3)
	for i := range out {
		out[i] = p.Pix[3*i+c]
	}
	return out
}

// ToBytes gives one picture of float channels, [h, w, c], as bytes by resample.ToByte. The only error is ctx's.
func ToBytes(ctx context.Context, pix []float32, h, w, c int) (Bytes, error) {
	b := Bytes{W: w, H: h, C: c, Pix: make([]byte, len(pix))}
	err := rows.Do(ctx, h, w*c, func(lo, hi int) {
		dst := b.Pix[lo*w*c : hi*w*c]
		for i, v := range pix[lo*w*c : hi*w*c] {
			dst[i] = resample.ToByte(v)
		}
	})
	return b, err
}
