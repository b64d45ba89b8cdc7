package cpu

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// align is the bytes that places in the slab are multiples of.
const align = 64

// exe is a compiled program.
type exe struct {
	b           *Backend
	p           *tensor.Program
	bufs        []buffer
	steps       []step
	slabBytes   int64 // of values
	threadBytes int64 // of each thread's scratch
	outBytes    int64 // of the outputs

	mu sync.Mutex // held by the run
}

// run is one run of an exe.
type run struct {
	ctx     context.Context
	b       *Backend
	k       *kern.Set
	base    [][]byte // by buffer
	scratch [][]byte // by worker
	gemms   []gemmArgs

	stop  func() bool // over; nil where a run never is
	timed bool        // the context has a deadline, left after began
	began time.Time
	left  time.Duration
}

// place finds each slab buffer a place that no buffer alive at the same time has, largest first.
func (e *exe) place() {
	var order []int
	for i, b := range e.bufs {
		if b.home == inSlab && b.first >= 0 && b.size > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return int(e.bufs[y].size/align - e.bufs[x].size/align) })
	var placed []int // by place
	for _, i := range order {
		b := &e.bufs[i]
		b.off = 0
		for _, j := range placed {
			o := &e.bufs[j]
			if o.last < b.first || b.last < o.first {
				continue
			}
			if o.off >= b.off+b.size {
				break
			}
			b.off = max(b.off, roundUp(o.off+o.size))
		}
		at, _ := slices.BinarySearchFunc(placed, b.off, func(j int, off int64) int {
			return int((e.bufs[j].off - off) / align)
		})
		placed = slices.Insert(placed, at, i)
		e.slabBytes = max(e.slabBytes, roundUp(b.off+b.size))
	}
	e.threadBytes = roundUp(e.threadBytes)
}

func roundUp(n int64) int64 { return (n + align - 1) &^ (align - 1) }

// Bytes implements tensor.Executable.
func (e *exe) Bytes() int64 { return e.slabBytes + e.threadBytes*int64(e.b.pool.threads) }

// Close implements tensor.Executable. It waits for a run that is going on.
func (e *exe) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.steps, e.bufs = nil, nil
	return nil
}

// Run implements tensor.Executable.
func (e *exe) Run(ctx context.Context, inputs ...*tensor.Tensor) (outs []*tensor.Tensor, err error) {
	if err := e.p.CheckInputs(inputs); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.bufs == nil && len(e.p.Values) > 0 {
		return nil, fault.New(fault.Conflict, "the program is closed")
	}
	if err := ctx.Err(); err != nil {
		return nil, stopped(err)
	}
	block, err := e.b.slab.take(e.Bytes(), e.outBytes)
	if err != nil {
		return nil, fmt.Errorf("run on cpu: %w", err)
	}
	defer func() {
		if e := e.b.slab.give(block); err == nil && e != nil {
			outs, err = nil, e
		}
	}()
	outs = make([]*tensor.Tensor, len(e.p.Outputs))
	for i, id := range e.p.Outputs {
		outs[i] = tensor.New(e.p.Values[id].DType, e.p.Values[id].Shape...)
	}
	e.b.pool.runs.Add(1)
	defer e.b.pool.runs.Add(-1)
	err = tensor.Guard(func() error { return e.all(e.bind(ctx, block.Bytes(), inputs, outs)) })
	if err != nil {
		return nil, err
	}
	runtime.KeepAlive(inputs)
	runtime.KeepAlive(e.p)
	return outs, nil
}

func (e *exe) all(r *run) error {
	for _, s := range e.steps {
		if err := r.ended(); err != nil {
			return err
		}
		if err := s.run(r); err != nil {
			return err
		}
	}
	return r.ended() // the last step may have left something out
}

func stopped(err error) error { return fault.Wrap(err, fault.Cancelled, "stopped") }

// bind finds the memory of every buffer for one run.
func (e *exe) bind(ctx context.Context, slab []byte, inputs, outs []*tensor.Tensor) *run {
	r := &run{ctx: ctx, b: e.b, k: e.b.kern, base: make([][]byte, len(e.bufs)), gemms: make([]gemmArgs, e.b.pool.threads)}
	r.clock()
	for i := range e.bufs {
		b := &e.bufs[i]
		switch b.home {
		case inSlab:
			if b.first >= 0 {
				r.base[i] = slab[b.off : b.off+b.size : b.off+b.size]
			}
		case inInput:
			r.base[i] = inputs[b.index].Dense().Bytes()
		case inOutput:
			r.base[i] = outs[b.index].Bytes()
		case inWeight:
			r.base[i] = b.data
		}
	}
	for at := e.slabBytes; len(r.scratch) < e.b.pool.threads; at += e.threadBytes {
		r.scratch = append(r.scratch, slab[at:at+e.threadBytes:at+e.threadBytes])
	}
	return r
}

// bytes is a value's memory, from its first element to behind its last.
func (r *run) bytes(v val) []byte { return r.base[v.buf][v.off : v.off+v.span()] }

// f32 is an F32 value's memory, from its first element to behind its last.
func (r *run) f32(v val) []float32 { return asF32(r.bytes(v)) }

func asF32(b []byte) []float32 {
	if len(b) < 4 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

func misaligned(b []byte) bool {
	return runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" && uintptr(unsafe.Pointer(unsafe.SliceData(b)))%4 != 0
}
