package wasmhost

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// gate bounds how many do something at once, and lets tenants take turns, so that one with many calls makes no other wait for more than
// its turns. Its methods may be called from any goroutine.
type gate struct {
	places int    // for all
	each   int    // for one tenant
	blocks blocks // of memory that guests share with the host

	lined atomic.Int32 // how many wait; a hint, for who could give its turn to them

	mu   sync.Mutex // guards the rest
	used int
	of   map[tenant.ID]*queue
	turn []tenant.ID // of those who wait, the next first
}

// queue is what a tenant has at a gate.
type queue struct {
	inside  int
	waiting []chan struct{} // the first has waited longest
}

// newGate lets guests compute. Compiled code has no point where the collector could stop it but the refuels, so one processor is left to
// the rest of the server.
func newGate() *gate {
	n := max(1, runtime.GOMAXPROCS(0)-1)
	return &gate{places: n, each: n, of: map[tenant.ID]*queue{}}
}

// newBench lets the host work for guests: it computes tensors, and reads and writes pictures. What is begun there goes on to its end, so
// that no tenant gets more than half of the places.
func newBench() *gate {
	n := max(2, runtime.GOMAXPROCS(0))
	return &gate{places: n, each: n / 2, of: map[tenant.ID]*queue{}}
}

// enter waits for a place; false when ctx ends first.
func (g *gate) enter(ctx context.Context, t tenant.ID) bool {
	g.mu.Lock()
	q := g.queue(t)
	if g.used < g.places && q.inside < g.each { // whoever waits could not have it
		g.used++
		q.inside++
		g.mu.Unlock()
		return true
	}
	mine := g.line(t, q)
	g.mu.Unlock()
	select {
	case <-mine:
		return true
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(q.waiting, mine); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		g.lined.Add(-1)
		g.tidy(t, q)
		return false
	}
	g.free(t, q) // it came at the same moment
	return false
}

// hold takes a place at once, though there may be none: what is already inside goes on in two.
func (g *gate) hold(t tenant.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.used++
	g.queue(t).inside++
}

// leave gives the place to the next.
func (g *gate) leave(t tenant.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free(t, g.of[t])
}

// cede gives the place to others and waits for the next turn; it does nothing while nobody waits.
func (g *gate) cede(t tenant.ID) {
	g.mu.Lock()
	if len(g.turn) == 0 {
		g.mu.Unlock()
		return
	}
	q := g.of[t]
	mine := g.line(t, q)
	g.free(t, q)
	g.mu.Unlock()
	<-mine
}

// busy is how many places are taken.
func (g *gate) busy() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.used
}

// queue is a tenant's, which is made; the lock is held here and below.
func (g *gate) queue(t tenant.ID) *queue {
	q := g.of[t]
	if q == nil {
		q = &queue{}
		g.of[t] = q
	}
	return q
}

// line puts one more behind a tenant's others, and the tenant behind the other tenants.
func (g *gate) line(t tenant.ID, q *queue) chan struct{} {
	mine := make(chan struct{})
	if q.waiting = append(q.waiting, mine); len(q.waiting) == 1 {
		g.turn = append(g.turn, t)
	}
	g.lined.Add(1)
	return mine
}

// free takes a place from a tenant and hands out what can be had.
func (g *gate) free(t tenant.ID, q *queue) {
	g.used--
	q.inside--
	for g.used < g.places {
		i := slices.IndexFunc(g.turn, func(t tenant.ID) bool { return g.of[t].inside < g.each })
		if i < 0 {
			break
		}
		next := g.turn[i]
		x := g.of[next]
		close(x.waiting[0])
		x.waiting = x.waiting[1:]
		g.lined.Add(-1)
		g.used++
		x.inside++
		g.turn = slices.Delete(g.turn, i, i+1)
		if len(x.waiting) > 0 {
			g.turn = append(g.turn, next)
		}
	}
	g.tidy(t, q)
}

// tidy forgets a tenant that has nothing here.
func (g *gate) tidy(t tenant.ID, q *queue) {
	if len(q.waiting) > 0 {
		return
	}
	if i := slices.Index(g.turn, t); i >= 0 {
		g.turn = slices.Delete(g.turn, i, i+1)
	}
	if q.inside == 0 {
		delete(g.of, t)
	}
}
