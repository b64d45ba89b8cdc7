package slot

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
)

// Image is a program's memory before its first call, in a sealed file: its first File bytes are there, the rest up to Size is
// zero.
type Image struct{ i *image }

// NewImage copies a memory.
func NewImage(b []byte) (*Image, error) {
	i, err := newImage(b)
	if err != nil {
		return nil, err
	}
	return &Image{i}, nil
}

// FD is the file, which stays the image's.
func (i *Image) FD() int { return i.i.fd }

// Size is the bytes of memory.
func (i *Image) Size() int { return i.i.size }

// File is the bytes of the file.
func (i *Image) File() int { return i.i.file }

// Shared is a program whose slots have memories that another process maps too: what a worker runs for its server.
type Shared struct{ p *program }

// Share compiles a rewritten module. Slots that are opened before SetImage start from nothing.
func (m *Machine) Share(ctx context.Context, r *fuel.Result, o Options) (*Shared, error) {
	compiled, err := m.compile(ctx, r, o)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	return &Shared{&program{machine: m, compiled: compiled, meta: r, depth: o.Depth, most: o.MostPage * pageBytes}}, nil
}

// SetImage says what slots start from: size bytes of memory, file of them in fd, which it takes, and the globals.
func (s *Shared) SetImage(fd, size, file int, globals []uint64) error {
	if size < 0 || size > s.p.most || file < 0 || file > size || len(globals) != len(s.p.meta.Globals) {
		_ = unix.Close(fd)
		return fmt.Errorf("an image of %d bytes and %d globals does not fit the program", size, len(globals))
	}
	i := &image{fd: fd, size: size, file: file}
	if err := i.open(); err != nil {
		return err
	}
	i.zero = zeros(i.view)
	s.p.image, s.p.globals = i, globals
	return nil
}

// Close ends the program; no slot of it may be open.
func (s *Shared) Close(ctx context.Context) { _ = s.p.compiled.Close(ctx) }

// SharedSlot is a slot over a memory file.
type SharedSlot struct{ s *instance }

// Open makes a slot whose memory, of at most limit bytes, is the file fd, which it maps and does not take.
func (s *Shared) Open(ctx context.Context, fd, limit int) (*SharedSlot, error) {
	m, err := sharedMemory(fd, max(s.p.most, pageBytes), s.p.image)
	if err != nil {
		return nil, err
	}
	m.limit = limit
	inst, err := s.p.over(ctx, m)
	if err != nil {
		return nil, err
	}
	return &SharedSlot{inst}, nil
}

// Initialize sets the module up: data, start function and _initialize.
func (s *SharedSlot) Initialize(ctx context.Context) error { return s.s.initialize(ctx) }

// Globals are the mutable globals as they are.
func (s *SharedSlot) Globals() []uint64 { return s.s.values() }

// Reset makes the slot equal to the image, with at most limit bytes of memory.
func (s *SharedSlot) Reset(limit int) error {
	if limit < s.s.mem.image.size || limit > s.s.program.most {
		return fmt.Errorf("a limit of %d bytes does not hold the image", limit)
	}
	s.s.mem.limit = limit
	return s.s.reset()
}

// Size is the bytes of the memory as it is now.
func (s *SharedSlot) Size() int { return s.s.mem.size }

// Fuel is what is left of the present slice.
func (s *SharedSlot) Fuel() int64 { return s.s.Fuel() }

// SetFuel starts a slice.
func (s *SharedSlot) SetFuel(n int64) { s.s.SetFuel(n) }

// ABI is Slot's.
func (s *SharedSlot) ABI(ctx context.Context) (uint32, error) { return s.s.ABI(ctx) }

// Buffer asks the guest for a place for a request of n bytes.
func (s *SharedSlot) Buffer(ctx context.Context, n uint32) (at uint32, err error) {
	return s.s.buffer(ctx, n)
}

// Enter calls cocoon_call on a request that is in the memory.
func (s *SharedSlot) Enter(ctx context.Context, op int32, at, n uint32) (int32, error) {
	return s.s.enter(ctx, op, at, n)
}

// Close ends the slot.
func (s *SharedSlot) Close(ctx context.Context) { s.s.close(ctx) }
