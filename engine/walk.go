package engine

import (
	"context"
	"iter"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// What lists are read by. A portion is all that a list holds in memory besides where its jobs are.
const (
	portionJobs  = 128
	portionBytes = 1 << 20
)

// Glimpse is what a tenant has at one moment; Items and Entries read it.
type Glimpse struct {
	Running  []Item
	Pending  []int64 // in order
	Waiting  int     // how many wait in all
	Finished []Mark  // in order
	Ended    int     // how many finished ones are selected in all

	PendingMade, FinishedMade []int64 // Unix ms, of each that is listed; nil if not asked for
}

// Peek tells what a tenant has, without reading it.
func (e *Engine) Peek(ctx context.Context, t tenant.ID, q PeekQuery) (Glimpse, error) {
	g, err := e.c.Store.Peek(ctx, t, q)
	v := Glimpse{Pending: g.Pending, Waiting: g.Waiting, Finished: g.Finished, Ended: g.Ended,
		PendingMade: g.PendingMade, FinishedMade: g.FinishedMade}
	for i := range g.Running {
		v.Running = append(v.Running, g.Running[i].Item())
	}
	return v, err
}

// portions reads a list a portion at a time and gives what as makes of each. Whoever takes the parts may take any time: nothing is held
// meanwhile. An error is the last of the sequence.
func portions[P, R, T any](places []P, read func(places []P) ([]R, int, error), as func(*R) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for len(places) > 0 {
			list, n, err := read(places[:min(len(places), portionJobs)])
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for i := range list {
				if !yield(as(&list[i]), nil) {
					return
				}
			}
			places = places[n:]
		}
	}
}

// Items reads prompts that Peek found in the queue; one that has left the queue since is left out. whole gives them with their
// graphs. An error is the last of the sequence.
func (e *Engine) Items(ctx context.Context, t tenant.ID, seqs []int64, whole bool) iter.Seq2[Item, error] {
	return portions(seqs, func(part []int64) ([]Job, int, error) {
		return e.c.Store.Jobs(ctx, t, part, Portion{Whole: whole, Bytes: portionBytes})
	}, (*Job).Item)
}

// Entries reads finished prompts that Peek found; one that has been forgotten since is left out. whole gives them with their
// graphs. An error is the last of the sequence.
func (e *Engine) Entries(ctx context.Context, t tenant.ID, marks []Mark, whole bool) iter.Seq2[HistoryEntry, error] {
	return portions(marks, func(part []Mark) ([]Record, int, error) {
		return e.c.Store.Records(ctx, t, part, Portion{Whole: whole, Bytes: portionBytes})
	}, (*Record).Entry)
}
