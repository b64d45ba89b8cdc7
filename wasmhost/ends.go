package wasmhost

import (
	"context"
	"sync"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
)

// mostEnds bounds the prompts that are over and whose things were not forgotten yet: a disk that is slower than prompts end for so long
// does not keep up.
const mostEnds = 8192

// ends are prompts that are over. What was kept for them is forgotten by one goroutine, which lives while there is something to do: the
// disk is not waited for by whoever tells of an end.
type ends struct {
	forget func(ctx context.Context, e end) error
	work   sync.WaitGroup

	mu      sync.Mutex // guards the rest
	waiting []end
	running bool
	over    bool
}

// end is a tenant's prompt that is over.
type end struct {
	tenant tenant.ID
	prompt string
}

// put leaves an end for the goroutine. Errors: fault.TooMany when too many wait, fault.Cancelled after stop.
func (q *ends) put(ctx context.Context, e end) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.over:
		return fault.Wrap(errClosed, fault.Cancelled, "cancelled")
	case len(q.waiting) >= mostEnds:
		return fault.New(fault.TooMany, "more than %d prompts that are over wait for the disk", mostEnds)
	}
	if q.waiting = append(q.waiting, e); !q.running {
		q.running = true
		q.work.Go(func() { q.run(context.WithoutCancel(ctx)) })
	}
	return nil
}

func (q *ends) run(ctx context.Context) {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.running, q.waiting = false, nil
			q.mu.Unlock()
			return
		}
		e := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		if err := q.forget(tenant.With(ctx, e.tenant), e); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("prompt_id", e.prompt).Msg("what extensions kept for a prompt is still there")
		}
	}
}

// stop takes no more, and waits until what waits is done; when ctx ends before that the rest is left where it is.
func (q *ends) stop(ctx context.Context) {
	q.mu.Lock()
	q.over = true
	q.mu.Unlock()
	drop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.waiting = nil
	})
	defer drop()
	q.work.Wait()
}

// PromptOver has what was kept for a prompt of the tenant that ctx carries forgotten, soon; it does not wait for that. Errors:
// fault.TooMany, fault.Cancelled.
func (h *Host) PromptOver(ctx context.Context, prompt string) error {
	return h.ends.put(ctx, end{tenant.Of(ctx), prompt})
}

// PromptDone forgets what was kept for a prompt of the tenant that ctx carries: messages and values of its scope.
func (h *Host) PromptDone(ctx context.Context, prompt string) error {
	return h.forget(ctx, end{tenant.Of(ctx), prompt})
}

func (h *Host) forget(ctx context.Context, e end) error {
	h.mail.DropPrompt(e.tenant, e.prompt)
	h.endJob(ctx, e.prompt)
	return h.kv.DropScope(ctx, e.tenant, kv.Prompt(e.prompt))
}
