package engine

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Engine runs prompts. Its methods may be called from any goroutine between Start and Close.
type Engine struct {
	c      Config
	cache  *cache
	number atomic.Int64
	wake   chan struct{} // a job may be there to claim

	stop     context.CancelCauseFunc
	stopping <-chan struct{}
	done     sync.WaitGroup // the workers
	calls    sync.WaitGroup // calls of nodes, those left alone included
	serial   atomic.Uint64  // of keys that equal no other
	tally    tally          // of what has ended

	mu      sync.Mutex // guards the rest
	runs    map[*run]struct{}
	unload  bool // asked for by Free
	release bool
	busy    int           // workers that claim or run
	quiet   chan struct{} // closed when none of them does any more; nil unless draining
}

// New checks the Config and makes an Engine, which does nothing before Start.
func New(c Config) (*Engine, error) {
	if c.Registry == nil || c.Store == nil || c.Bus == nil {
		return nil, fault.New(fault.BadRequest, "an engine needs a registry, a store and a bus")
	}
	e := &Engine{c: c.withDefaults(), wake: make(chan struct{}, 1), runs: map[*run]struct{}{}}
	e.cache = newCache(e.c.Cache)
	return e, nil
}

// Start begins to take jobs. ctx carries the logger; its end stops the workers as Close does.
func (e *Engine) Start(ctx context.Context) error {
	n, err := e.c.Store.NextNumber(ctx)
	if err != nil {
		return err
	}
	e.number.Store(n)
	ctx, e.stop = context.WithCancelCause(ctx)
	e.stopping = ctx.Done()
	for i := range e.c.Workers {
		e.done.Go(func() { e.work(ctx, i) })
	}
	return nil
}

// Drain lets no further prompt begin, and returns when those that run have ended or ctx is done. Prompts are still taken into the
// queue. Close must follow.
func (e *Engine) Drain(ctx context.Context) error {
	e.mu.Lock()
	if e.quiet == nil {
		e.quiet = make(chan struct{})
		if e.busy == 0 {
			close(e.quiet)
		}
	}
	quiet := e.quiet
	e.mu.Unlock()
	select {
	case <-quiet:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Draining reports whether Drain was called.
func (e *Engine) Draining() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.quiet != nil
}

// begin tells whether a worker may look for a job; end must follow.
func (e *Engine) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.quiet != nil {
		return false
	}
	e.busy++
	return true
}

func (e *Engine) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy--; e.busy == 0 && e.quiet != nil {
		close(e.quiet)
	}
}

// Close stops the workers. Jobs that run are handed back to the queue and begin anew after the next Start. It returns when
// all nodes have obeyed, or when ctx is done.
func (e *Engine) Close(ctx context.Context) error {
	if e.stop == nil {
		return nil
	}
	e.stop(errStopping)
	obeyed := make(chan struct{})
	go func() {
		e.done.Wait()
		e.calls.Wait()
		close(obeyed)
	}()
	select {
	case <-obeyed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
