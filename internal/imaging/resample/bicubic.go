package resample

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// axis says which taps source pixels make each place along one axis.
type axis struct {
	taps   int
	index  []int     // [n, taps]
	weight []float32 // [n, taps]
}

// sourceIndex is where the centre of place i falls, in float32 with one rounding, as torch's build has it.
func sourceIndex(i int, scale float32) float32 {
	return float32(float64(scale)*(float64(i)+0.5) - 0.5)
}

// bicubicAxis is torch's "bicubic": the cubic convolution with a = -0.75, edges repeated.
func bicubicAxis(n, size int) axis {
	a := axis{4, make([]int, 4*n), make([]float32, 4*n)}
	scale := float32(size) / float32(n)
	for i := range n {
		at := sourceIndex(i, scale)
		lo := min(int(math.Floor(float64(at))), size-1)
		f := min(max(at-float32(lo), 0), 1)
		w := [4]float32{cubicFar(f + 1), cubicNear(f), cubicNear(1 - f), cubicFar(2 - f)}
		for k := range 4 {
			a.index[4*i+k] = min(max(lo-1+k, 0), size-1)
			a.weight[4*i+k] = w[k]
		}
	}
	return a
}

const cubicA = -0.75

// cubicNear is the kernel for distances up to 1.
func cubicNear(x float32) float32 {
	d := float64(x)
	return float32(((cubicA+2)*d-(cubicA+3))*d*d + 1)
}

// cubicFar is the kernel for distances from 1 to 2.
func cubicFar(x float32) float32 {
	d := float64(x)
	return float32(((cubicA*d-5*cubicA)*d+8*cubicA)*d - 4*cubicA)
}

// bicubic resizes rows first, then columns.
func bicubic(ctx context.Context, out Planes, in view) error {
	mid := in
	if in.W != out.W {
		mid = view{Planes: Planes{N: in.N, C: in.C, T: in.T, H: in.H, W: out.W}, stride: out.W, pitch: in.H * out.W}
		mid.Pix = make([]float32, in.planes()*in.H*out.W)
		a := bicubicAxis(out.W, in.W)
		err := rows.Do(ctx, in.planes()*in.H, a.taps*out.W, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				a.alongRow(mid.Pix[i*out.W:(i+1)*out.W], in.row(i/in.H, i%in.H))
			}
		})
		if err != nil {
			return err
		}
	}
	a := bicubicAxis(out.H, in.H)
	return rows.Do(ctx, out.planes()*out.H, a.taps*out.W, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			plane, y := i/out.H, i%out.H
			dst := out.Pix[i*out.W : (i+1)*out.W]
			if in.H == out.H {
				copy(dst, mid.row(plane, y))
				continue
			}
			a.acrossRows(dst, &mid, plane, y)
		}
	})
}

func (a *axis) alongRow(dst, src []float32) {
	for x := range dst {
		ix, w := a.index[4*x:4*x+4], a.weight[4*x:4*x+4]
		dst[x] = w[0]*src[ix[0]] + w[1]*src[ix[1]] + w[2]*src[ix[2]] + w[3]*src[ix[3]]
	}
}

func (a *axis) acrossRows(dst []float32, in *view, plane, y int) {
	ix, w := a.index[4*y:4*(y+1)], a.weight[4*y:4*(y+1)]
	r0, r1 := in.row(plane, ix[0])[:len(dst)], in.row(plane, ix[1])[:len(dst)]
	r2, r3 := in.row(plane, ix[2])[:len(dst)], in.row(plane, ix[3])[:len(dst)]
	w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
	for x := range dst {
		dst[x] = w0*r0[x] + w1*r1[x] + w2*r2[x] + w3*r3[x]
	}
}
