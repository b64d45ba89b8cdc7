package cpu

import (
	"encoding/binary"
	"sync/atomic"

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

// ids are indices of either dtype, wherever they lie.
type ids struct {
	b    []byte
	n    int
	wide bool // I64, else I32
}

func (x *ids) id(i int) int64 {
	if x.wide {
		return int64(binary.LittleEndian.Uint64(x.b[8*i:]))
	}
	return int64(int32(binary.LittleEndian.Uint32(x.b[4*i:])))
}

func (x *ids) at(i int) int { return int(x.id(i)) }

// indices gives ids that are all below n.
func (r *run) indices(v val, n int) (ids, error) {
	x := ids{r.bytes(v), v.shape.Elems(), v.dt == tensor.I64}
	var wrong atomic.Int64 // place of one that is not, from 1 on
	per, units := chunk(x.n, 2)
	err := r.units(units, func(_, u int) {
		for i := u * per; i < min((u+1)*per, x.n); i++ {
			if uint64(x.id(i)) >= uint64(n) {
				wrong.Store(int64(i) + 1)
				return
			}
		}
	})
	if i := wrong.Load(); err == nil && i > 0 {
		err = fault.New(fault.BadTensor, "index %d of %d", x.id(int(i)-1), n)
	}
	return x, err
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
	r.pieces(ids.n, n, 1, func(row, from, to int) {
		clear(dst[row*n+from : row*n+to])
		if id := ids.at(row); id >= from && id < to {
			dst[row*n+id] = 1
		}
	})
	return nil
}

// scatter shares the columns: each is summed in the order of the ids, whoever does it.
func (s *indexStep) scatter(r *run) error {
	ids, err := r.indices(s.ids, s.x.shape[0])
	if err != nil {
		return err
	}
	dst, rows, d := r.f32(s.dst), r.f32(s.rows), s.dst.cols()
	x := r.f32(s.x)
	r.ranges(len(dst), 1, func(from, to int) { copy(dst[from:to], x[from:to]) })
	const least = 64 // columns that are worth a unit
	units := max(min(r.b.pool.threads, d/least), 1)
	per := (d + units - 1) / units
	return r.units(units, func(_, u int) {
		from, to := u*per, min((u+1)*per, d)
		var work counter
		for i := range ids.n {
			id := ids.at(i)
			for lo := from; lo < to; lo += look {
				hi := min(lo+look, to)
				if work.add(r, hi-lo+16, look) {
					return
				}
				at := dst[id*d+lo : id*d+hi]
				r.k.Add(at, at, rows[i*d+lo:i*d+hi])
			}
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
			dst[i] = x[(i/(m*inner)*n+ids.at(i))*inner+i%inner]
		}
	})
}
