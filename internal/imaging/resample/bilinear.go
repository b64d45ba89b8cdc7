package resample

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// jointSides is up to which width and height together torch weighs the four pixels at once.
const jointSides = 128

// bilinear is torch's "bilinear" without align_corners and without antialiasing, bit by bit: masks are rounded after it, and what
// is 0.5 there must be so here. Compat: torch adds in two orders, with sums of a product that round once.
func bilinear(ctx context.Context, out Planes, in view) error {
	joint := out.H+out.W <= jointSides || in.C == 3
	across, down := bilinearAxis(out.W, in.W, joint), bilinearAxis(out.H, in.H, joint)
	line := blendRows
	if joint {
		line = blendFour
	}
	return rows.Do(ctx, out.planes()*out.H, 8*out.W, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			plane, y := i/out.H, i%out.H
			up, low := in.row(plane, down.index[2*y]), in.row(plane, down.index[2*y+1])
			line(out.Pix[i*out.W:(i+1)*out.W], up, low, &across, down.weight[2*y], down.weight[2*y+1])
		}
	})
}

// blendRows blends along the two rows first, and then the rows.
func blendRows(dst, up, low []float32, across *axis, v0, v1 float32) {
	for x := range dst {
		ix, w := across.index[2*x:2*x+2], across.weight[2*x:2*x+2]
		a := fused(w[0], up[ix[0]], w[1]*up[ix[1]])
		b := fused(w[0], low[ix[0]], w[1]*low[ix[1]])
		dst[x] = fused(v0, a, v1*b)
	}
}

// blendFour blends the four pixels by the products of their weights.
func blendFour(dst, up, low []float32, across *axis, v0, v1 float32) {
	for x := range dst {
		ix, w := across.index[2*x:2*x+2], across.weight[2*x:2*x+2]
		v := fused(v0*w[0], up[ix[0]], float32(v0*w[1])*up[ix[1]])
		v = fused(v1*w[0], low[ix[0]], v)
		dst[x] = fused(v1*w[1], low[ix[1]], v)
	}
}

// fused is a·b + c with one rounding: the product is exact in float64.
func fused(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

// bilinearAxis places n pixels over size: where they fall, and the weights of the two next to that. joint tells which way torch
// goes, since the places round once in one and twice in the other.
func bilinearAxis(n, size int, joint bool) axis {
	a := axis{2, make([]int, 2*n), make([]float32, 2*n)}
	scale := float32(size) / float32(n)
	for i := range n {
		at := sourceIndex(i, scale)
		if !joint {
			at = float32(scale*(float32(i)+0.5)) - 0.5
		}
		at = max(at, 0)
		lo := min(int(at), size-1)
		hi := min(lo+1, size-1)
		f := min(max(at-float32(lo), 0), 1)
		if n == size {
			lo, hi, f = i, i, 0
		}
		a.index[2*i], a.index[2*i+1] = lo, hi
		a.weight[2*i], a.weight[2*i+1] = 1-f, f
	}
	return a
}
