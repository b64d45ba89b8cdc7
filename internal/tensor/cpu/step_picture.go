package cpu

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// pictureStep resizes or pools [b, h, w, c]: each pixel of the result is a weighted sum, or the maximum, of others.
type pictureStep struct {
	to     frame
	x      val
	shape  tensor.Shape // of the result
	ys, xs [][]tap
	most   bool // the maximum
}

// tap is one source position and its share in the result.
type tap struct {
	at     int
	weight float32
}

// maxTaps bounds the tables of sources of a program, which are made before any memory for pictures is asked for: some 16 bytes
// for each tap.
const maxTaps = 1 << 24

func (c *compiler) picture(n *node) error {
	x := c.f32(n.op.Args[0])
	a, out := n.op.Attr.I, c.p.Values[n.out].Shape
	taps := 4 * (out[1] + out[2] + x.shape[1] + x.shape[2])
	if n.op.Kind != tensor.KindResize {
		taps = out[1]*a[0] + out[2]*a[1]
	}
	if err := c.count(n.op, taps); err != nil {
		return err
	}
	if n.op.Kind == tensor.KindResize && a[0] >= tensor.Bilinear && n.pad == nil {
		c.separately(n, c.compact(x), spansOf(c.r.resizeTaps(x.shape[1], out[1], a[0])), spansOf(c.r.resizeTaps(x.shape[2], out[2], a[0])))
		return nil
	}
	s := &pictureStep{x: x, most: n.op.Kind == tensor.KindMaxPool}
	if n.op.Kind == tensor.KindResize {
		s.ys, s.xs = c.r.resizeTaps(x.shape[1], out[1], a[0]), c.r.resizeTaps(x.shape[2], out[2], a[0])
	} else {
		s.ys, s.xs = c.r.poolTaps(out[1], a[0], a[2]), c.r.poolTaps(out[2], a[1], a[3])
	}
	s.to, s.shape = c.frameFor(n, func() val { return c.out(n.out) }), out
	c.emit(s, s.to.dst, x)
	return nil
}

// poolTaps are the sources of each position of a pool; nil when the run is over.
func (r *run) poolTaps(out, kernel, stride int) [][]tap {
	all, taps := make([][]tap, out), slab[tap]{}
	var work counter
	for i := range all {
		if work.add(r, kernel, look) {
			return nil
		}
		all[i] = taps.take(kernel)
		for k := range kernel {
			all[i][k] = tap{i*stride + k, 1 / float32(kernel)}
		}
	}
	return all
}

// resizeTaps are the sources of each position as torch's interpolate has them with align_corners false; nil when the run is
// over.
func (r *run) resizeTaps(n, out, filter int) [][]tap {
	all, taps := make([][]tap, out), slab[tap]{}
	var work counter
	scale := float32(n) / float32(out) // torch finds positions in float32, and a rounding there moves a pixel
	for i := range all {
		src := (float64(i)+0.5)*float64(n)/float64(out) - 0.5
		all[i] = taps.take(tapsOf(i, n, out, filter))
		if work.add(r, 4*len(all[i]), look) {
			return nil
		}
		switch filter {
		case tensor.Nearest:
			all[i][0] = tap{min(int(float32(i)*scale), n-1), 1}
		case tensor.NearestExact:
			all[i][0] = tap{min(int((float32(i)+0.5)*scale), n-1), 1}
		case tensor.Bilinear:
			src = max(src, 0)
			at := min(int(src), n-1)
			t := float32(min(src-float64(at), 1))
			all[i][0], all[i][1] = tap{at, 1 - t}, tap{min(at+1, n-1), t}
		case tensor.Bicubic:
			at := int(math.Floor(src))
			t := src - float64(at)
			for k, w := range [4]float64{cubicFar(t + 1), cubicNear(t), cubicNear(1 - t), cubicFar(2 - t)} {
				all[i][k] = tap{min(max(at-1+k, 0), n-1), float32(w)}
			}
		case tensor.Area:
			for k := range all[i] {
				all[i][k] = tap{i*n/out + k, 1 / float32(len(all[i]))}
			}
		}
	}
	return all
}

// tapsOf is how many sources position i has.
func tapsOf(i, n, out, filter int) int {
	switch filter {
	case tensor.Bilinear:
		return 2
	case tensor.Bicubic:
		return 4
	case tensor.Area:
		return ((i+1)*n+out-1)/out - i*n/out
	}
	return 1
}

// cubicA is the parameter of Keys' kernel that torch has.
const cubicA = -0.75

func cubicNear(x float64) float64 { return ((cubicA+2)*x-(cubicA+3))*x*x + 1 }
func cubicFar(x float64) float64  { return ((cubicA*x-5*cubicA)*x+8*cubicA)*x - 4*cubicA }

func (s *pictureStep) run(r *run) error {
	dst, x := r.f32(s.to.dst), r.f32(s.x)
	h, w, c := s.shape[1], s.shape[2], s.shape[3]
	s.to.clear(r)
	cost := w * c * len(s.ys[0]) * len(s.xs[0]) * 2
	r.ranges(s.shape[0]*h, cost, func(from, to int) {
		var work counter
		for i := from; i < to; i++ {
			b, y := i/h, i%h
			for z := range w {
				s.pixel(r, &work, dst[s.to.at(i*w+z):][:c], x, b, y, z)
			}
			if r.over() {
				return
			}
		}
	})
	return nil
}

// most keeps the larger of each two elements of a line that may be long.
func (r *run) most(dst, x []float32) {
	if len(dst) <= look {
		r.k.Max(dst, dst, x)
		return
	}
	for from := 0; from < len(dst) && r.goes(from); from += look {
		to := min(from+look, len(dst))
		r.k.Max(dst[from:to], dst[from:to], x[from:to])
	}
}

func (s *pictureStep) pixel(r *run, work *counter, out, x []float32, b, y, z int) {
	first := true
	for _, ty := range s.ys[y] {
		for _, tx := range s.xs[z] {
			if work.add(r, len(out)+16, look) {
				return
			}
			at := ((b*s.x.shape[1]+ty.at)*s.x.shape[2] + tx.at) * s.x.ld
			src, weight := x[at:at+len(out)], ty.weight*tx.weight
			switch {
			case first && weight == 1 || first && s.most:
				r.copy(out, src)
			case first:
				r.affine(out, src, weight, 0)
			case s.most:
				r.most(out, src)
			default:
				r.addScaled(out, src, weight)
			}
			first = false
		}
	}
}
