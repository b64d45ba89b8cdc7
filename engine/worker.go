package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

// idlePoll is how often a worker looks for jobs that nobody told it of: those whose lease ran out, or of another process.
const idlePoll = time.Second

// work takes jobs and runs them, one after another, until ctx ends.
func (e *Engine) work(ctx context.Context, i int) {
	name := fmt.Sprintf("%s/%d", uuid.NewString(), i)
	for ctx.Err() == nil {
		ok := e.next(ctx, name)
		e.freeIfAsked(ctx)
		if !ok {
			e.idle(ctx)
		}
	}
}

// next takes one job and runs it; false when there was none to take.
func (e *Engine) next(ctx context.Context, worker string) bool {
	if !e.begin() {
		return false
	}
	defer e.end()
	l, ok, err := e.c.Store.Claim(ctx, worker, e.c.Lease)
	if err != nil && ctx.Err() == nil {
		zerolog.Ctx(ctx).Error().Err(err).Msg("no job can be claimed")
	}
	if err != nil || !ok {
		return false
	}
	e.nudge() // there may be more, for other workers
	e.serve(ctx, l)
	return true
}

func (e *Engine) idle(ctx context.Context) {
	timer := time.NewTimer(idlePoll)
	defer timer.Stop()
	select {
	case <-e.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// freeIfAsked gives memory back when a client wanted that.
func (e *Engine) freeIfAsked(ctx context.Context) {
	e.mu.Lock()
	unload, release := e.unload, e.release
	e.unload, e.release = false, false
	e.mu.Unlock()
	if unload {
		e.c.Free(ctx)
	}
	if release {
		e.cache.clear()
	}
}

// serve runs one job under its lease.
func (e *Engine) serve(ctx context.Context, l Lease) {
	log := zerolog.Ctx(ctx).With().Str("prompt_id", l.Job.PromptID).Logger()
	r := e.newRun(log.WithContext(ctx), l)
	defer r.cancel(errOver)
	e.mu.Lock()
	e.runs[r] = struct{}{}
	e.mu.Unlock()
	beating := e.beat(r)
	e.status(ctx, l.Job.Tenant)
	o, handBack := e.carryOut(r)
	r.current.Store(nil)
	e.mu.Lock()
	delete(e.runs, r)
	e.mu.Unlock()
	// From here on nothing may stop the job from being put down.
	ctx = context.WithoutCancel(ctx)
	switch {
	case errors.Is(context.Cause(r.ctx), errLost):
		log.Warn().Msg("job lost to another worker")
	case handBack:
		if err := e.c.Store.Release(ctx, l); err != nil {
			log.Error().Err(err).Msg("job not handed back")
		}
	default:
		e.putDown(ctx, &log, r, o)
	}
	beating()
	e.status(ctx, l.Job.Tenant)
	r.guarded("executing", doc.Of("node", nil, "prompt_id", l.Job.PromptID))
	state := stateWords[o.State]
	if handBack {
		state = "handed back"
	}
	log.Info().Dur("took", time.Duration(o.Finished-o.Started)*time.Millisecond).Str("state", state).Msg("prompt done")
}

// stateWords are what logs say of a State.
var stateWords = [...]string{Pending: "pending", Running: "running", Completed: "completed", Failed: "failed", Cancelled: "cancelled"}

// carryOut runs the job; handBack tells that it was stopped because the server stops.
func (e *Engine) carryOut(r *run) (o Outcome, handBack bool) {
	if err := r.load(); err != nil {
		return r.hopeless(err), false
	}
	for _, path := range r.lease.Reserved {
		if err := e.c.Discard(path); err != nil {
			zerolog.Ctx(r.ctx).Warn().Err(err).Msg("file of a lost attempt stays")
		}
	}
	if r.job.Attempts > e.c.Attempts {
		return r.hopeless(fmt.Errorf("the job was begun %d times and its worker died each time", r.job.Attempts-1)), false
	}
	defer func() {
		if p := recover(); p != nil {
			zerolog.Ctx(r.ctx).Error().Interface("panic", p).Msg("the engine broke")
			o = r.hopeless(newPanicked(p))
		}
	}()
	o = r.perform()
	return o, o.State != Completed && r.serverStops()
}

// serverStops reports whether the run was stopped from outside, and nobody wanted it stopped in particular.
func (r *run) serverStops() bool {
	switch cause := context.Cause(r.ctx); cause {
	case nil, errInterrupted, errLost, errOver:
		return false
	}
	return true
}

// hopeless is the outcome of a job that cannot be run at all.
func (r *run) hopeless(err error) Outcome {
	if r.started == 0 {
		r.started = r.e.c.Now().UnixMilli()
	}
	if r.extra == nil {
		r.extra = &doc.Object{}
	}
	if r.prompt == nil {
		r.prompt = &doc.Object{}
	}
	f := &failure{node: &vertex{}, err: err}
	if r.prompt.Len() > 0 {
		f.node = r.firstNode()
	}
	r.report(f)
	return r.outcome(f)
}

// putDown writes the outcome, trying again while the store cannot: a disk may be full for a while.
func (e *Engine) putDown(ctx context.Context, log *zerolog.Logger, r *run, o Outcome) {
	pause := 50 * time.Millisecond
	for {
		err := e.c.Store.Finish(ctx, r.lease, o)
		if err == nil {
			e.tally.add(&o)
			return
		}
		if fault.CodeOf(err) == fault.Conflict {
			log.Warn().Err(err).Msg("job lost to another worker")
			return
		}
		log.Error().Err(err).Msg("the job's end cannot be written")
		select {
		case <-time.After(pause):
			pause = min(2*pause, 5*time.Second)
		case <-e.stopping:
			return // the job is run again after the next start
		}
	}
}

// beat keeps a job's lease alive until the returned function is called.
func (e *Engine) beat(r *run) (stop func()) {
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		tick := time.NewTicker(e.c.Lease / 3)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			cancel, err := e.c.Store.Beat(context.WithoutCancel(r.ctx), r.lease, e.c.Lease)
			switch {
			case fault.CodeOf(err) == fault.Conflict:
				r.cancel(errLost)
			case cancel:
				r.interrupt()
			}
		}
	}()
	return func() {
		close(done)
		<-finished
	}
}
