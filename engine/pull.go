package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// pulls are the lazy inputs that calls of asynchronous nodes ask for and wait for while they run. The loop takes the questions
// between its steps, schedules what computes the input, and answers when it is there. A call that waits holds nothing that another
// node needs. That all calls wait, and nothing that the loop could run is left, is a cycle, and ends the run.
type pulls struct {
	came chan struct{} // has something when the loop has something to look at

	mu      sync.Mutex // guards the rest
	calls   int        // of asynchronous nodes, that have not returned
	fresh   []*pull    // that the loop has not taken
	waiting []*pull    // that it has not answered; the fresh ones too
}

// pull is one question.
type pull struct {
	caller *puller
	input  string
	link   link // of the input, when the loop has taken the question
	to     *pending
	answer chan pulled // holds one
}

type pulled struct {
	value any
	err   error
}

func newPulls() *pulls { return &pulls{came: make(chan struct{}, 1)} }

func (s *pulls) nudge() {
	select {
	case s.came <- struct{}{}:
	default:
	}
}

// began counts a call.
func (s *pulls) began() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
}

// returned takes a call out.
func (s *pulls) returned() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls--
	s.nudge()
}

func (s *pulls) add(q *pull) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh, s.waiting = append(s.fresh, q), append(s.waiting, q)
	s.nudge()
}

// drop forgets a question that was answered, or that nobody waits for any more.
func (s *pulls) drop(q *pull) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := func(x *pull) bool { return x == q }
	s.fresh, s.waiting = slices.DeleteFunc(s.fresh, is), slices.DeleteFunc(s.waiting, is)
}

// take gives the questions that are new, and those that wait for their answer.
func (s *pulls) take() (fresh, taken []*pull) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh, s.fresh = s.fresh, nil
	if len(s.waiting) == 0 {
		return nil, nil
	}
	return fresh, slices.Clone(s.waiting)
}

// dead reports whether every call waits, of each vertex that the loop waits for. Then none of them ever goes on.
func (s *pulls) dead(parked map[*vertex]*parked) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 || len(s.fresh) > 0 {
		return false
	}
	calls, vertices := map[*puller]bool{}, map[*vertex]bool{}
	for _, q := range s.waiting {
		calls[q.caller], vertices[q.caller.v] = true, true
	}
	for v := range parked {
		if !vertices[v] {
			return false // its calls have all returned
		}
	}
	return len(calls) == s.calls
}

// tell answers a question. The call goes on from here.
func (s *pulls) tell(q *pull, value any, err error) {
	s.drop(q)
	q.answer <- pulled{value, err}
}

// puller is the ability of one call to ask for inputs. It is a node.Puller.
type puller struct {
	r     *run
	v     *vertex
	index int
	over  chan struct{} // closed when the call has returned
}

// Pull waits for an input.
func (c *puller) Pull(ctx context.Context, input string) (any, error) {
	q := &pull{caller: c, input: input, answer: make(chan pulled, 1)}
	c.r.pulls.add(q)
	defer c.r.pulls.drop(q)
	select {
	case a := <-q.answer:
		return a.value, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.r.ctx.Done():
		return nil, context.Cause(c.r.ctx)
	case <-c.over:
		return nil, errors.New("a node asked for an input when it had returned")
	}
}

// serve takes what calls have asked for since, and answers what is there.
func (r *run) serve() *failure {
	fresh, taken := r.pulls.take()
	for _, q := range fresh {
		if f := r.schedulePull(q); f != nil {
			return f
		}
	}
	for _, q := range taken {
		if q.to != nil && q.to.have[q.link.from] != nil {
			value, err := r.pulledValue(q)
			r.pulls.tell(q, value, err)
		}
	}
	return nil
}

// schedulePull has what computes an input run, unless it has. A name that is no link is the node's slip, which it is told.
func (r *run) schedulePull(q *pull) *failure {
	v := q.caller.v
	p := r.sched.all[v]
	value, ok := v.inputs.Get(q.input)
	l, linked := linkOf(value)
	switch {
	case p == nil || r.parked[v] == nil: // it returns right now
		return nil
	case !ok || !linked:
		r.pulls.tell(q, nil, fault.New(fault.NotFound, "node %s has no link at its input %q", v.id, q.input))
		return nil
	}
	q.link, q.to = l, p
	if p.have[l.from] != nil {
		return nil
	}
	if err := r.sched.link(l, p); err != nil {
		return r.fail(v, err, nil)
	}
	return nil
}

// pulledValue is an input's value for the call that asked. The last of a list stands for those that are not there, as in split.
func (r *run) pulledValue(q *pull) (any, error) {
	b, err := r.received(q.to, &port{name: q.input, link: q.link, isIn: true})
	switch {
	case err != nil:
		return nil, err
	case b.missing:
		return nil, errors.New("the input is linked to an output that is not there")
	case q.caller.v.schema.InputIsList:
		return node.List(b.values), nil
	case len(b.values) == 0:
		return nil, &indexError{"list index out of range"}
	}
	return b.values[min(q.caller.index, len(b.values)-1)], nil
}
