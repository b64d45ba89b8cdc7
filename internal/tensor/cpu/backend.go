// Package cpu is the tensor.Backend that computes on this machine's processor.
//
// Compile turns a program into steps over one slab of memory: values are planned into it by their lifetimes, views cost
// nothing, and neighbouring ops are fused. Matrix products, convolutions and attention all run through the same tiles of
// package kern; a pool of workers that the Backend owns shares each step's units.
package cpu

import (
	"context"
	"os"
	"runtime"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
	"github.com/cocoonhq/cocoon/internal/tensor/sysmem"
)

// Options of a Backend. The zero Options are good.
type Options struct {
	Threads     int    // how many threads compute; 0 is one for each processor
	Level       string // instruction set: portable, avx2 or avx512; "" is $COCOON_CPU, else the best that works here
	MemoryLimit int64  // most bytes of temporaries of one run; 0 is what the system has free
	KeepBytes   int64  // most bytes of temporaries kept between runs; 0 is 512 MiB
}

// Backend computes programs on the processor. It is safe for concurrent use. Close it when it is no longer used.
type Backend struct {
	pool *pool
	slab slabs
	kern *kern.Set
}

// New makes a Backend and starts its workers. An unknown level, or one that this processor lacks, gives the best one below.
func New(o Options) *Backend {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	if o.KeepBytes == 0 {
		o.KeepBytes = 512 << 20
	}
	return &Backend{
		pool: newPool(o.Threads),
		slab: slabs{limit: o.MemoryLimit, keep: o.KeepBytes},
		kern: kern.ForLevel(levelOf(o.Level)),
	}
}

func levelOf(name string) isa.Level {
	if name == "" {
		name = os.Getenv("COCOON_CPU")
	}
	if l, ok := isa.Parse(name); ok {
		return min(l, isa.Best())
	}
	return isa.Best()
}

// Name is "cpu".
func (b *Backend) Name() string { return "cpu" }

// Level is the instruction set in use: portable, avx2 or avx512.
func (b *Backend) Level() string { return b.kern.Name }

// Threads is how many threads compute.
func (b *Backend) Threads() int { return b.pool.threads }

// Memory implements tensor.Backend by the system's available memory, or the container's where that is less.
func (b *Backend) Memory() (free, total int64) {
	free, total = sysmem.Read()
	if total > 0 {
		free = min(free+b.slab.idleBytes(), total)
	}
	if b.slab.limit > 0 {
		free = min(free, b.slab.limit)
	}
	return free, total
}

// Trim gives back the memory that is kept for later runs.
func (b *Backend) Trim() error { return b.slab.trim() }

// Close stops the workers and gives back memory. No Executable of the Backend may be running or used afterwards.
func (b *Backend) Close() error {
	b.pool.close()
	return b.slab.trim()
}

// Compile implements tensor.Backend.
func (b *Backend) Compile(p *tensor.Program) (e tensor.Executable, err error) {
	return b.CompileFor(context.Background(), p)
}

// CompileFor is Compile until ctx ends.
func (b *Backend) CompileFor(ctx context.Context, p *tensor.Program) (e tensor.Executable, err error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	r := &run{ctx: ctx}
	r.clock()
	err = tensor.Guard(func() error {
		e, err = compile(r, b, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

func unsupported(k tensor.Kind) error {
	return fault.New(fault.Unsupported, "the cpu cannot compute %v", k)
}
