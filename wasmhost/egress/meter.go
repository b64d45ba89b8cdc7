package egress

import (
	"io"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// MaxExchanges bounds the requests of one Meter.
const MaxExchanges = 32

// Meter is what a call has used of the network. Exchanges of several goroutines count together; Begin, Start and WaitAny are for
// one.
type Meter struct {
	count int
	bytes atomic.Int64
	most  atomic.Int64  // 0 is pack.DefaultBytes
	wake  chan struct{} // told when an answer begins; made with the first exchange
}

// allow raises the bound to that of a rule that was used.
func (n *Meter) allow(most int64) {
	for {
		old := n.most.Load()
		if most <= max(old, pack.DefaultBytes) || n.most.CompareAndSwap(old, most) {
			return
		}
	}
}

func (n *Meter) bound() int64 { return max(n.most.Load(), pack.DefaultBytes) }

// Left is how many bytes may still pass.
func (n *Meter) Left() int64 { return n.bound() - n.bytes.Load() }

// spend counts bytes. Errors: fault.TooLarge.
func (n *Meter) spend(bytes int64) error {
	if n.bytes.Add(bytes); n.Left() < 0 {
		return fault.New(fault.TooLarge, "more than %d bytes fetched", n.bound())
	}
	return nil
}

// counted is a stream whose bytes count.
type counted struct {
	r     io.Reader
	meter *Meter
}

// Read reads; over the bound it is fault.TooLarge.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if over := c.meter.spend(int64(n)); over != nil {
		return 0, over
	}
	return n, err
}

// Begin counts an exchange; false over the bound.
func (n *Meter) Begin() bool {
	n.count++
	return n.count <= MaxExchanges
}
