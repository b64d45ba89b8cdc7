package resample

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// Resize gives f in another size as Pillow's Image.resize of mode F does: sums in float64, float32 between the passes.
// Errors are those of Bytes.Resize.
func (f Floats) Resize(ctx context.Context, width, height int, filter Filter) (Floats, error) {
	if err := checkSize(width, height); err != nil {
		return Floats{}, err
	}
	out := Floats{W: width, H: height, Pix: make([]float32, width*height)}
	if width == f.W && height == f.H {
		copy(out.Pix, f.Pix)
		return out, nil
	}
	if filter == PilNearest {
		return out, pilNearest(ctx, out.Pix, f.Pix, f.W, f.H, width, height, 1)
	}
	if width == f.W {
		return out, floatColumns(ctx, out, f, filter)
	}
	if height == f.H {
		return out, floatRows(ctx, out, f, filter)
	}
	first, second := floatRows, floatColumns
	mid := Floats{W: width, H: f.H}
	if heightFirst(f.W, f.H, width, height) {
		first, second = floatColumns, floatRows
		mid.W, mid.H = f.W, height
	}
	mid.Pix = make([]float32, mid.W*mid.H)
	if err := first(ctx, mid, f, filter); err != nil {
		return Floats{}, err
	}
	return out, second(ctx, out, mid, filter)
}

func floatRows(ctx context.Context, out, src Floats, f Filter) error {
	k := newKernels(out.W, src.W, f)
	return rows.Do(ctx, src.H, len(k.weight), func(lo, hi int) {
		for y := lo; y < hi; y++ {
			k.alongFloats(out.Pix[y*out.W:(y+1)*out.W], src.Pix[y*src.W:(y+1)*src.W])
		}
	})
}

func floatColumns(ctx context.Context, out, src Floats, f Filter) error {
	k := newKernels(out.H, src.H, f)
	return rows.Do(ctx, out.H, out.W*(1+len(k.weight)/out.H), func(lo, hi int) {
		acc := make([]float64, out.W)
		for y := lo; y < hi; y++ {
			k.acrossFloats(out.Pix[y*out.W:(y+1)*out.W], src.Pix, acc, y)
		}
	})
}

func (k *kernels) alongFloats(dst, src []float32) {
	for x, kn := range k.of {
		sum := 0.0
		for i, w := range k.weight[kn.at : kn.at+kn.n] {
			sum += float64(src[kn.lo+i]) * w
		}
		dst[x] = float32(sum)
	}
}

func (k *kernels) acrossFloats(dst, src []float32, acc []float64, y int) {
	clear(acc)
	kn := k.of[y]
	for i, w := range k.weight[kn.at : kn.at+kn.n] {
		for x, v := range src[(kn.lo+i)*len(dst):][:len(acc)] {
			acc[x] += float64(v) * w
		}
	}
	for x, v := range acc {
		dst[x] = float32(v)
	}
}

// pilNearest copies the pixel under each place's centre, c values a pixel.
func pilNearest[T byte | float32](ctx context.Context, dst, src []T, w, h, width, height, c int) error {
	xs, ys := pilIndex(width, w), pilIndex(height, h)
	return rows.Do(ctx, height, width*c, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			from := src[ys[y]*w*c:][:w*c]
			to := dst[y*width*c:][:width*c]
			for x, sx := range xs {
				copy(to[x*c:x*c+c], from[sx*c:])
			}
		}
	})
}

// pilIndex walks the source in steps of the scale; the steps add up in float64, as Pillow's do.
func pilIndex(n, size int) []int {
	out := make([]int, n)
	scale := float64(size) / float64(n)
	at := scale * 0.5
	for i := range out {
		out[i] = min(int(at), size-1)
		at += scale
	}
	return out
}
