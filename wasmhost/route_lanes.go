package wasmhost

import (
	"context"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// How many calls may be under way. One that waits counts as open, not as running.
const (
	routesRunning = 8 // of one extension, for one tenant
	routesOpen    = 32
	nodesRunning  = 2

	tenantRoutes = 32 // of all extensions, for one tenant
	tenantOpen   = 128
	tenantNodes  = 4
)

// laneKey names a lane: calls of one sort, of one extension for one tenant, or of all for one when ext is "".
type laneKey struct {
	tenant tenant.ID
	ext    string
	routes bool
}

// lane has a place for each call that may run.
type lane struct {
	places chan struct{}
	open   int
}

// lanes keep one tenant's use of one extension from taking the places of others.
type lanes struct {
	mu   sync.Mutex
	all  map[laneKey]*lane
	runs map[runKey]*running
}

func newLanes() *lanes { return &lanes{all: map[laneKey]*lane{}, runs: map[runKey]*running{}} }

// join opens a call in a lane of running places, unless most are open; 0 is no bound.
func (l *lanes) join(k laneKey, running, most int) (*lane, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.all[k]
	if x == nil {
		x = &lane{places: make(chan struct{}, running)}
		l.all[k] = x
	}
	if most > 0 && x.open >= most {
		return nil, false
	}
	x.open++
	return x, true
}

func (l *lanes) part(k laneKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.all[k]
	if x.open--; x.open == 0 {
		delete(l.all, k)
	}
}

// pass is a call's right to run: a place among those of its extension, and one among those of its tenant. A nil one is no
// bound.
type pass struct{ ext, all *lane }

// try takes both places if they are free.
func (p *pass) try() bool {
	select {
	case p.ext.places <- struct{}{}:
	default:
		return false
	}
	select {
	case p.all.places <- struct{}{}:
		return true
	default:
		<-p.ext.places
		return false
	}
}

// enter waits for both places, in this order, so that nobody who has the second waits for the first; false when ctx ends.
func (p *pass) enter(ctx context.Context) bool {
	if p == nil {
		return true
	}
	select {
	case p.ext.places <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	select {
	case p.all.places <- struct{}{}:
		return true
	case <-ctx.Done():
		<-p.ext.places
		return false
	}
}

func (p *pass) leave() {
	if p != nil {
		<-p.all.places
		<-p.ext.places
	}
}

// join takes the call into its lanes. Nodes wait for their turn; a route that would have to is fault.TooMany. What looks at a
// node before it runs has no lane.
func (c *call) join(op int32) (leave func(), err error) {
	routes, l := op == abi.OpRoute || op == abi.OpWs, c.host.lanes
	if !routes && op != abi.OpExecute && op != abi.OpResume {
		return func() {}, nil
	}
	ext, all := laneKey{c.tenant, c.ext.Manifest.ID, routes}, laneKey{c.tenant, "", routes}
	running, open, total, totalOpen := nodesRunning, 0, tenantNodes, 0
	if routes {
		running, open, total, totalOpen = routesRunning, routesOpen, tenantRoutes, tenantOpen
	}
	busy := fault.New(fault.TooMany, "%s answers as many requests as it may", c.ext.Manifest.ID)
	one, ok := l.join(ext, running, open)
	if !ok {
		return nil, busy
	}
	two, ok := l.join(all, total, totalOpen)
	if !ok {
		l.part(ext)
		return nil, busy
	}
	p := &pass{one, two}
	if routes && !p.try() || !routes && !p.enter(c.Context) {
		l.part(all)
		l.part(ext)
		if !routes {
			busy = fault.Wrap(context.Cause(c), fault.Cancelled, "cancelled")
		}
		return nil, busy
	}
	c.pass = p
	run := l.begin(c)
	return func() {
		l.end(run)
		p.leave()
		l.part(all)
		l.part(ext)
	}, nil
}

// runKey names a prompt in which a node of an extension runs.
type runKey struct {
	tenant      tenant.ID
	ext, prompt string
}

// running is who asked for it, and how many nodes run.
type running struct {
	client string
	nodes  int
}

// begin remembers who asked for the call's prompt.
func (l *lanes) begin(c *call) runKey {
	k := runKey{c.tenant, c.ext.Manifest.ID, c.run.PromptID}
	if k.prompt == "" {
		return k
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.runs[k] == nil {
		l.runs[k] = &running{client: c.run.ClientID}
	}
	l.runs[k].nodes++
	return k
}

func (l *lanes) end(k runKey) {
	if k.prompt == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.runs[k]; r.nodes == 1 {
		delete(l.runs, k)
	} else {
		r.nodes--
	}
}

// promptOf gives a prompt of a client's in which a node of an extension runs, "" for none.
func (l *lanes) promptOf(t tenant.ID, ext, client string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := ""
	for k, r := range l.runs {
		if k.tenant == t && k.ext == ext && r.client == client && client != "" && (first == "" || k.prompt < first) {
			first = k.prompt
		}
	}
	return first
}

// client is who asked for a prompt in which a node of the call's extension runs.
func (l *lanes) client(k runKey) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.runs[k]
	if !ok {
		return "", false
	}
	return r.client, true
}
