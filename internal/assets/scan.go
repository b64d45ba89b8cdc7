package assets

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// How much of a reference is known.
const (
	levelStub = 0 // the file was seen
	levelSeen = 1 // its beginning was read; it was too large to hash
	levelDone = 2 // its content was read
)

// Disk is where the files of an owner lie.
type Disk interface {
	// Walk gives the files of a kind that people may see. It stops at each's first error.
	Walk(ctx context.Context, kind string, each func(File) error) error
	// Open opens one.
	Open(f File) (*os.File, error)
	// Describe tells what the content is: its type and an object of metadata, nil for none.
	Describe(f File, content *os.File) (mime string, system json.RawMessage)
}

// State is what a scanner does.
type State string

// The states. Compat.
const (
	Idle       State = "IDLE"
	Running    State = "RUNNING"
	Paused     State = "PAUSED"
	Cancelling State = "CANCELLING"
)

// Progress is how far a scan is.
type Progress struct {
	Scanned int `json:"scanned"`
	Total   int `json:"total"`
	Created int `json:"created"`
	Skipped int `json:"skipped"` // those that were known
}

// Status is a scanner at one moment.
type Status struct {
	State    State
	Progress *Progress // of the scan, or of the last one; nil before the first
	Errors   []string
}

// Scan is what a scan is made of.
type Scan struct {
	Disk  Disk
	Kinds []string // that are looked through
	// MaxHash bounds, in bytes, the files whose content is hashed; 0 is no bound. Larger ones are known by their place alone.
	MaxHash int64
	// Emit tells of an event; nil tells nobody.
	Emit func(event string, data any)
	// Busy reports whether the machine has better things to do; the scan waits as long. nil is never.
	Busy func() bool
}

// Scanner brings an owner's references up to date with the disk, in the background, one scan at a time.
type Scanner struct {
	c     *Catalogue
	owner tenant.ID

	mu       sync.Mutex // guards the rest
	state    State
	progress *Progress
	errors   []string
	cancel   context.CancelFunc // of the scan; nil while there is none
	done     chan struct{}      // closed when the scan has ended; nil before the first
}

// Scanner is the scanner of an owner.
func (c *Catalogue) Scanner(owner tenant.ID) *Scanner {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.scanners[owner]
	if s == nil {
		s = &Scanner{c: c, owner: owner, state: Idle}
		c.scanners[owner] = s
	}
	return s
}

// Start begins a scan; false when one is running, or the catalogue is closed. Catalogue.Close waits for its end.
func (s *Scanner) Start(scan Scan) bool {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.closed || s.state != Idle {
		return false
	}
	if scan.Emit == nil {
		scan.Emit = func(string, any) {}
	}
	if scan.Busy == nil {
		scan.Busy = func() bool { return false }
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.state, s.progress, s.errors, s.cancel, s.done = Running, &Progress{}, nil, cancel, make(chan struct{})
	w := &work{s: s, Scan: scan, began: time.Now(), told: time.Now()}
	go func() {
		defer close(s.done)
		defer cancel()
		w.run(ctx)
	}()
	return true
}

// Status tells how far the scan is.
func (s *Scanner) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{State: s.state, Errors: append([]string{}, s.errors...)}
	if s.progress != nil {
		p := *s.progress
		st.Progress = &p
	}
	return st
}

// Cancel asks the scan to stop; false when there is none.
func (s *Scanner) Cancel() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel == nil || s.state != Running && s.state != Paused {
		return false
	}
	s.state = Cancelling
	s.cancel()
	return true
}

// Wait waits for the scan's end, or for ctx.
func (s *Scanner) Wait(ctx context.Context) {
	s.mu.Lock()
	done := s.done
	s.mu.Unlock()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Prune marks the references whose file is not there any more, or lies in a folder that is none of the disk's. Errors:
// fault.Conflict while a scan runs.
func (s *Scanner) Prune(ctx context.Context, d Disk) (marked int, err error) {
	s.mu.Lock()
	if s.state != Idle {
		s.mu.Unlock()
		return 0, fault.New(fault.Conflict, "a scan is running")
	}
	s.state = Running
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.state = Idle
	}()
	list, err := find(ctx, s.c.read, "WHERE r.owner = ? AND r.kind IS NOT NULL AND r.deleted = 0 AND r.missing = 0", s.owner)
	if err != nil {
		return 0, err
	}
	var gone []string
	for i := range list {
		f, err := d.Open(list[i].File)
		if err != nil {
			gone = append(gone, list[i].ID)
			continue
		}
		f.Close()
	}
	return len(gone), s.c.MarkMissing(ctx, s.owner, gone...)
}

// set changes what Status tells.
func (s *Scanner) set(fn func(p *Progress)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn(s.progress)
}

// maxErrors bounds how many errors of a scan are kept.
const maxErrors = 100

func (s *Scanner) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errors) < maxErrors && !slices.Contains(s.errors, err.Error()) {
		s.errors = append(s.errors, err.Error())
	}
}
