package wasmhost

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/egress"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// egress sends the call's requests.
func (c *call) egress() *egress.Client {
	return &egress.Client{HTTP: c.host.c.Client, Permit: c.ext.grant.Permitted, Secret: c.secret, Agent: "cocoon-extension/" + c.ext.Manifest.ID, Meter: &c.net}
}

// secret is the value of a secret: the caller's own where a hidden input named it, else the operator's.
func (c *call) secret(ctx context.Context, name string) (string, bool) {
	if s, ok := c.account[name]; ok {
		return s, true
	}
	if c.host.c.Secrets == nil {
		return "", false
	}
	return c.host.c.Secrets(ctx, c.ext.Tenant, c.ext.Manifest.ID, name)
}

func (c *call) httpFetch(ptr, n, out, limit uint32) int64 {
	m := c.message(ptr, n)
	r, err := egress.Read(m)
	c.bytes(out, limit)
	if err == nil && m["body"] != nil && m.Bytes("body") == nil {
		err = fault.New(fault.BadRequest, "the body of this request is bytes")
	}
	if err != nil {
		return c.refuse(err)
	}
	if !c.net.Begin() || !c.host.outward.take(c.tenant) {
		return int64(abi.ELIMIT)
	}
	defer c.host.outward.give(c.tenant)
	var head map[string]any
	c.park(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, r.Time())
		defer cancel()
		var res *http.Response
		client := c.egress()
		if res, err = client.Do(ctx, r); err != nil {
			return
		}
		defer res.Body.Close()
		head = egress.Head(res)
		head["body"], err = readAtMost(client.Counted(res), abi.MaxCborBytes/2)
	})
	if err != nil {
		return c.fetchErrno(err)
	}
	return c.outValue(head, out, limit)
}

func readAtMost(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = fault.New(fault.TooLarge, "the answer is over %d bytes", most)
	}
	return b, err
}

// fetchErrno says why an exchange failed.
func (c *call) fetchErrno(err error) int64 {
	if c.Err() == nil && errors.Is(err, fault.Forbidden) {
		c.note(err)
		return int64(abi.EPERM)
	}
	return c.streamErrno(err)
}

func (c *call) httpStart(ptr, n uint32) int64 {
	m := c.message(ptr, n)
	r, err := egress.Read(m)
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
	if r.Length() > c.net.Left() && r.Length() > c.mostBytes() {
		return int64(abi.ETOOBIG)
	}
	t, out := c.tenant, &c.host.outward
	if c.handles.live >= c.limits.Handles || !c.net.Begin() || !out.take(t) {
		return int64(abi.ELIMIT)
	}
	x := c.egress().Start(c.Context, r)
	x.Closed = func() { out.give(t) }
	return c.put(abi.KindRequest, x)
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
func (c *call) bodyFrom(r *egress.Request, x abi.Handle) bool {
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
			r.Stream, r.Size = v.R, v.Size()
			return true
		}
		r.Again, r.Size = func() io.Reader { return io.NewSectionReader(v, 0, v.Size()) }, v.Size()
	case *egress.Exchange, *draft:
		return false
	case File:
		r.Again, r.Size = func() io.Reader { return io.NewSectionReader(v, 0, v.Size()) }, v.Size()
	default:
		return false
	}
	r.Stream = r.Again()
	return true
}

// exchangeOf is the exchange behind a handle; a handle of another kind traps.
func (c *call) exchangeOf(h int64) *egress.Exchange {
	f, ok := c.handle(h).val.(*egress.Exchange)
	if !ok {
		c.trap("handle %#x is no request", h)
	}
	return f
}

func (c *call) httpTake(h int64, out, limit uint32) int64 {
	f := c.exchangeOf(h)
	c.bytes(out, limit)
	res, e := c.awaitHead(f)
	if e != 0 {
		return e
	}
	m := egress.Head(res)
	if m["length"] = any(nil); res.ContentLength >= 0 {
		m["length"] = res.ContentLength
	}
	return c.outValue(m, out, limit)
}

// awaitHead waits until the answer has begun; an errno when it does not.
func (c *call) awaitHead(f *egress.Exchange) (res *http.Response, errno int64) {
	var err error
	c.park(func(ctx context.Context) { res, err = f.Await(ctx) })
	if err != nil {
		return nil, c.fetchErrno(err)
	}
	return res, 0
}

func (c *call) httpRead(h int64, ptr, n uint32) int64 {
	f, dst := c.exchangeOf(h), c.bytes(ptr, n)
	if _, e := c.awaitHead(f); e != 0 {
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
	all := make([]*egress.Exchange, count)
	for i := range all {
		f, ok := c.handle(int64(binary.LittleEndian.Uint64(b[8*i:]))).val.(*egress.Exchange)
		if !ok {
			return int64(abi.EUNSUP)
		}
		all[i] = f
	}
	if c.Err() != nil { // which ends the exchanges too
		return int64(abi.ECANCEL)
	}
	if i := egress.Ready(all); i >= 0 {
		return int64(i)
	}
	at, timeout := -1, time.Duration(timeoutMs)*time.Millisecond
	c.park(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		at = c.net.WaitAny(ctx, all)
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
