package wasmhost

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// shelf is which tenant has which extensions. A tenant has its own, and those of the tenant "" of which it has none of that id.
type shelf struct {
	mu    sync.RWMutex
	own   map[tenant.ID]map[string]*Extension // by id
	views map[tenant.ID]*view                 // of tenants with extensions of their own, and of ""; made when asked for
}

// view is what one tenant sees.
type view struct {
	exts    map[string]*Extension
	classes map[string]node.Node
	nodes   []node.Node // by extension, in the order of their ids
}

func newShelf() shelf {
	return shelf{own: map[tenant.ID]map[string]*Extension{}, views: map[tenant.ID]*view{}}
}

// put adds an extension and gives the one that it replaces. core finds the server's own nodes.
func (s *shelf) put(e *Extension, core func(class string) (node.Node, bool)) (old *Extension, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range e.nodes {
		class := n.Schema().ID
		if core != nil {
			if _, taken := core(class); taken {
				return nil, fault.New(fault.Conflict, "the extension %s has a node %q, which the server has itself: its author gives it another id, such as %q", e.Manifest.ID, class, e.Manifest.ID+"."+class)
			}
		}
		for _, other := range s.build(e.Tenant).exts {
			if other.Manifest.ID != e.Manifest.ID && other.owns(class) {
				return nil, fault.New(fault.Conflict, "the extension %s has a node %q, which is also one of %s: only one of the two can run, unless an author gives the node another id", e.Manifest.ID, class, other.Manifest.ID)
			}
		}
	}
	for _, other := range s.build(e.Tenant).exts {
		if clash, found := e.legacy.Clashes(other.legacy); found && other.Manifest.ID != e.Manifest.ID {
			return nil, fault.New(fault.Conflict, "the extension %s answers %q, which %s answers already: revoke it of one of the two (cocoon ext revoke)", e.Manifest.ID, clash, other.Manifest.ID)
		}
	}
	mine := s.own[e.Tenant]
	if mine == nil {
		mine = map[string]*Extension{}
		s.own[e.Tenant] = mine
	}
	old = mine[e.Manifest.ID]
	mine[e.Manifest.ID] = e
	clear(s.views)
	return old, nil
}

// remove takes a tenant's own extension away.
func (s *shelf) remove(t tenant.ID, id string) (*Extension, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.own[t][id]
	delete(s.own[t], id)
	if len(s.own[t]) == 0 {
		delete(s.own, t)
	}
	clear(s.views)
	return e, ok
}

// of is what a tenant sees.
func (s *shelf) of(t tenant.ID) *view {
	s.mu.RLock()
	if len(s.own[t]) == 0 {
		t = ""
	}
	v := s.views[t]
	s.mu.RUnlock()
	if v != nil {
		return v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v = s.build(t)
	s.views[t] = v
	return v
}

// build makes a tenant's view; the lock is held. Of two shared and own nodes of one class the tenant's own counts.
func (s *shelf) build(t tenant.ID) *view {
	v := &view{exts: map[string]*Extension{}, classes: map[string]node.Node{}}
	for _, owner := range []tenant.ID{"", t} {
		for id, e := range s.own[owner] {
			v.exts[id] = e
		}
	}
	own := func(e *Extension) int {
		if e.Tenant == t {
			return 0
		}
		return 1
	}
	for _, e := range slices.SortedFunc(maps.Values(v.exts), func(a, b *Extension) int {
		if d := own(a) - own(b); d != 0 {
			return d
		}
		return strings.Compare(a.Manifest.ID, b.Manifest.ID)
	}) {
		for _, n := range e.nodes {
			if class := n.Schema().ID; v.classes[class] == nil {
				v.classes[class] = n
				v.nodes = append(v.nodes, n)
			}
		}
	}
	return v
}

// all lists every tenant's extensions.
func (s *shelf) all() []*Extension {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*Extension
	for _, mine := range s.own {
		for _, e := range mine {
			out = append(out, e)
		}
	}
	return out
}

// Remove takes a tenant's own extension away. Calls that run go on to their end, and keep nothing more in kv: what was deleted with
// the extension would be there again.
func (h *Host) Remove(ctx context.Context, t tenant.ID, id string) error {
	e, ok := h.shelf.remove(t, id)
	if !ok {
		return fault.New(fault.NotFound, "there is no extension %q", id)
	}
	e.keeping.Lock()
	e.removed = true
	e.keeping.Unlock()
	e.program.Close(context.WithoutCancel(ctx))
	return nil
}

// Extension finds a loaded extension that a tenant has.
func (h *Host) Extension(t tenant.ID, id string) (*Extension, bool) {
	e, ok := h.shelf.of(t).exts[id]
	return e, ok
}

// Extensions lists the loaded extensions that a tenant has, by id.
func (h *Host) Extensions(t tenant.ID) []*Extension {
	return slices.SortedFunc(maps.Values(h.shelf.of(t).exts), func(a, b *Extension) int { return strings.Compare(a.Manifest.ID, b.Manifest.ID) })
}

// Everyone lists the loaded extensions of all tenants, by tenant and id.
func (h *Host) Everyone() []*Extension {
	return slices.SortedFunc(slices.Values(h.shelf.all()), func(a, b *Extension) int {
		return cmp.Or(strings.Compare(string(a.Tenant), string(b.Tenant)), strings.Compare(a.Manifest.ID, b.Manifest.ID))
	})
}

// Lookup finds a node by class among the extensions of the tenant that ctx carries.
func (h *Host) Lookup(ctx context.Context, class string) (node.Node, bool) {
	n, ok := h.shelf.of(tenant.Of(ctx)).classes[class]
	return n, ok
}

// All lists the nodes of the extensions of the tenant that ctx carries. The list must not be changed.
func (h *Host) All(ctx context.Context) []node.Node { return h.shelf.of(tenant.Of(ctx)).nodes }

// Replacements lists how those extensions rewrite classes of the past.
func (h *Host) Replacements(ctx context.Context) []node.Replacement {
	var out []node.Replacement
	for _, e := range h.Extensions(tenant.Of(ctx)) {
		out = append(out, e.desc.Replacements...)
	}
	return out
}
