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
	s.room = c.lanes(units, s.n*4)
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
		buf := asF32(s.room.of(r, w, u))[:s.n]
		for l := u * per; l < min((u+1)*per, lines); l++ {
			o, i := l/s.inner, l%s.inner
			at := o*s.n*s.inner + i
			line := buf
			if s.inner == 1 {
				line = x[at : at+s.n]
			} else {
				for k := range line {
					line[k] = x[at+k*s.inner]
				}
			}
			s.store(r, line, buf, l, at)
		}
	})
}

// store reduces line l, which starts at element at of x, and writes the result; buf may be line.
func (s *reduceStep) store(r *run, line, buf []float32, l, at int) {
	switch s.kind {
	case tensor.KindSoftmax:
		softmax(r.k, buf, line)
	case tensor.KindCumSum:
		sum := 0.0
		for i, v := range line {
			sum += float64(v)
			buf[i] = float32(sum)
		}
	case tensor.KindArgMax:
		out := r.bytes(s.dst)
		*(*int64)(unsafe.Pointer(&out[8*l])) = argMax(line)
		return
	default:
		r.f32(s.dst)[l] = fold(r.k, s.kind, line)
		return
	}
	dst := r.f32(s.dst)
	if s.inner == 1 {
		copy(dst[at:], buf)
		return
	}
	for k, v := range buf {
		dst[at+k*s.inner] = v
	}
}

func softmax(k *kern.Set, dst, x []float32) {
	sum := k.ExpSum(dst, x, 1, k.MaxOf(x))
	k.Affine(dst, dst, 1/sum, 0)
}

func argMax(line []float32) int64 {
	at := 0
	for i, v := range line {
		if v > line[at] || (v != v && line[at] == line[at]) {
			at = i
		}
	}
	return int64(at)
}

// fold reduces a line in pieces whose sums are added in float64.
func fold(k *kern.Set, kind tensor.Kind, line []float32) float32 {
	switch kind {
	case tensor.KindAmax:
		return k.MaxOf(line)
	case tensor.KindAmin:
		least := float32(math.Inf(1))
		for _, v := range line {
			least = min(least, v)
		}
		return least
	case tensor.KindProd:
		p := 1.0
		for _, v := range line {
			p *= float64(v)
		}
		return float32(p)
	}
	sum := sumOf(k, line)
	if kind == tensor.KindMean {
		sum /= float64(len(line))
	}
	return float32(sum)
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
