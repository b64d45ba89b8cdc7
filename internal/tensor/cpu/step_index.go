package cpu

import (
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// indexStep runs the kinds that pick or place by ids.
type indexStep struct {
	kind              tensor.Kind
	dst, x, ids, rows val
	axis              int // of TakeAlong
}

func (c *compiler) byIndex(n *node) {
	s := &indexStep{kind: n.op.Kind}
	uses := []val{}
	if s.kind == tensor.KindOneHot {
		s.ids = c.compact(c.vals[n.op.Args[0]])
	} else {
		s.x, s.ids = c.compact(c.f32(n.op.Args[0])), c.compact(c.vals[n.op.Args[1]])
		uses = append(uses, s.x)
	}
	switch s.kind {
	case tensor.KindScatterAdd:
		s.rows = c.compact(c.f32(n.op.Args[2]))
		uses = append(uses, s.rows)
	case tensor.KindTakeAlong:
		s.axis = n.op.Attr.I[0]
	}
	s.dst = c.out(n.out)
	c.emit(s, append(uses, s.ids, s.dst)...)
}

// indices gives ids that are all below n.
func (r *run) indices(v val, n int) ([]int64, error) {
	b := r.bytes(v)
	if len(b) == 0 {
		return nil, nil
	}
	var ids []int64
	if v.dt == tensor.I64 && uintptr(unsafe.Pointer(unsafe.SliceData(b)))%8 == 0 {
		ids = asI64(b)
	} else {
		ids = tensor.Convert(tensor.FromBytes(v.dt, v.shape, b, nil), tensor.I64).I64()
	}
	for _, id := range ids {
		if id < 0 || id >= int64(n) {
			return nil, fault.New(fault.BadTensor, "index %d of %d", id, n)
		}
	}
	return ids, nil
}

func (s *indexStep) run(r *run) error {
	switch s.kind {
	case tensor.KindOneHot:
		return s.oneHot(r)
	case tensor.KindScatterAdd:
		return s.scatter(r)
	}
	return s.take(r)
}

func (s *indexStep) oneHot(r *run) error {
	n := s.dst.cols()
	ids, err := r.indices(s.ids, n)
	if err != nil {
		return err
	}
	dst := r.f32(s.dst)
	per, units := chunk(len(ids), n)
	return r.units(units, func(_, u int) {
		from, to := u*per, min((u+1)*per, len(ids))
		clear(dst[from*n : to*n])
		for i := from; i < to; i++ {
			dst[i*n+int(ids[i])] = 1
		}
	})
}

// scatter shares the columns: each is summed in the order of the ids, whoever does it.
func (s *indexStep) scatter(r *run) error {
	ids, err := r.indices(s.ids, s.x.shape[0])
	if err != nil {
		return err
	}
	dst, rows, d := r.f32(s.dst), r.f32(s.rows), s.dst.cols()
	copy(dst, r.f32(s.x))
	const least = 64 // columns that are worth a unit
	units := max(min(r.b.pool.threads, d/least), 1)
	per := (d + units - 1) / units
	return r.units(units, func(_, u int) {
		from, to := u*per, min((u+1)*per, d)
		for i, id := range ids {
			at := dst[int(id)*d+from : int(id)*d+to]
			r.k.Add(at, at, rows[i*d+from:i*d+to])
		}
	})
}

func (s *indexStep) take(r *run) error {
	n, m, inner := s.x.shape[s.axis], s.ids.shape[s.axis], s.x.shape[s.axis+1:].Elems()
	ids, err := r.indices(s.ids, n)
	if err != nil {
		return err
	}
	dst, x := r.f32(s.dst), r.f32(s.x)
	per, units := chunk(len(dst), 8)
	return r.units(units, func(_, u int) {
		for i := u * per; i < min((u+1)*per, len(dst)); i++ {
			dst[i] = x[(i/(m*inner)*n+int(ids[i]))*inner+i%inner]
		}
	})
}
