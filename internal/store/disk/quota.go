package disk

import (
	"io"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// perEntry is what a file or folder takes besides its bytes, so that nobody fills a disk with empty ones.
const perEntry = 4096

// remeasure is how often, at most, a full quota looks at the disk again.
const remeasure = 10 * time.Second

// quota bounds what files take together. A nil quota is none. It counts what is written and removed; files that went or came
// by other ways are seen when it is about to refuse.
type quota struct {
	limit   int64
	measure func() int64

	mu     sync.Mutex // guards the rest
	used   int64
	staged int64     // of that, what is being written
	at     time.Time // of the last measure
}

// take makes room for n bytes. Errors: fault.DiskFull.
func (q *quota) take(n int64) error {
	if q == nil || n <= 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.look(q.at.IsZero())
	if !tenant.Room(q.used, n, q.limit) {
		q.look(true)
	}
	if !tenant.Room(q.used, n, q.limit) {
		return fault.New(fault.DiskFull, "this does not fit: your files take %d of the %d bytes that you may have; delete some", q.used-q.staged, q.limit)
	}
	q.used += n
	return nil
}

// look measures, unless that was done just now. q.mu is held.
func (q *quota) look(wanted bool) {
	if wanted && time.Since(q.at) > remeasure {
		q.used, q.at = q.measure()+q.staged, time.Now()
	}
}

// give takes n bytes off.
func (q *quota) give(n int64) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used = max(q.used-n, 0)
}

func (q *quota) remaining() (int64, bool) {
	if q == nil {
		return 0, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.look(q.at.IsZero())
	return max(q.limit-q.used, 0), true
}

// stage notes that n of the bytes taken are being written, or with a minus no longer.
func (q *quota) stage(n int64) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.staged += n
}

// metered is a writer that takes from a quota before it writes.
type metered struct {
	w     io.Writer
	q     *quota
	taken int64
}

// Write takes and writes.
func (m *metered) Write(b []byte) (int, error) {
	if err := m.q.take(int64(len(b))); err != nil {
		return 0, err
	}
	m.taken += int64(len(b))
	m.q.stage(int64(len(b)))
	return m.w.Write(b)
}

// writer is what to write to: without a quota the file itself, which knows faster ways.
func (m *metered) writer() io.Writer {
	if m.q == nil {
		return m.w
	}
	return m
}
