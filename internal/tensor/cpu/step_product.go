package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
)

func (c *compiler) linear(n *node) {
	x, w := c.f32(n.op.Args[0]), c.vals[n.op.Args[1]]
	s := c.product(n, x, w)
	s.lines, s.width, s.n, s.depth, s.taps = 1, x.rows(), w.shape[0], w.shape[1], 1
	s.aLine, s.aStep, s.aTap = func(int) int { return 0 }, x.ld, []int{0}
	if n.gate >= 0 {
		s.n /= 2
		if s.depth > maxGatedK { // one block of K cannot hold it: compute the pairs apart
			c.apart(n)
			return
		}
		s.gate = gateKernel(c.b.kern, n.gate)
	}
	c.finish(n, s)
}

// apart lowers a linear layer and the GLU behind it as two steps.
func (c *compiler) apart(n *node) {
	glu := node{op: &tensor.Op{Kind: tensor.KindGLU, Args: []tensor.ID{n.op.Out}, Out: n.out, Attr: tensor.Attr{I: []int{n.gate}}}, out: n.out, add: none, gate: -1}
	plain := *n
	plain.out, plain.gate = n.op.Out, -1
	c.last[n.op.Out] = c.at
	c.linear(&plain)
	c.glu(&glu)
}

// product starts a step with the bias and what is added and applied behind the sum.
func (c *compiler) product(n *node, a, b val) *gemmStep {
	s := &gemmStep{a: a, b: b, outer: 1}
	if len(n.op.Args) > 2 {
		s.bias, s.hasBias = c.compact(c.f32(n.op.Args[2])), true
	}
	if n.add != none {
		s.add, s.hasAdd = c.f32(n.add), true
	}
	if n.act != 0 {
		s.act = unaryKernel(c.b.kern, n.act)
	}
	return s
}

// finish gives the step its result and emits it. What is added may be overwritten by the result: each element is read
// before it is written.
func (c *compiler) finish(n *node, s *gemmStep) {
	uses := []val{s.a, s.b}
	if s.hasBias {
		uses = append(uses, s.bias)
	}
	if s.hasAdd && s.add.shape.Equal(c.p.Values[n.out].Shape) && s.add.buf != s.a.buf && s.add.buf != s.b.buf {
		s.c = c.outOver(n.out, s.add)
	} else {
		s.c = c.out(n.out)
	}
	if s.hasAdd {
		uses = append(uses, s.add)
	}
	s.tune(c)
	c.emit(s, append(uses, s.c)...)
}

func (c *compiler) matmul(n *node) {
	x, y := c.f32(n.op.Args[0]), c.vals[n.op.Args[1]]
	s := c.product(n, x, y)
	m, k := x.shape[len(x.shape)-2], x.cols()
	s.lines, s.width, s.n, s.depth, s.taps, s.kMajor = 1, m, y.cols(), k, 1, true
	s.aLine, s.aStep, s.aTap = func(int) int { return 0 }, x.ld, []int{0}
	lead := c.p.Values[n.out].Shape
	lead = lead[:len(lead)-2]
	s.outer = lead.Elems()
	s.aOuter = outerOffsets(lead, x)
	s.bOuter = outerOffsets(lead, y)
	s.cOuter = every(s.outer, m*s.n)
	c.finish(n, s)
}

// outerOffsets is where each matrix of a batch starts.
func outerOffsets(lead tensor.Shape, v val) offsets {
	o := offsets{lead, make([]int, len(lead))}
	steps, skip := v.strides(), len(lead)-len(v.shape)+2
	for i, n := range v.shape[:len(v.shape)-2] {
		if n != 1 {
			o.steps[skip+i] = steps[i]
		}
	}
	return o
}

// convShape is the numbers of a convolution.
type convShape struct {
	batch, h, w, cin, oh, ow, cout, kh, kw        int
	sy, sx, top, left, bottom, right, dy, dx, grp int
}

func (c *compiler) convShape(n *node) convShape {
	x, w, o, a := c.p.Values[n.op.Args[0]].Shape, c.p.Values[n.op.Args[1]].Shape, c.p.Values[n.op.Out].Shape, n.op.Attr.I
	return convShape{x[0], x[1], x[2], x[3], o[1], o[2], o[3], w[2], w[3], a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8]}
}

// conv2d convolves directly: each tap of the kernel is one more stretch of the tile's sum, read from an image with its
// padding around it.
func (c *compiler) conv2d(n *node) {
	d, wino := c.plan(n.op)
	w := c.vals[n.op.Args[1]]
	w.shape, w.ld = tensor.Shape{d.cout, w.shape[1:].Elems()}, w.shape[1:].Elems()
	x, ok := c.halos[n.op.Args[0]]
	if !ok {
		x = c.f32(n.op.Args[0])
	}
	if d.kh == 1 && d.kw == 1 && d.sy == 1 && d.sx == 1 && d.top+d.left+d.bottom+d.right == 0 && d.grp == 1 {
		s := c.product(n, x, w)
		s.lines, s.width, s.n, s.depth, s.taps = 1, x.rows(), d.cout, d.cin, 1
		s.aLine, s.aStep, s.aTap = func(int) int { return 0 }, x.ld, []int{0}
		if s.hasAdd && !s.add.shape.Equal(c.p.Values[n.out].Shape) {
			s.lines, s.width, s.addImage = d.batch, d.h*d.w, 1
			s.aLine = func(line int) int { return line * s.width * x.ld }
		}
		c.finish(n, s)
		return
	}
	if !ok && d.top+d.left+d.bottom+d.right > 0 {
		x = c.halo(x, d)
	}
	if wino {
		c.winograd(n, d, x, w)
		return
	}
	c.convOver(n, d, x, w)
}

// convOver emits the convolution over an image that has its padding.
func (c *compiler) convOver(n *node, d convShape, x, w val) {
	h, wd := x.shape[1], x.shape[2]
	s := c.product(n, x, w)
	s.lines, s.width, s.n, s.depth, s.taps = d.batch*d.oh, d.ow, d.cout/d.grp, d.cin/d.grp, d.kh*d.kw
	s.aStep = d.sx * x.ld
	s.aLine = func(line int) int { return (line/d.oh*h + line%d.oh*d.sy) * wd * x.ld }
	for ky := range d.kh {
		for kx := range d.kw {
			s.aTap = append(s.aTap, (ky*d.dy*wd+kx*d.dx)*x.ld)
		}
	}
	s.outer = d.grp
	s.aOuter, s.bOuter, s.cOuter = every(d.grp, s.depth), every(d.grp, s.n*w.ld), every(d.grp, s.n)
	if s.hasAdd && !s.add.shape.Equal(c.p.Values[n.out].Shape) {
		s.addImage = d.oh
	}
	c.finish(n, s)
}
