package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
)

// colourStep computes pixels from pixels in the same place.
type colourStep struct {
	dst  val
	args []val // dense, of n channels
	n    int
	cost int
	fn   func(out, x, y []float32) // of one pixel; y is nil where there is one argument
}

func (c *compiler) colour(n *node) {
	x := c.compact(c.f32(n.op.Args[0]))
	s := &colourStep{args: []val{x}, n: x.cols(), cost: 64}
	switch n.op.Kind {
	case tensor.KindLuminance:
		s.fn, s.cost = luminance(interp.Luminance(n.op.Attr.I[0])), 4
		s.dst = c.out(n.out)
	case tensor.KindOver:
		s.fn, s.cost = over, 16
		shape := c.p.Values[n.out].Shape
		s.args = []val{c.spread(x, shape), c.spread(c.compact(c.f32(n.op.Args[1])), shape)}
		s.dst = c.out(n.out)
	default:
		s.fn = pixelFunc(n.op.Kind)
		s.dst = c.outOver(n.out, x)
	}
	c.emit(s, append(s.args[:len(s.args):len(s.args)], s.dst)...)
}

// spread gives a dense value broadcast to a shape.
func (c *compiler) spread(x val, shape tensor.Shape) val {
	if x.shape.Equal(shape) {
		return x
	}
	v := c.temp(x.dt, shape...)
	c.emit(&copyStep{dst: v, src: x, parts: []copyPart{{v.shape, 0, 0, v.strides(), broadcastStrides(x, v.shape)}}}, v, x)
	return v
}

func luminance(w [3]float64) func(out, x, _ []float32) {
	a, b, c := float32(w[0]), float32(w[1]), float32(w[2])
	return func(out, x, _ []float32) { out[0] = a*x[0] + b*x[1] + c*x[2] }
}

func pixelFunc(k tensor.Kind) func(out, x, _ []float32) {
	f := interp.Colour(k)
	return func(out, x, _ []float32) {
		a, b, c := f(float64(x[0]), float64(x[1]), float64(x[2]))
		copy(out[3:], x[3:])
		out[0], out[1], out[2] = float32(a), float32(b), float32(c)
	}
}

// over lays x over y. Source: Porter and Duff, "Compositing Digital Images", SIGGRAPH 1984.
func over(out, x, y []float32) {
	top := float64(x[3])
	under := float64(y[3]) * (1 - top)
	a := top + under
	if out[3] = float32(a); a == 0 {
		clear(out[:3])
		return
	}
	for k := range 3 {
		out[k] = float32((float64(x[k])*top + float64(y[k])*under) / a)
	}
}

func (s *colourStep) run(r *run) error {
	dst, m := r.f32(s.dst), s.dst.cols()
	x := r.f32(s.args[0])
	var y []float32
	if len(s.args) == 2 {
		y = r.f32(s.args[1])
	}
	pixels := len(dst) / m
	per, units := chunk(pixels, s.cost)
	return r.units(units, func(_, u int) {
		var under []float32
		for i := u * per; i < min((u+1)*per, pixels); i++ {
			if y != nil {
				under = y[i*s.n : (i+1)*s.n]
			}
			s.fn(dst[i*m:(i+1)*m], x[i*s.n:(i+1)*s.n], under)
		}
	})
}
