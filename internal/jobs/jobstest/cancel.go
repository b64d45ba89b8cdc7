package jobstest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
)

// hastily calls fn n times, each time with a context that ends at another moment while fn is at work.
func hastily(t *testing.T, n int, fn func(ctx context.Context, i int)) {
	took := 500 * time.Microsecond // of a call that is let alone, as far as is known
	for i := range n {
		ctx, cancel := context.WithCancel(t.Context())
		stop := time.AfterFunc(took*time.Duration(i%20)/16, cancel)
		begun := time.Now()
		fn(ctx, i)
		if ctx.Err() == nil {
			took = (took + time.Since(begun)) / 2
		}
		stop.Stop()
		cancel()
	}
}

// cancelled checks that a call which was given up did all or nothing, in the file and in the counts.
func cancelled(t *testing.T, make Maker) {
	s, _ := make(t)
	agree := func(what string) (pending int) {
		t.Helper()
		r, p := list(t, s, "")
		want(t, what, s.Active(""), len(r)+len(p))
		return len(p)
	}
	const n = 200
	hastily(t, n, func(ctx context.Context, i int) { _, _ = s.Put(ctx, job("", fmt.Sprint(i), 0)) })
	put(t, s, job("", "last", 0))
	agree("counted after hasty puts")
	hastily(t, n/2, func(ctx context.Context, i int) { _, _ = s.Remove(ctx, "", []string{fmt.Sprint(i)}) })
	there := agree("counted after hasty removals")
	var leases []engine.Lease
	hastily(t, n/4, func(ctx context.Context, _ int) {
		if l, ok, err := s.Claim(ctx, "w", time.Hour); err == nil && ok {
			leases = append(leases, l)
		}
	})
	agree("counted after hasty claims")
	want(t, "jobs that can be claimed", len(leases)+len(claimAll(t, s)), there)
	hastily(t, len(leases), func(ctx context.Context, i int) {
		if i%2 == 0 {
			_ = s.Release(ctx, leases[i])
		} else {
			_ = s.Finish(ctx, leases[i], done())
		}
	})
	agree("counted after hasty ends")
}
