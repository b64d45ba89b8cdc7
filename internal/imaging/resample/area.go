package resample

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// span is the source pixels [lo, hi) under one place.
type span struct{ lo, hi int }

// spans is torch's adaptive average pooling: floor and ceiling of the place's edges.
func spans(n, size int) []span {
	out := make([]span, n)
	for i := range out {
		out[i] = span{i * size / n, ((i+1)*size + n - 1) / n}
	}
	return out
}

// area averages the source pixels under each place.
func area(ctx context.Context, out Planes, in view) error {
	xs, ys := spans(out.W, in.W), spans(out.H, in.H)
	cost := max(out.W, in.W) * (1 + in.H/out.H)
	return rows.Do(ctx, out.planes()*out.H, cost, func(lo, hi int) {
		sum := make([]float32, in.W)
		for i := lo; i < hi; i++ {
			ySpan := ys[i%out.H]
			copy(sum, in.row(i/out.H, ySpan.lo))
			for y := ySpan.lo + 1; y < ySpan.hi; y++ {
				for x, v := range in.row(i/out.H, y) {
					sum[x] += v
				}
			}
			dst := out.Pix[i*out.W : (i+1)*out.W]
			high := float32(ySpan.hi - ySpan.lo)
			for x, s := range xs {
				var total float32
				for _, v := range sum[s.lo:s.hi] {
					total += v
				}
				dst[x] = total / high / float32(s.hi-s.lo)
			}
		}
	})
}
