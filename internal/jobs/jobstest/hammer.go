package jobstest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// hammer checks that many at once lose nothing and get nothing twice.
func hammer(t *testing.T, make Maker) {
	s, _ := make(t)
	const writers, workers, each = 4, 4, 25
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				if _, err := s.Put(context.Background(), job(tenant.ID(fmt.Sprint(w%2)), fmt.Sprintf("%d-%d", w, i), float64(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	seen := map[string]int{}
	for range workers {
		group.Go(func() {
			for {
				l, ok, err := s.Claim(context.Background(), "w", time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				n := len(seen)
				if ok {
					seen[string(l.Job.Tenant)+l.Job.PromptID]++
				}
				mu.Unlock()
				if n == writers*each {
					return
				}
				if ok {
					if err := s.Finish(context.Background(), l, done()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("job %s was claimed %d times", id, n)
		}
	}
	want(t, "active", s.Active("0")+s.Active("1"), 0)
}

// found puts jobs while others claim from a queue that is just running empty: whatever is there must be found afterwards.
func found(t *testing.T, make Maker) {
	s, _ := make(t)
	const rounds, puts, workers = 100, 3, 3
	for round := range rounds {
		var group sync.WaitGroup
		var mu sync.Mutex
		claimed := 0
		for i := range puts {
			group.Go(func() {
				if _, err := s.Put(context.Background(), job("", fmt.Sprintf("%d-%d", round, i), 0)); err != nil {
					t.Error(err)
				}
			})
		}
		for range workers {
			group.Go(func() {
				_, ok, err := s.Claim(context.Background(), "w", time.Hour)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if ok {
					claimed++
				}
			})
		}
		group.Wait()
		if got := claimed + len(claimAll(t, s)); got != puts {
			t.Fatalf("round %d: %d of %d jobs were found", round, got, puts)
		}
	}
}
