// Package quota bounds how many prompts a tenant has in a job store.
package quota

import (
	"context"
	"sync"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Store is a job store that takes no more than so many prompts of each tenant.
type Store struct {
	engine.Store
	limit int

	mu     sync.Mutex // guards the rest
	coming map[tenant.ID]int
}

// New bounds a store to limit pending and running prompts a tenant.
func New(s engine.Store, limit int) *Store {
	return &Store{Store: s, limit: limit, coming: map[tenant.ID]int{}}
}

// Put implements engine.Queue. Errors, besides the store's: fault.TooMany.
func (s *Store) Put(ctx context.Context, j engine.Job) (int64, error) {
	if !s.enter(j.Tenant) {
		return 0, fault.New(fault.TooMany, "you have %d prompts in the queue, and may have no more; wait until some are done", s.limit)
	}
	defer s.leave(j.Tenant)
	return s.Store.Put(ctx, j)
}

// enter counts a prompt on its way in; false when there is no room for it.
func (s *Store) enter(t tenant.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !tenant.Room(int64(s.Active(t)+s.coming[t]), 1, int64(s.limit)) {
		return false
	}
	s.coming[t]++
	return true
}

func (s *Store) leave(t tenant.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.coming[t]--; s.coming[t] == 0 {
		delete(s.coming, t)
	}
}
