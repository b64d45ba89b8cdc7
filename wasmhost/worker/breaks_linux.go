package worker

import (
	"maps"
	"strings"
	"time"
)

const (
	// breaksFree is how many workers of a tenant may break before the next has to wait.
	breaksFree = 3
	// breaksFor is how long it is remembered that one did.
	breaksFor = 10 * time.Minute
	// longestWait is the most that a tenant waits for a worker: the first wait is a second, each further one twice as long.
	longestWait = time.Minute
)

// breaks counts the workers of each tenant that ended unasked. To start a process costs much more than a call, so that an extension
// that breaks every one of them would take the machine from the others.
type breaks map[string]broken

type broken struct {
	count int
	last  time.Time
}

// tenantOf is the part of a worker's key that says whose it is.
func tenantOf(key string) string {
	t, _, _ := strings.Cut(key, "\x00")
	return t
}

// note counts a worker that broke.
func (b breaks) note(key string, now time.Time) {
	maps.DeleteFunc(b, func(_ string, x broken) bool { return now.Sub(x.last) > breaksFor })
	x := b[tenantOf(key)]
	b[tenantOf(key)] = broken{x.count + 1, now}
}

// wait is how long no worker may be started for a key.
func (b breaks) wait(key string, now time.Time) time.Duration {
	x := b[tenantOf(key)]
	if x.count < breaksFree || now.Sub(x.last) > breaksFor {
		return 0
	}
	pause := min(time.Second<<min(x.count-breaksFree, 10), longestWait)
	return max(pause-now.Sub(x.last), 0)
}
