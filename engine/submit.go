package engine

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Submit validates a prompt and queues it. An error is a *PromptError when the prompt is at fault.
func (e *Engine) Submit(ctx context.Context, s Submission) (Accepted, error) {
	return Accepted{}, fault.New(fault.Unsupported, "not yet")
}
