package egress

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Exchange is a request that goes on beside the guest. Its goroutine ends when the answer has begun, and all of it at Close.
type Exchange struct {
	Closed func() // is called by the first Close; nil for nothing

	once   sync.Once
	cancel context.CancelFunc
	begun  chan struct{}

	res  *http.Response // these are set when begun is closed
	err  error
	body io.Reader
}

// Size is not known.
func (f *Exchange) Size() int64 { return -1 }

// ReadAt refuses.
func (f *Exchange) ReadAt([]byte, int64) (int, error) {
	return 0, fault.New(fault.Unsupported, "an answer is read from its start to its end")
}

// Close ends the exchange and waits until its goroutine is gone.
func (f *Exchange) Close() error {
	f.cancel()
	<-f.begun
	if f.res != nil {
		_ = f.res.Body.Close()
	}
	f.once.Do(func() {
		if f.Closed != nil {
			f.Closed()
		}
	})
	return nil
}

// Cancel ends the exchange: who reads it, or waits for it, hears so.
func (f *Exchange) Cancel() { f.cancel() }

// Read waits for bytes of the answer's body. They count.
func (f *Exchange) Read(p []byte) (int, error) {
	if <-f.begun; f.err != nil {
		return 0, f.err
	}
	return f.body.Read(p)
}

// Await waits until the answer has begun, and gives it; its body is read by Read. When ctx ends first that is its error, and the
// exchange goes on.
func (f *Exchange) Await(ctx context.Context) (*http.Response, error) {
	select {
	case <-f.begun:
		return f.res, f.err
	default:
	}
	select {
	case <-f.begun:
		return f.res, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Start begins an exchange, which ends with ctx. Close it.
func (c *Client) Start(ctx context.Context, r *Request) *Exchange {
	ctx, cancel := context.WithTimeout(ctx, r.time)
	f := &Exchange{cancel: cancel, begun: make(chan struct{})}
	if c.Meter.wake == nil {
		c.Meter.wake = make(chan struct{}, 1)
	}
	wake := c.Meter.wake
	go func() { // Close waits for it
		if f.res, f.err = c.Do(ctx, r); f.err == nil {
			f.body = c.Counted(f.res)
		}
		close(f.begun)
		select {
		case wake <- struct{}{}:
		default:
		}
	}()
	return f
}

// WaitAny waits until one of the meter's exchanges has begun, and gives the first that has; -1 when ctx ends first.
func (n *Meter) WaitAny(ctx context.Context, all []*Exchange) int {
	at := Ready(all)
	for at < 0 && ctx.Err() == nil {
		select {
		case <-n.wake:
		case <-ctx.Done():
		}
		at = Ready(all)
	}
	return at
}

// Ready is the first exchange whose answer has begun; -1 for none.
func Ready(all []*Exchange) int {
	return slices.IndexFunc(all, func(f *Exchange) bool {
		select {
		case <-f.begun:
			return true
		default:
			return false
		}
	})
}
