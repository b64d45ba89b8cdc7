package wasmhost

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// life is a host's: when it is over no call begins any more, and those that run are told to end.
type life struct {
	over context.Context // ends with it
	end  context.CancelFunc

	mu    sync.Mutex // guards the rest
	calls int
	quiet chan struct{} // closed when no call runs any more; nil while calls may begin
}

func newLife() *life {
	l := &life{}
	l.over, l.end = context.WithCancel(context.Background())
	return l
}

var errClosed = errors.New("the host of extensions is closed")

// enter counts a call, for which leave must follow. Errors: fault.Cancelled.
func (l *life) enter() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.quiet != nil {
		return fault.Wrap(errClosed, fault.Cancelled, "cancelled")
	}
	l.calls++
	return nil
}

func (l *life) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls--; l.calls == 0 && l.quiet != nil {
		close(l.quiet)
	}
}

// obeyTime is how long calls may take to end when they are told to: a guest hears of it with its next slice of fuel, but a wait for
// a client may not hear at all.
const obeyTime = 5 * time.Second

// stop ends the calls and waits for them, no longer than ctx; false when some still run.
func (l *life) stop(ctx context.Context) bool {
	l.mu.Lock()
	if l.quiet == nil {
		l.quiet = make(chan struct{})
		if l.calls == 0 {
			close(l.quiet)
		}
	}
	quiet := l.quiet
	l.mu.Unlock()
	l.end()
	select {
	case <-quiet:
		return true
	default:
	}
	late := time.NewTimer(obeyTime)
	defer late.Stop()
	select {
	case <-quiet:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return false
}

// bound is ctx, which ends with the host too, and after most unless that is 0. Cancel it.
func (l *life) bound(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	var cancel context.CancelFunc
	if most > 0 {
		ctx, cancel = context.WithTimeout(ctx, most)
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	stop := context.AfterFunc(l.over, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
