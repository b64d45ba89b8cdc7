package worker

import (
	"context"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// Pool is a slot.Engine whose programs run in workers, one for each key.
type Pool struct {
	c       Config
	missing []string

	mu     sync.Mutex // guards the rest, and what processes say is guarded by it
	byKey  map[string]*process
	breaks breaks
	spare  *process // one that has no key yet, so that nobody waits for a start
	closed bool
	work   sync.WaitGroup // goroutines that wait for processes or start the spare
}

// New starts a Pool and its first worker, so that what does not work is known at once.
func New(ctx context.Context, c Config) (*Pool, error) {
	if c.Most == 0 {
		c.Most = 64
	}
	p := &Pool{c: c, byKey: map[string]*process{}, breaks: breaks{}}
	first, err := p.launch(ctx)
	if err != nil {
		return nil, err
	}
	p.missing, p.spare = first.missing, first
	return p, nil
}

// Missing names what this system does not confine workers by.
func (p *Pool) Missing() []string { return p.missing }

// Workers is how many workers have a key.
func (p *Pool) Workers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.byKey)
}

// take gives the worker of a key, and counts the caller among its users until leave. A new one is started while others go on.
func (p *Pool) take(ctx context.Context, key string) (*process, error) {
	w, err := p.find(ctx, key, nil)
	if w != nil || err != nil {
		return w, err
	}
	fresh, err := p.launch(ctx)
	if err != nil {
		return nil, err
	}
	return p.find(ctx, key, fresh)
}

// find gives the worker of a key, which may be the spare or the fresh one; nil when one must be started.
func (p *Pool) find(ctx context.Context, key string, fresh *process) (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, err := p.ofKey(key, &fresh)
	if fresh != nil && (p.closed || p.spare != nil) {
		fresh.kill()
	} else if fresh != nil {
		p.spare = fresh
	}
	if w == nil || err != nil {
		return nil, err
	}
	if p.byKey[key] != w {
		w.key = key
		p.byKey[key] = w
		p.work.Go(func() { p.refill(context.WithoutCancel(ctx)) })
	}
	w.users++
	return w, nil
}

// ofKey finds what find gives, and takes the fresh one if it must; the lock is held.
func (p *Pool) ofKey(key string, fresh **process) (*process, error) {
	if p.closed {
		return nil, fault.New(fault.Cancelled, "the workers are closed")
	}
	w := p.byKey[key]
	if w != nil && !w.dead.Load() {
		return w, nil
	}
	if w != nil {
		p.drop(w)
	}
	if wait := p.breaks.wait(key, time.Now()); wait > 0 {
		return nil, fault.New(fault.LimitExceeded, "the worker process for extensions ended again and again; the next one starts in %v", wait.Round(time.Second))
	}
	if len(p.byKey) >= p.c.Most && !p.retire() {
		return nil, fault.New(fault.LimitExceeded, "all %d worker processes for extensions are busy", p.c.Most)
	}
	if *fresh != nil {
		w, *fresh = *fresh, nil
		return w, nil
	}
	w, p.spare = p.spare, nil
	return w, nil
}

// refill starts the spare.
func (p *Pool) refill(ctx context.Context) {
	w, err := p.launch(ctx)
	if err != nil {
		return // the next one to need it tries again, and says so
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.spare != nil {
		w.kill()
		return
	}
	p.spare = w
}

// leave ends a use of a worker. The last use of one that is to end ends it.
func (p *Pool) leave(w *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.users--
	w.since = time.Now()
	if w.ending && w.users == 0 {
		w.kill()
	}
}

// retire ends the worker that has been idle longest; the lock is held.
func (p *Pool) retire() bool {
	var oldest *process
	for _, w := range p.byKey {
		if w.users == 0 && (oldest == nil || w.since.Before(oldest.since)) {
			oldest = w
		}
	}
	if oldest == nil {
		return false
	}
	p.drop(oldest)
	oldest.kill()
	return true
}

// drop makes a worker no key's; the lock is held.
func (p *Pool) drop(w *process) {
	if p.byKey[w.key] == w {
		delete(p.byKey, w.key)
	}
	if p.spare == w {
		p.spare = nil
	}
}

// End ends a key's worker as soon as nothing runs in it.
func (p *Pool) End(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.byKey[key]
	if w == nil {
		return
	}
	p.drop(w)
	if w.ending = true; w.users == 0 {
		w.kill()
	}
}

// Kill ends a key's worker at once. What runs in it fails.
func (p *Pool) Kill(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.byKey[key]; w != nil {
		p.drop(w)
		w.kill()
	}
}

// Compile implements slot.Engine.
func (p *Pool) Compile(ctx context.Context, r *fuel.Result, o slot.Options, slice int64) (slot.Program, error) {
	fd, err := memoryFile("cocoon-module", r.Bytes)
	if err != nil {
		return nil, err
	}
	g := &guest{pool: p, meta: r, o: o, module: fd}
	if err := g.setUp(ctx, slice); err != nil {
		g.Close(ctx)
		return nil, err
	}
	return g, nil
}

// Close ends all workers.
func (p *Pool) Close(context.Context) error {
	p.mu.Lock()
	p.closed = true
	for _, w := range p.byKey {
		w.kill()
	}
	if p.spare != nil {
		p.spare.kill()
	}
	p.mu.Unlock()
	p.work.Wait()
	return nil
}

// memoryFile makes a sealed file in memory.
func memoryFile(name string, b []byte) (int, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, os.NewSyscallError("memfd_create", err)
	}
	for at := 0; at < len(b); {
		n, err := unix.Pwrite(fd, b[at:], int64(at))
		if err != nil {
			_ = unix.Close(fd)
			return -1, os.NewSyscallError("pwrite", err)
		}
		at += n
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE|unix.F_SEAL_SEAL); err != nil {
		_ = unix.Close(fd)
		return -1, os.NewSyscallError("fcntl", err)
	}
	return fd, nil
}
