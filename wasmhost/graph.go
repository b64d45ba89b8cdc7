package wasmhost

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

func errnoOf(err error) int32 {
	switch {
	case errors.Is(err, fault.OutOfMemory):
		return abi.ENOMEM
	case errors.Is(err, fault.TooLarge):
		return abi.ETOOBIG
	case errors.Is(err, fault.BadTensor), errors.Is(err, fault.Unsupported):
		return abi.EUNSUP
	}
	return abi.EIO
}

// graphReader takes a t_graph apart.
type graphReader struct {
	c      *call
	inputs []int64
	instrs []byte
	ints   []int
	floats []float64
	args   []uint32
	outs   []uint32
}

// readGraph checks lengths only; what the numbers mean is checked where they are used.
func (c *call) readGraph(b []byte) *graphReader {
	le := binary.LittleEndian
	if len(b) < abi.GraphHeadSize {
		c.trap("a graph of %d bytes", len(b))
	}
	n := func(at int) int { return int(le.Uint32(b[at:])) }
	inputs, instrs, ints, floats, args, outs := n(abi.GraphHeadInputs), n(abi.GraphHeadInstrs), n(abi.GraphHeadInts), n(abi.GraphHeadFloats), n(abi.GraphHeadArgs), n(abi.GraphHeadOutputs)
	if n(abi.GraphHeadVersion) != 1 || n(abi.GraphHeadReserved) != 0 || instrs > abi.MaxGraphInstrs || inputs > abi.MaxHandles || outs > abi.MaxHandles ||
		ints > abi.MaxGraphPool || floats > abi.MaxGraphPool || args > abi.MaxGraphPool {
		c.trap("a graph's head is not as it should be")
	}
	if want := abi.GraphHeadSize + 8*(inputs+ints+floats) + abi.GraphInstrSize*instrs + 4*(args+outs); want != len(b) {
		c.trap("a graph has %d bytes, not %d", len(b), want)
	}
	g := &graphReader{c: c}
	b = b[abi.GraphHeadSize:]
	for range inputs {
		g.inputs = append(g.inputs, int64(le.Uint64(b)))
		b = b[8:]
	}
	g.instrs, b = b[:abi.GraphInstrSize*instrs], b[abi.GraphInstrSize*instrs:]
	for range ints {
		v := int64(le.Uint64(b))
		g.ints = append(g.ints, int(min(max(v, math.MinInt32), math.MaxInt32)))
		b = b[8:]
	}
	for range floats {
		g.floats = append(g.floats, math.Float64frombits(le.Uint64(b)))
		b = b[8:]
	}
	for range args {
		g.args = append(g.args, le.Uint32(b))
		b = b[4:]
	}
	for range outs {
		g.outs = append(g.outs, le.Uint32(b))
		b = b[4:]
	}
	return g
}

func pool[T any](c *call, s []T, at, n uint32) []T {
	if uint64(at)+uint64(n) > uint64(len(s)) {
		c.trap("an instruction reads %d entries at %d of a pool of %d", n, at, len(s))
	}
	return s[at : at+n : at+n]
}

// program records the graph; what does not fit in shape or dtype is an error.
func (g *graphReader) program(tensors []*tensor.Tensor) (*tensor.Program, error) {
	rec := tensor.NewGraph()
	values := make([]tensor.Ref, 0, len(tensors)+len(g.instrs)/abi.GraphInstrSize)
	for _, t := range tensors {
		values = append(values, rec.Input("", t.DType(), t.Shape()...))
	}
	le := binary.LittleEndian
	for b := g.instrs; len(b) > 0; b = b[abi.GraphInstrSize:] {
		var args []tensor.Ref
		for _, a := range pool(g.c, g.args, le.Uint32(b[abi.GraphInstrArgsAt:]), uint32(b[abi.GraphInstrArgs])) {
			if int64(a) >= int64(len(values)) {
				g.c.trap("an instruction uses value %d of %d", a, len(values))
			}
			args = append(args, values[a])
		}
		attr := tensor.Attr{
			I: pool(g.c, g.ints, le.Uint32(b[abi.GraphInstrIntsAt:]), uint32(le.Uint16(b[abi.GraphInstrInts:]))),
			F: pool(g.c, g.floats, le.Uint32(b[abi.GraphInstrFloatsAt:]), uint32(le.Uint16(b[abi.GraphInstrFloats:]))),
		}
		var want tensor.Shape
		if rank := b[abi.GraphInstrRank]; rank != 255 {
			if rank > abi.MaxDims || le.Uint64(b[abi.GraphInstrReserved:]) != 0 {
				g.c.trap("an instruction wants rank %d", rank)
			}
			want = tensor.Shape(pool(g.c, g.ints, le.Uint32(b[abi.GraphInstrShapeAt:]), uint32(rank))).Clone()
		}
		r, err := rec.TryOp(tensor.Kind(le.Uint16(b[abi.GraphInstrKind:])), attr, want, args...)
		if err != nil {
			return nil, err
		}
		values = append(values, r)
	}
	for _, o := range g.outs {
		if int64(o) >= int64(len(values)) {
			g.c.trap("a graph gives value %d of %d", o, len(values))
		}
		rec.Output(values[o])
	}
	return rec.Program(), nil
}

func (c *call) tGraph(ptr, n, out, limit uint32) int64 {
	g := c.readGraph(c.bytes(ptr, n))
	dst := c.bytes(out, limit)
	if int64(len(g.outs))*8 > int64(limit) {
		c.trap("%d handles do not fit into %d bytes", len(g.outs), limit)
	}
	tensors := make([]*tensor.Tensor, len(g.inputs))
	for i, h := range g.inputs {
		tensors[i] = c.shared(h)
	}
	p, err := g.program(tensors)
	if err != nil {
		c.note(err)
		return int64(errnoOf(err))
	}
	if p.Check() != nil {
		return int64(abi.EUNSUP)
	}
	bytes := int64(0)
	for _, id := range p.Outputs {
		bytes += int64(p.Values[id].Shape.Elems() * p.Values[id].DType.Size())
	}
	if !c.claim(bytes) {
		return int64(abi.ELIMIT)
	}
	outs, errno := c.compute(p, tensors)
	if errno != 0 {
		return int64(errno)
	}
	for i, t := range outs {
		h := c.put(abi.KindTensor, t)
		if h < 0 {
			return h
		}
		binary.LittleEndian.PutUint64(dst[i*8:], uint64(h))
	}
	return int64(len(outs) * 8)
}
