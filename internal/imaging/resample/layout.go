package resample

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// FromPixels gives pictures of interleaved channels, [n, h, w, c] with c fastest, as planes. It copies. The only error is
// ctx's.
func FromPixels(ctx context.Context, pix []float32, n, h, w, c int) (Planes, error) {
	p := Planes{N: n, C: c, T: 1, H: h, W: w, Pix: make([]float32, len(pix))}
	err := rows.Do(ctx, n*h, 2*w*c, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			src := pix[i*w*c : (i+1)*w*c]
			for ch := range c {
				dst := p.Pix[((i/h*c+ch)*h+i%h)*w:][:w]
				at := ch
				for x := range dst {
					dst[x] = src[at]
					at += c
				}
			}
		}
	})
	return p, err
}

// ToPixels is the way back: [n, h, w, c] of planes with T = 1. It copies. The only error is ctx's.
func (p Planes) ToPixels(ctx context.Context) ([]float32, error) {
	out := make([]float32, len(p.Pix))
	h, w, c := p.H, p.W, p.C
	err := rows.Do(ctx, p.N*h, 2*w*c, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dst := out[i*w*c : (i+1)*w*c]
			for ch := range c {
				src := p.Pix[((i/h*c+ch)*h+i%h)*w:][:w]
				at := ch
				for _, v := range src {
					dst[at] = v
					at += c
				}
			}
		}
	})
	return out, err
}
