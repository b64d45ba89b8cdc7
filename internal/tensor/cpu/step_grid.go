package cpu

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// gridStep reads a picture at the places that a grid gives.
type gridStep struct {
	dst, x, grid   val
	filter, border int
	corners        bool
}

func (c *compiler) gridSample(n *node) {
	x, g, a := c.compact(c.f32(n.op.Args[0])), c.compact(c.f32(n.op.Args[1])), n.op.Attr.I
	s := &gridStep{dst: c.out(n.out), x: x, grid: g, filter: a[0], border: a[1], corners: a[2] == 1}
	c.emit(s, s.dst, x, g)
}

// gridTaps are the sources of a place on one axis, n of them.
type gridTaps struct {
	at     [4]int
	weight [4]float32
	n      int
}

func (s *gridStep) run(r *run) error {
	dst, x, g := r.f32(s.dst), r.f32(s.x), r.f32(s.grid)
	h, w, ch := s.x.shape[1], s.x.shape[2], s.x.shape[3]
	pixels, image := s.dst.rows(), s.dst.shape[1]*s.dst.shape[2]
	per, units := chunk(pixels, 64+ch*8)
	return r.units(units, func(_, u int) {
		var ys, xs gridTaps
		for p := u * per; p < min((u+1)*per, pixels); p++ {
			s.taps(&xs, float64(g[2*p]), w)
			s.taps(&ys, float64(g[2*p+1]), h)
			out, top := dst[p*ch:(p+1)*ch], p/image*h
			if clear(out[:min(ch, look)]); ch > look {
				r.clear(out[look:])
			}
			for i := range ys.n {
				for j := range xs.n {
					weight, src := ys.weight[i]*xs.weight[j], x[((top+ys.at[i])*w+xs.at[j])*ch:][:ch]
					if ch > look {
						r.addScaled(out, src, weight)
						continue
					}
					for k, v := range src {
						out[k] += weight * v
					}
				}
			}
		}
	})
}

// taps finds the sources of place v, in -1..1, on an axis of n. What lies outside and counts as 0 is left out. Source: torch's
// grid_sample.
func (s *gridStep) taps(t *gridTaps, v float64, n int) {
	at := ((v+1)*float64(n) - 1) / 2
	if s.corners {
		at = (v + 1) / 2 * float64(n-1)
	}
	if s.filter != 2 {
		at = s.inside(at, n)
	}
	if !(math.Abs(at) < 1<<31) {
		at = -100 // far outside, as torch has it
	}
	i := math.Floor(at)
	t.n = 0
	switch s.filter {
	case 0:
		t.add(i, i+1-at, n)
		t.add(i+1, at-i, n)
	case 1:
		t.add(math.RoundToEven(at), 1, n)
	default:
		d := at - i
		t.add(s.inside(i-1, n), cubicFar(d+1), n)
		t.add(s.inside(i, n), cubicNear(d), n)
		t.add(s.inside(i+1, n), cubicNear(1-d), n)
		t.add(s.inside(i+2, n), cubicFar(2-d), n)
	}
}

func (t *gridTaps) add(i, weight float64, n int) {
	if i >= 0 && i <= float64(n-1) {
		t.at[t.n], t.weight[t.n] = int(i), float32(weight)
		t.n++
	}
}

// inside moves a place outside of an axis of n to the border, or reflects it there, as the op says.
func (s *gridStep) inside(at float64, n int) float64 {
	if s.border == 0 {
		return at
	}
	if s.border == 2 {
		lo, span := -0.5, float64(n)
		if s.corners {
			lo, span = 0, float64(n-1)
		}
		if span == 0 {
			return 0
		}
		d := math.Abs(at - lo)
		rest := math.Mod(d, span)
		if at = lo + rest; math.Mod(math.Floor(d/span), 2) == 1 {
			at = lo + span - rest
		}
	}
	if at != at {
		return 0
	}
	return min(max(at, 0), float64(n-1))
}

// histogramStep counts elements by value.
type histogramStep struct {
	dst, x val
	lo, hi float64
	counts val // I64, by unit and bin
	units  int
}

func (c *compiler) histogram(n *node) {
	x := c.compact(c.f32(n.op.Args[0]))
	s := &histogramStep{dst: c.out(n.out), x: x, lo: n.op.Attr.F[0], hi: n.op.Attr.F[1]}
	const worth = 1 << 16 // elements of a unit, at least
	s.units = min(x.shape.Elems()/worth+1, c.b.pool.threads)
	s.counts = c.temp(tensor.I64, s.units, n.op.Attr.I[0])
	c.emit(s, s.dst, x, s.counts)
}

func (s *histogramStep) run(r *run) error {
	x, counts, bins := r.f32(s.x), asI64(r.bytes(s.counts)), s.dst.cols()
	per := (len(x) + s.units - 1) / s.units
	err := r.units(s.units, func(_, u int) {
		mine, part := counts[u*bins:(u+1)*bins], x[min(u*per, len(x)):min((u+1)*per, len(x))]
		clear(mine)
		for from := 0; from < len(part) && r.goes(from); from += look {
			to := min(from+look, len(part))
			for _, f := range part[from:to] {
				if v := float64(f); v >= s.lo && v <= s.hi {
					mine[min(int((v-s.lo)/(s.hi-s.lo)*float64(bins)), bins-1)]++
				}
			}
		}
	})
	if err != nil {
		return err
	}
	dst := r.f32(s.dst)
	for i := range dst {
		sum := int64(0)
		for u := range s.units {
			sum += counts[u*bins+i]
		}
		dst[i] = float32(sum)
	}
	return nil
}
