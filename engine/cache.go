package engine

import (
	"encoding/json"
	"maps"
	"sync"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// entry is the result of a node: for each output its values, and what it showed.
type entry struct {
	outputs [][]any
	ui      *shown // nil for none

	generation int64 // of the last prompt that asked for it
	touched    int64 // orders entries of equal weight
}

// shown is a UI result with where it came from.
type shown struct {
	ui   json.RawMessage
	meta json.RawMessage
}

// level is a set of results. The classic cache has one for each node that expands, below the level of that node; the other
// kinds have one for all.
type level struct {
	entries map[key]*entry
	subs    map[[2]string]*level // by the expanding node's id and class
}

// claim is what a running prompt may still need: the keys of its nodes, and the levels below them.
type claim struct {
	used map[key]bool
	live map[[2]string]bool
}

func claimOf(r *run) *claim {
	c := &claim{map[key]bool{}, map[[2]string]bool{}}
	for _, v := range r.g.order {
		c.used[r.sign.keys[v]] = true
		c.live[[2]string{v.id, v.class}] = true
	}
	return c
}

func newLevel() *level { return &level{entries: map[key]*entry{}, subs: map[[2]string]*level{}} }

// cache keeps results between prompts. A key carries its tenant, so nobody is ever served what another made.
type cache struct {
	c CacheConfig

	mu         sync.Mutex // guards the rest, and all levels
	roots      map[tenant.ID]*level
	generation int64
	oldest     int64 // LRU: generations below it are gone
	touches    int64
	active     map[*run]*claim
	memory     memoryReading
}

func newCache(c CacheConfig) *cache {
	k := &cache{c: c.withDefaults(), roots: map[tenant.ID]*level{}, active: map[*run]*claim{}}
	return k
}

// clear forgets everything.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.roots)
}

// root is the level of a prompt's own nodes.
func (c *cache) root(t tenant.ID) *level {
	if c.c.Kind != CacheClassic {
		t = "" // keys tell tenants apart
	}
	l := c.roots[t]
	if l == nil {
		l = newLevel()
		c.roots[t] = l
	}
	return l
}

// begin takes a prompt up: its keys are known, and what it cannot use may go.
func (c *cache) begin(r *run) {
	if c.c.Kind == CacheNone {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active[r] = &claim{}
	if c.c.Kind == CacheClassic {
		c.active[r] = claimOf(r)
	}
	c.generation++
	r.generation = c.generation
	l := c.root(r.job.Tenant)
	for _, v := range r.g.order {
		if v.schema.Loop == node.LoopStart {
			continue // it leads its loop each time
		}
		v.home = l
		if e := l.entries[r.sign.keys[v]]; e != nil {
			c.touch(e)
		}
	}
	switch c.c.Kind {
	case CacheClassic:
		c.sweepClassic(r)
	case CacheLRU:
		c.sweepOld(l)
	}
}

func (c *cache) end(r *run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.active, r)
}

func (c *cache) touch(e *entry) {
	c.touches++
	e.generation, e.touched = c.generation, c.touches
}

// sweepClassic drops what no running prompt of the tenant uses, and everything of tenants who run nothing.
func (c *cache) sweepClassic(r *run) {
	all := &claim{map[key]bool{}, map[[2]string]bool{}}
	busy := map[tenant.ID]bool{}
	for a, its := range c.active {
		busy[a.job.Tenant] = true
		if a.job.Tenant == r.job.Tenant {
			maps.Copy(all.used, its.used)
			maps.Copy(all.live, its.live)
		}
	}
	for t := range c.roots {
		if !busy[t] {
			delete(c.roots, t)
		}
	}
	c.root(r.job.Tenant).keep(all.used, all.live)
}

func (l *level) keep(used map[key]bool, live map[[2]string]bool) {
	for k := range l.entries {
		if !used[k] {
			delete(l.entries, k)
		}
	}
	for k := range l.subs {
		if !live[k] {
			delete(l.subs, k)
		}
	}
}

// sweepOld drops results of the oldest prompts while there are too many.
func (c *cache) sweepOld(l *level) {
	for len(l.entries) > c.c.Entries && c.oldest < c.generation {
		c.oldest++
		for k, e := range l.entries {
			if e.generation < c.oldest {
				delete(l.entries, k)
			}
		}
	}
}

// get finds the result of a vertex.
func (c *cache) get(r *run, v *vertex) *entry {
	if c.c.Kind == CacheNone || v.home == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := v.home.entries[r.sign.keys[v]]
	if e != nil {
		c.touch(e)
	}
	return e
}

// put keeps the result of a vertex.
func (c *cache) put(r *run, v *vertex, e *entry) {
	if c.c.Kind == CacheNone || v.home == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.touch(e)
	v.home.entries[r.sign.keys[v]] = e
}

// expand makes room for the results of what v expanded to.
func (c *cache) expand(r *run, v *vertex, children []*vertex) {
	if c.c.Kind == CacheNone || v.home == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	home := v.home
	if c.c.Kind == CacheClassic {
		id := [2]string{v.id, v.class}
		if v.home.subs[id] == nil {
			v.home.subs[id] = newLevel()
		}
		home = v.home.subs[id]
		used, live := map[key]bool{}, map[[2]string]bool{}
		for _, x := range children {
			used[r.sign.keys[x]] = true
			live[[2]string{x.id, x.class}] = true
		}
		home.keep(used, live)
	}
	for _, x := range children {
		x.home = home
		if e := home.entries[r.sign.keys[x]]; e != nil {
			c.touch(e)
		}
	}
	if c.c.Kind == CacheLRU {
		c.sweepOld(home)
	}
}
