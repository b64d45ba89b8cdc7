package resample

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// nearest copies one source pixel to each place. index maps a place to its source along one axis.
func nearest(ctx context.Context, out Planes, in view, index func(n, size int) []int) error {
	xs, ys := index(out.W, in.W), index(out.H, in.H)
	return rows.Do(ctx, out.planes()*out.H, out.W, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			src := in.row(i/out.H, ys[i%out.H])
			dst := out.Pix[i*out.W : (i+1)*out.W]
			for x, sx := range xs {
				dst[x] = src[sx]
			}
		}
	})
}

// nearestIndex is torch's "nearest": floor(i·scale) in float32, and shortcuts for equal and double sizes.
func nearestIndex(n, size int) []int {
	scale := float32(size) / float32(n)
	out := make([]int, n)
	for i := range out {
		switch n {
		case size:
			out[i] = i
		case 2 * size:
			out[i] = i / 2
		default:
			out[i] = min(int(math.Floor(float64(float32(i)*scale))), size-1)
		}
	}
	return out
}

// nearestExactIndex is torch's "nearest-exact": the source pixel under the centre, in float32.
func nearestExactIndex(n, size int) []int {
	scale := float32(size) / float32(n)
	out := make([]int, n)
	for i := range out {
		out[i] = min(int(math.Floor(float64((float32(i)+0.5)*scale))), size-1)
	}
	return out
}
