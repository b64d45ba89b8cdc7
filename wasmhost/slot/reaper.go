package slot

import (
	"context"
	"slices"
	"sync"
)

const (
	// reapFrom is from how many bytes the memory of a call is given back behind its end: the system takes a millisecond for so much, for
	// which who made the call, or stopped it, need not wait.
	reapFrom = 32 << 20
	// mostReaped bounds the bytes that wait to be given back, and reapedOf the slots of one program among them. What is more is given back
	// by who ends the call: it is paid for by who uses it up.
	mostReaped = 1 << 30
	reapedOf   = 2
)

// reaper gives memory back on a goroutine of its own, which lives while there is something to do.
type reaper struct {
	work sync.WaitGroup

	mu      sync.Mutex // guards the rest
	waiting []reaped
	bytes   int // of those that wait, and of the one at hand
	running bool
	closed  bool
}

// reaped is a slot that was put back.
type reaped struct {
	program *program
	slot    *instance
	spoilt  bool
	bytes   int
}

// take takes a slot that was put back; false when it is small, or too much waits.
func (r *reaper) take(p *program, s *instance, spoilt bool) bool {
	n := s.mem.dirty
	if n < reapFrom {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	of := 0
	for i := range r.waiting {
		if r.waiting[i].program == p {
			of++
		}
	}
	if r.closed || of >= reapedOf || r.bytes+n > mostReaped {
		return false
	}
	r.waiting = append(r.waiting, reaped{p, s, spoilt, n})
	if r.bytes += n; !r.running {
		r.running = true
		r.work.Go(r.run)
	}
	return true
}

// give gives a slot of a program that waits and can be used again, to be reset by who takes it; nil for none.
func (r *reaper) give(p *program) *instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.waiting, func(x reaped) bool { return x.program == p && !x.spoilt })
	if i < 0 {
		return nil
	}
	x := r.waiting[i]
	r.waiting = slices.Delete(r.waiting, i, i+1)
	r.bytes -= x.bytes
	return x.slot
}

func (r *reaper) run() {
	for {
		r.mu.Lock()
		if len(r.waiting) == 0 {
			r.running, r.waiting = false, nil
			r.mu.Unlock()
			return
		}
		x := r.waiting[0]
		r.waiting = slices.Delete(r.waiting, 0, 1)
		r.mu.Unlock()
		x.program.rest(context.Background(), x.slot, x.spoilt)
		r.mu.Lock()
		r.bytes -= x.bytes
		r.mu.Unlock()
	}
}

// stop takes nothing more, and waits until all is given back.
func (r *reaper) stop() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.work.Wait()
}
