package engine

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Why a run ends before its time.
var (
	errInterrupted = errors.New("interrupted")
	errStopping    = errors.New("the server stops")
	errLost        = errors.New("another worker has the job")
	errOver        = errors.New("the run is over") // what is left of it need not go on
)

// run is the running of one job.
type run struct {
	e      *Engine
	lease  Lease
	job    Job
	client string
	ctx    context.Context
	cancel context.CancelCauseFunc

	g          *graph
	prompt     *doc.Object // as submitted, with what fingerprints add
	extra      *doc.Object
	secrets    *doc.Object
	sign       *signer
	generation int64
	sched      *schedule
	progress   *progress
	caller     *caller

	ui       []uiResult
	uiOf     map[string]int // index into ui
	executed []string
	ran      map[*vertex]bool
	messages []any
	parked   map[*vertex]*parked
	grown    map[*vertex][]outcome // results of nodes that expanded
	turns    map[*vertex]int       // how often a node asked for lazy inputs
	plans    map[*vertex]*loopPlan
	turning  map[*vertex]*loopState
	pulls    *pulls
	tasks    sync.WaitGroup // calls of asynchronous nodes
	arrived  chan *pending  // whose calls have all returned
	expanded int
	current  atomic.Pointer[string]
	started  int64
}

// uiResult is a UI that a node showed in this run.
type uiResult struct {
	node   string
	*shown                 // as the node made it, which is what is cached
	sent   json.RawMessage // as clients of this run see it
}

func (e *Engine) newRun(ctx context.Context, l Lease) *run {
	r := &run{e: e, lease: l, job: l.Job, uiOf: map[string]int{}, ran: map[*vertex]bool{}, parked: map[*vertex]*parked{},
		grown: map[*vertex][]outcome{}, turns: map[*vertex]int{}, plans: map[*vertex]*loopPlan{}, turning: map[*vertex]*loopState{}, pulls: newPulls(), arrived: make(chan *pending, 64)}
	r.ctx, r.cancel = context.WithCancelCause(tenant.With(ctx, l.Job.Tenant))
	return r
}

func (r *run) interrupt() { r.cancel(errInterrupted) }

// load reads the job's documents. What cannot be read was written by another version of the server.
func (r *run) load() error {
	var err error
	if r.extra, err = doc.ParseObject(r.job.Extra, r.e.c.Limits); err != nil {
		return err
	}
	if r.job.Secrets != nil {
		if r.secrets, err = doc.ParseObject(r.job.Secrets, r.e.c.Limits); err != nil {
			return err
		}
	}
	id, _ := r.extra.Get("client_id")
	r.client, _ = id.(string)
	r.prompt, err = r.e.parsePrompt(r.job.Prompt)
	return err
}

// perform runs the job to its end and gives the outcome.
func (r *run) perform() Outcome {
	r.started = r.e.c.Now().UnixMilli()
	r.sign = newSigner(r)
	r.note("execution_start", doc.Of("prompt_id", r.job.PromptID), false)
	failure := r.execute()
	if failure != nil {
		r.report(failure)
		if failure.isOOM() {
			r.e.c.Free(r.ctx)
		}
	} else {
		r.intermediates()
		r.note("execution_success", doc.Of("prompt_id", r.job.PromptID), false)
	}
	return r.outcome(failure)
}

func (r *run) execute() *failure {
	g, missing := newGraph(r.ctx, r.e.c.Registry, r.prompt)
	if missing != nil {
		return &failure{node: r.firstNode(), err: errors.New(missing.Message)}
	}
	if f := inputsThere(g); f != nil {
		return f
	}
	g.findLoops()
	r.g, r.sign.g = g, g
	r.progress, r.sched = newProgress(r), newSchedule(r)
	r.caller = newCaller(r.e)
	defer r.caller.close()
	for _, v := range g.order {
		r.sign.key(v)
	}
	r.e.cache.begin(r)
	defer r.e.cache.end(r)
	r.announceCached()
	for _, id := range r.job.Outputs {
		if v, ok := g.get(id); ok && !v.looped {
			if err := r.sched.add(v); err != nil {
				return r.fail(v, err, nil)
			}
		}
	}
	f := r.loop()
	if f != nil {
		r.cancel(errOver)
	}
	r.awaitTasks()
	return f
}

// inputsThere gives nodes that nobody validated the inputs they lack.
func inputsThere(g *graph) *failure {
	for _, v := range g.order {
		if v.inputs == nil {
			v.inputs = &doc.Object{}
		}
	}
	return nil
}

func (r *run) firstNode() *vertex {
	id, _ := r.prompt.At(0)
	return &vertex{id: id, realID: id}
}

func (r *run) announceCached() {
	nodes := []string{}
	for _, v := range r.g.order {
		if r.lookup(v) != nil {
			nodes = append(nodes, v.id)
		}
	}
	r.note("execution_cached", doc.Of("nodes", nodes, "prompt_id", r.job.PromptID), false)
}

// loop runs ready nodes until nothing is left.
func (r *run) loop() *failure {
	for !r.sched.empty() {
		r.collect()
		if f := r.serve(); f != nil {
			return f
		}
		p := r.sched.next()
		if p == nil {
			if r.sched.outside > 0 {
				if f := r.wait(); f != nil {
					return f
				}
				continue
			}
			return r.stuck()
		}
		done, f := r.step(p)
		if f != nil {
			return f
		}
		if done {
			r.sched.finish(p)
		}
		r.e.cache.relieve()
	}
	return nil
}

// collect takes note of asynchronous nodes whose calls have returned.
func (r *run) collect() {
	for {
		select {
		case p := <-r.arrived:
			r.sched.resume(p)
		default:
			return
		}
	}
}

// wait waits for an asynchronous node: for its result, or for what it asks.
func (r *run) wait() *failure {
	if r.pulls.dead(r.parked) {
		return r.stuck()
	}
	select {
	case <-r.pulls.came:
		return nil
	case p := <-r.arrived:
		r.sched.resume(p)
		return nil
	case <-r.ctx.Done():
		for v := range r.parked {
			return r.fail(v, context.Cause(r.ctx), nil)
		}
		return r.fail(r.g.order[0], context.Cause(r.ctx), nil)
	}
}

// stuck is the failure of a graph whose rest waits for itself.
func (r *run) stuck() *failure {
	cycle := r.sched.stuck()
	v, id := r.g.order[0], ""
	for i, p := range cycle {
		if i == 0 {
			v, id = p.v, p.v.id
		}
		if p.v.shownID != p.v.id {
			v, id = p.v, p.v.shownID
			break
		}
	}
	if shown, ok := r.g.get(id); ok {
		v = shown
	}
	return &failure{node: v, err: errCycle, cycle: true}
}

func (r *run) lookup(v *vertex) *entry { return r.e.cache.get(r, v) }

func (r *run) cached(v *vertex) bool { return r.lookup(v) != nil }

// intermediates reports cached nodes again that show unfinished work.
func (r *run) intermediates() {
	for _, v := range r.g.order {
		if !v.schema.Intermediate || r.ran[v] {
			continue
		}
		if e := r.lookup(v); e != nil {
			r.replay(v, e)
		}
	}
}

// replay reports a result that came from the cache.
func (r *run) replay(v *vertex, e *entry) {
	var output any
	if e.ui != nil {
		output = r.show(v.id, e.ui)
	}
	r.guarded("executed", doc.Of("node", v.id, "display_node", v.shownID, "output", output, "prompt_id", r.job.PromptID))
}

// show enters a UI into the job's results and gives it as clients see it.
func (r *run) show(id string, s *shown) json.RawMessage {
	u := uiResult{id, s, r.e.c.Present(r.ctx, r.job.PromptID, s.ui)}
	if i, ok := r.uiOf[id]; ok {
		r.ui[i] = u
		return u.sent
	}
	r.uiOf[id] = len(r.ui)
	r.ui = append(r.ui, u)
	return u.sent
}

// outcome writes down how the job ended.
func (r *run) outcome(f *failure) Outcome {
	o := Outcome{State: Completed, Started: r.started, Finished: r.e.c.Now().UnixMilli()}
	status := "success"
	if f != nil {
		o.State, status = Failed, "error"
		if f.interrupted() {
			o.State = Cancelled
		}
	}
	outputs, meta := &doc.Object{}, &doc.Object{}
	for _, u := range r.ui {
		outputs.Set(u.node, u.sent)
		meta.Set(u.node, u.meta)
	}
	o.Outputs, o.Meta = doc.Encode(outputs), doc.Encode(meta)
	o.Status = doc.Encode(doc.Of("status_str", status, "completed", f == nil, "messages", r.messages))
	return o
}

// note records an event in the job's history and sends it; broadcast also when no client asked for the job.
func (r *run) note(kind string, data *doc.Object, broadcast bool) {
	data.Set("timestamp", r.e.c.Now().UnixMilli())
	text := doc.Encode(data)
	r.messages = append(r.messages, []any{kind, text})
	if r.client != "" || broadcast {
		r.tell(kind, text)
	}
}

// guarded sends an event only if a client asked for the job.
func (r *run) guarded(kind string, data *doc.Object) {
	if r.client != "" {
		r.tell(kind, doc.Encode(data))
	}
}

// tell sends an event to the client that asked, or to all when none did.
func (r *run) tell(kind string, data json.RawMessage) {
	r.publish(Event{ClientID: r.client, Type: kind, Data: data})
}

func (r *run) publish(e Event) {
	e.Tenant, e.PromptID = r.job.Tenant, r.job.PromptID
	r.e.c.Bus.Publish(r.ctx, e)
}
