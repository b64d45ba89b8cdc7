package engine

import (
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// failure is what ended a run.
type failure struct {
	node   *vertex
	err    error
	inputs []bound // what the node was given; nil if it did not come to that
	cycle  bool
}

//lint:ignore ST1005 Compat: clients are shown the reference's text
var errCycle = errors.New("Dependency cycle detected")

// missingNode is a link to a node that is not there.
type missingNode struct{ id string }

func (m *missingNode) Error() string { return fmt.Sprintf("Node %s not found", m.id) }

// ExceptionType names the error's kind for clients.
func (m *missingNode) ExceptionType() string { return "comfy_execution.graph.NodeNotFoundError" }

// badInput is a request for an input that cannot be had.
type badInput struct{ text string }

func (b *badInput) Error() string { return b.text }

// ExceptionType names the error's kind for clients.
func (b *badInput) ExceptionType() string { return "comfy_execution.graph.NodeInputError" }

// blamed is an error with the vertex it belongs to.
type blamed struct {
	v   *vertex
	err error
}

func (b *blamed) Error() string { return b.err.Error() }

// Unwrap gives the error itself.
func (b *blamed) Unwrap() error { return b.err }

func (r *run) blame(v *vertex, err error) error { return &blamed{v, err} }

// fail reports why a node failed, or that the run was stopped there.
func (r *run) fail(v *vertex, err error, inputs []bound) *failure {
	var b *blamed
	if errors.As(err, &b) {
		v = b.v
	}
	f := &failure{node: v, err: err, inputs: inputs}
	if cause := r.stopped(); cause != nil {
		f.err = cause
	}
	return f
}

func (f *failure) interrupted() bool { return errors.Is(f.err, errInterrupted) }

// report sends and records a failure.
func (r *run) report(f *failure) {
	real := f.node.realID
	data := doc.Of("prompt_id", r.job.PromptID, "node_id", real, "node_type", r.classOf(real), "executed", r.executedIDs())
	if f.interrupted() {
		r.note("execution_interrupted", data, true)
		return
	}
	if r.stopped() == nil {
		zerolog.Ctx(r.ctx).Warn().Str("node_id", real).Str("class_type", r.classOf(real)).Err(f.err).Msg("node failed")
	}
	data.Set("exception_message", f.message())
	data.Set("exception_type", exceptionType(f.err))
	data.Set("traceback", f.trace())
	data.Set("current_inputs", f.shownInputs())
	data.Set("current_outputs", r.knownOutputs())
	r.note("execution_error", data, false)
}

func (r *run) classOf(id string) string {
	if body, ok := r.prompt.Get(id); ok {
		class, _ := body.(*doc.Object).Get("class_type")
		name, _ := class.(string)
		return name
	}
	return ""
}

func (r *run) executedIDs() []string { return append([]string{}, r.executed...) }

// knownOutputs are the nodes that the cache keeps track of.
func (r *run) knownOutputs() []string {
	ids := []string{}
	if r.e.c.Cache.Kind == CacheNone || r.g == nil {
		return ids
	}
	for _, v := range r.g.order[:r.g.own] {
		ids = append(ids, v.id)
	}
	return ids
}

const memoryTip = "The memory ran out. Make the picture or the batch smaller; if the workflow ran before, look at its batch_size."

func (f *failure) message() string {
	text := short(f.err.Error())
	switch {
	case f.cycle:
		return text
	case errors.Is(f.err, fault.OutOfMemory):
		return text + "\n" + memoryTip
	}
	return text + "\n"
}

// exceptionType names an error's kind. Compat: kinds that clients know have the reference's names.
func exceptionType(err error) string {
	var typed interface{ ExceptionType() string }
	switch {
	case errors.Is(err, errCycle):
		return "graph.DependencyCycleError"
	case errors.Is(err, fault.OutOfMemory):
		return "torch.OutOfMemoryError"
	case errors.As(err, &typed):
		return typed.ExceptionType()
	}
	return "RuntimeError"
}

// trace tells a node's author where it happened: for a panic the calls, else the errors inside each other.
func (f *failure) trace() []string {
	lines := []string{}
	if f.cycle {
		return lines
	}
	lines = append(lines, fmt.Sprintf("  node %s (%s)\n", f.node.id, f.node.class))
	var p *panicked
	if errors.As(f.err, &p) {
		return append(lines, p.trace()...)
	}
	for err := f.err; err != nil; err = errors.Unwrap(err) {
		lines = append(lines, fmt.Sprintf("  %T: %s\n", err, short(err.Error())))
		if len(lines) > 20 {
			break
		}
	}
	return lines
}

func (f *failure) shownInputs() any {
	if f.cycle {
		return []any{}
	}
	o := &doc.Object{}
	for _, in := range f.inputs {
		kind, hidden := f.hides(in.name)
		if hidden && f.node.schema.V3 {
			continue // Compat: nodes of the newer style read those elsewhere
		}
		if kind == node.AuthToken || kind == node.APIKey {
			o.Set(in.name, []any{nil}) // a secret is shown to nobody
			continue
		}
		list := make([]any, len(in.values))
		for i, v := range in.values {
			list[i] = shownValue(v)
		}
		o.Set(in.name, list)
	}
	return o
}

// hides gives the kind of a hidden input of the node.
func (f *failure) hides(name string) (kind node.Type, ok bool) {
	for _, h := range f.node.schema.AllHidden() {
		if h.Name == name {
			return h.Kind, true
		}
	}
	return "", false
}

// shownValue is a value as an error shows it: plain ones as they are, others as text.
func shownValue(v any) any {
	switch x := v.(type) {
	case nil, bool, int64, uint64, float64, int:
		return x
	case string:
		return short(x)
	case []any, map[string]any, *doc.Object:
		return short(pyStr(x))
	case interface {
		LinkType() node.Type
		String() string
	}:
		if t := x.LinkType(); t == "IMAGE" || t == "MASK" {
			return "tensor(" + short(x.String()) + ")"
		}
		return short(x.String())
	case interface{ LinkType() node.Type }:
		return "<" + string(x.LinkType()) + ">"
	}
	return short(fmt.Sprintf("<%T>", v))
}

// isOOM reports whether memory ran out.
func (f *failure) isOOM() bool { return errors.Is(f.err, fault.OutOfMemory) }
