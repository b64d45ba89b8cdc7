package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
)

// unaryStep applies a function to each element.
type unaryStep struct {
	dst, x val
	fn     func(dst, x []float32)
	cost   int // roughly, in elements copied
}

func (c *compiler) unary(n *node) {
	x := c.f32(n.op.Args[0])
	out := c.outOver(n.out, x)
	s := &unaryStep{dst: out, x: x, fn: unaryKernel(c.b.kern, n.op.Kind), cost: 2}
	switch {
	case n.op.Kind == tensor.KindAffine:
		scale, shift := float32(n.op.Attr.F[0]), float32(n.op.Attr.F[1])
		s.fn = func(dst, x []float32) { c.b.kern.Affine(dst, x, scale, shift) }
	case s.fn == nil:
		f := interp.Unary(n.op.Kind, n.op.Attr.F)
		s.fn, s.cost = func(dst, x []float32) {
			for i, v := range x {
				dst[i] = float32(f(float64(v)))
			}
		}, 16
	}
	c.emit(s, out, x)
}

// unaryKernel is the fast form of a kind, nil if there is none.
func unaryKernel(k *kern.Set, kind tensor.Kind) func(dst, x []float32) {
	switch kind {
	case tensor.KindExp:
		return k.Exp
	case tensor.KindSigmoid:
		return k.Sigmoid
	case tensor.KindSiLU:
		return k.SiLU
	case tensor.KindQuickGELU:
		return k.QuickGELU
	case tensor.KindGELU:
		return k.GELU
	case tensor.KindGELUTanh:
		return k.GELUTanh
	case tensor.KindTanh:
		return k.Tanh
	case tensor.KindErf:
		return k.Erf
	case tensor.KindReLU:
		return k.ReLU
	}
	return nil
}

func (s *unaryStep) run(r *run) error {
	dst, x := r.f32(s.dst), r.f32(s.x)
	if s.x.dense() {
		r.ranges(len(dst), s.cost, func(from, to int) { s.fn(dst[from:to], x[from:to]) })
		return nil
	}
	cols := s.dst.cols()
	r.pieces(s.dst.rows(), cols, s.cost, func(i, from, to int) {
		s.fn(dst[i*cols+from:i*cols+to], x[i*s.x.ld+from:i*s.x.ld+to])
	})
	return nil
}

// elemStep applies a function of several broadcast arguments to each element.
type elemStep struct {
	dst   val
	args  []val
	shape []int   // collapsed
	steps [][]int // by argument, in elements; the result is dense
	fn    func(float64, float64, float64) float64
	fast  func(dst, x, y []float32) // nil when there is none
	kind  tensor.Kind
}

func (c *compiler) elementwise(n *node) {
	s := &elemStep{kind: n.op.Kind, fast: binaryKernel(c.b.kern, n.op.Kind), fn: elemFunc(n.op)}
	for _, a := range n.op.Args {
		s.args = append(s.args, c.f32(a))
	}
	s.dst = c.outOver(n.out, s.args...)
	s.collapse()
	c.emit(s, append(s.args[:len(s.args):len(s.args)], s.dst)...)
}

func elemFunc(o *tensor.Op) func(float64, float64, float64) float64 {
	f := interp.Binary(o.Kind)
	switch o.Kind {
	case tensor.KindBlend:
		f = interp.Blend(o.Attr.I[0])
	case tensor.KindWhere:
		return func(c, x, y float64) float64 {
			if c != 0 {
				return x
			}
			return y
		}
	case tensor.KindLerp:
		return func(x, y, t float64) float64 { return x + t*(y-x) }
	}
	return func(x, y, _ float64) float64 { return f(x, y) }
}

func binaryKernel(k *kern.Set, kind tensor.Kind) func(dst, x, y []float32) {
	switch kind {
	case tensor.KindAdd:
		return k.Add
	case tensor.KindSub:
		return k.Sub
	case tensor.KindMul:
		return k.Mul
	case tensor.KindDiv:
		return k.Div
	case tensor.KindMin:
		return k.Min
	case tensor.KindMax:
		return k.Max
	}
	return nil
}

// collapse merges dimensions that every argument walks through in one stride.
func (s *elemStep) collapse() {
	all := make([][]int, len(s.args))
	for i, a := range s.args {
		all[i] = broadcastStrides(a, s.dst.shape)
	}
	s.steps = make([][]int, len(s.args))
	for d, n := range s.dst.shape {
		if n == 1 {
			continue
		}
		k := len(s.shape) - 1
		joins := k >= 0
		for i := range all {
			joins = joins && s.steps[i][k] == all[i][d]*n
		}
		if joins {
			s.shape[k] *= n
		} else {
			s.shape = append(s.shape, n)
			k++
		}
		for i := range all {
			if !joins {
				s.steps[i] = append(s.steps[i], 0)
			}
			s.steps[i][k] = all[i][d]
		}
	}
	if len(s.shape) == 0 {
		s.shape = []int{1}
		for i := range s.steps {
			s.steps[i] = []int{0}
		}
	}
}

func (s *elemStep) run(r *run) error {
	dst := r.f32(s.dst)
	if len(dst) == 0 {
		return nil
	}
	args := make([][]float32, len(s.args))
	for i, a := range s.args {
		args[i] = r.f32(a)
	}
	inner := s.shape[len(s.shape)-1]
	cost := 2
	if s.fast == nil {
		cost = 16
	}
	if len(s.shape) == 1 {
		r.ranges(inner, cost, func(from, to int) { s.line(r.k, dst, args, make([]int, len(args)), from, from, to) })
		return nil
	}
	r.pieces(len(dst)/inner, inner, cost, func(row, from, to int) {
		var at [3]int
		s.offsets(at[:len(args)], row)
		s.line(r.k, dst, args, at[:len(args)], row*inner+from, from, to)
	})
	return nil
}

// offsets finds where each argument's part of a row starts.
func (s *elemStep) offsets(at []int, row int) {
	clear(at)
	for d := len(s.shape) - 2; d >= 0; d-- {
		x := row % s.shape[d]
		row /= s.shape[d]
		for i := range at {
			at[i] += x * s.steps[i][d]
		}
	}
}

// line computes elements from..to of the innermost dimension into dst at to, with the arguments starting at at.
func (s *elemStep) line(k *kern.Set, dst []float32, args [][]float32, at []int, first, from, to int) {
	in := len(s.shape) - 1
	out := dst[first : first+to-from]
	sx, sy := s.steps[0][in], s.steps[1][in]
	ax, ay := args[0][at[0]+from*sx:], args[1][at[1]+from*sy:]
	if s.fast != nil && sx == 1 && sy == 1 {
		s.fast(out, ax, ay)
		return
	}
	if s.scalar(k, out, ax, ay, sx, sy) {
		return
	}
	var sz int
	az := ax[:1]
	if len(args) == 3 {
		sz = s.steps[2][in]
		az = args[2][at[2]+from*sz:]
	}
	for i := range out {
		out[i] = float32(s.fn(float64(ax[i*sx]), float64(ay[i*sy]), float64(az[i*sz])))
	}
}

// scalar computes a line with one argument that stays the same, when there is a kernel for it.
func (s *elemStep) scalar(k *kern.Set, out, x, y []float32, sx, sy int) bool {
	switch {
	case s.kind == tensor.KindAdd && sx == 1 && sy == 0:
		k.Affine(out, x, 1, y[0])
	case s.kind == tensor.KindAdd && sx == 0 && sy == 1:
		k.Affine(out, y, 1, x[0])
	case s.kind == tensor.KindSub && sx == 1 && sy == 0:
		k.Affine(out, x, 1, -y[0])
	case s.kind == tensor.KindSub && sx == 0 && sy == 1:
		k.Affine(out, y, -1, x[0])
	case s.kind == tensor.KindMul && sx == 1 && sy == 0:
		k.Affine(out, x, y[0], 0)
	case s.kind == tensor.KindMul && sx == 0 && sy == 1:
		k.Affine(out, y, x[0], 0)
	default:
		return false
	}
	return true
}
