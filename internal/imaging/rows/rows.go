// Package rows spreads loops over the rows of a picture across the cores.
package rows

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// grain is the least work, in values read or written, that is worth a goroutine's turn.
const grain = 1 << 15

// Do calls fn for consecutive ranges [lo, hi) that together cover [0, n), on as many cores as the work is worth, and returns
// when all calls have returned. cost is the number of values that one row reads or writes. fn must not write outside its rows.
// Between ranges it looks at ctx; its error is the only one.
func Do(ctx context.Context, n, cost int, fn func(lo, hi int)) error {
	if n <= 0 {
		return ctx.Err()
	}
	step := max(1, grain/max(1, cost))
	parts := (n + step - 1) / step
	workers := min(runtime.GOMAXPROCS(0), parts)
	var next atomic.Int64
	work := func() {
		for ctx.Err() == nil {
			lo := int(next.Add(1)-1) * step
			if lo >= n {
				return
			}
			fn(lo, min(n, lo+step))
		}
	}
	if workers == 1 {
		work()
		return ctx.Err()
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return ctx.Err()
}
