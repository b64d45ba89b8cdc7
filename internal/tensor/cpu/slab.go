package cpu

import (
	"errors"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/sysmem"
)

// slabs lends the memory that runs keep their temporaries in.
type slabs struct {
	limit int64 // of one slab; 0 is the system's free memory
	keep  int64 // most bytes kept idle

	mu   sync.Mutex
	idle []*tensor.Block
}

// take lends a block of at least n bytes to a run that also makes outputs of so many bytes, or fails with fault.OutOfMemory
// before any memory is touched.
func (s *slabs) take(n, outputs int64) (*tensor.Block, error) {
	if s.limit > 0 && n > s.limit {
		return nil, fault.New(fault.OutOfMemory, "this needs %s of memory for temporaries, and the limit is %s", sysmem.Spell(n), sysmem.Spell(s.limit))
	}
	const small = 64 << 20 // bytes of outputs that are not worth asking the system for
	if outputs <= small {
		if b := s.reuse(n); b != nil {
			return b, nil
		}
	}
	if err := s.trim(); err != nil {
		return nil, err
	}
	if free, total := sysmem.Read(); total > 0 && n+outputs > free {
		return nil, fault.New(fault.OutOfMemory, "this needs %s of memory, and %s of %s are available", sysmem.Spell(n+outputs), sysmem.Spell(free), sysmem.Spell(total))
	}
	return tensor.Allocate(int(n))
}

// reuse takes the smallest idle block that is large enough.
func (s *slabs) reuse(n int64) *tensor.Block {
	s.mu.Lock()
	defer s.mu.Unlock()
	best := -1
	for i, b := range s.idle {
		if int64(len(b.Bytes())) >= n && (best < 0 || len(b.Bytes()) < len(s.idle[best].Bytes())) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	b := s.idle[best]
	s.idle = append(s.idle[:best], s.idle[best+1:]...)
	return b
}

// give takes a block back, to keep while there is room.
func (s *slabs) give(b *tensor.Block) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := int64(len(b.Bytes()))
	for _, o := range s.idle {
		held += int64(len(o.Bytes()))
	}
	if held > s.keep {
		return b.Close()
	}
	s.idle = append(s.idle, b)
	return nil
}

// idleBytes is the memory that is kept and that a run would use or give back.
func (s *slabs) idleBytes() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.idle {
		n += int64(len(b.Bytes()))
	}
	return n
}

// trim unmaps what is idle.
func (s *slabs) trim() error {
	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	var errs []error
	for _, b := range idle {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}
