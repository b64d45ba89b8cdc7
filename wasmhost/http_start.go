package wasmhost

import (
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// fetching is an exchange that goes on beside the guest. Its goroutine ends when the answer has begun; its context ends with
// its handle. It is a File so that its handle's end is its own, and so that none gets on a link.
type fetching struct {
	cancel context.CancelFunc
	begun  chan struct{}
	net    *network

	res  *http.Response // these two are set when begun is closed
	err  error
	read counted
}

// Size is not known.
func (f *fetching) Size() int64 { return -1 }

// ReadAt refuses.
func (f *fetching) ReadAt([]byte, int64) (int, error) {
	return 0, fault.New(fault.Unsupported, "an answer is read from its start to its end")
}

// Close ends the exchange and waits until its goroutine is gone.
func (f *fetching) Close() error {
	f.cancel()
	<-f.begun
	if f.res != nil {
		_ = f.res.Body.Close()
	}
	return nil
}

// Read waits for bytes of the answer's body. They count.
func (f *fetching) Read(p []byte) (int, error) {
	if <-f.begun; f.err != nil {
		return 0, f.err
	}
	return f.read.Read(p)
}

// fetchAside begins the exchange. ctx is the call's.
func (c *call) fetchAside(r *request) *fetching {
	ctx, cancel := context.WithTimeout(c.Context, r.time)
	f := &fetching{cancel: cancel, begun: make(chan struct{}), net: &c.net}
	if c.net.wake == nil {
		c.net.wake = make(chan struct{}, 1)
	}
	wake := c.net.wake
	go func() { // Close waits for it
		if f.res, f.err = c.exchanged(ctx, r); f.err == nil {
			f.read = counted{f.res.Body, f.net}
		}
		close(f.begun)
		select {
		case wake <- struct{}{}:
		default:
		}
	}()
	return f
}

func (c *call) httpStart(ptr, n uint32) int64 {
	m := c.message(ptr, n)
	r, err := readRequest(m)
	if err != nil {
		return c.refuse(err)
	}
	if x, ok := m["body"].(abi.Handle); ok {
		if !c.bodyFrom(r, x) {
			return int64(abi.EUNSUP)
		}
	} else if m["body"] != nil && m.Bytes("body") == nil {
		return int64(abi.EUNSUP)
	}
	if r.length() > c.net.left() && r.length() > c.mostBytes() {
		return int64(abi.ETOOBIG)
	}
	if c.handles.live >= c.limits.Handles || !c.net.begin() {
		return int64(abi.ELIMIT)
	}
	return c.put(abi.KindRequest, c.fetchAside(r))
}

// mostBytes is the largest bound of the rules that were granted.
func (c *call) mostBytes() int64 {
	most := int64(defaultBytes)
	for _, r := range c.ext.grant.HTTP {
		most = max(most, r.Bytes)
	}
	return most
}

// bodyFrom makes a stream or a file the body of a request. A stream is the request's from then on.
func (c *call) bodyFrom(r *request, x abi.Handle) bool {
	e, ok := c.entry(x)
	if !ok {
		return false
	}
	switch v := e.val.(type) {
	case *route.Body:
		if v.Taken {
			return false
		}
		if !v.Again() {
			v.Taken = true
			r.stream, r.size = v.R, v.Size()
			return true
		}
		r.again, r.size = func() io.Reader { return io.NewSectionReader(v, 0, v.Size()) }, v.Size()
	case *fetching, *draft:
		return false
	case File:
		r.again, r.size = func() io.Reader { return io.NewSectionReader(v, 0, v.Size()) }, v.Size()
	default:
		return false
	}
	r.stream = r.again()
	return true
}

// fetchingOf is the exchange behind a handle; a handle of another kind traps.
func (c *call) fetchingOf(h int64) *fetching {
	f, ok := c.handle(h).val.(*fetching)
	if !ok {
		c.trap("handle %#x is no request", h)
	}
	return f
}

func (c *call) httpTake(h int64, out, limit uint32) int64 {
	f := c.fetchingOf(h)
	c.bytes(out, limit)
	if e := c.awaitHead(f); e != 0 {
		return e
	}
	m := headMessage(f.res)
	if m["length"] = any(nil); f.res.ContentLength >= 0 {
		m["length"] = f.res.ContentLength
	}
	return c.outValue(m, out, limit)
}

// awaitHead waits until the answer has begun; an errno when it does not.
func (c *call) awaitHead(f *fetching) int64 {
	c.park(func(ctx context.Context) {
		select {
		case <-f.begun:
		case <-ctx.Done():
		}
	})
	select {
	case <-f.begun:
	default:
		if c.Err() == nil { // the time for waits is over
			return int64(abi.ETIMEOUT)
		}
		return int64(abi.ECANCEL)
	}
	if f.err != nil {
		return c.fetchErrno(f.err)
	}
	return 0
}

func (c *call) httpRead(h int64, ptr, n uint32) int64 {
	f, dst := c.fetchingOf(h), c.bytes(ptr, n)
	if e := c.awaitHead(f); e != 0 {
		return e
	}
	c.work(int64(n))
	return c.readParked(f, dst)
}

func (c *call) waitAny(ptr, count, timeoutMs uint32) int64 {
	if count == 0 || count > abi.MaxWaitHandles {
		c.bytes(ptr, 0)
		return int64(abi.EUNSUP)
	}
	b := c.bytes(ptr, count*8)
	all := make([]*fetching, count)
	for i := range all {
		f, ok := c.handle(int64(binary.LittleEndian.Uint64(b[8*i:]))).val.(*fetching)
		if !ok {
			return int64(abi.EUNSUP)
		}
		all[i] = f
	}
	if c.Err() != nil { // which ends the exchanges too
		return int64(abi.ECANCEL)
	}
	if i := ready(all); i >= 0 {
		return int64(i)
	}
	at, timeout := -1, time.Duration(timeoutMs)*time.Millisecond
	c.park(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		for at < 0 && ctx.Err() == nil {
			select {
			case <-c.net.wake:
			case <-ctx.Done():
			}
			at = ready(all)
		}
	})
	switch {
	case c.Err() != nil:
		return int64(abi.ECANCEL)
	case at < 0:
		c.virtual += timeout
		return int64(abi.ETIMEOUT)
	}
	return int64(at)
}

// ready is the first exchange whose answer has begun; -1 for none.
func ready(all []*fetching) int {
	for i, f := range all {
		select {
		case <-f.begun:
			return i
		default:
		}
	}
	return -1
}
