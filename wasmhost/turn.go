package wasmhost

import (
	"context"
	"time"
)

// turnTime is how long a guest computes while others wait.
const turnTime = 5 * time.Millisecond

// placed says that the call has its place among the guests that compute.
func (c *call) placed() { c.inside, c.turn = true, time.Now() }

// cede lets others have the call's place when its turn is over. The clock stands still meanwhile.
func (c *call) cede() {
	if !c.inside || c.host.gate.lined.Load() == 0 {
		return
	}
	from := time.Now()
	if from.Sub(c.turn) < turnTime {
		return
	}
	c.host.gate.cede(c.tenant)
	c.placed()
	c.deadline = c.deadline.Add(c.turn.Sub(from))
}

// apart runs something without holding the call's place. A panic goes on with the place taken again. The wait for the place is not the
// guest's time.
func (c *call) apart(do func()) {
	c.inside = false
	c.host.gate.leave(c.tenant)
	defer func() {
		from := time.Now()
		c.host.gate.enter(context.WithoutCancel(c.Context), c.tenant)
		c.placed()
		c.deadline = c.deadline.Add(c.turn.Sub(from))
	}()
	do()
}

// park runs a wait without holding one of the places for running guests; the clock stands still. All waits of a call are
// bounded together.
func (c *call) park(wait func(ctx context.Context)) {
	left := time.Duration(0)
	if most := c.limits.Parked; most > 0 {
		if left = most - c.parked; left <= 0 {
			c.spent("it waited longer than %v", most)
		}
	}
	ctx, cancel := c.host.life.bound(c.Context, left)
	defer cancel()
	c.apart(func() {
		from := time.Now()
		defer func() {
			d := time.Since(from)
			c.parked += d
			c.deadline = c.deadline.Add(d)
		}()
		c.pass.Leave()
		defer c.pass.Return(context.WithoutCancel(c.Context))
		wait(ctx)
	})
}

// timed is a context for work of the host, which ends with the call's time. Cancel it.
func (c *call) timed() (context.Context, context.CancelFunc) {
	return c.host.life.bound(c.Context, max(time.Until(c.deadline), 1))
}

// aside runs a use of the disk without holding a place; the clock goes on, and ctx ends with the call's time.
func (c *call) aside(use func(ctx context.Context)) {
	c.apart(func() {
		ctx, cancel := c.timed()
		defer cancel()
		use(ctx)
	})
}

// labour runs work of the host's that takes a processor: it waits for its tenant's turn, and the clock goes on with the work, whose ctx
// ends with the call's time.
func (c *call) labour(work func(ctx context.Context)) {
	c.apart(func() {
		from, bench := time.Now(), c.host.bench
		if !bench.enter(c.Context, c.tenant) {
			c.alive()
			c.trap("the call is over") // which alive has told
		}
		defer bench.leave(c.tenant)
		c.deadline = c.deadline.Add(time.Since(from))
		ctx, cancel := c.timed()
		defer cancel()
		work(ctx)
	})
}

// beside runs work of the host's that nothing can stop on a goroutine of its own, for which its caller may not wait. It counts as its
// tenant's at the bench until it is done, and the host waits for it when it is closed.
func (c *call) beside(work func()) {
	h, t := c.host, c.tenant
	h.bench.hold(t)
	h.strays.Go(func() {
		defer h.bench.leave(t)
		work()
	})
}
