package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// loopError is why the loops of a prompt do not work out.
type loopError struct {
	kind, message, details string
	nodes                  []*vertex
}

// loops finds which ends of loops belong together, and what lies between.
type loops struct {
	g     *graph
	topo  []*vertex             // everything in question, producers first
	rank  map[*vertex]int       // place in topo
	feeds map[*vertex][]*vertex // who is fed by whom
	ends  map[*vertex]*vertex   // start → its end
	errs  []loopError
}

func newLoops(g *graph, outputs []*vertex) *loops {
	l := &loops{g: g, rank: map[*vertex]int{}, feeds: map[*vertex][]*vertex{}, ends: map[*vertex]*vertex{}}
	for _, o := range outputs {
		l.visit(o)
	}
	for i, v := range l.topo {
		l.rank[v] = i
	}
	return l
}

// producers lists what a vertex links to.
func (l *loops) producers(v *vertex) []*vertex {
	var list []*vertex
	for i := range v.inputs.Len() {
		_, value := v.inputs.At(i)
		if k, ok := linkOf(value); ok {
			if from, there := l.g.get(k.from); there {
				list = append(list, from)
			}
		}
	}
	return list
}

// visit adds o and all that it hangs on, producers first, without recursion.
func (l *loops) visit(o *vertex) {
	open := map[*vertex]bool{}
	for stack := []*vertex{o}; len(stack) > 0; {
		v := stack[len(stack)-1]
		if _, done := l.rank[v]; done {
			stack = stack[:len(stack)-1]
			continue
		}
		if open[v] || v.inputs == nil {
			stack = stack[:len(stack)-1]
			l.rank[v] = 0
			l.topo = append(l.topo, v)
			continue
		}
		open[v] = true
		for _, p := range l.producers(v) {
			l.feeds[p] = append(l.feeds[p], v)
			if _, done := l.rank[p]; !done && !open[p] {
				stack = append(stack, p)
			}
		}
	}
}

// maxLoopEnds bounds the starts and ends of loops in a prompt: pairing them takes time with each.
const maxLoopEnds = 1000

// count counts the starts and ends of loops.
func (l *loops) count() int {
	n := 0
	for _, v := range l.topo {
		if v.schema.Loop != "" {
			n++
		}
	}
	return n
}

// upstream is everything that v hangs on.
func (l *loops) upstream(v *vertex) map[*vertex]bool {
	return reach(v, l.producers)
}

// downstream is everything that hangs on v, up to and without stop.
func (l *loops) downstream(v, stop *vertex) map[*vertex]bool {
	return reach(v, func(x *vertex) []*vertex {
		return slices.DeleteFunc(slices.Clone(l.feeds[x]), func(y *vertex) bool { return y == stop })
	})
}

func reach(v *vertex, next func(*vertex) []*vertex) map[*vertex]bool {
	seen := map[*vertex]bool{}
	for stack := next(v); len(stack) > 0; {
		x := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !seen[x] {
			seen[x] = true
			stack = append(stack, next(x)...)
		}
	}
	return seen
}

// pair gives every end the closest start around it, inner ones first.
func (l *loops) pair() {
	for _, e := range l.topo { // producers come first, so inner ends do
		if e.schema.Loop != node.LoopClose {
			continue
		}
		up := l.upstream(e)
		var open []*vertex
		for _, s := range l.topo {
			if s.schema.Loop == node.LoopStart && up[s] && l.ends[s] == nil {
				open = append(open, s)
			}
		}
		if len(open) == 0 {
			l.fail("loop_end_without_start", "End Loop has no Start Loop", fmt.Sprintf("End Loop %s has no available Start Loop", e.id), e)
			continue
		}
		s := open[len(open)-1] // the last in order; it must lie inside all others
		above := l.upstream(s)
		for _, o := range open[:len(open)-1] {
			if !above[o] {
				l.fail("ambiguous_loop_nesting", "End Loop has ambiguous Start Loops",
					fmt.Sprintf("End Loop %s can close multiple unrelated Start Loops: %s", e.id, idList(open)), append([]*vertex{e}, open...)...)
				s = nil
				break
			}
		}
		if s != nil {
			l.ends[s] = e
		}
	}
	l.unclosed()
}

func (l *loops) unclosed() {
	var left []*vertex
	for _, s := range l.topo {
		if s.schema.Loop == node.LoopStart && l.ends[s] == nil && !l.blamed(s) {
			left = append(left, s)
		}
	}
	if left != nil {
		l.fail("loop_start_without_end", "Start Loop has no End Loop", "Start Loops without End Loops: "+idList(left), left...)
	}
}

func (l *loops) blamed(v *vertex) bool {
	return slices.ContainsFunc(l.errs, func(e loopError) bool { return slices.Contains(e.nodes, v) })
}

func (l *loops) fail(kind, message, details string, nodes ...*vertex) {
	var once []*vertex
	for _, v := range nodes {
		if !slices.Contains(once, v) {
			once = append(once, v)
		}
	}
	l.errs = append(l.errs, loopError{kind, message, details, once})
}

// bodies checks and notes what lies between the ends.
func (l *loops) bodies() {
	for _, s := range l.topo {
		e := l.ends[s]
		if e == nil {
			continue
		}
		up := l.upstream(e)
		var body, escaped []*vertex
		down := l.downstream(s, e)
		for _, v := range l.topo {
			switch {
			case v == e || !down[v]:
			case up[v]:
				body = append(body, v)
			default:
				escaped = append(escaped, v)
			}
		}
		if escaped != nil {
			l.fail("loop_escape", "Loop body is not closed", fmt.Sprintf("Start Loop %s reaches %s without passing through End Loop %s",
				s.id, idList(escaped), e.id), append([]*vertex{s, e}, escaped...)...)
			continue
		}
		if value, ok := e.inputs.Get(node.LoopAccumulate); ok {
			if k, isLink := linkOf(value); isLink {
				if from, _ := l.g.get(k.from); from == s || slices.Contains(body, from) {
					l.fail("loop_accumulate_from_body", "End Loop accumulate depends on its loop body",
						fmt.Sprintf("End Loop %s accumulate is driven by loop node %s under Start Loop %s", e.id, k.from, s.id), s, e, from)
					continue
				}
			}
		}
		l.note(s, e, body)
	}
}

// note writes a loop's extent into its start, where the run finds it.
func (l *loops) note(s, e *vertex, body []*vertex) {
	ids := make([]any, len(body))
	for i, v := range body {
		ids[i] = v.id
	}
	slices.SortFunc(ids, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	s.body.Set(keyLoopBody, ids)
	s.body.Set(keyLoopEnd, e.id)
}

const (
	keyLoopBody = "_loop_body"
	keyLoopEnd  = "_loop_end"
)

func idList(list []*vertex) string {
	ids := make([]string, len(list))
	for i, v := range list {
		ids[i] = v.id
	}
	slices.Sort(ids)
	return strings.Join(ids, ", ")
}

// checkLoops pairs the loops behind the good outputs. Outputs that hang on a loop that does not work out are no longer good.
func checkLoops(g *graph, c *checked) {
	for _, v := range g.order {
		if v.schema.Loop == node.LoopStart && v.body != nil {
			v.body.Delete(keyLoopBody)
			v.body.Delete(keyLoopEnd)
		}
	}
	var outputs []*vertex
	for _, id := range c.good {
		v, _ := g.get(id)
		outputs = append(outputs, v)
	}
	l := newLoops(g, outputs)
	switch n := l.count(); {
	case n == 0:
		return
	case n > maxLoopEnds:
		c.good = nil
		c.top = &Problem{"too_many_loops", "The prompt has too many loops", fmt.Sprintf("%d ends of loops; %d are allowed", n, maxLoopEnds), nil}
		return
	}
	l.pair()
	l.bodies()
	for _, e := range l.errs {
		l.reject(e, outputs, c)
	}
}

// reject enters an error at all nodes involved and drops the outputs that it reaches.
func (l *loops) reject(e loopError, outputs []*vertex, c *checked) {
	var reached []string
	for _, o := range outputs {
		up := l.upstream(o)
		if slices.ContainsFunc(e.nodes, func(v *vertex) bool { return v == o || up[v] }) {
			reached = append(reached, o.id)
		}
	}
	slices.Sort(reached)
	nodes := strings.Split(idList(e.nodes), ", ")
	p := Problem{"custom_validation_failed", e.message, e.details, doc.Of("input_name", "loop boundary", "loop_error_type", e.kind,
		"node_ids", nodes, "output_ids", reached)}
	for _, v := range e.nodes {
		c.blame(v, p, reached)
	}
	c.good = slices.DeleteFunc(c.good, func(id string) bool { return slices.Contains(reached, id) })
	if len(c.good) == 0 {
		if c.top == nil {
			c.top = &Problem{Type: "prompt_outputs_failed_validation", Message: "Prompt outputs failed validation"}
		}
		c.top.Details = strings.TrimPrefix(c.top.Details+"\n"+e.message+": "+e.details, "\n")
	}
}

func (c *checked) blame(v *vertex, p Problem, outputs []string) {
	for i := range c.errors {
		if n := &c.errors[i]; n.Node == v.id {
			n.Errors = append(n.Errors, p)
			for _, o := range outputs {
				if !slices.Contains(n.Dependent, o) {
					n.Dependent = append(n.Dependent, o)
				}
			}
			return
		}
	}
	c.errors = append(c.errors, NodeError{Node: v.id, Class: v.class, Errors: []Problem{p}, Dependent: outputs})
}
