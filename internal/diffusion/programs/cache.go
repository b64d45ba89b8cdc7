// Package programs keeps the compiled programs of a model: one for each shape it was run with, the last used ones.
package programs

import (
	"context"
	"fmt"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// limit is how many programs a Cache keeps. A run at one size uses a handful: text, network, picture in and out.
const limit = 8

// Spec is a program to be.
type Spec struct {
	Key    any                   // comparable; equal keys mean equal programs
	Record func(g *tensor.Graph) // declares inputs, records, marks outputs
	// Width and Height are the picture's in pixels, for messages when there is no room for it; 0 for programs without one.
	Width, Height int
}

// Cache compiles programs for a backend and keeps them. It is safe for concurrent use: one program runs one call at a time,
// different ones run beside each other.
type Cache struct {
	backend tensor.Backend

	mu      sync.Mutex
	entries []*entry // least recently used first
	closed  bool
}

// entry is one program. users and gone belong to the Cache's lock.
type entry struct {
	key   any
	users int
	gone  bool // not in the cache any more: closed by the last user

	mu  sync.Mutex // held while compiling and running
	exe tensor.Executable
	ran bool
}

// New makes an empty cache for a backend.
func New(b tensor.Backend) *Cache { return &Cache{backend: b} }

// Backend is what the programs run on.
func (c *Cache) Backend() tensor.Backend { return c.backend }

// Run runs a program, compiled now or earlier. The outputs are the caller's. It fails with fault.OutOfMemory, saying what
// would fit, when the device has no room for it.
func (c *Cache) Run(ctx context.Context, s Spec, inputs ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(err, fault.Cancelled, "stopped")
	}
	e := c.acquire(s.Key)
	defer c.release(e)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := c.prepare(e, s); err != nil {
		return nil, err
	}
	if !e.ran {
		if err := c.makeRoom(e, s); err != nil {
			return nil, err
		}
	}
	out, err := e.exe.Run(ctx, inputs...)
	e.ran = e.ran || err == nil
	return out, err
}

// Bytes is the memory that a run of the program needs beyond weights, inputs and outputs.
func (c *Cache) Bytes(s Spec) (int64, error) {
	e := c.acquire(s.Key)
	defer c.release(e)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := c.prepare(e, s); err != nil {
		return 0, err
	}
	return e.exe.Bytes(), nil
}

// prepare compiles an entry's program at its first use. The caller holds the entry.
func (c *Cache) prepare(e *entry, s Spec) error {
	if e.exe != nil {
		return nil
	}
	g := tensor.NewGraph()
	s.Record(g)
	exe, err := c.backend.Compile(g.Program())
	if err != nil {
		return fmt.Errorf("compile for %s: %w", c.backend.Name(), err)
	}
	e.exe = exe
	return nil
}

// acquire finds or adds the entry of a key and makes it the most recently used one.
func (c *Cache) acquire(key any) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range c.entries {
		if e.key == key {
			c.entries = append(append(c.entries[:i:i], c.entries[i+1:]...), e)
			e.users++
			return e
		}
	}
	e := &entry{key: key, users: 1}
	c.entries = append(c.entries, e)
	return e
}

// release gives an entry back and drops the oldest ones over the limit.
func (c *Cache) release(e *entry) {
	c.mu.Lock()
	e.users--
	var idle []*entry
	if e.gone && e.users == 0 {
		idle = append(idle, e)
	}
	idle = append(idle, c.drop(func(kept int) bool { return c.closed || kept > limit })...)
	c.mu.Unlock()
	closeAll(idle)
}

// drop takes entries without users out of the cache, oldest first, as long as more says so of the number that stay. The
// caller holds the lock and closes them after.
func (c *Cache) drop(more func(kept int) bool) []*entry {
	var idle []*entry
	kept := len(c.entries)
	stay := c.entries[:0:0]
	for _, e := range c.entries {
		if e.users == 0 && more(kept) {
			e.gone = true
			idle = append(idle, e)
			kept--
			continue
		}
		stay = append(stay, e)
	}
	c.entries = stay
	return idle
}

// Trim closes every program that is not running. They are compiled again when they are needed again.
func (c *Cache) Trim() {
	c.mu.Lock()
	idle := c.drop(func(int) bool { return true })
	c.mu.Unlock()
	closeAll(idle)
}

// Close closes every program; those still running are closed when they are done. A program run after Close is not kept.
func (c *Cache) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.Trim()
	return nil
}

// closeAll closes programs that nobody else can reach any more.
func closeAll(entries []*entry) {
	for _, e := range entries {
		if e.exe != nil {
			e.exe.Close() // only gives memory back; there is nothing to tell the user
		}
	}
}
