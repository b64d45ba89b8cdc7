// Package bulkhead keeps one tenant's use of one extension from taking the places of others: so many calls of each sort may run,
// and so many be open. A call that waits for something else gives its place up meanwhile.
package bulkhead

import (
	"context"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Sort is what a call is for.
type Sort uint8

// Nodes wait for their turn; a client's request is refused when it would have to. Checks, which look at a node before its prompt is taken,
// wait, and keep their place while they wait for something else: nothing but the place bounds how many there are.
const (
	Node Sort = iota
	Request
	Check
)

// How many calls may be under way. One that waits for something else counts as open, not as running.
const (
	RequestsRunning = 8 // of one extension, for one tenant
	RequestsOpen    = 32
	NodesRunning    = 2
	ChecksOpen      = 4

	tenantRequests = 32 // of all extensions, for one tenant
	tenantOpen     = 128
	tenantNodes    = 4
	tenantChecks   = 8
)

// Bulkheads hold the places. Its methods may be called from any goroutine.
type Bulkheads struct {
	mu  sync.Mutex
	all map[key]*bay
}

// New has nothing under way.
func New() *Bulkheads { return &Bulkheads{all: map[key]*bay{}} }

// key names a bay: calls of one sort, of one extension for one tenant, or of all for one when the extension is "".
type key struct {
	tenant    tenant.ID
	extension string
	sort      Sort
}

// bay has a place for each call that may run.
type bay struct {
	places chan struct{}
	open   int
}

// Empty reports whether nothing is under way.
func (b *Bulkheads) Empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.all) == 0
}

// Enter opens a call of an extension for a tenant and takes its place. End it. Errors: fault.TooMany for a request that would have
// to wait, fault.Cancelled.
func (b *Bulkheads) Enter(ctx context.Context, t tenant.ID, extension string, s Sort) (*Pass, error) {
	running, open, total, totalOpen := NodesRunning, 0, tenantNodes, 0
	switch s {
	case Request:
		running, open, total, totalOpen = RequestsRunning, RequestsOpen, tenantRequests, tenantOpen
	case Check:
		running, total = ChecksOpen, tenantChecks
	}
	busy := func() error { return fault.New(fault.TooMany, "%s answers as many requests as it may", extension) }
	p := &Pass{all: b, stays: s == Check, keys: [2]key{{t, extension, s}, {t, "", s}}}
	var ok bool
	if p.one, ok = b.join(p.keys[0], running, open); !ok {
		return nil, busy()
	}
	if p.tenant, ok = b.join(p.keys[1], total, totalOpen); !ok {
		b.part(p.keys[0])
		return nil, busy()
	}
	if s == Request && p.try() || s != Request && p.take(ctx) {
		return p, nil
	}
	b.part(p.keys[1])
	b.part(p.keys[0])
	if s != Request {
		return nil, fault.Wrap(context.Cause(ctx), fault.Cancelled, "cancelled")
	}
	return nil, busy()
}

// join opens a call in a bay of running places, unless most are open; 0 is no bound.
func (b *Bulkheads) join(k key, running, most int) (*bay, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.all[k]
	if x == nil {
		x = &bay{places: make(chan struct{}, running)}
		b.all[k] = x
	}
	if most > 0 && x.open >= most {
		return nil, false
	}
	x.open++
	return x, true
}

func (b *Bulkheads) part(k key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.all[k]
	if x.open--; x.open == 0 {
		delete(b.all, k)
	}
}

// Pass is a call's right to run: a place among those of its extension, and one among those of its tenant. A nil one has no bound.
type Pass struct {
	all         *Bulkheads
	keys        [2]key
	one, tenant *bay
	stays       bool // Leave and Return do nothing
}

// try takes both places if they are free.
func (p *Pass) try() bool {
	select {
	case p.one.places <- struct{}{}:
	default:
		return false
	}
	select {
	case p.tenant.places <- struct{}{}:
		return true
	default:
		<-p.one.places
		return false
	}
}

// Leave gives the places up for a while, but for those of a check.
func (p *Pass) Leave() {
	if p != nil && !p.stays {
		p.give()
	}
}

// Return waits for the places that Leave gave up; false when ctx ends.
func (p *Pass) Return(ctx context.Context) bool { return p == nil || p.stays || p.take(ctx) }

func (p *Pass) give() {
	<-p.tenant.places
	<-p.one.places
}

// take waits for both places, in this order, so that nobody who has the second waits for the first; false when ctx ends.
func (p *Pass) take(ctx context.Context) bool {
	select {
	case p.one.places <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	select {
	case p.tenant.places <- struct{}{}:
		return true
	case <-ctx.Done():
		<-p.one.places
		return false
	}
}

// End gives the places back, and closes the call.
func (p *Pass) End() {
	if p != nil {
		p.give()
		p.all.part(p.keys[1])
		p.all.part(p.keys[0])
	}
}
