package server

import (
	"context"
	"errors"
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

// manyUnknown is from how many unknown entries on the whole history is read at once.
const manyUnknown = 64

// finished gives all finished prompts of a tenant as jobs, oldest first.
func (s *Server) finished(ctx context.Context, t tenant.ID) ([]jobView, error) {
	marks, err := s.c.Engine.Marks(ctx, t)
	if errors.Is(err, fault.Unsupported) {
		return s.readAll(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	known := s.summaries.known(t)
	var unknown []engine.Mark
	for _, m := range marks {
		if _, ok := known[m]; !ok {
			unknown = append(unknown, m)
		}
	}
	if err := s.learn(ctx, t, known, marks, unknown); err != nil {
		return nil, err
	}
	list := make([]jobView, 0, len(marks))
	kept := make(map[engine.Mark]jobView, len(marks))
	for _, m := range marks {
		if j, ok := known[m]; ok { // else it was deleted meanwhile
			kept[m] = j
			list = append(list, j)
		}
	}
	s.summaries.keep(t, kept)
	return list, nil
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
	if len(unknown) <= manyUnknown {
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

// known copies what is kept of a tenant.
func (c *summaries) known(t tenant.ID) map[engine.Mark]jobView {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := make(map[engine.Mark]jobView, len(c.all[t]))
	for m, j := range c.all[t] {
		known[m] = j
	}
	return known
}

func (c *summaries) keep(t tenant.ID, kept map[engine.Mark]jobView) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[tenant.ID]map[engine.Mark]jobView{}
	}
	c.all[t] = kept
}
