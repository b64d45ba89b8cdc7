package wasmhost

import (
	"os"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// outWindow is a window that the guest writes a new tensor through, or the copy of a tensor that stands for a window where
// memory cannot be shared.
type outWindow struct {
	t     *tensor.Tensor
	block *tensor.Block
	write bool
	size  uint32 // of the window, in whole pages
	bytes uint32 // of the tensor
}

// mapped rounds up to the system's pages: behind the end of a memory file there is nothing to map.
func mapped(n int64) uint32 {
	page := int64(os.Getpagesize())
	return uint32((n + page - 1) / page * page)
}

// pages rounds up to whole pages.
func pages(n int64) int64 { return (n + abi.MaxPageBytes - 1) / abi.MaxPageBytes * abi.MaxPageBytes }

// place checks that a tensor of n bytes can appear at ptr in len bytes; a range that is not the guest's to give traps.
func (c *call) place(n int64, ptr, size uint32) bool {
	free := c.slot.Windowed(ptr, size)
	for at, w := range c.windows { // those that are copies too
		free = free && (uint64(ptr)+uint64(size) <= uint64(at) || uint64(at)+uint64(w.size) <= uint64(ptr))
	}
	if !free {
		c.trap("no window can be at %#x with %d bytes: it is to be whole pages behind the first memory, free of other windows", ptr, size)
	}
	return n <= int64(size)
}

func (c *call) open(ptr uint32, w outWindow) {
	if c.windows == nil {
		c.windows = map[uint32]outWindow{}
	}
	c.windows[ptr] = w
	c.hold(w.t)
}

// room reports whether one more window may be open: each is up to three mappings, of which a process has not many.
func (c *call) room() bool { return len(c.windows) < c.limits.Handles }

func (c *call) tMap(h int64, ptr, size uint32) int64 {
	t := c.shared(h)
	n := int64(t.Elems() * t.DType().Size())
	if !c.place(n, ptr, size) {
		return int64(abi.ETOOBIG)
	}
	if n == 0 {
		return 0
	}
	if !c.room() {
		return int64(abi.ELIMIT)
	}
	span := uint32(pages(n))
	if fd, ok := c.canShare(t); ok && c.slot.MapIn(ptr, span, mapped(n), fd) == nil {
		c.open(ptr, outWindow{t: t, size: span, bytes: uint32(n)})
		return n
	}
	if !c.claim(n) { // a copy is the guest's memory, not the host's
		return int64(abi.ELIMIT)
	}
	src := c.dense(t)
	c.work(n)
	c.copied(c.bytes(ptr, size), src)
	c.open(ptr, outWindow{size: span})
	return n
}

func (c *call) tMapOut(dtype, rank, shape, ptr, size uint32) int64 {
	dt := c.dtypeOf(dtype)
	s, ok := c.shapeOf(rank, shape)
	if !ok {
		return int64(abi.ETOOBIG)
	}
	n := int64(s.Elems() * dt.Size())
	if !c.place(n, ptr, size) || n == 0 {
		return int64(abi.ETOOBIG)
	}
	if !c.room() || !c.claim(n) {
		return int64(abi.ELIMIT)
	}
	t, err := c.make(dt, s)
	if err != nil {
		return int64(abi.ENOMEM)
	}
	span := uint32(pages(n))
	w := outWindow{t: t, write: true, size: span, bytes: uint32(n)}
	if fd, ok := c.canShare(t); ok && c.slot.MapOut(ptr, span, mapped(n), fd) == nil {
		w.block = t.Block()
	} else {
		c.work(n)
		c.cleared(c.bytes(ptr, span))
	}
	c.open(ptr, w)
	return n
}

func (c *call) tCommit(ptr uint32) int64 {
	w, ok := c.windows[ptr]
	if !ok || !w.write {
		c.trap("no window to commit at %#x", ptr)
	}
	delete(c.windows, ptr)
	if w.block == nil { // the memory was not shared
		c.work(int64(len(w.t.Bytes())))
		c.copied(w.t.Bytes(), c.bytes(ptr, w.bytes))
		c.cleared(c.bytes(ptr, w.size))
	} else {
		clear(c.bytes(ptr+w.bytes, mapped(int64(w.bytes))-w.bytes)) // nothing but the tensor leaves the guest
		if err := c.slot.Unmap(ptr); err != nil {
			c.trap("window: %v", err)
		}
	}
	h := c.put(abi.KindTensor, w.t)
	c.letGo(w.t)
	return h
}

func (c *call) tUnmap(ptr uint32) int32 {
	w, ok := c.windows[ptr]
	if !ok {
		return abi.ENOENT
	}
	delete(c.windows, ptr)
	c.letGo(w.t)
	if w.t == nil || w.write && w.block == nil {
		c.cleared(c.bytes(ptr, w.size))
	} else if err := c.slot.Unmap(ptr); err != nil {
		c.trap("window: %v", err)
	}
	return 0
}
