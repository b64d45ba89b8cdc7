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

// MarkQuery selects from the finished prompts.
type MarkQuery struct {
	States []State // nil for all
	Order  Order   // AsRun is the order of History
	Most   int     // how many; negative for all
}

// Marker is a job store that lists its history without reading it.
type Marker interface {
	// Marks lists the first of the finished jobs that are selected, and tells how many those are in all. Those that were made in
	// the same moment stand in the order of History.
	Marks(ctx context.Context, t tenant.ID, q MarkQuery) (list []Mark, total int, err error)
}

// Marks lists finished prompts without reading them, and tells how many are selected in all. It fails with fault.Unsupported when
// the store cannot.
func (e *Engine) Marks(ctx context.Context, t tenant.ID, q MarkQuery) (list []Mark, total int, err error) {
	if m, ok := e.c.Store.(Marker); ok {
		return m.Marks(ctx, t, q)
	}
	return nil, 0, fault.New(fault.Unsupported, "the job store lists no marks")
}

// DeleteHistory forgets finished prompts; unknown ids are ignored.
func (e *Engine) DeleteHistory(ctx context.Context, t tenant.ID, ids ...string) error {
	return e.c.Store.Forget(ctx, t, ids, false)
}

// ClearHistory forgets all finished prompts of a tenant.
func (e *Engine) ClearHistory(ctx context.Context, t tenant.ID) error {
	return e.c.Store.Forget(ctx, t, nil, true)
}
