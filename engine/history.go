package engine

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// History gives finished prompts, oldest first.
func (e *Engine) History(ctx context.Context, t tenant.ID, q HistoryQuery) (HistoryView, error) {
	records, err := e.c.Store.History(ctx, t, q)
	view := make(HistoryView, len(records))
	for i := range records {
		view[i] = records[i].Entry()
	}
	return view, err
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
