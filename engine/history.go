package engine

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/fault"
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

// Mark tells a finished prompt from others: while both are the same, so is the entry.
type Mark struct {
	PromptID string
	Seq      int64
}

// Marker is a job store that lists its history without reading it.
type Marker interface {
	// Marks lists finished jobs in the order of History.
	Marks(ctx context.Context, t tenant.ID) ([]Mark, error)
}

// Marks lists the finished prompts without reading them, oldest first. It fails with fault.Unsupported when the store cannot.
func (e *Engine) Marks(ctx context.Context, t tenant.ID) ([]Mark, error) {
	if m, ok := e.c.Store.(Marker); ok {
		return m.Marks(ctx, t)
	}
	return nil, fault.New(fault.Unsupported, "the job store lists no marks")
}

// DeleteHistory forgets finished prompts; unknown ids are ignored.
func (e *Engine) DeleteHistory(ctx context.Context, t tenant.ID, ids ...string) error {
	return e.c.Store.Forget(ctx, t, ids, false)
}

// ClearHistory forgets all finished prompts of a tenant.
func (e *Engine) ClearHistory(ctx context.Context, t tenant.ID) error {
	return e.c.Store.Forget(ctx, t, nil, true)
}
