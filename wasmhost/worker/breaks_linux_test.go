package worker

import (
	"testing"
	"time"
)

// TestBreaks: workers that break are replaced at once a few times, then after longer and longer; other tenants do not wait, and in the
// end it is forgotten.
func TestBreaks(t *testing.T) {
	now := time.Unix(1000, 0)
	b := breaks{}
	for i, want := range []time.Duration{0, 0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute} {
		if b.note("a\x00job", now); b.wait("a", now) != want || b.wait("a\x00other job", now) != want {
			t.Errorf("after %d: %v, want %v", i+1, b.wait("a", now), want)
		}
	}
	if b.wait("b", now) != 0 || b.wait("", now) != 0 {
		t.Error("another tenant waits")
	}
	if got := b.wait("a", now.Add(59*time.Second)); got != time.Second {
		t.Errorf("before the end of the wait: %v", got)
	}
	if b.wait("a", now.Add(time.Minute)) != 0 {
		t.Error("the wait does not end")
	}
	later := now.Add(breaksFor + time.Second)
	if b.note("b", later); len(b) != 1 || b.wait("a", later) != 0 {
		t.Errorf("%v is remembered", b)
	}
	for range 100 {
		b.note("b", later)
	}
	if b.wait("b", later) != longestWait {
		t.Errorf("%v", b.wait("b", later))
	}
}
