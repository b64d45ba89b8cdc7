package engine

import (
	"context"
	"encoding/json"
	"time"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// CacheKind says what happens to results after their prompt.
type CacheKind uint8

// The kinds of cache.
const (
	CacheRAM     CacheKind = iota // all is kept until memory is short
	CacheClassic                  // what the next prompt does not use goes
	CacheLRU                      // the results of the last prompts, up to a number
	CacheNone                     // nothing is kept
)

// CacheConfig describes the cache of node results.
type CacheConfig struct {
	Kind CacheKind
	// Entries bounds CacheLRU.
	Entries int
	// ActiveFree and InactiveFree are, in bytes, how much memory CacheRAM keeps free: results of the running prompt go only
	// under the first, those of earlier prompts under the second. Zeros choose by the size of the memory.
	ActiveFree, InactiveFree uint64
	// Memory tells the memory of the machine in bytes; nil reads the system's.
	Memory func() (total, available uint64)
}

// Config is what an Engine is made of. Registry, Store and Bus are required; zero values elsewhere mean the defaults.
type Config struct {
	Registry *node.Registry
	Store    Store
	Bus      Bus
	Cache    CacheConfig

	Workers      int           // prompts that run side by side; 1
	Lease        time.Duration // how long a worker is trusted without a sign of life; 15 s
	Attempts     int           // how often a job may be begun; 3
	Grace        time.Duration // how long a node may take to obey; 10 s. Then it is left alone and the worker goes on
	MaxNodes     int           // of a prompt; 100,000
	MaxExpanded  int           // nodes that expansion may add to a prompt; 100,000
	MaxLazyTurns int           // how often a node may ask for lazy inputs; 10,000
	Limits       doc.Limits    // of the JSON

	// Free unloads models: after a job when a client asked for it, and at once when a node ran out of memory. nil does nothing.
	Free func(ctx context.Context)
	// Discard deletes a file that a lost attempt may have left. nil leaves it.
	Discard func(path string) error
	// Present adds to a node's UI what is of this run alone, before clients see it; what is cached stays as the node made it.
	// ctx carries the tenant. nil adds nothing.
	Present func(ctx context.Context, promptID string, ui json.RawMessage) json.RawMessage
	// Now is the clock of timestamps; nil is time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	setDefault(&c.Workers, 1)
	setDefault(&c.Lease, 15*time.Second)
	setDefault(&c.Attempts, 3)
	setDefault(&c.Grace, 10*time.Second)
	setDefault(&c.MaxNodes, 100_000)
	setDefault(&c.MaxExpanded, 100_000)
	setDefault(&c.MaxLazyTurns, 10_000)
	if c.Limits == (doc.Limits{}) {
		c.Limits = doc.DefaultLimits()
	}
	if c.Free == nil {
		c.Free = func(context.Context) {}
	}
	if c.Discard == nil {
		c.Discard = func(string) error { return nil }
	}
	if c.Present == nil {
		c.Present = func(_ context.Context, _ string, ui json.RawMessage) json.RawMessage { return ui }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func setDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
