package cpu

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// windowOp says what becomes of a window's elements.
type windowOp uint8

const (
	windowSum windowOp = iota
	windowMax
	windowMin
)

// windowStep combines the elements of a window around each element of a dense [b, h, w, c]: row by row, each of them shifted
// by a pixel for each column of the window.
type windowStep struct {
	dst, x  val
	op      windowOp
	kh, kw  int
	border  int
	weights []float32 // of sums, kh*kw of them; nil when kern has them
	kern    val
	room    lanes // a row with its borders
	cost    int   // of a row
}

// window emits the step and gives its result, which is the node's where last is true.
func (c *compiler) window(n *node, x val, s windowStep, last bool) val {
	s.x = x
	if last {
		s.dst = c.out(n.out)
	} else {
		s.dst = c.temp(tensor.F32, x.shape...)
	}
	h, w, ch := x.shape[1], x.shape[2], x.shape[3]
	s.cost = w * ch * s.kh * (s.kw + 1)
	_, units := chunk(x.shape[0]*h, s.cost)
	s.room = c.lanes(units, (w+s.kw-1)*ch*4)
	uses := []val{x, s.dst, s.room.v}
	if s.weights == nil && s.op == windowSum {
		uses = append(uses, s.kern)
	}
	c.emit(&s, uses...)
	return s.dst
}

// filter lowers the kinds that weigh a window.
func (c *compiler) filter(n *node) {
	x, a := c.compact(c.f32(n.op.Args[0])), n.op.Attr.I
	if n.op.Kind == tensor.KindFilter2D {
		k := c.compact(c.f32(n.op.Args[1]))
		c.window(n, x, windowStep{kh: k.shape[0], kw: k.shape[1], border: a[0], kern: k}, true)
		return
	}
	ky, kx := even(a[0]), even(a[1])
	if n.op.Kind == tensor.KindGaussianBlur {
		ky, kx = bell(a[0], n.op.Attr.F[0]), bell(a[1], n.op.Attr.F[1])
	}
	t := c.window(n, x, windowStep{kh: a[0], kw: 1, border: a[2], weights: ky}, false)
	c.window(n, t, windowStep{kh: 1, kw: a[1], border: a[2], weights: kx}, true)
}

func even(n int) []float32 {
	k := make([]float32, n)
	for i := range k {
		k[i] = 1 / float32(n)
	}
	return k
}

// bell is a Gaussian of sum 1.
func bell(n int, sigma float64) []float32 {
	const least = 0x1p-126 // the least normal number
	k, sum := make([]float64, n), 0.0
	for i := range k {
		d := (float64(i) - float64(n-1)/2) / sigma
		k[i] = math.Exp(-d * d / 2)
		sum += k[i]
	}
	out := make([]float32, n)
	for i, v := range k {
		if w := v / sum; w >= least { // less is nothing beside the middle, and slow to multiply by
			out[i] = float32(w)
		}
	}
	return out
}

// morphology lowers KindDilate and KindErode.
func (c *compiler) morphology(n *node) {
	x, a := c.compact(c.f32(n.op.Args[0])), n.op.Attr.I
	op, kind := windowMax, tensor.KindMax
	if n.op.Kind == tensor.KindErode {
		op, kind = windowMin, tensor.KindMin
	}
	down := c.window(n, x, windowStep{op: op, kh: a[0], kw: 1}, false)
	if a[2] == 0 {
		c.window(n, down, windowStep{op: op, kh: 1, kw: a[1]}, true)
		return
	}
	across := c.window(n, x, windowStep{op: op, kh: 1, kw: a[1]}, false)
	s := &elemStep{kind: kind, fast: binaryKernel(c.b.kern, kind), fn: elemFunc(&tensor.Op{Kind: kind}), args: []val{down, across}}
	s.dst = c.outOver(n.out, s.args...)
	s.collapse()
	c.emit(s, down, across, s.dst)
}

func (s *windowStep) run(r *run) error {
	dst, x, weights := r.f32(s.dst), r.f32(s.x), s.weights
	if weights == nil && s.op == windowSum {
		weights = r.f32(s.kern)
	}
	h, row := s.x.shape[1], s.x.shape[2]*s.x.shape[3]
	rows := s.x.shape[0] * h
	per, units := chunk(rows, s.cost)
	return r.units(units, func(w, u int) {
		b := s.room.of(r, w, u)
		line := asF32(b)[:(s.x.shape[2]+s.kw-1)*s.x.shape[3]]
		var work counter
		for i := u * per; i < min((u+1)*per, rows); i++ {
			y := i % h
			out, first := dst[i*row:(i+1)*row], true
			for ky := range s.kh {
				from := borderAt(y+ky-(s.kh-1)/2, h, s.border)
				switch {
				case from < 0 && s.op != windowSum:
					continue
				case from < 0:
					r.clear(line)
				default:
					s.widen(r, line, x[(i-y+from)*row:][:row])
				}
				for kx := range s.kw {
					if work.add(r, row, look) {
						return
					}
					s.add(r, out, line[kx*s.x.shape[3]:][:row], weights, ky*s.kw+kx, first)
					first = false
				}
			}
		}
	})
}

// add combines a shifted row with what is there.
func (s *windowStep) add(r *run, out, row, weights []float32, at int, first bool) {
	if len(out) > look {
		for lo := 0; lo < len(out) && r.goes(lo); lo += look {
			hi := min(lo+look, len(out))
			s.combine(r, out[lo:hi], row[lo:hi], weights, at, first)
		}
		return
	}
	s.combine(r, out, row, weights, at, first)
}

func (s *windowStep) combine(r *run, out, row, weights []float32, at int, first bool) {
	switch {
	case s.op == windowSum && first:
		r.k.Affine(out, row, weights[at], 0)
	case s.op == windowSum:
		r.k.AddScaled(out, row, weights[at])
	case first:
		copy(out, row)
	case s.op == windowMax:
		r.k.Max(out, out, row)
	default:
		r.k.Min(out, out, row)
	}
}

// widen copies a row with its borders to both sides.
func (s *windowStep) widen(r *run, line, row []float32) {
	outside := float32(0)
	switch s.op {
	case windowMax:
		outside = float32(math.Inf(-1))
	case windowMin:
		outside = float32(math.Inf(1))
	}
	r.widenRow(line, row, s.x.shape[3], (s.kw-1)/2, s.border, outside)
}

// widenRow copies a row of pixels of ch channels to pixel left of line and fills what is left of line on both sides.
func (r *run) widenRow(line, row []float32, ch, left, border int, outside float32) {
	r.copy(line[left*ch:][:len(row)], row)
	w := len(row) / ch
	fill := func(z int) {
		to := line[z*ch : (z+1)*ch]
		if from := borderAt(z-left, w, border); from >= 0 {
			copy(to, row[from*ch:])
			return
		}
		for k := range to {
			to[k] = outside
		}
	}
	for z := range left {
		fill(z)
	}
	for z := left + w; z < len(line)/ch; z++ {
		fill(z)
	}
}

// borderAt is the place on an axis of n that place i, which may lie outside, reads; -1 for none. border is as KindPad's mode.
func borderAt(i, n, border int) int {
	if i >= 0 && i < n {
		return i
	}
	switch border {
	case tensor.BorderReflect:
		if i < 0 {
			return -i
		}
		return 2*(n-1) - i
	case tensor.BorderReplicate:
		return min(max(i, 0), n-1)
	case tensor.BorderCircular:
		return wrap(i, n)
	}
	return -1
}

// medianStep picks the middle of each window.
type medianStep struct {
	dst, x         val
	kh, kw, border int
	room           lanes // the rows of a window with their borders, and the window
	cost           int
}

func (c *compiler) medianFilter(n *node) {
	x, a := c.compact(c.f32(n.op.Args[0])), n.op.Attr.I
	s := &medianStep{x: x, dst: c.out(n.out), kh: a[0], kw: a[1], border: a[2]}
	w, ch := x.shape[2], x.shape[3]
	s.cost = w * ch * s.kh * s.kw * 8
	_, units := chunk(x.shape[0]*x.shape[1], s.cost)
	s.room = c.lanes(units, 4*(s.kh*(w+s.kw-1)*ch+s.kh*s.kw)+32)
	c.emit(s, x, s.dst, s.room.v)
}

func (s *medianStep) run(r *run) error {
	dst, x := r.f32(s.dst), r.f32(s.x)
	h, ch := s.x.shape[1], s.x.shape[3]
	row, line := s.x.shape[2]*ch, (s.x.shape[2]+s.kw-1)*ch
	rows := s.x.shape[0] * h
	per, units := chunk(rows, s.cost)
	return r.units(units, func(w, u int) {
		b := s.room.of(r, w, u)
		const few = 16 // pixels
		lines, win := cut[float32](&b, s.kh*line), cut[float32](&b, s.kh*s.kw)
		var work counter
		for i := u * per; i < min((u+1)*per, rows); i++ {
			y := i % h
			for ky := range s.kh {
				part := lines[ky*line : (ky+1)*line]
				if from := borderAt(y+ky-s.kh/2, h, s.border); from >= 0 {
					r.widenRow(part, x[(i-y+from)*row:][:row], ch, s.kw/2, s.border, 0)
				} else {
					clear(part)
				}
			}
			out := dst[i*row : (i+1)*row]
			for first := 0; first < row; first += few {
				last := min(first+few, row)
				if work.add(r, 8*len(win)*(last-first), look) {
					return
				}
				s.pick(r, out[first:last], lines[first:], win, line)
			}
		}
	})
}

// pick finds the middles of the windows from the start of lines on, which lie line apart.
func (s *medianStep) pick(r *run, out, lines, win []float32, line int) {
	ch := s.x.shape[3]
	for p := range out {
		n := 0
		for ky := range s.kh {
			for kx := range s.kw {
				win[n] = lines[ky*line+p+kx*ch]
				n++
			}
		}
		out[p] = r.quantile(win, float64((n-1)/2))
	}
}
