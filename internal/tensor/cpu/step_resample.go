package cpu

import (
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// span is the neighbouring places that one place of a result is a weighted sum of.
type span struct {
	from    int
	weights []float32
}

// resampleStep resizes a dense [b, h, w, c] along one axis.
type resampleStep struct {
	dst, x val
	spans  []span
	across bool // along the width, else the height
	taps   int  // most weights of a span
}

// count notes taps that the program keeps tables of, and refuses what would be too many.
func (c *compiler) count(o *tensor.Op, taps int) error {
	if c.taps += taps; c.taps > maxTaps {
		return fault.New(fault.TooLarge, "%v needs tables of %d places", o.Kind, c.taps)
	}
	return nil
}

func (c *compiler) resizeAA(n *node) error {
	x, out := c.compact(c.f32(n.op.Args[0])), c.p.Values[n.out].Shape
	if err := c.count(n.op, 8*(out[1]+out[2]+x.shape[1]+x.shape[2])); err != nil {
		return err
	}
	filter := n.op.Attr.I[0]
	c.separately(n, x, c.r.smoothSpans(x.shape[1], out[1], filter), c.r.smoothSpans(x.shape[2], out[2], filter))
	return nil
}

// separately resizes along the width, then along the height.
func (c *compiler) separately(n *node, x val, ys, xs []span) {
	out := c.p.Values[n.out].Shape
	t := c.temp(tensor.F32, x.shape[0], x.shape[1], out[2], out[3])
	c.emit(&resampleStep{dst: t, x: x, across: true, spans: xs, taps: longest(xs)}, t, x)
	s := &resampleStep{dst: c.out(n.out), x: t, spans: ys, taps: longest(ys)}
	c.emit(s, s.dst, t)
}

// slab cuts small slices from large ones.
type slab[T any] struct {
	free []T
	size int // of the last large one
}

func (s *slab[T]) take(n int) []T {
	if n > len(s.free) {
		s.size = min(max(2*s.size, 64), 4096)
		s.free = make([]T, max(n, s.size))
	}
	part := s.free[:n:n]
	s.free = s.free[n:]
	return part
}

func longest(all []span) (n int) {
	for i := range all {
		n = max(n, len(all[i].weights))
	}
	return n
}

// spansOf joins taps, which are neighbours and may repeat the one at an edge.
func spansOf(taps [][]tap) []span {
	all, floats := make([]span, len(taps)), slab[float32]{}
	for i, ts := range taps {
		from, to := ts[0].at, ts[len(ts)-1].at
		all[i] = span{from, floats.take(to - from + 1)}
		for _, t := range ts {
			all[i].weights[t.at-from] += t.weight
		}
	}
	return all
}

// smoothSpans are the sources of each of out places of an axis of n. The filter is stretched by the scale where that is above
// 1. Source: Pillow's and torch's resize. A run that is over gives nil.
func (r *run) smoothSpans(n, out, filter int) []span {
	all, floats := make([]span, out), slab[float32]{}
	var work counter
	var w []float64
	scale := float64(n) / float64(out)
	wide := max(scale, 1)
	reach := aaReach(filter) * wide
	for i := range all {
		if n == out {
			all[i] = span{i, floats.take(1)}
			all[i].weights[0] = 1
			continue
		}
		center := (float64(i) + 0.5) * scale
		from, to := max(int(center-reach+0.5), 0), min(int(center+reach+0.5), n)
		sum := 0.0
		w = slices.Grow(w[:0], to-from)[:to-from]
		if work.add(r, 8*len(w), look) {
			return nil
		}
		for j := range w {
			w[j] = aaWeight(filter, (float64(from+j)-center+0.5)/wide)
			sum += w[j]
		}
		s := span{from, floats.take(len(w))}
		for j := range w {
			s.weights[j] = float32(w[j] / sum)
		}
		all[i] = s
	}
	return all
}

func aaReach(filter int) float64 {
	switch filter {
	case tensor.AABicubic:
		return 2
	case tensor.AALanczos:
		return 3
	case tensor.AABox:
		return 0.5
	}
	return 1
}

func aaWeight(filter int, x float64) float64 {
	a := math.Abs(x)
	switch {
	case filter == tensor.AABox:
		if x > -0.5 && x <= 0.5 {
			return 1
		}
		return 0
	case a >= aaReach(filter):
		return 0
	case filter == tensor.AABilinear:
		return 1 - a
	case filter == tensor.AABicubic && a < 1:
		return (1.5*a-2.5)*a*a + 1
	case filter == tensor.AABicubic:
		return ((-0.5*a+2.5)*a-4)*a + 2
	case filter == tensor.AALanczos:
		return sinc(x) * sinc(x/3)
	}
	return sinc(x) * (0.54 + 0.46*math.Cos(math.Pi*x))
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

func (s *resampleStep) run(r *run) error {
	dst, x := r.f32(s.dst), r.f32(s.x)
	h, row := s.dst.shape[1], s.dst.shape[2]*s.dst.shape[3]
	rows := s.dst.shape[0] * h
	per, units := chunk(rows, row*(s.taps+1)*2)
	return r.units(units, func(_, u int) {
		var work counter
		for i := u * per; i < min((u+1)*per, rows); i++ {
			out := dst[i*row : (i+1)*row]
			if s.across {
				src := s.x.shape[2] * s.x.shape[3]
				s.row(r, out, x[i*src:(i+1)*src])
				continue
			}
			sp, top := &s.spans[i%h], i/h*s.x.shape[1]
			for k, w := range sp.weights {
				src := x[(top+sp.from+k)*row:][:row]
				if k == 0 {
					r.affine(out, src, w, 0)
				} else {
					r.addScaled(out, src, w)
				}
				if work.add(r, row, look) {
					return
				}
			}
		}
	})
}

// addScaled is dst + x*scale of a line that may be long.
func (r *run) addScaled(dst, x []float32, scale float32) {
	if len(dst) <= look {
		r.k.AddScaled(dst, x, scale)
		return
	}
	for from := 0; from < len(dst) && r.goes(from); from += look {
		to := min(from+look, len(dst))
		r.k.AddScaled(dst[from:to], x[from:to], scale)
	}
}

// row resizes one row.
func (s *resampleStep) row(r *run, out, x []float32) {
	per := max(look/(s.taps*s.dst.shape[3]+1), 1) // spans
	for from := 0; from < len(s.spans) && r.goes(from); from += per {
		s.part(r, out, x, from, min(from+per, len(s.spans)))
	}
}

// part computes pixels from..last of a row.
func (s *resampleStep) part(r *run, out, x []float32, from, last int) {
	ch := s.dst.shape[3]
	for i := from; i < last; i++ {
		sp := &s.spans[i]
		to := out[i*ch : (i+1)*ch]
		if ch == 3 {
			var a, b, c float32
			src := x[sp.from*3 : (sp.from+len(sp.weights))*3]
			for _, w := range sp.weights {
				a, b, c = a+w*src[0], b+w*src[1], c+w*src[2]
				src = src[3:]
			}
			to[0], to[1], to[2] = a, b, c
			continue
		}
		r.clear(to)
		for k, w := range sp.weights {
			src := x[(sp.from+k)*ch:][:ch]
			if ch > 16 {
				r.addScaled(to, src, w)
				continue
			}
			for j := range to {
				to[j] += w * src[j]
			}
		}
	}
}
