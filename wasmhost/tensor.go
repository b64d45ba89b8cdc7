package wasmhost

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// maxElems bounds a guest's tensors so that no product of sizes wraps.
const maxElems = 1 << 40

// dtypeOf gives a dtype of the contract; others trap.
func (c *call) dtypeOf(n uint32) tensor.DType {
	if n < abi.DTypeF32 || n > abi.DTypeBool {
		c.trap("there is no dtype %d", n)
	}
	return tensor.DType(n)
}

// shapeOf reads rank sizes; ok is false for sizes that no tensor has.
func (c *call) shapeOf(rank, ptr uint32) (s tensor.Shape, ok bool) {
	if rank > abi.MaxDims {
		c.trap("rank %d", rank)
	}
	b := c.bytes(ptr, rank*8)
	n := int64(1)
	for i := range rank {
		d := int64(binary.LittleEndian.Uint64(b[i*8:]))
		if d < 0 || d > math.MaxInt32 {
			return nil, false
		}
		if n *= max(d, 1); n > maxElems {
			return nil, false
		}
		s = append(s, int(d))
	}
	return s, true
}

// claim charges the bytes of a tensor that is about to be made; false over the call's grant.
func (c *call) claim(n int64) bool {
	if n > c.limits.OutputBytes-c.outBytes {
		return false
	}
	c.outBytes += n
	return true
}

// infoDims is how many sizes a tensor_info has room for.
const infoDims = (abi.TensorInfoBytes - abi.TensorInfoShape) / 8

// The contract's bound of dimensions is that of tensors.
var _ = [tensor.MaxDims]struct{}([abi.MaxDims]struct{}{})

func (c *call) tInfo(h int64, out uint32) int32 {
	t, b := c.tensorOf(h), c.bytes(out, abi.TensorInfoSize)
	clear(b)
	le := binary.LittleEndian
	le.PutUint32(b[abi.TensorInfoDtype:], uint32(t.DType()))
	le.PutUint32(b[abi.TensorInfoRank:], uint32(len(t.Shape())))
	if t.Contiguous() {
		le.PutUint32(b[abi.TensorInfoFlags:], 1)
	}
	for i, d := range t.Shape()[:min(len(t.Shape()), infoDims)] {
		le.PutUint64(b[abi.TensorInfoShape+8*i:], uint64(d))
	}
	le.PutUint64(b[abi.TensorInfoBytes:], uint64(t.Elems()*t.DType().Size()))
	le.PutUint32(b[abi.TensorInfoKind:], c.handle(h).kind)
	return 0
}

func (c *call) tNew(dtype, rank, shape uint32, v float64) int64 {
	dt := c.dtypeOf(dtype)
	s, ok := c.shapeOf(rank, shape)
	if !ok {
		return int64(abi.ETOOBIG)
	}
	n := int64(s.Elems() * dt.Size())
	if !c.claim(n) {
		return int64(abi.ELIMIT)
	}
	c.work(n)
	t, err := c.make(dt, s)
	if err != nil {
		return int64(abi.ENOMEM)
	}
	if v != 0 && !c.fill(t, v) {
		c.drop(t)
		return int64(abi.EUNSUP)
	}
	h := c.put(abi.KindTensor, t)
	if h < 0 {
		c.drop(t)
		return h
	}
	c.handle(h).own = true
	return h
}

// fill sets every element; false for dtypes that are storage only.
func (c *call) fill(t *tensor.Tensor, v float64) bool {
	switch t.DType() {
	case tensor.F32:
		set(c, t.F32(), float32(v))
	case tensor.F64:
		set(c, t.F64(), v)
	case tensor.I64:
		set(c, t.I64(), int64(v))
	case tensor.I32:
		set(c, t.I32(), int32(v))
	case tensor.U8, tensor.Bool:
		set(c, t.U8(), uint8(int64(v)))
	default:
		return false
	}
	return true
}

func set[T any](c *call, s []T, v T) {
	const step = copyStep / 8
	for from := 0; from < len(s); from += step {
		if from > 0 {
			c.alive()
		}
		part := s[from:min(from+step, len(s))]
		for i := range part {
			part[i] = v
		}
	}
}

// charge accounts for a tensor that the host computes for the guest.
func (c *call) charge(t *tensor.Tensor) bool {
	n := int64(t.Elems() * t.DType().Size())
	c.work(n)
	return c.claim(n)
}

func (c *call) tCast(h int64, dtype uint32) int64 {
	t, dt := c.shared(h), c.dtypeOf(dtype)
	g := tensor.NewGraph()
	out, err := g.TryOp(tensor.KindCast, tensor.Attr{I: []int{int(dt)}}, nil, g.Input("x", t.DType(), t.Shape()...))
	if err != nil {
		return int64(abi.EUNSUP)
	}
	g.Output(out)
	if !c.claim(int64(t.Elems() * dt.Size())) {
		return int64(abi.ELIMIT)
	}
	return c.first(g.Program(), t)
}

// first runs a program of one output and gives its handle.
func (c *call) first(p *tensor.Program, inputs ...*tensor.Tensor) int64 {
	outs, errno := c.compute(p, inputs)
	if errno != 0 {
		return int64(errno)
	}
	return c.put(abi.KindTensor, outs[0])
}

func (c *call) tSlice(h int64, axis uint32, from, to int64) int64 {
	t := c.shared(h)
	if int64(axis) >= int64(len(t.Shape())) || from < 0 || to < from || to > int64(t.Shape()[axis]) {
		return int64(abi.EUNSUP)
	}
	return c.put(abi.KindTensor, t.Slice(int(axis), int(from), int(to)))
}

func (c *call) tPermute(h int64, order, rank uint32) int64 {
	t := c.shared(h)
	if int64(rank) != int64(len(t.Shape())) {
		return int64(abi.EUNSUP)
	}
	b := c.bytes(order, rank*4)
	axes, seen := make([]int, rank), uint32(0)
	for i := range axes {
		a := binary.LittleEndian.Uint32(b[i*4:])
		if a >= rank || seen&(1<<a) != 0 {
			return int64(abi.EUNSUP)
		}
		axes[i] = int(a)
		seen |= 1 << a
	}
	return c.put(abi.KindTensor, t.Permute(axes...))
}

func (c *call) tReshape(h int64, rank, shape uint32) int64 {
	t := c.shared(h)
	s, ok := c.shapeOf(rank, shape)
	if !ok || s.Elems() != t.Elems() {
		return int64(abi.EUNSUP)
	}
	if !t.Contiguous() {
		if !c.charge(t) {
			return int64(abi.ELIMIT)
		}
		t = c.clone(t)
	}
	return c.put(abi.KindTensor, t.Reshape(s...))
}

// compute runs a program for the guest, which must have been charged for its outputs.
func (c *call) compute(p *tensor.Program, inputs []*tensor.Tensor) ([]*tensor.Tensor, int32) {
	c.work(costOf(p))
	if tensor.Peak(p) > c.limits.OutputBytes {
		return nil, abi.ELIMIT
	}
	dense, ok := c.denseAll(inputs)
	if !ok {
		return nil, abi.ELIMIT
	}
	var outs []*tensor.Tensor
	var err error
	c.labour(func(ctx context.Context) { outs, err = tensor.RunOnce(ctx, c.host.c.Backend, p, dense...) })
	if err != nil {
		c.alive()
		return nil, errnoOf(err)
	}
	return outs, 0
}

// denseAll copies the inputs that are views, each once; false when the copies are more than a call may have of tensors.
func (c *call) denseAll(inputs []*tensor.Tensor) ([]*tensor.Tensor, bool) {
	out, copies := make([]*tensor.Tensor, len(inputs)), map[*tensor.Tensor]*tensor.Tensor{}
	total := int64(0)
	for i, t := range inputs {
		if out[i] = t; t.Contiguous() {
			continue
		}
		d := copies[t]
		if d == nil {
			n := int64(t.Elems() * t.DType().Size())
			if total += n; total > c.limits.OutputBytes {
				return nil, false
			}
			d = c.clone(t)
			copies[t] = d
		}
		out[i] = d
	}
	return out, true
}

// canShare gives the memory file whose first pages are the tensor's bytes and, when they end within a page, nothing else.
func (c *call) canShare(t *tensor.Tensor) (fd int, ok bool) {
	b := t.Block()
	if !slot.CanShare || b == nil || !t.Contiguous() || t.Elems() == 0 || len(b.Bytes()) == 0 || &b.Bytes()[0] != &t.Bytes()[0] {
		return 0, false
	}
	if n := len(t.Bytes()); n < len(b.Bytes()) && int64(mapped(int64(n))) != int64(n) {
		return 0, false
	}
	return b.File()
}
