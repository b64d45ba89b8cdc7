package server

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// summaries keeps what lists of jobs show of finished prompts, so that a list need not read all workflows again. An entry is
// good as long as the store's mark of it.
type summaries struct {
	mu  sync.Mutex // guards the rest
	all map[tenant.ID]map[engine.Mark]jobView
}

// oneByOne is up to how many unknown entries are read each by itself; of more the whole history is read at once.
const oneByOne = 512

// maxSummaries bounds what is kept of a tenant.
const maxSummaries = 16 << 10

// finished gives the finished prompts of a tenant that are selected as jobs, and tells how many those are in all.
func (s *Server) finished(ctx context.Context, t tenant.ID, q engine.MarkQuery) (list []jobView, total int, err error) {
	marks, total, err := s.c.Engine.Marks(ctx, t, q)
	if errors.Is(err, fault.Unsupported) {
		list, err = s.readAll(ctx, t)
		return list, len(list), err
	}
	if err != nil {
		return nil, 0, err
	}
	known, unknown := s.summaries.known(t, marks)
	if err := s.learn(ctx, t, known, marks, unknown); err != nil {
		return nil, 0, err
	}
	for _, m := range marks {
		if j, ok := known[m]; ok { // else it was deleted meanwhile
			list = append(list, j)
		}
	}
	if len(unknown) > 0 {
		s.summaries.keep(t, known)
	}
	return list, total, nil
}

func (s *Server) readAll(ctx context.Context, t tenant.ID) ([]jobView, error) {
	history, err := s.c.Engine.History(ctx, t, everything())
	list := make([]jobView, len(history))
	for i := range history {
		list[i] = finishedJob(&history[i], false)
	}
	return list, err
}

// learn reads the entries that are not known.
func (s *Server) learn(ctx context.Context, t tenant.ID, known map[engine.Mark]jobView, marks, unknown []engine.Mark) error {
	if len(unknown) <= oneByOne {
		for _, m := range unknown {
			found, err := s.c.Engine.HistoryOf(ctx, t, m.PromptID)
			if err != nil {
				return err
			}
			if len(found) > 0 {
				known[m] = finishedJob(&found[0], false)
			}
		}
		return nil
	}
	history, err := s.c.Engine.History(ctx, t, everything())
	if err != nil {
		return err
	}
	byID := make(map[string]engine.Mark, len(marks))
	for _, m := range marks {
		byID[m.PromptID] = m
	}
	for i := range history {
		if m, ok := byID[history[i].PromptID]; ok {
			known[m] = finishedJob(&history[i], false)
		}
	}
	return nil
}

// known gives what is kept of marks, and the marks of which nothing is.
func (c *summaries) known(t tenant.ID, marks []engine.Mark) (known map[engine.Mark]jobView, unknown []engine.Mark) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known = make(map[engine.Mark]jobView, len(marks))
	for _, m := range marks {
		if j, ok := c.all[t][m]; ok {
			known[m] = j
		} else {
			unknown = append(unknown, m)
		}
	}
	return known, unknown
}

// keep adds to what is kept; when that becomes too much, what was kept before goes.
func (c *summaries) keep(t tenant.ID, more map[engine.Mark]jobView) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[tenant.ID]map[engine.Mark]jobView{}
	}
	if c.all[t] == nil || len(c.all[t])+len(more) > maxSummaries {
		c.all[t] = map[engine.Mark]jobView{}
	}
	maps.Copy(c.all[t], more)
}
