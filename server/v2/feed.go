package v2

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Feed remembers what running jobs tell, for those who ask later, and wakes those who follow one. It is an engine.Bus: it is to
// be told every event. What it keeps of an event is the event itself; it is read when somebody asks.
type Feed struct {
	mu       sync.Mutex // guards the rest
	runs     map[runKey]*run
	order    []runKey // of runs, oldest first
	gone     map[runKey]int64
	goneList []runKey
	watchers map[*watcher]struct{}
}

type runKey struct {
	tenant tenant.ID
	job    string
}

// run is what a job has told so far.
type run struct {
	started  int64           // Unix ms; 0 before it starts
	cached   json.RawMessage // data of the event execution_cached
	progress json.RawMessage // data of the last event progress_state
	executed []json.RawMessage
	preview  *node.Preview
	of       string // the preview's node
	previews int
	ended    bool
	stopping bool
}

type watcher struct {
	key  runKey
	wake chan struct{}
}

// Bounds on what is remembered.
const (
	maxRuns     = 1024
	maxGone     = 10_000
	maxExecuted = 10_000 // outputs of one job
)

// NewFeed makes a Feed that has heard nothing.
func NewFeed() *Feed {
	return &Feed{runs: map[runKey]*run{}, gone: map[runKey]int64{}, watchers: map[*watcher]struct{}{}}
}

// Publish takes an event in.
func (f *Feed) Publish(_ context.Context, e engine.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := runKey{e.Tenant, e.PromptID}
	if e.PromptID != "" {
		f.note(k, e)
	}
	for w := range f.watchers {
		if w.key == k || e.PromptID == "" && e.Type == "status" && w.key.tenant == e.Tenant {
			w.nudge()
		}
	}
}

func (f *Feed) note(k runKey, e engine.Event) {
	r := f.run(k)
	if e.Preview != nil {
		if e.Preview.Form == engine.FramePicture {
			r.preview, r.of, r.previews = e.Preview.Picture, e.Preview.Meta.DisplayNodeID, r.previews+1
		}
		return
	}
	switch e.Type {
	case "execution_start":
		var at struct {
			Timestamp int64 `json:"timestamp"`
		}
		_ = json.Unmarshal(e.Data, &at) // our own JSON
		*r = run{started: at.Timestamp}
	case "execution_cached":
		r.cached = e.Data
	case "progress_state":
		r.progress = e.Data
	case "executed":
		if len(r.executed) < maxExecuted {
			r.executed = append(r.executed, e.Data)
		}
	case "execution_success", "execution_error", "execution_interrupted":
		r.ended, r.preview = true, nil
	}
}

// run finds a job's run, or begins one and forgets the oldest.
func (f *Feed) run(k runKey) *run {
	r := f.runs[k]
	if r == nil {
		r = &run{}
		f.runs[k] = r
		if f.order = append(f.order, k); len(f.order) > maxRuns {
			delete(f.runs, f.order[0])
			f.order = f.order[1:]
		}
	}
	return r
}

// of gives what a job has told; ok is false when it has told nothing.
func (f *Feed) of(k runKey) (run, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.runs[k]
	if r == nil {
		return run{}, false
	}
	c := *r
	c.executed = append([]json.RawMessage(nil), r.executed...)
	return c, true
}

// stop remembers that a running job was asked to stop.
func (f *Feed) stop(k runKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.run(k).stopping = true
}

// drop remembers that a job was taken out of the queue before it ran, of which nothing else tells afterwards.
func (f *Feed) drop(k runKey, created int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.gone[k]; !ok {
		if f.goneList = append(f.goneList, k); len(f.goneList) > maxGone {
			delete(f.gone, f.goneList[0])
			f.goneList = f.goneList[1:]
		}
	}
	f.gone[k] = created
	for w := range f.watchers {
		if w.key == k {
			w.nudge()
		}
	}
}

// dropped tells whether a job was taken out, and when it had been made (Unix ms).
func (f *Feed) dropped(k runKey) (created int64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	created, ok = f.gone[k]
	return created, ok
}

// watch wakes its channel when something may be new of a job; stop ends it.
func (f *Feed) watch(k runKey) (wake <-chan struct{}, stop func()) {
	w := &watcher{k, make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers[w] = struct{}{}
	return w.wake, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watchers, w)
	}
}

func (w *watcher) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
