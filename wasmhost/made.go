package wasmhost

import (
	"runtime"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// madeTable counts, for each block of memory that the call made for a guest's tensors, the handles and windows that refer to
// it. A block goes when the last of them does, or with the call; one that was handed on, to a node or in a reply, is the
// collector's.
type madeTable map[*tensor.Block]int

const (
	// shareFrom is from how many bytes a tensor gets memory that windows can share: copying a smaller one takes less time than
	// mapping it, and descriptors and mappings are few.
	shareFrom = 64 << 10
	// maxBlocks is how many such blocks the guests of a host may have; more of their tensors live on the heap.
	maxBlocks = 4096
)

// blocks counts the shared blocks that guests made and that are still there.
type blocks struct{ live, escaped atomic.Int64 }

// make makes a tensor for the guest. Its memory is the call's until it is handed on.
func (c *call) make(dt tensor.DType, s tensor.Shape) (*tensor.Tensor, error) {
	n := int64(s.Elems() * dt.Size())
	count := &c.host.gate.blocks
	if n < shareFrom || count.live.Load() >= maxBlocks {
		return tensor.New(dt, s...), nil
	}
	t, err := newShared(dt, s)
	if err != nil {
		return nil, err
	}
	count.live.Add(1)
	if c.made == nil {
		c.made = madeTable{}
	}
	c.made[t.Block()] = 0
	return t, nil
}

// newShared makes a tensor in memory of its own, which goes when nothing refers to it.
func newShared(dt tensor.DType, s tensor.Shape) (*tensor.Tensor, error) {
	return tensor.NewArena(0).NewShared(dt, s...)
}

// tensorsIn are the tensors of a value behind a handle.
func tensorsIn(v any) [2]*tensor.Tensor {
	switch x := v.(type) {
	case *tensor.Tensor:
		return [2]*tensor.Tensor{x}
	case value.Image:
		return [2]*tensor.Tensor{x.Tensor}
	case value.Mask:
		return [2]*tensor.Tensor{x.Tensor}
	case value.Latent:
		return [2]*tensor.Tensor{x.Samples, x.NoiseMask}
	case value.Audio:
		return [2]*tensor.Tensor{x.Waveform}
	}
	return [2]*tensor.Tensor{}
}

// hold counts one more handle or window of a value.
func (c *call) hold(v any) {
	if len(c.made) == 0 {
		return
	}
	for _, t := range tensorsIn(v) {
		if t != nil && t.Block() != nil {
			if n, ours := c.made[t.Block()]; ours {
				c.made[t.Block()] = n + 1
			}
		}
	}
}

// letGo counts one less; the memory that nothing is left of is given back. Windows that guests still have keep what they show.
func (c *call) letGo(v any) {
	if len(c.made) == 0 {
		return
	}
	for _, t := range tensorsIn(v) {
		if t == nil || t.Block() == nil {
			continue
		}
		b := t.Block()
		n, ours := c.made[b]
		switch {
		case !ours:
		case n > 1:
			c.made[b] = n - 1
		default:
			c.end(b)
		}
	}
}

// drop gives back a tensor that got no handle.
func (c *call) drop(t *tensor.Tensor) {
	if _, ours := c.made[t.Block()]; ours {
		c.end(t.Block())
	}
}

func (c *call) end(b *tensor.Block) {
	delete(c.made, b)
	_ = b.Close()
	c.host.gate.blocks.live.Add(-1)
}

// escape says that a value is handed on: its memory is not the call's any more.
func (c *call) escape(v any) {
	if len(c.made) == 0 {
		return
	}
	for _, t := range tensorsIn(v) {
		if t == nil || t.Block() == nil {
			continue
		}
		if _, ours := c.made[t.Block()]; ours {
			delete(c.made, t.Block())
			count := &c.host.gate.blocks
			count.escaped.Add(1)
			runtime.AddCleanup(t.Block(), func(n *blocks) {
				n.live.Add(-1)
				n.escaped.Add(-1)
			}, count)
		}
	}
}

// endMade gives back what is left when the call is over.
func (c *call) endMade() {
	for b := range c.made {
		c.end(b)
	}
	c.made = nil
}
