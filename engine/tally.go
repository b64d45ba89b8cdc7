package engine

import "sync"

// Tally is how much there is to do for all tenants, and what was done since the start.
type Tally struct {
	Pending, Running             int
	Completed, Failed, Cancelled uint64
	Seconds                      float64 // that the ended prompts ran
}

// Tally counts the prompts of all tenants: it is for the operator.
func (e *Engine) Tally() Tally {
	t := e.tally.now()
	t.Pending, t.Running = e.c.Store.Totals()
	return t
}

// tally counts what has ended.
type tally struct {
	mu  sync.Mutex // guards the rest
	all Tally
}

func (t *tally) add(o *Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch o.State {
	case Completed:
		t.all.Completed++
	case Cancelled:
		t.all.Cancelled++
	default:
		t.all.Failed++
	}
	t.all.Seconds += float64(max(o.Finished-o.Started, 0)) / 1000
}

func (t *tally) now() Tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all
}
