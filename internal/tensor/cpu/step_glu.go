package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// gluStep multiplies one half of each row by a function of the other.
type gluStep struct {
	dst, x val
	gate   func(dst, x []float32)
}

func (c *compiler) glu(n *node) {
	x := c.f32(n.op.Args[0])
	out := c.out(n.out)
	c.perThread(min(out.cols(), look) * 4)
	c.emit(&gluStep{out, x, gateKernel(c.b.kern, n.op.Attr.I[0])}, out, x)
}

func gateKernel(k *kern.Set, gate int) func(dst, x []float32) {
	switch gate {
	case tensor.GateGELU:
		return k.GELU
	case tensor.GateSiLU:
		return k.SiLU
	case tensor.GateGELUTanh:
		return k.GELUTanh
	}
	return k.Sigmoid
}

func (s *gluStep) run(r *run) error {
	cols, rows := s.dst.cols(), s.dst.rows()
	if cols == 0 || rows == 0 {
		return nil
	}
	dst, x := r.f32(s.dst), r.f32(s.x)
	per := max(8<<10/cols, 1)
	return r.units((rows+per-1)/per, func(w, u int) {
		t := asF32(r.scratch[w])[:min(cols, look)]
		for i := u * per; i < min((u+1)*per, rows); i++ {
			row, out := x[i*s.x.ld:], dst[i*cols:(i+1)*cols]
			for from := 0; from < cols && (from == 0 || !r.over()); from += look {
				to := min(from+look, cols)
				s.gate(t[:to-from], row[cols+from:cols+to])
				r.k.Mul(out[from:to], row[from:to], t[:to-from])
			}
		}
	})
}
