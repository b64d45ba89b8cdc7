package cpu

import (
	"math"
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// reduceStep runs a reduction over one axis of a dense value seen as [outer, n, inner].
type reduceStep struct {
	kind            tensor.Kind
	dst, x          val
	outer, n, inner int
	room            lanes // a line
}

func (c *compiler) reduce(n *node) {
	x := c.compact(c.f32(n.op.Args[0]))
	axis := n.op.Attr.I[0]
	s := &reduceStep{kind: n.op.Kind, x: x, outer: x.shape[:axis].Elems(), n: x.shape[axis], inner: x.shape[axis+1:].Elems()}
	s.dst = c.out(n.out)
	_, units := s.units()
	if s.inner > 1 || s.kind == tensor.KindCumSum || s.kind == tensor.KindSoftmax { // others read lines where they are
		s.room = c.lanes(units, s.n*4)
	} else {
		s.room = c.lanes(0, 0)
	}
	c.emit(s, s.dst, x, s.room.v)
}

// units is how many lines make a unit, and how many units there are.
func (s *reduceStep) units() (per, n int) {
	per = max(4096/max(s.n, 1), 1)
	return per, (s.outer*s.inner + per - 1) / per
}

func (s *reduceStep) run(r *run) error {
	x := r.f32(s.x)
	lines := s.outer * s.inner
	per, units := s.units()
	return r.units(units, func(w, u int) {
		var buf []float32
		if s.room.size > 0 {
			buf = asF32(s.room.of(r, w, u))[:s.n]
		}
		for l := u * per; l < min((u+1)*per, lines); l++ {
			o, i := l/s.inner, l%s.inner
			at := o*s.n*s.inner + i
			line := buf
			if s.inner == 1 {
				line = x[at : at+s.n]
			} else {
				r.pick(line, x, at, s.inner)
			}
			s.store(r, line, buf, l, at)
		}
	})
}

// store reduces line l, which starts at element at of x, and writes the result; buf may be line.
func (s *reduceStep) store(r *run, line, buf []float32, l, at int) {
	switch s.kind {
	case tensor.KindSoftmax:
		r.softmax(buf, line)
	case tensor.KindCumSum:
		sum := 0.0
		for from := 0; from < len(line) && r.goes(from); from += look {
			to := min(from+look, len(line))
			for i, v := range line[from:to] {
				sum += float64(v)
				buf[from+i] = float32(sum)
			}
		}
	case tensor.KindArgMax:
		out := r.bytes(s.dst)
		*(*int64)(unsafe.Pointer(&out[8*l])) = r.argMax(line)
		return
	default:
		r.f32(s.dst)[l] = r.fold(s.kind, line)
		return
	}
	r.put(r.f32(s.dst)[at:], buf, s.inner)
}

// pick reads elements that lie step apart, the first at first.
func (r *run) pick(line, x []float32, first, step int) {
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for k := from; k < to; k++ {
			line[k] = x[first+k*step]
		}
	}
}

// put writes elements step apart.
func (r *run) put(dst, line []float32, step int) {
	if step == 1 {
		r.copy(dst[:len(line)], line)
		return
	}
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for k := from; k < to; k++ {
			dst[k*step] = line[k]
		}
	}
}

func (r *run) softmax(dst, x []float32) {
	sum := r.expSum(dst, x, r.maxOf(x))
	r.affine(dst, dst, 1/sum, 0)
}

// maxOf is the largest of a line, which may be long.
func (r *run) maxOf(line []float32) float32 {
	if len(line) <= look {
		return r.k.MaxOf(line)
	}
	best := float32(math.Inf(-1))
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		best = max(best, r.k.MaxOf(line[from:to]))
	}
	return best
}

// expSum writes exp(x - most) and gives the sum of them, of a line that may be long.
func (r *run) expSum(dst, x []float32, most float32) float32 {
	if len(x) <= look {
		return r.k.ExpSum(dst, x, 1, most)
	}
	sum := 0.0
	for from := 0; from < len(x) && r.goes(from); from += look {
		to := min(from+look, len(x))
		sum += float64(r.k.ExpSum(dst[from:to], x[from:to], 1, most))
	}
	return float32(sum)
}

// affine is x*scale + shift of a line that may be long.
func (r *run) affine(dst, x []float32, scale, shift float32) {
	if len(dst) <= look {
		r.k.Affine(dst, x, scale, shift)
		return
	}
	for from := 0; from < len(dst) && r.goes(from); from += look {
		to := min(from+look, len(dst))
		r.k.Affine(dst[from:to], x[from:to], scale, shift)
	}
}

func (r *run) argMax(line []float32) int64 {
	at := 0
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for i := from; i < to; i++ {
			if v := line[i]; v > line[at] || (v != v && line[at] == line[at]) {
				at = i
			}
		}
	}
	return int64(at)
}

// fold reduces a line in pieces whose sums are added in float64.
func (r *run) fold(kind tensor.Kind, line []float32) float32 {
	switch kind {
	case tensor.KindAmax:
		return r.maxOf(line)
	case tensor.KindAmin:
		least := float32(math.Inf(1))
		for from := 0; from < len(line) && r.goes(from); from += look {
			to := min(from+look, len(line))
			for _, v := range line[from:to] {
				least = min(least, v)
			}
		}
		return least
	case tensor.KindProd:
		p := 1.0
		for from := 0; from < len(line) && r.goes(from); from += look {
			to := min(from+look, len(line))
			for _, v := range line[from:to] {
				p *= float64(v)
			}
		}
		return float32(p)
	}
	sum := r.sumOf(line)
	if kind == tensor.KindMean {
		sum /= float64(len(line))
	}
	return float32(sum)
}

func (r *run) sumOf(line []float32) float64 {
	if len(line) <= look {
		return sumOf(r.k, line)
	}
	sum := 0.0
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		sum += sumOf(r.k, line[from:to])
	}
	return sum
}

func sumOf(k *kern.Set, line []float32) float64 {
	const piece = 512
	sum := 0.0
	for len(line) > piece {
		sum += float64(k.Sum(line[:piece]))
		line = line[piece:]
	}
	return sum + float64(k.Sum(line))
}
