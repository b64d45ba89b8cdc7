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
		c.separately(n, c.compact(x), spansOf(resizeTaps(x.shape[1], out[1], a[0])), spansOf(resizeTaps(x.shape[2], out[2], a[0])))
		return nil
	}
	s := &pictureStep{x: x, most: n.op.Kind == tensor.KindMaxPool}
	if n.op.Kind == tensor.KindResize {
		s.ys, s.xs = resizeTaps(x.shape[1], out[1], a[0]), resizeTaps(x.shape[2], out[2], a[0])
	} else {
		s.ys, s.xs = poolTaps(out[1], a[0], a[2]), poolTaps(out[2], a[1], a[3])
	}
	s.to, s.shape = c.frameFor(n, func() val { return c.out(n.out) }), out
	c.emit(s, s.to.dst, x)
	return nil
}

func poolTaps(out, kernel, stride int) [][]tap {
	all := make([][]tap, out)
	for i := range all {
		for k := range kernel {
			all[i] = append(all[i], tap{i*stride + k, 1 / float32(kernel)})
		}
	}
	return all
}

// resizeTaps are the sources of each position as torch's interpolate has them with align_corners false.
func resizeTaps(n, out, filter int) [][]tap {
	all := make([][]tap, out)
	scale := float32(n) / float32(out) // torch finds positions in float32, and a rounding there moves a pixel
	for i := range all {
		src := (float64(i)+0.5)*float64(n)/float64(out) - 0.5
		switch filter {
		case tensor.Nearest:
			all[i] = []tap{{min(int(float32(i)*scale), n-1), 1}}
		case tensor.NearestExact:
			all[i] = []tap{{min(int((float32(i)+0.5)*scale), n-1), 1}}
		case tensor.Bilinear:
			src = max(src, 0)
			at := min(int(src), n-1)
			t := float32(min(src-float64(at), 1))
			all[i] = []tap{{at, 1 - t}, {min(at+1, n-1), t}}
		case tensor.Bicubic:
			at := int(math.Floor(src))
			t := src - float64(at)
			for k, w := range [4]float64{cubicFar(t + 1), cubicNear(t), cubicNear(1 - t), cubicFar(2 - t)} {
				all[i] = append(all[i], tap{min(max(at-1+k, 0), n-1), float32(w)})
			}
		case tensor.Area:
			from, to := i*n/out, ((i+1)*n+out-1)/out
			for k := from; k < to; k++ {
				all[i] = append(all[i], tap{k, 1 / float32(to-from)})
			}
		}
	}
	return all
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
		for i := from; i < to; i++ {
			b, y := i/h, i%h
			for z := range w {
				s.pixel(r, dst[s.to.at(i*w+z):][:c], x, b, y, z)
			}
		}
	})
	return nil
}

func (s *pictureStep) pixel(r *run, out, x []float32, b, y, z int) {
	first := true
	for _, ty := range s.ys[y] {
		for _, tx := range s.xs[z] {
			at := ((b*s.x.shape[1]+ty.at)*s.x.shape[2] + tx.at) * s.x.ld
			src, weight := x[at:at+len(out)], ty.weight*tx.weight
			switch {
			case first && weight == 1 || first && s.most:
				copy(out, src)
			case first:
				r.k.Affine(out, src, weight, 0)
			case s.most:
				r.k.Max(out, out, src)
			default:
				r.k.AddScaled(out, src, weight)
			}
			first = false
		}
	}
}
