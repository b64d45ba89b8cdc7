package cpu

import (
	"fmt"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// val is a value as steps see it: rows of the innermost dimension, ld elements apart, inside a buffer. All outer dimensions
// are dense over rows.
type val struct {
	dt    tensor.DType
	shape tensor.Shape
	buf   int
	off   int // bytes from the buffer's start
	ld    int // elements from row to row
}

func (v val) cols() int { return v.shape.Last() }

func (v val) rows() int {
	if len(v.shape) == 0 {
		return 1
	}
	return v.shape[:len(v.shape)-1].Elems()
}

func (v val) dense() bool { return v.ld == v.cols() || v.rows() <= 1 }

// strides are the elements between neighbours of each dimension.
func (v val) strides() []int {
	s := make([]int, len(v.shape))
	n := 1
	for i := len(s) - 1; i >= 0; i-- {
		s[i] = n
		if i == len(s)-1 {
			n = v.ld
		} else {
			n *= v.shape[i]
		}
	}
	return s
}

// span is the bytes from the first element to behind the last.
func (v val) span() int {
	if v.shape.Elems() == 0 {
		return 0
	}
	return ((v.rows()-1)*v.ld + v.cols()) * v.dt.Size()
}

// home says where a buffer's memory comes from.
type home uint8

const (
	inSlab home = iota
	inInput
	inOutput
	inWeight
)

// buffer is memory that values lie in.
type buffer struct {
	home        home
	index       int    // of the input or output
	size        int64  // bytes
	data        []byte // of a weight
	first, last int    // steps that use it
	until       int    // last node that reads a value in it
	off         int64  // in the slab
}

// step is one piece of work of a run.
type step interface{ run(r *run) error }

// compiler turns a program into steps.
type compiler struct {
	r     *run // the context alone
	b     *Backend
	p     *tensor.Program
	nodes []node
	at    int   // the node being lowered
	last  []int // by value: the last node that reads it
	vals  []val // by value; buf is -1 until it is defined
	wide  map[tensor.ID]val
	halos map[tensor.ID]val // by value: the image with a convolution's padding around it
	taps  int               // of the tables of all steps
	e     *exe
}

func compile(r *run, b *Backend, p *tensor.Program) (*exe, error) {
	c := &compiler{r: r, b: b, p: p, nodes: fuse(p), vals: make([]val, len(p.Values)), wide: map[tensor.ID]val{}, halos: map[tensor.ID]val{}, e: &exe{b: b, p: p}}
	c.lifetimes()
	c.sources()
	for i := range c.nodes {
		c.at = i
		err := c.lower(&c.nodes[i])
		if err == nil {
			err = r.ended() // tables may be made in part
		}
		if err != nil {
			return nil, fmt.Errorf("compile %v: %w", c.nodes[i].op.Kind, err)
		}
	}
	c.outputs()
	c.e.place()
	return c.e, nil
}

func (c *compiler) lifetimes() {
	c.last = make([]int, len(c.p.Values))
	for i := range c.last {
		c.last[i] = -1
	}
	for i := range c.nodes {
		for _, a := range c.nodes[i].reads() {
			c.last[a] = i
		}
	}
	for _, id := range c.p.Outputs {
		c.last[id] = len(c.nodes)
	}
}

// sources defines the values that no op computes.
func (c *compiler) sources() {
	for id, v := range c.p.Values {
		c.vals[id] = val{dt: v.DType, shape: v.Shape, buf: -1, ld: v.Shape.Last()}
		if v.Role == tensor.Weight {
			data := v.Data.Dense().Bytes()
			c.vals[id].buf = c.addBuffer(buffer{home: inWeight, data: data, size: int64(len(data))})
		}
	}
	for i, id := range c.p.Inputs {
		c.vals[id].buf = c.addBuffer(buffer{home: inInput, index: i, until: c.last[id]})
	}
}

func (c *compiler) addBuffer(b buffer) int {
	b.first, b.last = -1, -1
	c.e.bufs = append(c.e.bufs, b)
	return len(c.e.bufs) - 1
}

// temp makes room for a dense value that lives as long as steps use it.
func (c *compiler) temp(dt tensor.DType, shape ...int) val {
	s := tensor.Shape(shape).Clone()
	buf := c.addBuffer(buffer{home: inSlab, size: int64(s.Elems() * dt.Size()), until: c.at})
	return val{dt: dt, shape: s, buf: buf, ld: s.Last()}
}

// out makes room for a node's result.
func (c *compiler) out(id tensor.ID) val {
	v := c.p.Values[id]
	c.vals[id] = c.temp(v.DType, v.Shape...)
	c.e.bufs[c.vals[id].buf].until = c.last[id]
	return c.vals[id]
}

// outOver is out, or the place of one of the arguments when nothing reads that afterwards and every element of the result
// depends on the argument's element in the same place only.
func (c *compiler) outOver(id tensor.ID, args ...val) val {
	want := c.p.Values[id]
	for i, a := range args {
		b := &c.e.bufs[a.buf]
		if b.home != inSlab || b.until > c.at || !a.dense() || a.dt != want.DType || !a.shape.Equal(want.Shape) || clash(args, i) {
			continue
		}
		b.until = c.last[id]
		c.vals[id] = val{dt: want.DType, shape: want.Shape, buf: a.buf, off: a.off, ld: want.Shape.Last()}
		return c.vals[id]
	}
	return c.out(id)
}

// clash reports whether another argument lies in args[i]'s buffer in another way.
func clash(args []val, i int) bool {
	for j, o := range args {
		if j != i && o.buf == args[i].buf && (o.off != args[i].off || o.ld != args[i].ld || !o.shape.Equal(args[i].shape)) {
			return true
		}
	}
	return false
}

// alias defines a value as a view of another.
func (c *compiler) alias(id tensor.ID, v val) {
	b := &c.e.bufs[v.buf]
	b.until = max(b.until, c.last[id])
	c.vals[id] = v
}

// emit appends a step that uses the given values.
func (c *compiler) emit(s step, uses ...val) {
	at := len(c.e.steps)
	c.e.steps = append(c.e.steps, s)
	for _, v := range uses {
		b := &c.e.bufs[v.buf]
		if b.first < 0 {
			b.first = at
		}
		b.last = at
	}
}

// perThread asks for scratch memory of each thread, in bytes.
func (c *compiler) perThread(n int) { c.e.threadBytes = max(c.e.threadBytes, int64(n)) }

// f32 gives an argument as F32, converted where it is not.
func (c *compiler) f32(id tensor.ID) val {
	v := c.vals[id]
	if v.dt == tensor.F32 && !(c.e.bufs[v.buf].home == inWeight && misaligned(c.e.bufs[v.buf].data)) {
		return v
	}
	if w, ok := c.wide[id]; ok {
		return w
	}
	const small = 64 << 10 // elements of a weight that are worth converting once
	if b := c.e.bufs[v.buf]; b.home == inWeight && v.shape.Elems() <= small {
		t := tensor.New(tensor.F32, v.shape...)
		tensor.Widen(t.F32(), v.dt, b.data)
		w := val{dt: tensor.F32, shape: v.shape, ld: v.cols()}
		w.buf = c.addBuffer(buffer{home: inWeight, data: t.Bytes(), size: int64(len(t.Bytes()))})
		c.wide[id] = w
		return w
	}
	w := c.temp(tensor.F32, v.shape...)
	c.convert(w, v)
	return w
}

// compact gives a dense copy of a value whose rows lie apart, else the value.
func (c *compiler) compact(v val) val {
	if v.dense() {
		return v
	}
	d := c.temp(v.dt, v.shape...)
	c.copyTo(d, v)
	return d
}

// outputs sends the results into the caller's tensors: the buffer itself becomes the output where it can, else a copy.
func (c *compiler) outputs() {
	for k, id := range c.p.Outputs {
		v := c.vals[id]
		c.e.outBytes += int64(v.shape.Elems() * v.dt.Size())
		b := &c.e.bufs[v.buf]
		if b.home == inSlab && v.off == 0 && v.dense() && b.size == int64(v.shape.Elems()*v.dt.Size()) {
			b.home, b.index = inOutput, k
			continue
		}
		o := val{dt: v.dt, shape: v.shape, ld: v.cols()}
		o.buf = c.addBuffer(buffer{home: inOutput, index: k, size: int64(v.shape.Elems() * v.dt.Size())})
		c.copyTo(o, v)
	}
}
