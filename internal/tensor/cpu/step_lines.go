package cpu

import (
	"math"
	"math/bits"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// lineStep computes lines along one axis: x [outer, n, inner] to [outer, m, inner].
type lineStep struct {
	dst, x             val
	outer, n, m, inner int
	room               lanes
	// fn turns a line, which it may change, into m numbers; places into m numbers that are I64. One of them is nil.
	fn     func(r *run, out, line []float32)
	places func(r *run, out []int64, line []float32, keys []uint64)
	keys   int // of scratch for places and sorts
	sorted func(r *run, out, line []float32, keys []uint64)
	cost   int // of an element
}

func (c *compiler) lines(n *node) {
	x := c.compact(c.f32(n.op.Args[0]))
	axis, out := n.op.Attr.I[0], c.p.Values[n.out].Shape
	s := &lineStep{x: x, outer: x.shape[:axis].Elems(), n: x.shape[axis], m: out[axis], inner: x.shape[axis+1:].Elems(), cost: 4}
	s.choose(n.op)
	s.dst = c.out(n.out)
	_, units := chunk(s.outer*s.inner, s.n*s.cost)
	s.room = c.lanes(units, 8*s.keys+4*s.n+8*s.m+32)
	c.emit(s, s.dst, x, s.room.v)
}

func (s *lineStep) choose(o *tensor.Op) {
	switch o.Kind {
	case tensor.KindVar, tensor.KindStd:
		s.fn = spread(o.Attr.I[1], o.Kind == tensor.KindStd)
	case tensor.KindMedian:
		s.fn = func(r *run, out, line []float32) { out[0] = r.quantile(line, float64((len(line)-1)/2)) }
	case tensor.KindQuantile:
		q := o.Attr.F[0]
		s.fn = func(r *run, out, line []float32) { out[0] = r.quantile(line, q*float64(len(line)-1)) }
	case tensor.KindArgMin:
		s.places = func(r *run, out []int64, line []float32, _ []uint64) { out[0] = r.argMin(line) }
	case tensor.KindSort, tensor.KindArgSort:
		s.order(o.Kind == tensor.KindArgSort, o.Attr.I[1] == 1)
	case tensor.KindTopK, tensor.KindTopKIndex:
		s.order(o.Kind == tensor.KindTopKIndex, o.Attr.I[2] == 1)
	default:
		s.fn = lineFunc(o.Kind)
	}
}

func (s *lineStep) order(places, down bool) {
	s.keys, s.cost = 2*s.n, 4+2*bits.Len(uint(s.n))
	if places {
		s.places = func(r *run, out []int64, line []float32, keys []uint64) {
			if keys = r.sortKeys(line, keys, down); keys == nil {
				return
			}
			for from := 0; from < len(out) && r.goes(from); from += look {
				to := min(from+look, len(out))
				for i := from; i < to; i++ {
					out[i] = int64(uint32(keys[i]))
				}
			}
		}
		return
	}
	s.sorted = func(r *run, out, line []float32, keys []uint64) {
		if keys = r.sortKeys(line, keys, down); keys == nil {
			return
		}
		for from := 0; from < len(out) && r.goes(from); from += look {
			to := min(from+look, len(out))
			for i := from; i < to; i++ {
				out[i] = line[uint32(keys[i])]
			}
		}
	}
}

func lineFunc(k tensor.Kind) func(r *run, out, line []float32) {
	switch k {
	case tensor.KindLogSumExp:
		return func(r *run, out, line []float32) { out[0] = r.logSumExp(line) }
	case tensor.KindLogSoftmax:
		return func(r *run, out, line []float32) {
			r.copy(out, line)
			r.affine(out, out, 1, -r.logSumExp(line))
		}
	case tensor.KindCumProd:
		return cumProd
	case tensor.KindCumMax:
		return cumMax
	case tensor.KindCumMin:
		return cumMin
	}
	return func(r *run, out, line []float32) { out[0] = float32(math.Sqrt(r.sumSq(line, 0))) }
}

func cumProd(r *run, out, line []float32) {
	p := 1.0
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for i := from; i < to; i++ {
			p *= float64(line[i])
			out[i] = float32(p)
		}
	}
}

func cumMax(r *run, out, line []float32) {
	best := line[0]
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for i := from; i < to; i++ {
			best = max(best, line[i])
			out[i] = best
		}
	}
}

func cumMin(r *run, out, line []float32) {
	best := line[0]
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for i := from; i < to; i++ {
			best = min(best, line[i])
			out[i] = best
		}
	}
}

// sumSq adds up squared distances from the mean, in float64.
func (r *run) sumSq(line []float32, mean float64) float64 {
	sq := 0.0
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for _, v := range line[from:to] {
			d := float64(v) - mean
			sq += d * d
		}
	}
	return sq
}

// spread is the variance of a line, or the root of it.
func spread(correction int, root bool) func(r *run, out, line []float32) {
	return func(r *run, out, line []float32) {
		sq := r.sumSq(line, r.sumOf(line)/float64(len(line)))
		v := sq / float64(max(len(line)-correction, 0))
		if root {
			v = math.Sqrt(v)
		}
		out[0] = float32(v)
	}
}

// logSumExp overwrites the line.
func (r *run) logSumExp(line []float32) float32 {
	most := r.maxOf(line)
	if math.IsInf(float64(most), 0) {
		return most
	}
	return most + float32(math.Log(float64(r.expSum(line, line, most))))
}

func (r *run) argMin(line []float32) int64 {
	at := 0
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for i := from; i < to; i++ {
			if v := line[i]; v < line[at] || (v != v && line[at] == line[at]) {
				at = i
			}
		}
	}
	return int64(at)
}

func (s *lineStep) run(r *run) error {
	x := r.f32(s.x)
	per, units := chunk(s.outer*s.inner, s.n*s.cost)
	return r.units(units, func(w, u int) {
		b := s.room.of(r, w, u)
		keys, line, out := cut[uint64](&b, s.keys), cut[float32](&b, s.n), cut[int64](&b, s.m)
		for l := u * per; l < min((u+1)*per, s.outer*s.inner); l++ {
			o, i := l/s.inner, l%s.inner
			if at := o*s.n*s.inner + i; s.inner == 1 {
				r.copy(line, x[at:at+s.n])
			} else {
				r.pick(line, x, at, s.inner)
			}
			s.line(r, out, line, keys, o*s.m*s.inner+i)
		}
	})
}

// line computes one line, whose result starts at element at.
func (s *lineStep) line(r *run, room []int64, line []float32, keys []uint64, at int) {
	if s.places != nil {
		s.places(r, room, line, keys)
		dst := asI64(r.bytes(s.dst))
		for from := 0; from < len(room) && r.goes(from); from += look {
			to := min(from+look, len(room))
			for k := from; k < to; k++ {
				dst[at+k*s.inner] = room[k]
			}
		}
		return
	}
	b := asBytes(room)
	out, dst := cut[float32](&b, s.m), r.f32(s.dst)
	if s.sorted != nil {
		s.sorted(r, out, line, keys)
	} else {
		s.fn(r, out, line)
	}
	r.put(dst[at:], out, s.inner)
}
