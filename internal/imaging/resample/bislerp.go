package resample

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// slerpAxis says between which two source pixels each place lies, and how far along.
type slerpAxis struct {
	first, second []int
	ratio         []float32
}

// newSlerpAxis resizes the pixel numbers bilinearly. Compat: the second pixel is not the one after the first but a resized
// number too, cut to an integer, so that near the edge both may be the same.
func newSlerpAxis(n, size int) slerpAxis {
	s := slerpAxis{make([]int, n), make([]int, n), make([]float32, n)}
	first, second := slerpCoords(n, size)
	for i := range n {
		s.first[i], s.second[i] = int(first[i]), int(second[i])
		s.ratio[i] = first[i] - float32(s.first[i])
	}
	return s
}

// slerpCoords gives the resized numbers 0..size-1, and 1..size-1 with the last one twice.
func slerpCoords(n, size int) (first, second []float32) {
	a := bilinearAxis(n, size, 1+n <= jointSides)
	first, second = make([]float32, n), make([]float32, n)
	for i := range n {
		lo, hi := a.index[2*i], a.index[2*i+1]
		w0, w1 := a.weight[2*i], a.weight[2*i+1]
		first[i] = fused(w0, float32(lo), w1*float32(hi))
		second[i] = fused(w0, float32(min(lo+1, size-1)), w1*float32(min(hi+1, size-1)))
	}
	return first, second
}

// bislerp interpolates the vectors along the channels on great circles, and their lengths linearly: width first, then
// height.
func bislerp(ctx context.Context, out Planes, in view) error {
	mid := Planes{N: in.N, C: in.C, T: in.T, H: in.H, W: out.W}
	mid.Pix = make([]float32, mid.planes()*mid.H*mid.W)
	ax := newSlerpAxis(out.W, in.W)
	frames := in.N * in.T
	err := rows.Do(ctx, frames*in.H, 4*in.C*out.W, func(lo, hi int) {
		s := newSlerper(in.C)
		for i := lo; i < hi; i++ {
			frame, y := i/in.H, i%in.H
			for x := range out.W {
				s.load(s.a, &in, frame, y, ax.first[x])
				s.load(s.b, &in, frame, y, ax.second[x])
				s.slerp(ax.ratio[x])
				s.store(&mid, frame, y, x)
			}
		}
	})
	if err != nil {
		return err
	}
	ay := newSlerpAxis(out.H, in.H)
	half := view{Planes: mid, stride: mid.W, pitch: mid.H * mid.W}
	return rows.Do(ctx, frames*out.H, 4*in.C*out.W, func(lo, hi int) {
		s := newSlerper(in.C)
		for i := lo; i < hi; i++ {
			frame, y := i/out.H, i%out.H
			for x := range out.W {
				s.load(s.a, &half, frame, ay.first[y], x)
				s.load(s.b, &half, frame, ay.second[y], x)
				s.slerp(ay.ratio[y])
				s.store(&out, frame, y, x)
			}
		}
	})
}

// slerper holds the two vectors of one place and the result.
type slerper struct{ a, b, res []float32 }

func newSlerper(c int) *slerper {
	buf := make([]float32, 3*c)
	return &slerper{buf[:c], buf[c : 2*c], buf[2*c:]}
}

// load reads the channels of a pixel. frame counts over N and T.
func (s *slerper) load(dst []float32, in *view, frame, y, x int) {
	at := (frame/in.T*in.C*in.T+frame%in.T)*in.pitch + (in.y+y)*in.stride + in.x + x
	for c := range dst {
		dst[c] = in.Pix[at]
		at += in.T * in.pitch
	}
}

func (s *slerper) store(out *Planes, frame, y, x int) {
	pitch := out.H * out.W
	at := (frame/out.T*out.C*out.T+frame%out.T)*pitch + y*out.W + x
	for _, v := range s.res {
		out.Pix[at] = v
		at += out.T * pitch
	}
}

// The cosines beyond which two vectors count as equal, and as opposite.
const (
	cosSame     = float32(1 - 1e-5)
	cosOpposite = float32(1e-5 - 1)
)

// slerp sets res to what lies ratio of the way from a to b.
func (s *slerper) slerp(ratio float32) {
	na, nb := norm(s.a), norm(s.b)
	var dot float32
	for c := range s.a {
		dot += float32(unit(s.a[c], na) * unit(s.b[c], nb))
	}
	switch {
	case dot > cosSame:
		copy(s.res, s.a)
		return
	case dot < cosOpposite:
		for c := range s.res {
			s.res[c] = float32(s.a[c]*(1-ratio)) + float32(s.b[c]*ratio)
		}
		return
	}
	omega := float32(math.Acos(float64(dot)))
	sin := sin32(omega)
	wa, wb := sin32((1-ratio)*omega)/sin, sin32(ratio*omega)/sin
	length := float32(na*(1-ratio)) + float32(nb*ratio)
	for c := range s.res {
		s.res[c] = (float32(wa*unit(s.a[c], na)) + float32(wb*unit(s.b[c], nb))) * length
	}
}

func sin32(x float32) float32 { return float32(math.Sin(float64(x))) }

func norm(v []float32) float32 {
	var sum float32
	for _, x := range v {
		sum = float32(float64(x)*float64(x) + float64(sum)) // one rounding, as torch's build has it
	}
	return float32(math.Sqrt(float64(sum)))
}

func unit(x, norm float32) float32 {
	if norm == 0 {
		return 0
	}
	return x / norm
}
