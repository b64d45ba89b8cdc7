package node

import (
	"context"
	"image"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Preview is a picture of unfinished work.
type Preview struct {
	Image   image.Image
	Format  string // "JPEG" or "PNG"
	MaxSide int    // pixels to shrink to; 0 keeps the size
}

// Run says where a call stands: who runs what.
type Run struct {
	PromptID string
	NodeID   string // as events name it; inside an expansion the id made there
	ClientID string // "" when no client asked
	Index    int    // which item of a list
	Reporter Reporter
	// PreviewMethod is how the client wants previews made: "none", "auto", "latent2rgb", "taesd"; "" leaves it to the server.
	PreviewMethod string
	// Puller gets inputs for a node that waits for them while it runs; nil where nothing else could run meanwhile.
	Puller Puller
	// Wrote reports whether one of the texts that the prompt's sender wrote as the node's inputs matches: neither what came by a link, nor
	// what another node made of the graph. nil where that is not known.
	Wrote  func(match func(text string) bool) bool
	graphs *atomic.Int32 // how many the call has built
}

// Puller gets inputs while a node runs.
type Puller interface {
	// Pull waits until a linked input is there, which the engine computes if it has to: the value that the call would have been given, a
	// Blocker too. An input without a link is fault.NotFound.
	Pull(ctx context.Context, input string) (any, error)
}

// Pull gets a linked input, such as a lazy one that Need did not ask for, and waits for it. Only nodes whose schema is Async can:
// others are fault.Unsupported, because nothing runs beside them.
func Pull(ctx context.Context, input string) (any, error) {
	r, _ := RunOf(ctx)
	if r.Puller == nil {
		return nil, fault.New(fault.Unsupported, "only an asynchronous node can ask for its input %q while it runs", input)
	}
	return r.Puller.Pull(ctx, input)
}

// Reporter takes what a running node tells about itself. Its methods never block and may be called from any goroutine.
type Reporter interface {
	// Progress is how far the node is; preview may be nil.
	Progress(value, total float64, preview *Preview)
	// Text is a line shown on the node.
	Text(s string)
	// Binary sends an event frame of the node's own: a finished picture straight to the client that asked.
	Binary(event uint32, data []byte)
}

// StateReporter is a Reporter that also takes progress in the newer style, which reaches clients by progress_state alone.
type StateReporter interface {
	State(value, total float64, preview *Preview)
}

// TextTo is a Reporter that can show a line on a node without naming the client who asked, so that all see it.
type TextTo interface {
	BroadcastText(s string)
}

// Reserver is a Reporter that remembers the files a job writes before they are there, so that a job which is run again
// after a crash leaves no orphans.
type Reserver interface {
	Reserve(path string) error
}

// Reserve tells the job's record that a file of this path is about to be written. Call it before the file gets its final
// name. Outside of a run it does nothing.
func Reserve(ctx context.Context, path string) error {
	if r, ok := RunOf(ctx); ok {
		if k, ok := r.Reporter.(Reserver); ok {
			return k.Reserve(path)
		}
	}
	return nil
}

type runKey struct{}

// WithRun gives a context to the call of a node.
func WithRun(ctx context.Context, r Run) context.Context { return context.WithValue(ctx, runKey{}, r) }

// RunOf is the call that ctx belongs to; ok is false outside of one.
func RunOf(ctx context.Context) (Run, bool) {
	r, ok := ctx.Value(runKey{}).(Run)
	return r, ok
}

// Progress reports how far the running node is: value of total. Outside of a run it does nothing.
func Progress(ctx context.Context, value, total int) { ProgressPreview(ctx, value, total, nil) }

// ProgressPreview is Progress with a picture of the unfinished work; preview may be nil.
func ProgressPreview(ctx context.Context, value, total int, preview *Preview) {
	if r, ok := RunOf(ctx); ok && r.Reporter != nil {
		r.Reporter.Progress(float64(value), float64(total), preview)
	}
}
