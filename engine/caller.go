package engine

import (
	"context"
	"errors"
	"time"
)

// caller is the goroutine on which a run's nodes are called, one after another. A node that does not obey its context is left
// alone on it: the run goes on without, and the goroutine ends when the node does.
type caller struct {
	e     *Engine
	work  chan func()
	ready chan struct{}
	stray bool
}

// errStray is what a run ends with whose node would not stop.
var errStray = errors.New("the node did not stop when it was told to")

func newCaller(e *Engine) *caller {
	c := &caller{e: e, work: make(chan func()), ready: make(chan struct{}, 1)}
	e.calls.Go(func() {
		for fn := range c.work {
			fn()
			c.ready <- struct{}{}
		}
	})
	return c
}

// do calls fn and waits for it; when ctx ends, no longer than grace.
func (c *caller) do(ctx context.Context, grace time.Duration, fn func()) error {
	c.work <- fn
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.ready:
		return nil
	case <-timer.C:
		c.stray = true
		return errStray
	}
}

func (c *caller) close() { close(c.work) }
