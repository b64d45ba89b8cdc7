package engine

import (
	"context"
	"iter"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// History gives finished prompts, oldest first, as they are taken; one that has been forgotten since the first is left out. An error
// is the last.
// Compat: the window is the reference's: a negative offset counts from the end, and a limit of 0 with an offset gives one.
func (e *Engine) History(ctx context.Context, t tenant.ID, q HistoryQuery) iter.Seq2[HistoryEntry, error] {
	return func(yield func(HistoryEntry, error) bool) {
		marks, err := e.marks(ctx, t, q)
		if err != nil {
			yield(HistoryEntry{}, err)
			return
		}
		e.Entries(ctx, t, marks, true)(yield)
	}
}

// marks finds what a query selects.
func (e *Engine) marks(ctx context.Context, t tenant.ID, q HistoryQuery) ([]Mark, error) {
	p := PeekQuery{Skip: max(q.Offset, 0), Finished: -1}
	if q.MaxItems != nil {
		g, err := e.c.Store.Peek(ctx, t, PeekQuery{})
		if err != nil {
			return nil, err
		}
		if q.Offset < 0 {
			p.Skip = max(g.Ended-*q.MaxItems, 0)
		}
		if p.Finished = max(*q.MaxItems, 0); p.Finished == 0 && p.Skip < g.Ended {
			p.Finished = 1
		}
	}
	g, err := e.c.Store.Peek(ctx, t, p)
	return g.Finished, err
}

// HistoryOf gives one finished prompt; the view is empty when there is none of that id.
func (e *Engine) HistoryOf(ctx context.Context, t tenant.ID, id string) (HistoryView, error) {
	r, ok, err := e.c.Store.Find(ctx, t, id)
	if err != nil || !ok {
		return HistoryView{}, err
	}
	return HistoryView{r.Entry()}, nil
}

// DeleteHistory forgets finished prompts; unknown ids are ignored.
func (e *Engine) DeleteHistory(ctx context.Context, t tenant.ID, ids ...string) error {
	return e.c.Store.Forget(ctx, t, ids, false)
}

// ClearHistory forgets all finished prompts of a tenant.
func (e *Engine) ClearHistory(ctx context.Context, t tenant.ID) error {
	return e.c.Store.Forget(ctx, t, nil, true)
}
