package server

import (
	"sync"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// maxTenants is of how many tenants what is made for them is kept.
const maxTenants = 64

// recent keeps a T for each of the tenants that asked last.
type recent[T any] struct {
	mu     sync.Mutex // guards the rest
	all    map[tenant.ID]*visited[T]
	visits uint64
}

// visited is what one tenant has, and the visit that was the last.
type visited[T any] struct {
	it   T
	last uint64
}

// of finds a tenant's, or makes it in the place of the one that was asked for longest ago.
func (r *recent[T]) of(t tenant.ID) *T {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[tenant.ID]*visited[T]{}
	}
	v := r.all[t]
	if v == nil {
		if len(r.all) >= maxTenants {
			var oldest tenant.ID
			first := true
			for id, o := range r.all {
				if first || o.last < r.all[oldest].last {
					oldest, first = id, false
				}
			}
			delete(r.all, oldest)
		}
		v = &visited[T]{}
		r.all[t] = v
	}
	r.visits++
	v.last = r.visits
	return &v.it
}
