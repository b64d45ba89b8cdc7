package engine

import (
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
)

// parked is an asynchronous node whose calls are under way.
type parked struct {
	inputs  []bound
	results []outcome
}

// promptly is how long an asynchronous call may take to count as one that never waited.
const promptly = time.Millisecond

// launch starts the calls of an asynchronous node side by side. If they return promptly the node is done at once, else other
// nodes run meanwhile.
func (r *run) launch(p *pending, f *form, inputs []bound, calls []call) (bool, *failure) {
	v := p.v
	w := &parked{inputs, make([]outcome, len(calls))}
	if err := r.stopped(); err != nil {
		return false, r.fail(v, err, inputs)
	}
	finished := r.spawn(v, f, w, calls)
	timer := time.NewTimer(promptly)
	defer timer.Stop()
	select {
	case <-finished:
		return r.conclude(p, w.inputs, w.results)
	case <-timer.C:
	}
	r.parked[v] = w
	r.sched.hold(p)
	r.tasks.Add(1)
	r.e.calls.Go(func() {
		defer r.tasks.Done()
		<-finished
		select {
		case r.arrived <- p:
		case <-r.ctx.Done():
		}
	})
	return false, nil
}

// spawn starts each call of an asynchronous node on a goroutine of its own. The channel is closed when all have returned.
func (r *run) spawn(v *vertex, f *form, w *parked, calls []call) <-chan struct{} {
	var group sync.WaitGroup
	for i, args := range calls {
		if b, blocked := r.blocked(v, args); blocked {
			w.results[i] = spread(v, b)
			continue
		}
		if err := args.complete(f); err != nil {
			w.results[i].err = err
			continue
		}
		ask := &puller{r: r, v: v, index: i, over: make(chan struct{})}
		ctx, nested := r.askingContext(ask), args.nested(f)
		group.Add(1)
		r.tasks.Add(1)
		r.pulls.began()
		r.e.calls.Go(func() {
			defer r.tasks.Done()
			defer group.Done()
			var reply node.Reply
			err := guard(func() (err error) { reply, err = runNode(ctx, v.node, nested); return err })
			close(ask.over)
			r.pulls.returned()
			w.results[i] = check(v, reply, err)
		})
	}
	finished := make(chan struct{})
	r.tasks.Add(1)
	r.e.calls.Go(func() {
		defer r.tasks.Done()
		group.Wait()
		close(finished)
	})
	return finished
}

// awaitTasks waits until no call of an asynchronous node is left, when the run was stopped no longer than the grace.
func (r *run) awaitTasks() {
	if len(r.parked) == 0 {
		r.tasks.Wait()
		return
	}
	done := make(chan struct{})
	r.e.calls.Go(func() {
		r.tasks.Wait()
		close(done)
	})
	timer := time.NewTimer(r.e.c.Grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
