package wasmhost

import (
	"sync"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// mostOutward bounds the requests that all calls of a tenant have under way: each is a connection, of which a process has not many.
const mostOutward = 256

// outward counts them.
type outward struct {
	mu sync.Mutex
	of map[tenant.ID]int
}

// take counts one more; false when there are too many. give must follow.
func (o *outward) take(t tenant.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of[t] >= mostOutward {
		return false
	}
	if o.of == nil {
		o.of = map[tenant.ID]int{}
	}
	o.of[t]++
	return true
}

func (o *outward) give(t tenant.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of[t]--; o.of[t] <= 0 {
		delete(o.of, t)
	}
}
