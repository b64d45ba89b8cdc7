package wasmhost

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// network is what a call has used of the network. Exchanges of several goroutines count together.
type network struct {
	count int
	bytes atomic.Int64
	most  atomic.Int64  // 0 is defaultBytes
	wake  chan struct{} // told when an answer begins; made with the first exchange
}

// allow raises the bound to that of a rule that was used.
func (n *network) allow(most int64) {
	for {
		old := n.most.Load()
		if most <= max(old, defaultBytes) || n.most.CompareAndSwap(old, most) {
			return
		}
	}
}

// left is how many bytes may still pass.
func (n *network) left() int64 { return max(n.most.Load(), defaultBytes) - n.bytes.Load() }

// spend counts bytes. Errors: fault.TooLarge.
func (n *network) spend(bytes int64) error {
	if n.bytes.Add(bytes); n.left() < 0 {
		return fault.New(fault.TooLarge, "more than %d bytes fetched", max(n.most.Load(), defaultBytes))
	}
	return nil
}

// counted is a stream whose bytes count.
type counted struct {
	r   io.Reader
	net *network
}

// Read reads; over the bound it is fault.TooLarge.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if over := c.net.spend(int64(n)); over != nil {
		return 0, over
	}
	return n, err
}

// begin counts an exchange; false over the bound.
func (n *network) begin() bool {
	n.count++
	return n.count <= maxFetches
}

func (c *call) httpFetch(ptr, n, out, limit uint32) int64 {
	m := c.message(ptr, n)
	r, err := readRequest(m)
	c.bytes(out, limit)
	if err == nil && m["body"] != nil && m.Bytes("body") == nil {
		err = fault.New(fault.BadRequest, "the body of this request is bytes")
	}
	if err != nil {
		return c.refuse(err)
	}
	if !c.net.begin() {
		return int64(abi.ELIMIT)
	}
	var head map[string]any
	c.park(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, r.time)
		defer cancel()
		var res *http.Response
		if res, err = c.exchanged(ctx, r); err != nil {
			return
		}
		defer res.Body.Close()
		head = headMessage(res)
		head["body"], err = readAtMost(&counted{res.Body, &c.net}, abi.MaxCborBytes/2)
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

// headMessage is status and headers of an answer, without cookies.
func headMessage(res *http.Response) map[string]any {
	headers := map[string]any{}
	for name, v := range res.Header {
		if n := strings.ToLower(name); n != "set-cookie" && len(headers) < maxHeaders {
			headers[strings.ToValidUTF8(n, "\uFFFD")] = strings.ToValidUTF8(strings.Join(v, ", "), "\uFFFD")
		}
	}
	return map[string]any{"status": int64(res.StatusCode), "headers": headers}
}

// fetchErrno says why an exchange failed.
func (c *call) fetchErrno(err error) int64 {
	code := fault.CodeOf(err)
	switch {
	case c.Err() != nil:
		return int64(abi.ECANCEL)
	case code == fault.Forbidden:
		c.note(err)
		return int64(abi.EPERM)
	case code == fault.TooLarge:
		return int64(abi.ETOOBIG)
	case code == fault.Unsupported:
		c.note(err)
		return int64(abi.EUNSUP)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return int64(abi.ETIMEOUT)
	}
	c.note(err)
	return int64(abi.EIO)
}
