package wasmhost

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/egress"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// bodyOf is the body behind a handle; a handle of another kind traps.
func (c *call) bodyOf(h int64) *route.Body {
	b, ok := c.handle(h).val.(*route.Body)
	if !ok {
		c.trap("handle %#x is no body", h)
	}
	return b
}

func (c *call) bodyRead(h int64, ptr, n uint32) int64 {
	b, dst := c.bodyOf(h), c.bytes(ptr, n)
	if b.Taken {
		return int64(abi.ECONFLICT)
	}
	c.work(int64(n))
	return c.readParked(b.R, dst)
}

// readParked reads at least a byte, unless there is none left: how many, or an errno.
func (c *call) readParked(r io.Reader, dst []byte) int64 {
	if len(dst) == 0 {
		return 0
	}
	var n int
	var err error
	late := false
	c.parkOn(r, func(ctx context.Context) {
		for n == 0 && err == nil {
			n, err = r.Read(dst)
		}
		late = ctx.Err() != nil
	})
	switch {
	case n > 0, err == nil, errors.Is(err, io.EOF):
		return int64(n)
	case late && c.Err() == nil:
		return int64(abi.ETIMEOUT)
	}
	return c.streamErrno(err)
}

// parkOn is park for a wait that reads r, and which no context ends: when the time for waits is over, or the call is cancelled, the
// stream is.
func (c *call) parkOn(r io.Reader, wait func(ctx context.Context)) {
	c.park(func(ctx context.Context) {
		over := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(over)
			c.interrupt(r)
		})
		wait(ctx)
		if !stop() {
			<-over // the connection may be another request's afterwards
		}
	})
}

// interrupt ends the reads of a stream: an answer's with its exchange, those of the request that the call answers with the wait for
// its client.
func (c *call) interrupt(r io.Reader) {
	if m, ok := r.(*metered); ok {
		r = m.r
	}
	switch f, ok := r.(*egress.Exchange); {
	case ok:
		f.Cancel()
	case c.exchange != nil:
		_ = http.NewResponseController(c.exchange.W).SetReadDeadline(time.Unix(1, 0)) // in tests there is no connection
	}
}

// streamErrno says why a stream ended early.
func (c *call) streamErrno(err error) int64 {
	var large *http.MaxBytesError
	switch {
	case c.Err() != nil:
		return int64(abi.ECANCEL)
	case errors.As(err, &large), errors.Is(err, fault.TooLarge):
		return int64(abi.ETOOBIG)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return int64(abi.ETIMEOUT)
	}
	return c.refuse(err)
}

// source is what is left of the stream behind a handle, or the whole of a file; nil for other handles. size is -1 when it is
// not known.
func (c *call) source(h int64) (r io.Reader, size int64) {
	switch v := c.handle(h).val.(type) {
	case *route.Body:
		if v.Taken {
			return nil, 0
		}
		return v.R, v.Size()
	case *egress.Exchange:
		return v, -1
	case *draft:
	case File:
		return io.NewSectionReader(v, 0, v.Size()), v.Size()
	}
	return nil, 0
}
