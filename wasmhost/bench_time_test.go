package wasmhost

import (
	"slices"
	"testing"
	"time"
)

// perCall measures f in batches of a few hundred microseconds and reports the middle one as µs/call, and the best as best-µs:
// other work of the machine is in most of the seconds of a benchmark, and in few of its batches.
func perCall(b *testing.B, f func() error) {
	b.Helper()
	batch := func(n int) time.Duration {
		from := time.Now()
		for range n {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(from)
	}
	for range 3 { // what the first calls make
		batch(1)
	}
	const long = 200 * time.Microsecond
	n := 1
	for n < 1<<14 && batch(n) < long {
		n *= 2
	}
	var all []float64
	for b.Loop() {
		all = append(all, float64(batch(n).Nanoseconds())/float64(n)/1000)
	}
	slices.Sort(all)
	b.ReportMetric(all[len(all)/2], "µs/call")
	b.ReportMetric(all[0], "best-µs")
	b.ReportMetric(0, "ns/op") // of a batch
}
