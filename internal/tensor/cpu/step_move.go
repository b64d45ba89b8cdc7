package cpu

import (
	"slices"
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// copyStep copies elements between places with any strides.
type copyStep struct {
	dst, src val
	parts    []copyPart
	fill     bool // fills dst with a constant first
	constant float64
}

// copyPart is one copy; offsets and strides are in elements and may be 0 or negative in the source.
type copyPart struct {
	shape            []int
	dstOff, srcOff   int
	dstStep, srcStep []int
}

// move lowers the kinds that only move elements.
func (c *compiler) move(n *node) {
	x := c.vals[n.op.Args[0]]
	a := n.op.Attr.I
	switch n.op.Kind {
	case tensor.KindReshape:
		c.reshape(n, x)
	case tensor.KindPermute:
		c.permute(n, x)
	case tensor.KindSlice:
		c.slice(n, x)
	case tensor.KindConcat:
		c.concat(n)
	case tensor.KindBroadcast:
		out := c.out(n.out)
		c.emit(&copyStep{dst: out, src: x, parts: []copyPart{{out.shape, 0, 0, out.strides(), broadcastStrides(x, out.shape)}}}, out, x)
	case tensor.KindFlip:
		out := c.out(n.out)
		p := copyPart{out.shape, 0, (x.shape[a[0]] - 1) * x.strides()[a[0]], out.strides(), x.strides()}
		p.srcStep[a[0]] = -p.srcStep[a[0]]
		c.emit(&copyStep{dst: out, src: x, parts: []copyPart{p}}, out, x)
	case tensor.KindRoll, tensor.KindTile, tensor.KindPad:
		out := c.out(n.out)
		s := &copyStep{dst: out, src: x, fill: n.op.Kind == tensor.KindPad && a[3] == 0}
		if s.fill {
			s.constant = n.op.Attr.F[0]
		}
		s.along(n.op)
		c.emit(s, out, x)
	}
}

// stretch is n neighbours of the result on an axis, from position dst on, that come from position src on, step apart.
type stretch struct{ dst, n, src, step int }

// along adds the parts of a roll, a tile or a pad.
func (s *copyStep) along(o *tensor.Op) {
	a := o.Attr.I
	axis, n := a[0], s.src.shape[a[0]]
	switch o.Kind {
	case tensor.KindTile:
		s.tile(axis, a[1])
	case tensor.KindRoll:
		by := wrap(a[1], n)
		s.stretches(axis, stretch{0, by, n - by, 1}, stretch{by, n - by, 0, 1})
	default:
		before, after := a[1], a[2]
		s.stretches(axis, stretch{before, n, 0, 1})
		switch a[3] {
		case 1:
			s.stretches(axis, stretch{0, before, before, -1}, stretch{before + n, after, n - 2, -1})
		case 2:
			s.stretches(axis, stretch{0, before, 0, 0}, stretch{before + n, after, n - 1, 0})
		case 3:
			s.stretches(axis, stretch{0, before, n - before, 1}, stretch{before + n, after, 0, 1})
		}
	}
}

func (s *copyStep) stretches(axis int, all ...stretch) {
	ds, ss := s.dst.strides(), s.src.strides()
	for _, t := range all {
		if t.n == 0 {
			continue
		}
		p := copyPart{s.dst.shape.Clone(), t.dst * ds[axis], t.src * ss[axis], ds, slices.Clone(ss)}
		p.shape[axis] = t.n
		p.srcStep[axis] *= t.step
		s.parts = append(s.parts, p)
	}
}

// tile repeats an axis count times: one more dimension, along which the source stands still.
func (s *copyStep) tile(axis, count int) {
	n := s.src.shape[axis]
	ds, ss := s.dst.strides(), s.src.strides()
	s.parts = append(s.parts, copyPart{
		shape:   slices.Insert(s.src.shape.Clone(), axis, count),
		dstStep: slices.Insert(ds, axis, n*ds[axis]),
		srcStep: slices.Insert(ss, axis, 0),
	})
}

func wrap(i, n int) int { return ((i % n) + n) % n }

func (c *compiler) reshape(n *node, x val) {
	want := c.p.Values[n.out].Shape
	v := x
	v.shape = want
	switch {
	case x.dense() || (x.cols() == want.Last() && len(want) > 0):
		if x.dense() {
			v.ld = want.Last()
		}
		c.alias(n.out, v)
	default:
		out := c.out(n.out)
		flat := out
		flat.shape, flat.ld = x.shape, x.cols()
		c.copyTo(flat, x)
	}
}

func (c *compiler) permute(n *node, x val) {
	out := c.p.Values[n.out].Shape
	if sameOrder(n.op.Attr.I, x.shape) && (x.dense() || out.Last() == x.cols()) {
		v := x
		if v.shape = out; x.dense() {
			v.ld = out.Last()
		}
		c.alias(n.out, v)
		return
	}
	o := c.out(n.out)
	steps := make([]int, len(out))
	for i, d := range n.op.Attr.I {
		steps[i] = x.strides()[d]
	}
	c.emit(&copyStep{dst: o, src: x, parts: []copyPart{{o.shape, 0, 0, o.strides(), steps}}}, o, x)
}

// sameOrder reports whether a permutation moves only dimensions of size 1.
func sameOrder(order []int, s tensor.Shape) bool {
	prev := -1
	for _, d := range order {
		if s[d] == 1 {
			continue
		}
		if d < prev {
			return false
		}
		prev = d
	}
	return true
}

func (c *compiler) slice(n *node, x val) {
	axis, from, step := n.op.Attr.I[0], n.op.Attr.I[1], n.op.Attr.I[3]
	want := c.p.Values[n.out].Shape
	lead := x.shape[:axis].Elems()
	if want.Elems() > 0 && step == 1 && (axis == len(x.shape)-1 || lead == 1) {
		v := x
		v.shape = want
		v.off += from * x.strides()[axis] * x.dt.Size()
		c.alias(n.out, v)
		return
	}
	o := c.out(n.out)
	ss := x.strides()
	p := copyPart{o.shape, 0, from * ss[axis], o.strides(), ss}
	p.srcStep[axis] *= step
	c.emit(&copyStep{dst: o, src: x, parts: []copyPart{p}}, o, x)
}

func (c *compiler) concat(n *node) {
	out := c.out(n.out)
	axis, at := n.op.Attr.I[0], 0
	for _, id := range n.op.Args {
		x := c.vals[id]
		p := copyPart{x.shape, at * out.strides()[axis], 0, out.strides(), x.strides()}
		c.emit(&copyStep{dst: out, src: x, parts: []copyPart{p}}, out, x)
		at += x.shape[axis]
	}
}

// copyTo emits a copy between values of one shape and dtype.
func (c *compiler) copyTo(dst, src val) {
	c.emit(&copyStep{dst: dst, src: src, parts: []copyPart{{dst.shape, 0, 0, dst.strides(), src.strides()}}}, dst, src)
}

// broadcastStrides are the steps of x in elements when it is read under a larger shape.
func broadcastStrides(x val, s tensor.Shape) []int {
	out := make([]int, len(s))
	for i, st := range x.strides() {
		if x.shape[i] != 1 {
			out[len(s)-len(x.shape)+i] = st
		}
	}
	return out
}

func (s *copyStep) run(r *run) error {
	dst, src, size := r.bytes(s.dst), r.bytes(s.src), s.dst.dt.Size()
	if s.fill && len(dst) > 0 {
		s.paint(r, dst, size)
	}
	for _, p := range s.parts {
		if tensor.Shape(p.shape).Elems() == 0 {
			continue
		}
		p.collapse().run(r, dst, src, size)
	}
	return nil
}

// paint fills dst with the constant.
func (s *copyStep) paint(r *run, dst []byte, size int) {
	const grain = 64 << 10
	first := dst[:min(grain, len(dst))]
	tensor.WriteF64(first[:size], s.dst.dt, []float64{s.constant})
	for n := size; n < len(first); n *= 2 {
		copy(first[n:], first[:n])
	}
	r.ranges(len(dst)/grain, 16<<10, func(from, to int) {
		for i := from; i < to; i++ {
			copy(dst[(i+1)*grain:], first)
		}
	})
}

// run copies in parallel. Units are cut along the outermost dimension under which there is not more than one unit's work; the
// places in those outside of it are counted through.
func (p copyPart) run(r *run, dst, src []byte, size int) {
	const grain = 16 << 10
	d, rest := 0, tensor.Shape(p.shape[1:]).Elems()
	for rest > grain {
		d++
		rest /= p.shape[d]
	}
	per := max(grain/rest, 1)
	parts := (p.shape[d] + per - 1) / per
	outer := tensor.Shape(p.shape[:d]).Elems()
	r.b.pool.until(r.stop, outer*parts, func(_, u int) {
		q, at, from := copyPart{p.shape[d:], p.dstOff, p.srcOff, p.dstStep[d:], p.srcStep[d:]}, u/parts, u%parts*per
		for i := d - 1; i >= 0; i-- {
			q.dstOff += at % p.shape[i] * p.dstStep[i]
			q.srcOff += at % p.shape[i] * p.srcStep[i]
			at /= p.shape[i]
		}
		q.part(from, min(from+per, p.shape[d])).copy(dst, src, size)
	})
}

// collapse merges dimensions that follow one another in memory on both sides.
func (p copyPart) collapse() copyPart {
	q := copyPart{dstOff: p.dstOff, srcOff: p.srcOff}
	for i, n := range p.shape {
		if n == 1 {
			continue
		}
		k := len(q.shape) - 1
		if k >= 0 && q.dstStep[k] == p.dstStep[i]*n && q.srcStep[k] == p.srcStep[i]*n {
			q.shape[k] *= n
			q.dstStep[k], q.srcStep[k] = p.dstStep[i], p.srcStep[i]
			continue
		}
		q.shape = append(q.shape, n)
		q.dstStep = append(q.dstStep, p.dstStep[i])
		q.srcStep = append(q.srcStep, p.srcStep[i])
	}
	if len(q.shape) == 0 {
		q.shape, q.dstStep, q.srcStep = []int{1}, []int{1}, []int{1}
	}
	return q
}

// part is the copy of places from..to of the first dimension, in an order of dimensions that does not make the innermost a
// short one: walking through the others would take longer than the copy.
func (p copyPart) part(from, to int) copyPart {
	const short = 16
	q := copyPart{slices.Clone(p.shape), p.dstOff + from*p.dstStep[0], p.srcOff + from*p.srcStep[0], p.dstStep, p.srcStep}
	q.shape[0] = to - from
	last := len(q.shape) - 1
	best := last
	for i, n := range q.shape {
		if n > 2*q.shape[best] {
			best = i
		}
	}
	if best == last || q.shape[last] >= short {
		return q
	}
	q.dstStep, q.srcStep = slices.Clone(q.dstStep), slices.Clone(q.srcStep)
	for _, s := range [][]int{q.shape, q.dstStep, q.srcStep} {
		n := s[best]
		copy(s[best:], s[best+1:])
		s[last] = n
	}
	return q
}

func (p copyPart) copy(dst, src []byte, size int) {
	if len(p.shape) > 1 {
		for i := range p.shape[0] {
			copyPart{p.shape[1:], p.dstOff + i*p.dstStep[0], p.srcOff + i*p.srcStep[0], p.dstStep[1:], p.srcStep[1:]}.copy(dst, src, size)
		}
		return
	}
	n, ds, ss := p.shape[0], p.dstStep[0], p.srcStep[0]
	if ds == 1 && ss == 1 {
		copy(dst[p.dstOff*size:(p.dstOff+n)*size], src[p.srcOff*size:])
		return
	}
	switch size {
	case 1:
		copyEach[uint8](dst, src, p)
	case 2:
		copyEach[uint16](dst, src, p)
	case 4:
		copyEach[uint32](dst, src, p)
	default:
		copyEach[uint64](dst, src, p)
	}
}

func copyEach[T any](dst, src []byte, p copyPart) {
	var zero T
	size := int(unsafe.Sizeof(zero))
	d := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(dst))), len(dst)/size)
	s := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(src))), len(src)/size)
	di, si := p.dstOff, p.srcOff
	for range p.shape[0] {
		d[di] = s[si]
		di += p.dstStep[0]
		si += p.srcStep[0]
	}
}
