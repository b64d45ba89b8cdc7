// Package engine takes a prompt from JSON to history: it parses and validates it, queues it as a job, runs its nodes in the
// reference's order with caches, and tells clients what happens. It moves values between nodes without looking into them.
package engine

import (
	"encoding/json"
	"iter"
	"strconv"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Submission is a prompt as a client sent it.
type Submission struct {
	Tenant tenant.ID
	// Prompt is the graph as submitted: the order of keys and the form of numbers are kept. Empty: no_prompt.
	Prompt json.RawMessage
	// PromptID is the canonical lower-case form of a UUID; "" makes a random one.
	PromptID string
	Number   *float64 // place in the queue, finite; nil takes the next
	Front    bool     // before all others; when Number is nil
	ClientID string   // whose socket gets the events; "" for none
	// ExtraData is an object that is stored with the job; empty for none.
	ExtraData json.RawMessage
	// PartialTargets are the only output nodes to run; nil runs all, an empty list none.
	PartialTargets []string
	// UsageSource stands in for extra_data.comfy_usage_source when that is absent.
	UsageSource string
}

// Accepted answers a submission that was queued. NodeErrors tells of outputs that were left out.
type Accepted struct {
	PromptID   string     `json:"prompt_id"`
	Number     Number     `json:"number"`
	NodeErrors NodeErrors `json:"node_errors"`
}

// Number is a job's place in the queue: smaller runs earlier. As JSON it is an integer, or a float if the client chose it.
type Number struct {
	Value float64
	Given bool
}

// MarshalJSON writes the number.
func (n Number) MarshalJSON() ([]byte, error) {
	if n.Given {
		return doc.AppendFloat(nil, n.Value), nil
	}
	return strconv.AppendInt(nil, int64(n.Value), 10), nil
}

// Problem is an error as clients read it.
type Problem struct {
	Type      string `json:"type"`
	Message   string `json:"message"`
	Details   string `json:"details"`
	ExtraInfo any    `json:"extra_info"`
}

// MarshalJSON writes the problem; numbers keep their form and NaN never comes out.
func (p Problem) MarshalJSON() ([]byte, error) { return doc.Append(nil, p.object()), nil }

func (p Problem) object() *doc.Object {
	o := &doc.Object{}
	o.Set("type", p.Type)
	o.Set("message", p.Message)
	o.Set("details", p.Details)
	if p.ExtraInfo == nil {
		p.ExtraInfo = &doc.Object{}
	}
	o.Set("extra_info", p.ExtraInfo)
	return o
}

// NodeError gathers the problems of one node.
type NodeError struct {
	Node      string
	Class     string
	Errors    []Problem
	Dependent []string // the output nodes that fail with it
}

// NodeErrors lists nodes in the order in which they were found wrong. As JSON it is an object by node id.
type NodeErrors []NodeError

// MarshalJSON writes the object.
func (e NodeErrors) MarshalJSON() ([]byte, error) {
	all := &doc.Object{}
	for _, n := range e {
		o := &doc.Object{}
		errs := make([]any, len(n.Errors))
		for i, p := range n.Errors {
			errs[i] = p.object()
		}
		o.Set("errors", errs)
		o.Set("dependent_outputs", n.Dependent)
		o.Set("class_type", n.Class)
		all.Set(n.Node, o)
	}
	return doc.Append(nil, all), nil
}

// PromptError is why a prompt was not queued. As JSON it is the body of the answer. Code tells the kind of answer:
// invalid_prompt for what the prompt's author did, conflict for an id in use, bad_request for text that is no prompt at all.
type PromptError struct {
	Code       fault.Code `json:"-"`
	Problem    Problem    `json:"error"`
	NodeErrors NodeErrors `json:"node_errors"`
}

// Error gives the message and its details.
func (e *PromptError) Error() string { return e.Problem.Message + ": " + e.Problem.Details }

// Is reports whether target is the error's code.
func (e *PromptError) Is(target error) bool {
	c, ok := target.(fault.Code)
	return ok && c == e.Code
}

// Item is a prompt in the queue. As JSON it is the array [number, id, prompt, extra data, outputs].
type Item struct {
	Number   Number
	PromptID string
	Prompt   json.RawMessage // as validated
	Extra    json.RawMessage // without secrets
	Outputs  []string        // the output nodes to run
}

// MarshalJSON writes the array.
func (i Item) MarshalJSON() ([]byte, error) { return i.Append(nil), nil }

// Append writes the array.
func (i *Item) Append(b []byte) []byte {
	num, _ := i.Number.MarshalJSON()
	return doc.Append(b, []any{json.RawMessage(num), i.PromptID, i.Prompt, i.Extra, i.Outputs})
}

// QueueView is the queue at one moment.
type QueueView struct {
	Running []Item
	// Pending are read as they are taken, in the order in which they were to run; one that has left the queue since is left out. An
	// error is the last.
	Pending iter.Seq2[Item, error]
}

// HistoryQuery selects from the history.
type HistoryQuery struct {
	MaxItems *int // nil for all
	Offset   int  // of the oldest; negative: as many from the end as MaxItems says
}

// HistoryEntry is a finished prompt.
type HistoryEntry struct {
	PromptID string
	Item     Item
	Outputs  json.RawMessage // node id → UI
	Status   json.RawMessage // {status_str, completed, messages}
	Meta     json.RawMessage // node id → where the node stands
	Mark     Mark            // changes when the entry does
}

// Append writes the entry as a member of an object of entries.
func (h *HistoryEntry) Append(b []byte) []byte {
	b = append(doc.Append(b, h.PromptID), `:{"prompt":`...)
	b = append(h.Item.Append(b), `,"outputs":`...)
	b = append(doc.Append(b, h.Outputs), `,"status":`...)
	b = append(doc.Append(b, h.Status), `,"meta":`...)
	return append(doc.Append(b, h.Meta), '}')
}

// HistoryView is entries by prompt id, oldest first. As JSON it is an object in that order.
type HistoryView []HistoryEntry

// MarshalJSON writes the object.
func (h HistoryView) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i := range h {
		if i > 0 {
			b = append(b, ',')
		}
		b = h[i].Append(b)
	}
	return append(b, '}'), nil
}
