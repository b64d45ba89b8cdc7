package node

import (
	"context"
	"iter"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Registry knows the nodes by class name, in the order in which they came. A name that is taken stays with its first owner,
// so what is added first (the core) cannot be redefined. Behind its own nodes come those of its sources, which may differ from
// tenant to tenant. Its methods may be called from any goroutine.
type Registry struct {
	mu       sync.RWMutex
	byID     map[string]Node
	order    []string
	replaces []Replacement
	sources  []Source
}

// Source is a further place of nodes, such as the extensions of the tenant on whose behalf ctx acts.
type Source interface {
	// Lookup finds a node by class name.
	Lookup(ctx context.Context, class string) (Node, bool)
	// All lists the nodes in a fixed order.
	All(ctx context.Context) []Node
	// Replacements lists the replacements in a fixed order.
	Replacements(ctx context.Context) []Replacement
}

// Replacement says how a prompt that names a class of the past is rewritten.
type Replacement struct {
	Old, New string
	// Inputs are the new class's inputs; nil drops all inputs.
	Inputs []InputMove
	// Outputs re-index links that came from the old class: old index → new index.
	Outputs map[int]int
}

// InputMove fills an input of the new class: from an input of the old one, or with a constant.
type InputMove struct {
	New   string
	Old   string // "": Value is used
	Value any
}

// NewRegistry makes a Registry of the given nodes.
func NewRegistry(nodes ...Node) (*Registry, error) {
	r := &Registry{byID: map[string]Node{}}
	for _, n := range nodes {
		if err := r.Add(n); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Add adds a node. A name that is taken is a fault.Conflict.
func (r *Registry) Add(n Node) error {
	id := n.Schema().ID
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.byID[id]; taken {
		return fault.New(fault.Conflict, "a node %q is already there", id)
	}
	r.byID[id] = n
	r.order = append(r.order, id)
	return nil
}

// Remove takes a node away. Prompts that run keep it.
func (r *Registry) Remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byID[id]; !ok {
		return
	}
	delete(r.byID, id)
	order := make([]string, 0, len(r.order)-1)
	for _, o := range r.order {
		if o != id {
			order = append(order, o)
		}
	}
	r.order = order
}

// Extend adds a source. Its nodes come after those that are here, and never in the place of one of them.
func (r *Registry) Extend(s Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, s)
}

// Core finds a node by class name among the registry's own.
func (r *Registry) Core(class string) (Node, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n, ok := r.byID[class]
	return n, ok
}

// Lookup finds a node by class name. ctx carries the tenant.
func (r *Registry) Lookup(ctx context.Context, class string) (Node, bool) {
	r.mu.RLock()
	n, ok := r.byID[class]
	sources := r.sources
	r.mu.RUnlock()
	for i := 0; i < len(sources) && !ok; i++ {
		n, ok = sources[i].Lookup(ctx, class)
	}
	return n, ok
}

// All goes through the nodes in the order in which they came. ctx carries the tenant.
func (r *Registry) All(ctx context.Context) iter.Seq[Node] {
	r.mu.RLock()
	nodes := make([]Node, len(r.order))
	for i, id := range r.order {
		nodes[i] = r.byID[id]
	}
	sources := r.sources
	r.mu.RUnlock()
	return func(yield func(Node) bool) {
		for _, n := range nodes {
			if !yield(n) {
				return
			}
		}
		for _, s := range sources {
			for _, n := range s.All(ctx) {
				if _, taken := r.Core(n.Schema().ID); !taken && !yield(n) {
					return
				}
			}
		}
	}
}

// Replace registers a replacement; for one old class the first registered wins.
func (r *Registry) Replace(x Replacement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.replaces = append(r.replaces, x)
}

// Replacements lists all replacements in the order of registration. ctx carries the tenant.
func (r *Registry) Replacements(ctx context.Context) []Replacement {
	r.mu.RLock()
	all, sources := append([]Replacement(nil), r.replaces...), r.sources
	r.mu.RUnlock()
	for _, s := range sources {
		all = append(all, s.Replacements(ctx)...)
	}
	return all
}
