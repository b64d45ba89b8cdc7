package engine

import (
	"context"
	"fmt"
	"runtime"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// outcome is what one call of a node gave.
type outcome struct {
	reply   node.Reply
	outputs []any // after blockers were spread; nil when there are none
	has     bool  // outputs are there, if maybe empty
	err     error
}

// step brings a node one step further; done tells that its result is there.
func (r *run) step(p *pending) (done bool, f *failure) {
	v := p.v
	if e := r.lookup(v); e != nil {
		r.replay(v, e)
		r.progress.finish(v)
		r.sched.deliver(v, e)
		return true, nil
	}
	if v.start != nil {
		return r.turn(p)
	}
	if w, ok := r.parked[v]; ok {
		delete(r.parked, v)
		return r.conclude(p, nil, w.results)
	}
	if results, ok := r.grown[v]; ok {
		delete(r.grown, v)
		return r.gather(p, results)
	}
	return r.begin(p)
}

// begin stages a node: tells that it runs, asks for lazy inputs, and calls it.
func (r *run) begin(p *pending) (bool, *failure) {
	v := p.v
	r.progress.start(v)
	frm, err := r.g.forms.of(v)
	if err != nil {
		return false, r.fail(v, err, nil)
	}
	inputs, err := r.bind(p, frm)
	if err != nil {
		return false, r.fail(v, err, inputs)
	}
	r.current.Store(&v.shownID)
	r.guarded("executing", doc.Of("node", v.id, "display_node", v.shownID, "prompt_id", r.job.PromptID))
	if n, ok := v.node.(node.Needer); ok {
		waits, err := r.ask(p, n, frm, inputs)
		if err != nil {
			return false, r.fail(v, err, inputs)
		}
		if waits {
			return false, nil
		}
	}
	calls, err := split(v.schema, inputs)
	if err != nil {
		return false, r.fail(v, err, inputs)
	}
	if v.schema.Loop == node.LoopStart {
		return r.startLoop(v, frm, inputs, calls)
	}
	if v.schema.Async {
		return r.launch(p, frm, inputs, calls)
	}
	results := make([]outcome, len(calls))
	for i, args := range calls {
		if err := r.stopped(); err != nil {
			return false, r.fail(v, err, inputs)
		}
		if results[i] = r.call(v, frm, args, i); results[i].err != nil {
			return false, r.fail(v, results[i].err, inputs)
		}
	}
	return r.conclude(p, inputs, results)
}

// stopped is why the run has to stop, or nil.
func (r *run) stopped() error {
	if r.ctx.Err() == nil {
		return nil
	}
	return context.Cause(r.ctx)
}

// call calls a node on the run's caller.
func (r *run) call(v *vertex, frm *form, args call, index int) (o outcome) {
	if b, blocked := r.blocked(v, args); blocked {
		return spread(v, b)
	}
	if err := args.complete(frm); err != nil {
		return outcome{err: err}
	}
	ctx := r.nodeContext(v, index)
	var reply node.Reply
	var err error
	if stray := r.caller.do(r.ctx, r.e.c.Grace, func() {
		err = guard(func() error { reply, err = runNode(ctx, v.node, args.nested(frm)); return err })
	}); stray != nil {
		return outcome{err: stray}
	}
	return check(v, reply, err)
}

// runNode runs a node. The arguments stay until it returns: the memory of some is given back when nothing refers to the value,
// though the node may still be at work on a part of it.
func runNode(ctx context.Context, n node.Node, args node.Args) (node.Reply, error) {
	defer runtime.KeepAlive(args)
	return n.Run(ctx, args)
}

func (r *run) nodeContext(v *vertex, index int) context.Context {
	call := node.Run{PromptID: r.job.PromptID, NodeID: v.id, ClientID: r.client, Index: index, Reporter: newReporter(r, v), Wrote: v.wrote}
	if m, ok := r.extra.Get("preview_method"); ok {
		call.PreviewMethod, _ = m.(string)
	}
	return node.WithRun(r.ctx, call.CountGraphs())
}

// askingContext is the context of a call that may ask for inputs.
func (r *run) askingContext(ask *puller) context.Context {
	ctx := r.nodeContext(ask.v, ask.index)
	call, _ := node.RunOf(ctx)
	call.Puller = ask
	return node.WithRun(ctx, call)
}

// check makes an outcome of a reply. A node that says it did well and was stopped meanwhile did well.
func check(v *vertex, reply node.Reply, err error) outcome {
	o := outcome{reply: reply, err: err}
	switch {
	case err != nil:
		return o
	case reply.Block != nil:
		b := spread(v, *reply.Block)
		b.reply = reply
		return b
	case reply.Expand != nil && !v.schema.Expands:
		o.err = fmt.Errorf("%s gave a graph, which its schema does not announce", v.class)
	}
	o.outputs, o.has = reply.Outputs, reply.Outputs != nil
	return o
}

// spread gives every output of a node the same blocker.
func spread(v *vertex, b node.Blocker) outcome {
	o := outcome{outputs: make([]any, len(v.schema.Outputs)), has: true}
	for i := range o.outputs {
		o.outputs[i] = b
	}
	return o
}

// blocked finds the first blocker among a call's arguments. Its message is told once, here.
func (r *run) blocked(v *vertex, args call) (node.Blocker, bool) {
	for _, in := range args.values {
		b, ok := blockerIn(in.value, v.schema.InputIsList)
		if !ok {
			continue
		}
		if b.Say {
			data := doc.Of("prompt_id", r.job.PromptID, "node_id", v.id, "node_type", v.class, "executed", r.executedIDs(),
				"exception_message", "Execution Blocked: "+b.Message, "exception_type", "ExecutionBlocked",
				"traceback", []any{}, "current_inputs", []any{}, "current_outputs", []any{})
			r.tell("execution_error", doc.Encode(data))
		}
		return node.Blocker{}, true
	}
	return node.Blocker{}, false
}

func blockerIn(v any, lists bool) (node.Blocker, bool) {
	if lists {
		l, _ := v.(node.List)
		for _, e := range l {
			if b, ok := blockerIn(e, false); ok {
				return b, true
			}
		}
		return node.Blocker{}, false
	}
	switch b := v.(type) {
	case node.Blocker:
		return b, true
	case *node.Blocker:
		return *b, true
	}
	return node.Blocker{}, false
}

// conclude takes the results of all calls: shows the UI, then either keeps the outputs or takes the expansion in.
func (r *run) conclude(p *pending, inputs []bound, results []outcome) (bool, *failure) {
	v := p.v
	grows := false
	for _, o := range results {
		if o.err != nil {
			return false, r.fail(v, o.err, inputs)
		}
		grows = grows || o.reply.Expand != nil
	}
	ui, err := mergeUI(results)
	if err != nil {
		return false, r.fail(v, err, inputs)
	}
	if ui != nil {
		s := &shown{doc.Encode(ui), r.meta(v)}
		sent := r.show(v.id, s)
		r.guarded("executed", doc.Of("node", v.id, "display_node", v.shownID, "output", sent, "prompt_id", r.job.PromptID))
	}
	if grows {
		if err := r.grow(p, results); err != nil {
			return false, r.fail(v, err, inputs)
		}
		return false, nil
	}
	outputs, err := merge(v.schema, results)
	if err != nil {
		return false, r.fail(v, err, inputs)
	}
	r.keep(v, outputs)
	return true, nil
}

func (r *run) meta(v *vertex) []byte {
	var parent any
	if v.parent != nil {
		parent = v.parent.id
	}
	return doc.Encode(doc.Of("node_id", v.id, "display_node", v.shownID, "parent_node", parent, "real_node_id", v.realID))
}

// keep stores a node's result and hands it on.
func (r *run) keep(v *vertex, outputs [][]any) {
	e := &entry{outputs: outputs}
	if i, ok := r.uiOf[v.id]; ok {
		e.ui = r.ui[i].shown
	}
	r.sched.deliver(v, e)
	r.e.cache.put(r, v, e)
	r.progress.finish(v)
	if !r.ran[v] {
		r.ran[v] = true
		r.executed = append(r.executed, v.id)
	}
}
