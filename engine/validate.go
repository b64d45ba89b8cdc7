package engine

import (
	"context"
	"strings"
)

// verdict is what validation found about one vertex.
type verdict struct {
	ok     bool
	errors []Problem
}

// validator checks a graph from its outputs inwards. It keeps the nodes on the way in a stack of its own, so that no depth
// of a prompt exhausts the machine's.
type validator struct {
	ctx   context.Context
	g     *graph
	done  map[*vertex]*verdict
	found []*vertex       // in the order of their verdicts
	path  map[*vertex]int // where in the stack
	stack []*visit
}

// checked is a prompt's validation as a whole.
type checked struct {
	good   []string
	errors NodeErrors
	top    *Problem // set when no output is good
}

// roots are the output nodes to run, in the prompt's order.
func roots(g *graph, targets []string) []*vertex {
	var wanted map[string]bool
	if targets != nil {
		wanted = make(map[string]bool, len(targets))
		for _, t := range targets {
			wanted[t] = true
		}
	}
	var list []*vertex
	for _, v := range g.order {
		if v.schema.OutputNode && (targets == nil || wanted[v.id]) {
			list = append(list, v)
		}
	}
	return list
}

// validate checks everything that the given outputs depend on.
func validate(ctx context.Context, g *graph, outputs []*vertex) (checked, error) {
	w := &validator{ctx: ctx, g: g, done: map[*vertex]*verdict{}, path: map[*vertex]int{}}
	var c checked
	report := newReport(w)
	var own []string
	for _, o := range outputs {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		v := w.root(o)
		if v.ok {
			c.good = append(c.good, o.id)
			continue
		}
		for _, p := range v.errors {
			own = append(own, p.Message+": "+p.Details)
		}
		report.failed(o)
	}
	c.errors = report.errors
	if len(c.good) == 0 {
		c.top = &Problem{"prompt_outputs_failed_validation", "Prompt outputs failed validation", strings.Join(own, "\n"), nil}
	}
	return c, nil
}

// root checks one output. What escapes from it becomes its only reason.
func (w *validator) root(o *vertex) *verdict {
	if v, ok := w.done[o]; ok {
		return v
	}
	if esc := w.walk(o); esc != nil {
		w.stack = w.stack[:0]
		clear(w.path)
		w.conclude(o, &verdict{errors: []Problem{escapedProblem(esc)}})
	}
	return w.done[o]
}

func (w *validator) conclude(v *vertex, d *verdict) {
	if _, ok := w.done[v]; !ok {
		w.found = append(w.found, v)
	}
	w.done[v] = d
}

// walk visits o and all that it depends on.
func (w *validator) walk(o *vertex) *escaped {
	esc := w.enter(o)
	for {
		if esc != nil {
			// The exception leaves the visit on top for the one below, which notes it at the producer.
			if len(w.stack) < 2 {
				return esc
			}
			inner := w.leave()
			w.top().innerFailed(w, inner.v, esc)
			esc = nil
		}
		if len(w.stack) == 0 {
			return nil
		}
		var next *vertex
		if next, esc = w.top().advance(w); esc != nil {
			continue
		}
		if next != nil {
			esc = w.enter(next)
			continue
		}
		done := w.leave()
		done.finish(w)
		if len(w.stack) > 0 {
			w.top().returned(w.done[done.v])
		}
	}
}

func (w *validator) top() *visit { return w.stack[len(w.stack)-1] }

func (w *validator) enter(v *vertex) *escaped {
	x := &visit{v: v, valid: true}
	w.path[v] = len(w.stack)
	w.stack = append(w.stack, x)
	return x.begin(w)
}

func (w *validator) leave() *visit {
	x := w.top()
	w.stack = w.stack[:len(w.stack)-1]
	delete(w.path, x.v)
	return x
}

// cycle marks all vertices of the stack from v on, which depend on each other.
func (w *validator) cycle(v *vertex) {
	var ids, classes []string
	members := w.stack[w.path[v]:]
	for _, x := range members {
		ids, classes = append(ids, x.v.id), append(classes, x.v.class)
	}
	for i, p := range cycleProblems(ids, classes) {
		w.conclude(members[i].v, &verdict{errors: []Problem{p}})
	}
}
