package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// convertStep changes the dtype of a dense value.
type convertStep struct{ dst, src val }

func (c *compiler) cast(n *node) {
	src := c.vals[n.op.Args[0]]
	if src.dt == c.p.Values[n.out].DType {
		c.alias(n.out, src)
		return
	}
	c.convert(c.out(n.out), src)
}

func (c *compiler) convert(dst, src val) {
	src = c.compact(src)
	c.emit(&convertStep{dst, src}, dst, src)
}

func (s *convertStep) run(r *run) error {
	dst, src, from, to := r.bytes(s.dst), r.bytes(s.src), s.src.dt, s.dst.dt
	r.ranges(s.dst.shape.Elems(), 2, func(lo, hi int) {
		d, x := dst[lo*to.Size():hi*to.Size()], src[lo*from.Size():hi*from.Size()]
		switch {
		case to == tensor.F32:
			widen(r.k, asF32(d), from, x)
		case from == tensor.F32:
			tensor.Narrow(d, to, asF32(x))
		default:
			tensor.Recode(d, to, x, from, hi-lo)
		}
	})
	return nil
}

// widen reads elements of any dtype as float32.
func widen(k *kern.Set, dst []float32, dt tensor.DType, src []byte) {
	switch dt {
	case tensor.F16:
		k.Widen16(dst, src)
	case tensor.BF16:
		k.WidenB16(dst, src)
	case tensor.F8E4M3:
		k.WidenE4M3(dst, src)
	case tensor.F8E5M2:
		k.WidenE5M2(dst, src)
	default:
		tensor.Widen(dst, dt, src)
	}
}

// gatherStep copies rows of a table as F32.
type gatherStep struct{ dst, table, ids val }

func (c *compiler) gather(n *node) {
	table, ids := c.vals[n.op.Args[0]], c.compact(c.vals[n.op.Args[1]])
	out := c.out(n.out)
	c.emit(&gatherStep{out, table, ids}, out, table, ids)
}

func (s *gatherStep) run(r *run) error {
	d := s.table.shape[1]
	ids, err := r.indices(s.ids, s.table.shape[0])
	if err != nil {
		return err
	}
	dst, table, size := r.f32(s.dst), r.bytes(s.table), s.table.dt.Size()
	r.pieces(ids.n, d, 2, func(i, from, to int) {
		at := ids.at(i) * s.table.ld
		widen(r.k, dst[i*d+from:i*d+to], s.table.dt, table[(at+from)*size:(at+to)*size])
	})
	return nil
}
