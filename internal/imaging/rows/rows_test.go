package rows

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDoCoversEveryRowOnce(t *testing.T) {
	for _, row := range []struct{ n, cost int }{{0, 1}, {1, 1}, {7, 1}, {1000, 1 << 20}, {100_000, 10}, {3, 0}} {
		seen := make([]atomic.Int32, row.n)
		err := Do(t.Context(), row.n, row.cost, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				seen[i].Add(1)
			}
		})
		if err != nil {
			t.Errorf("%v: %v", row, err)
		}
		for i := range seen {
			if got := seen[i].Load(); got != 1 {
				t.Fatalf("%v: row %d seen %d times", row, i, got)
			}
		}
	}
}

func TestDoStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int32
	err := Do(ctx, 10_000, 1<<20, func(lo, hi int) {
		calls.Add(1)
		cancel()
	})
	if !errors.Is(err, context.Canceled) || calls.Load() > 1000 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}
