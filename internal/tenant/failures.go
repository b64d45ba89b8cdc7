package tenant

import "time"

// Failures counts wrong keys by who sent them, and says who has to wait. The zero Failures is ready for use; it is not safe
// for concurrent use.
type Failures struct {
	seen  map[string]failures
	swept time.Time // when the askers whose time is over were dropped
}

type failures struct {
	n     int
	since time.Time
}

// How many wrong keys are heard in a while, and how many askers are remembered.
const (
	maxFailures = 20
	failWindow  = time.Minute
	maxAskers   = 10_000
)

// Wait is how long an asker has to wait before another key of theirs is looked at; 0 for not at all.
func (f *Failures) Wait(asker string, now time.Time) time.Duration {
	e := f.seen[asker]
	if left := failWindow - now.Sub(e.since); e.n >= maxFailures && left > 0 {
		return left
	}
	return 0
}

// Add counts a wrong key.
func (f *Failures) Add(asker string, now time.Time) {
	if f.seen == nil {
		f.seen = map[string]failures{}
	}
	e := f.seen[asker]
	if now.Sub(e.since) >= failWindow {
		e = failures{since: now}
	}
	e.n++
	f.seen[asker] = e
	if len(f.seen) > maxAskers {
		f.forget(now)
	}
}

// forget drops the askers whose time is over, once in a while, and if that is not enough, any.
func (f *Failures) forget(now time.Time) {
	all := now.Sub(f.swept) >= failWindow
	if all {
		f.swept = now
	}
	for a, e := range f.seen {
		switch {
		case all && now.Sub(e.since) >= failWindow:
			delete(f.seen, a)
		case len(f.seen) > maxAskers:
			delete(f.seen, a)
		case !all:
			return
		}
	}
}
