package engine

import (
	"context"
	"slices"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Queue gives the running and pending prompts of a tenant at one moment.
func (e *Engine) Queue(ctx context.Context, t tenant.ID) (QueueView, error) {
	g, err := e.Peek(ctx, t, PeekQuery{Whole: true, Pending: -1, States: []State{}})
	return QueueView{g.Running, e.Items(ctx, t, g.Pending, true)}, err
}

// Active gives one prompt that waits or runs. ok is false when there is none of that id.
func (e *Engine) Active(ctx context.Context, t tenant.ID, id string) (i Item, running, ok bool, err error) {
	j, ok, err := e.c.Store.Get(ctx, t, id)
	return j.Item(), j.State == Running, ok, err
}

// Position is how many of the tenant's prompts will run before one that waits; -1 when it runs. ok is false when there is none of
// that id.
func (e *Engine) Position(ctx context.Context, t tenant.ID, id string) (i Item, ahead int, ok bool, err error) {
	j, ok, err := e.c.Store.Get(ctx, t, id)
	if err != nil || !ok {
		return Item{}, 0, false, err
	}
	if ahead = -1; j.State == Pending {
		ahead, err = e.c.Store.Ahead(ctx, j)
	}
	return j.Item(), ahead, true, err
}

// Remaining counts a tenant's pending and running prompts.
func (e *Engine) Remaining(t tenant.ID) int { return e.c.Store.Active(t) }

// deletedTogether is how many prompts leave the queue in one step.
const deletedTogether = 256

// Delete takes pending prompts out of the queue. Running and unknown ones are left alone; the result tells of each id
// whether it was there.
func (e *Engine) Delete(ctx context.Context, t tenant.ID, ids ...string) ([]bool, error) {
	all := make([]bool, 0, len(ids))
	for part := range slices.Chunk(ids, deletedTogether) {
		found, err := e.c.Store.Remove(ctx, t, part)
		all = append(all, found...)
		e.tellDeleted(ctx, t, found)
		if err != nil {
			return append(all, make([]bool, len(ids)-len(all))...), err
		}
	}
	return all, nil
}

// tellDeleted tells of each prompt that was deleted how much remained after it.
func (e *Engine) tellDeleted(ctx context.Context, t tenant.ID, found []bool) {
	gone := 0
	for _, f := range found {
		if f {
			gone++
		}
	}
	running := e.running(t)
	for gone--; gone >= 0; gone-- {
		n := e.c.Store.Active(t) + gone
		e.remaining(ctx, t, n)
		if n <= running {
			// Compat: emptying the queue by deleting is told twice.
			e.remaining(ctx, t, n)
		}
	}
}

func (e *Engine) running(t tenant.ID) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for r := range e.runs {
		if r.job.Tenant == t {
			n++
		}
	}
	return n
}

// Clear takes all pending prompts of a tenant out of the queue.
func (e *Engine) Clear(ctx context.Context, t tenant.ID) error {
	defer e.nudge() // what came meanwhile was not to be claimed
	if _, err := e.c.Store.Clear(ctx, t); err != nil {
		return err
	}
	e.status(ctx, t)
	return nil
}

// Move gives a pending prompt another place: the smaller the number, the earlier.
func (e *Engine) Move(ctx context.Context, t tenant.ID, id string, number float64) (bool, error) {
	return e.c.Store.Renumber(ctx, t, id, number)
}

// Pause stops or resumes the taking of a tenant's prompts; what runs goes on.
func (e *Engine) Pause(ctx context.Context, t tenant.ID, paused bool) error {
	err := e.c.Store.Pause(ctx, t, paused)
	e.nudge()
	return err
}

// Interrupt stops running prompts of a tenant: the one of the id, or all if id is "". It tells whether there was one.
func (e *Engine) Interrupt(t tenant.ID, id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	found := false
	for r := range e.runs {
		if r.job.Tenant == t && (id == "" || r.job.PromptID == id) {
			r.interrupt()
			found = true
		}
	}
	return found
}

// Cancel stops a running prompt or takes a pending one out of the queue, and tells whether it did.
func (e *Engine) Cancel(ctx context.Context, t tenant.ID, id string) (bool, error) {
	if e.Interrupt(t, id) {
		return true, nil
	}
	found, err := e.Delete(ctx, t, id)
	return found[0], err
}

// Free asks for memory back, after the running job if there is one: unload frees models, memory frees those and all cached
// results.
func (e *Engine) Free(unload, memory bool) {
	e.mu.Lock()
	e.unload = e.unload || unload || memory
	e.release = e.release || memory
	e.mu.Unlock()
	e.nudge()
}

// Current is the node that runs now for a client, as its events name it.
func (e *Engine) Current(t tenant.ID, client string) (displayNode string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for r := range e.runs {
		// A run that has come to a node has read its documents, which tell the client.
		if p := r.current.Load(); p != nil && r.job.Tenant == t && r.client == client && client != "" {
			return *p, true
		}
	}
	return "", false
}

// status tells everybody of the tenant how much work remains.
func (e *Engine) status(ctx context.Context, t tenant.ID) { e.remaining(ctx, t, e.c.Store.Active(t)) }

func (e *Engine) remaining(ctx context.Context, t tenant.ID, n int) {
	data := doc.Append([]byte(`{"status":{"exec_info":{"queue_remaining":`), n)
	e.c.Bus.Publish(ctx, Event{Tenant: t, Type: "status", Data: append(data, "}}}"...)})
}

// Retry queues a finished prompt again, under a new id and with the next number. Secrets are not kept with finished prompts,
// so a node that needs one fails. ok is false when there is no finished prompt of that id.
func (e *Engine) Retry(ctx context.Context, t tenant.ID, id string) (a Accepted, ok bool, err error) {
	r, ok, err := e.c.Store.Find(ctx, t, id)
	if err != nil || !ok {
		return Accepted{}, false, err
	}
	a, err = e.Submit(ctx, Submission{Tenant: t, Prompt: r.Job.Prompt, ExtraData: r.Job.Extra, PartialTargets: r.Job.Outputs})
	return a, true, err
}
