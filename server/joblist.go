package server

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"slices"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// jobLine is a job as lists show it, with what it is sorted and selected by.
type jobLine struct {
	text            []byte // JSON, as spaced gives it
	state, workflow string
	created, took   float64     // ms
	mark            engine.Mark // of a finished one
}

func lineOf(j jobView) jobLine {
	return jobLine{text: reply.Spaced(doc.Encode(j.view)), state: j.state, workflow: j.workflow, created: j.created, took: j.took}
}

// jobList is the jobs that a query selects, in order.
type jobList struct {
	lines   iter.Seq2[jobLine, error] // an error is the last
	skipped int                       // how many come before those in lines
	known   int                       // how many there are by their number alone: of any workflow
	rest    int                       // how many come after those in lines
}

// jobs is GET /api/jobs: the jobs as they stood when the request came. Each is listed at most once, as what it was then; one that
// has left the queue before its turn to be written comes is left out.
func (s *Server) jobs(w http.ResponseWriter, r *http.Request, _ params) error {
	sel, err := readJobQuery(queryOf(r))
	if err != nil {
		return err
	}
	list, err := s.jobList(r.Context(), tenant.Of(r.Context()), sel)
	if err != nil {
		return err
	}
	out := newLongAnswer(w, r)
	out.add(`{"jobs": [`)
	n, shown, whole := list.skipped, 0, true
	for j, err := range list.lines {
		if err != nil {
			return out.end(err)
		}
		if sel.limit > 0 && shown == sel.limit && sel.workflow == "" {
			whole = false
			break
		}
		if n++; n <= sel.offset || sel.limit > 0 && shown == sel.limit {
			continue
		}
		if shown > 0 {
			out.add(", ")
		}
		if shown++; !out.add(string(j.text)) {
			break
		}
	}
	total := n + list.rest
	if !whole {
		total = list.known
	}
	var limit any
	if sel.limit > 0 {
		limit = sel.limit
	}
	more := min(sel.offset, n)+shown < total
	out.add(`], "pagination": `)
	out.member(true, func(b []byte) []byte {
		return doc.Append(b, doc.Of("offset", sel.offset, "limit", limit, "total", total, "has_more", more))
	})
	out.add("}")
	return out.end(nil)
}

// jobList finds the jobs that are selected. Where they are is known from one moment; they are read as the list is taken, and no more
// of them than can stand on the page.
func (s *Server) jobList(ctx context.Context, t tenant.ID, sel jobQuery) (list jobList, err error) {
	wanted := func(state string) bool { return sel.states == nil || slices.Contains(sel.states, state) }
	q := engine.PeekQuery{States: endedStates(wanted)}
	q.Order, q.Finished = sel.window()
	if q.Pending = q.Finished; sel.byDuration { // those that wait have none
		q.Order, q.Finished = engine.AsRun, -1
	}
	if !wanted("pending") {
		q.Pending = 0
	}
	q.Times = sel.offset > 0 && sel.workflow == "" && !sel.byDuration
	g, err := s.c.Engine.Peek(ctx, t, q)
	if err != nil {
		return list, err
	}
	var running []jobLine
	if wanted("in_progress") {
		for i := range g.Running {
			running = append(running, lineOf(queuedJob(&g.Running[i], "in_progress")))
		}
		slices.SortStableFunc(running, sel.compare)
	}
	if !wanted("pending") {
		g.Waiting = 0
	}
	list.known = len(running) + g.Waiting + g.Ended
	list.rest = g.Waiting - len(g.Pending) + g.Ended - len(g.Finished)
	if sel.byDuration && len(g.Finished) > 0 {
		if g.Finished, err = s.byDuration(ctx, t, sel, g.Finished); err != nil {
			return list, err
		}
	}
	if q.Times {
		list.skipped = skip(sel, &running, &g)
	}
	all := inOrder(sel.compare, sliceOf(running), s.waitingJobs(ctx, t, g.Pending), s.endedJobs(ctx, t, g.Finished))
	list.lines = func(yield func(jobLine, error) bool) {
		for j, err := range all {
			if err == nil && (!wanted(j.state) || sel.workflow != "" && sel.workflow != j.workflow) {
				continue
			}
			if !yield(j, err) {
				return
			}
		}
	}
	return list, nil
}

// compare tells which of two jobs comes first.
func (q jobQuery) compare(a, b jobLine) int {
	n := cmp.Compare(a.created, b.created)
	if q.byDuration {
		n = cmp.Compare(a.took, b.took)
	}
	if !q.ascending {
		n = -n
	}
	return n
}

// byDuration sorts finished jobs. It reads all of them, and keeps of each how long it took.
func (s *Server) byDuration(ctx context.Context, t tenant.ID, sel jobQuery, marks []engine.Mark) ([]engine.Mark, error) {
	lines := make([]jobLine, 0, len(marks))
	for j, err := range s.endedJobs(ctx, t, marks) {
		if err != nil {
			return nil, err
		}
		lines = append(lines, jobLine{took: j.took, mark: j.mark})
	}
	slices.SortStableFunc(lines, sel.compare)
	sorted := make([]engine.Mark, len(lines))
	for i := range lines {
		sorted[i] = lines[i].mark
	}
	return sorted, nil
}

// waitingJobs reads jobs of the queue.
func (s *Server) waitingJobs(ctx context.Context, t tenant.ID, seqs []int64) iter.Seq2[jobLine, error] {
	return func(yield func(jobLine, error) bool) {
		for i, err := range s.c.Engine.Items(ctx, t, seqs, false) {
			var j jobLine
			if err == nil {
				j = lineOf(queuedJob(&i, "pending"))
			}
			if !yield(j, err) {
				return
			}
		}
	}
}

func sliceOf(lines []jobLine) iter.Seq2[jobLine, error] {
	return func(yield func(jobLine, error) bool) {
		for _, j := range lines {
			if !yield(j, nil) {
				return
			}
		}
	}
}
