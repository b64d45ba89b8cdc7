// Package interp runs programs in float64, one straightforward loop an op. It is slow and it is the oracle: every other
// backend is held to it.
package interp

import (
	"context"
	"fmt"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Backend is a tensor.Backend that computes in float64 and rounds only outputs and what a Cast rounds.
type Backend struct{}

// New makes a Backend. It holds nothing.
func New() Backend { return Backend{} }

// Name is "interp".
func (Backend) Name() string { return "interp" }

// Memory reports no bound.
func (Backend) Memory() (free, total int64) { return 1 << 46, 1 << 46 }

// Compile checks the program.
func (Backend) Compile(p *tensor.Program) (tensor.Executable, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("compile for interp: %w", err)
	}
	return &exe{p}, nil
}

type exe struct{ p *tensor.Program }

// Bytes counts every value as kept.
func (e *exe) Bytes() int64 {
	var n int64
	for _, v := range e.p.Values {
		n += 8 * int64(v.Shape.Elems())
	}
	return n
}

// Close does nothing.
func (e *exe) Close() error { return nil }

// Run implements tensor.Executable.
func (e *exe) Run(ctx context.Context, inputs ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	vals, err := Values(ctx, e.p, inputs...)
	if err != nil {
		return nil, err
	}
	outs := make([]*tensor.Tensor, len(e.p.Outputs))
	for i, id := range e.p.Outputs {
		v := e.p.Values[id]
		outs[i] = tensor.New(v.DType, v.Shape...)
		tensor.WriteF64(outs[i].Bytes(), v.DType, vals[id])
	}
	return outs, nil
}

// Values runs p and gives every value of it by ID, unrounded, row-major.
func Values(ctx context.Context, p *tensor.Program, inputs ...*tensor.Tensor) ([][]float64, error) {
	if err := p.CheckInputs(inputs); err != nil {
		return nil, err
	}
	vals := make([][]float64, len(p.Values))
	for i, id := range p.Inputs {
		vals[id] = tensor.ToF64(inputs[i])
	}
	for id, v := range p.Values {
		if v.Role == tensor.Weight {
			vals[id] = tensor.ToF64(v.Data)
		}
	}
	for i := range p.Ops {
		if err := ctx.Err(); err != nil {
			return nil, fault.Wrap(err, fault.Cancelled, "stopped at op %d of %d", i, len(p.Ops))
		}
		o := &p.Ops[i]
		c := call{op: o, out: arr{p.Values[o.Out].Shape, make([]float64, p.Values[o.Out].Shape.Elems())}}
		for _, a := range o.Args {
			c.args = append(c.args, arr{p.Values[a].Shape, vals[a]})
		}
		if err := c.run(p.Values[o.Out].DType); err != nil {
			return nil, fmt.Errorf("op %d (%v): %w", i, o.Kind, err)
		}
		vals[o.Out] = c.out.v
	}
	return vals, nil
}

// arr is a dense row-major array.
type arr struct {
	shape tensor.Shape
	v     []float64
}

// call is one op with its arguments and room for its result.
type call struct {
	op   *tensor.Op
	args []arr
	out  arr
}

func (c *call) int(i int) int     { return c.op.Attr.I[i] }
func (c *call) num(i int) float64 { return c.op.Attr.F[i] }

// arg is argument i, or an empty array when it was left off.
func (c *call) arg(i int) arr {
	if i >= len(c.args) {
		return arr{}
	}
	return c.args[i]
}

func (c *call) run(dt tensor.DType) error {
	k := c.op.Kind
	if f := Unary(k, c.op.Attr.F); f != nil {
		for i, x := range c.args[0].v {
			c.out.v[i] = f(x)
		}
		return nil
	}
	if f := c.binary(); f != nil {
		c.broadcast(func(a []float64) float64 { return f(a[0], a[1]) })
		return nil
	}
	switch {
	case k == tensor.KindWhere:
		c.broadcast(where)
	case k == tensor.KindLerp:
		c.broadcast(func(a []float64) float64 { return a[0] + a[2]*(a[1]-a[0]) })
	case k == tensor.KindCast:
		c.cast(dt)
	case k == tensor.KindGather:
		return c.gather()
	case k >= tensor.KindReshape && k <= tensor.KindTile:
		c.move()
	case k >= tensor.KindSum && k <= tensor.KindSoftmax:
		c.reduce()
	case k >= tensor.KindResize && k <= tensor.KindMaxPool:
		c.picture()
	case k >= tensor.KindArgMin && k <= tensor.KindTopKIndex:
		c.alongAxis()
	case k >= tensor.KindScatterAdd && k <= tensor.KindTakeAlong:
		return c.byIndex()
	case k >= tensor.KindIota && k <= tensor.KindNormal:
		c.source()
	case k >= tensor.KindTriu && k <= tensor.KindRepeat:
		c.rearrange()
	case k >= tensor.KindRGBToHSV && k <= tensor.KindOver:
		c.colour()
	default:
		return c.layer()
	}
	return nil
}

func (c *call) binary() func(x, y float64) float64 {
	if c.op.Kind == tensor.KindBlend {
		return Blend(c.int(0))
	}
	return Binary(c.op.Kind)
}

func (c *call) layer() error {
	switch c.op.Kind {
	case tensor.KindMatMul:
		c.matmul()
	case tensor.KindLinear:
		c.linear()
	case tensor.KindConv2D:
		c.conv2d()
	case tensor.KindGroupNorm:
		c.groupNorm()
	case tensor.KindLayerNorm:
		c.layerNorm()
	case tensor.KindRMSNorm:
		c.rmsNorm()
	case tensor.KindAttention:
		c.attention()
	case tensor.KindGLU:
		c.glu()
	default:
		return c.area()
	}
	return nil
}

// area runs the kinds that look at several pixels.
func (c *call) area() error {
	switch c.op.Kind {
	case tensor.KindConvTranspose2D:
		c.convTranspose()
	case tensor.KindResizeAA:
		c.resizeAA()
	case tensor.KindFilter2D, tensor.KindGaussianBlur, tensor.KindBoxBlur:
		c.filter()
	case tensor.KindMedianFilter:
		c.medianFilter()
	case tensor.KindDilate, tensor.KindErode:
		c.morphology()
	case tensor.KindGridSample:
		c.gridSample()
	case tensor.KindHistogram:
		c.histogram()
	case tensor.KindFFT:
		c.fft()
	default:
		return fault.New(fault.Unsupported, "kind %v", c.op.Kind)
	}
	return nil
}

func (c *call) cast(dt tensor.DType) {
	b := make([]byte, len(c.out.v)*dt.Size())
	tensor.WriteF64(b, dt, c.args[0].v)
	tensor.ReadF64(c.out.v, dt, b)
}

func where(a []float64) float64 {
	if a[0] != 0 {
		return a[1]
	}
	return a[2]
}

// broadcast calls f for each element of the result with the arguments' elements there.
func (c *call) broadcast(f func([]float64) float64) {
	x := make([]float64, len(c.args))
	each(c.out.shape, func(i int, at []int) {
		for k, a := range c.args {
			x[k] = a.v[broadcastIndex(a.shape, at)]
		}
		c.out.v[i] = f(x)
	})
}

// each calls f for each element of a shape, in row-major order, with its number and coordinates.
func each(s tensor.Shape, f func(i int, at []int)) {
	n := s.Elems()
	at := make([]int, len(s))
	for i := range n {
		f(i, at)
		for d := len(s) - 1; d >= 0; d-- {
			if at[d]++; at[d] < s[d] {
				break
			}
			at[d] = 0
		}
	}
}

func index(s tensor.Shape, at []int) int {
	n := 0
	for d, x := range at {
		n = n*s[d] + x
	}
	return n
}

// broadcastIndex is the element of shape s that the coordinates of a larger shape read.
func broadcastIndex(s tensor.Shape, at []int) int {
	n, skip := 0, len(at)-len(s)
	for d, size := range s {
		x := at[d+skip]
		if size == 1 {
			x = 0
		}
		n = n*size + x
	}
	return n
}
