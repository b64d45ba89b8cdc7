package server

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// summaries keeps what lists of jobs show of finished prompts, so that a list need not read all workflows again. An entry is
// good as long as the store's mark of it.
type summaries struct {
	mu    sync.Mutex // guards the rest
	all   map[summaryKey]jobLine
	bytes int // of texts, with what each costs besides
}

type summaryKey struct {
	tenant tenant.ID
	mark   engine.Mark
}

// Bounds on summaries: what is kept of all tenants, and about what one costs besides its text, in bytes.
const (
	maxSummaries = 32 << 20
	summaryCost  = 256
)

// lookedUp is how many finished jobs are looked for at a time.
const lookedUp = 128

// endedJobs reads finished jobs that Peek found, in that order.
func (s *Server) endedJobs(ctx context.Context, t tenant.ID, marks []engine.Mark) iter.Seq2[jobLine, error] {
	return func(yield func(jobLine, error) bool) {
		for part := range slices.Chunk(marks, lookedUp) {
			found, err := s.ended(ctx, t, part)
			if err != nil {
				yield(jobLine{}, err)
				return
			}
			for _, m := range part {
				if j, ok := found[m.Place]; ok && !yield(j, nil) { // one that is not there was deleted meanwhile
					return
				}
			}
		}
	}
}

// ended gives a few finished jobs by their places.
func (s *Server) ended(ctx context.Context, t tenant.ID, marks []engine.Mark) (map[int64]jobLine, error) {
	found, unknown := s.summaries.known(t, marks)
	for e, err := range s.c.Engine.Entries(ctx, t, unknown, false) {
		if err != nil {
			return nil, err
		}
		j := lineOf(finishedJob(&e, false))
		j.mark = e.Mark
		found[e.Mark.Place] = j
		s.summaries.keep(t, j)
	}
	return found, nil
}

// known gives what is kept of marks, by their places, and the marks of which nothing is.
func (c *summaries) known(t tenant.ID, marks []engine.Mark) (known map[int64]jobLine, unknown []engine.Mark) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known = make(map[int64]jobLine, len(marks))
	for _, m := range marks {
		if j, ok := c.all[summaryKey{t, m}]; ok {
			known[m.Place] = j
		} else {
			unknown = append(unknown, m)
		}
	}
	return known, unknown
}

// keep adds to what is kept; when that becomes too much, what was kept before goes.
func (c *summaries) keep(t tenant.ID, j jobLine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cost := len(j.text) + summaryCost
	if c.all == nil || c.bytes+cost > maxSummaries {
		c.all, c.bytes = map[summaryKey]jobLine{}, 0
	}
	k := summaryKey{t, j.mark}
	if _, ok := c.all[k]; !ok && cost <= maxSummaries {
		c.all[k] = j
		c.bytes += cost
	}
}
