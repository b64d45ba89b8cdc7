package engine

import (
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// given is an input's values that come from a loop in the place of a link.
type given struct{ values []any }

// findLoops reads the extents of loops that validation noted.
func (g *graph) findLoops() {
	for _, s := range g.order {
		if s.schema.Loop != node.LoopStart || s.body == nil {
			continue
		}
		end, _ := s.body.Get(keyLoopEnd)
		id, _ := end.(string)
		e, ok := g.get(id)
		if !ok {
			continue
		}
		e.start = s
		ids, _ := s.body.Get(keyLoopBody)
		list, _ := ids.([]any)
		for _, x := range list {
			name, _ := x.(string)
			if v, ok := g.get(name); ok {
				s.inside = append(s.inside, v)
				v.looped = true
			}
		}
	}
}

// loopPlan is what the start of a loop wants, and the value that it begins with.
type loopPlan struct {
	node.Loop
	initial []any
}

// loopState is how far a loop is.
type loopState struct {
	plan    *loopPlan
	i       int // the iteration under way; -1 before the first
	carried []any
	outputs []any
	// sources tells where the end's inputs come from in this iteration: links of copies, or values.
	sources map[string]any
}

// startLoop runs the start of a loop, which gives a plan.
func (r *run) startLoop(v *vertex, f *form, inputs []bound, calls []call) (bool, *failure) {
	l, ok := v.node.(node.Looper)
	if !ok {
		return false, r.fail(v, fmt.Errorf("%s begins a loop, but gives no iterations", v.class), inputs)
	}
	plan := &loopPlan{initial: []any{nil}}
	for _, in := range inputs {
		if in.name == node.LoopInitial {
			plan.initial = in.values
		}
	}
	ctx := r.nodeContext(v, 0)
	var err error
	if stray := r.caller.do(r.ctx, r.e.c.Grace, func() {
		err = guard(func() error { plan.Loop, err = l.Iterations(ctx, calls[0].nested(f)); return err })
	}); stray != nil {
		return false, r.fail(v, stray, inputs) // plan and err are the call's own from now on
	}
	if err == nil && plan.Count < 0 {
		err = fault.New(fault.BadRequest, "%s wants %d iterations", v.class, plan.Count)
	}
	if err != nil {
		return false, r.fail(v, err, inputs)
	}
	r.plans[v] = plan
	r.keep(v, make([][]any, len(v.schema.Outputs)))
	return true, nil
}

// turn brings a loop one iteration further. It is what the end of a loop does in the place of running.
func (r *run) turn(p *pending) (bool, *failure) {
	e := p.v
	st := r.turning[e]
	if st == nil {
		plan := r.plans[e.start]
		if plan == nil {
			return false, r.fail(e, fmt.Errorf("the loop's start gave no plan"), nil)
		}
		st = &loopState{plan: plan, i: -1, carried: plan.initial}
		r.turning[e] = st
		r.progress.start(e)
		r.current.Store(&e.shownID)
		r.guarded("executing", doc.Of("node", e.id, "display_node", e.shownID, "prompt_id", r.job.PromptID))
	}
	if err := r.stopped(); err != nil {
		return false, r.fail(e, err, nil)
	}
	last := st.i+1 >= st.plan.Count
	if st.i >= 0 {
		over, err := r.reap(p, st)
		if err != nil {
			return false, r.fail(e, err, nil)
		}
		last = last || over
	}
	if last {
		delete(r.turning, e)
		r.keep(e, [][]any{st.outputs})
		return true, nil
	}
	st.i++
	if err := r.sow(p, st); err != nil {
		return false, r.fail(e, err, nil)
	}
	return false, nil
}

// reap takes what an iteration gave; over tells that it is the last by its own wish.
func (r *run) reap(p *pending, st *loopState) (over bool, err error) {
	value := func(name string) ([]any, error) { return st.value(p, name) }
	out, err := value(node.LoopOutput)
	if err != nil {
		return false, err
	}
	all, err := value(node.LoopAccumulate)
	if err != nil {
		return false, err
	}
	if len(all) == 0 || !pyTrue(all[len(all)-1]) {
		st.outputs = nil
	}
	st.outputs = append(st.outputs, out...)
	next, err := value(node.LoopNext)
	if err != nil {
		return false, err
	}
	if next != nil {
		st.carried = next
	}
	for name := range st.sources {
		if !strings.HasPrefix(name, node.LoopTerminations) {
			continue
		}
		values, err := value(name)
		if err != nil {
			return false, err
		}
		for _, v := range values {
			on, _ := v.(bool)
			over = over || on
		}
	}
	return over, nil
}

// value is what an input of the loop's end got in this iteration; nil when it is absent.
func (st *loopState) value(p *pending, name string) ([]any, error) {
	switch s := st.sources[name].(type) {
	case given:
		return s.values, nil
	case link:
		e := p.have[s.from]
		if e == nil {
			return nil, &missingNode{s.from}
		}
		i := s.at(len(e.outputs))
		if i < 0 {
			return nil, &indexError{"list index out of range"}
		}
		return e.outputs[i], nil
	}
	return nil, nil
}

// sow makes the copy of the body for an iteration and makes the loop's end wait for it.
func (r *run) sow(p *pending, st *loopState) error {
	e, s := p.v, p.v.start
	newReporter(r, s).Text(fmt.Sprintf("Iteration %d / %d", st.i+1, st.plan.Count))
	if r.expanded += len(s.inside); r.expanded > r.e.c.MaxExpanded {
		return fault.New(fault.TooLarge, "the prompt grew by more than %d nodes while it ran", r.e.c.MaxExpanded)
	}
	c := &copier{r: r, st: st, start: s, outputs: st.plan.Outputs(st.i), copies: map[*vertex]*vertex{}}
	c.copyAll(e)
	st.sources = map[string]any{}
	for i := range e.inputs.Len() {
		name, value := e.inputs.At(i)
		mapped := c.input(value)
		l, ok := linkOf(mapped)
		if !ok {
			if g, isGiven := mapped.(given); isGiven {
				st.sources[name] = g
			} else {
				st.sources[name] = given{[]any{plainConst(mapped)}}
			}
			continue
		}
		st.sources[name] = l
		if err := r.sched.link(l, p); err != nil {
			return err
		}
	}
	return nil
}

// copier copies a loop's body for one iteration.
type copier struct {
	r       *run
	st      *loopState
	start   *vertex
	outputs []any
	copies  map[*vertex]*vertex
}

func (c *copier) copyAll(e *vertex) {
	prefix := fmt.Sprintf("%s.%d.0.", c.start.id, c.st.i)
	for _, v := range c.start.inside {
		x := &vertex{id: prefix + v.id, class: v.class, node: v.node, schema: v.schema, parent: c.start, shownID: v.shownID, realID: v.realID, made: v.made}
		if c.st.plan.KeepResults && x.schema.Loop != node.LoopStart {
			x.home = e.home
		}
		c.copies[v] = x
	}
	for _, v := range c.start.inside {
		x := c.copies[v]
		x.inputs = &doc.Object{}
		for i := range v.inputs.Len() {
			name, value := v.inputs.At(i)
			x.inputs.Set(name, c.input(value))
		}
		if v.start != nil {
			x.start = c.copies[v.start]
		}
		for _, inner := range v.inside {
			x.inside = append(x.inside, c.copies[inner])
		}
		c.r.g.byID[x.id] = x
		c.r.g.order = append(c.r.g.order, x)
	}
	for _, v := range c.start.inside {
		c.r.sign.key(c.copies[v])
	}
}

// input is an input as the copy has it: links into the body lead to its copies, links to the start are values.
func (c *copier) input(value any) any {
	l, ok := linkOf(value)
	if !ok {
		return value
	}
	from, ok := c.r.g.get(l.from)
	if !ok {
		return value
	}
	if from == c.start {
		i := l.at(len(from.schema.Outputs))
		switch {
		case i == len(from.schema.Outputs)-1:
			return given{c.st.carried}
		case i >= 0 && i < len(c.outputs):
			return given{[]any{c.outputs[i]}}
		}
		return given{[]any{nil}}
	}
	if x := c.copies[from]; x != nil {
		return node.Socket{Node: x.id, Output: l.out}
	}
	return value
}
