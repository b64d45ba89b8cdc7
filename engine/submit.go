package engine

import (
	"context"
	"encoding/json"
	"math"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/google/uuid"
)

// Submit validates a prompt and queues it. An error is a *PromptError when the prompt is at fault. Every call takes the next
// number, also one that is refused.
func (e *Engine) Submit(ctx context.Context, s Submission) (Accepted, error) {
	ctx = tenant.With(ctx, s.Tenant)
	n := e.take(s)
	if len(s.Prompt) == 0 {
		return Accepted{}, refuse("no_prompt", "No prompt provided", "No prompt provided")
	}
	if math.IsNaN(n.Value) || math.IsInf(n.Value, 0) {
		return Accepted{}, notAPrompt(fault.New(fault.BadRequest, "a place in the queue must be a finite number"))
	}
	if s.PromptID == "" {
		s.PromptID = uuid.NewString()
	} else if id, err := uuid.Parse(s.PromptID); err != nil || id.String() != s.PromptID {
		return Accepted{}, refuse("invalid_prompt_id", "prompt_id must be a valid UUID",
			"prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one")
	}
	prompt, err := e.parsePrompt(s.Prompt)
	if err != nil {
		return Accepted{}, notAPrompt(err)
	}
	job := Job{Tenant: s.Tenant, Number: n, PromptID: s.PromptID, Created: e.c.Now().UnixMilli()}
	if job.Extra, job.Secrets, err = e.extra(s, job.Created); err != nil {
		return Accepted{}, notAPrompt(err)
	}
	var c checked
	if err = guard(func() (err error) { c, err = e.check(ctx, prompt, s.PartialTargets); return err }); err != nil {
		return Accepted{}, err
	}
	job.Prompt, job.Outputs = doc.Encode(prompt), c.good
	return e.put(ctx, job, c.errors)
}

// take gives a submission its number.
func (e *Engine) take(s Submission) Number {
	if s.Number != nil {
		return Number{*s.Number, true}
	}
	n := float64(e.number.Add(1) - 1)
	if s.Front {
		n = -n
	}
	return Number{Value: n}
}

// check replaces classes of the past and validates.
func (e *Engine) check(ctx context.Context, prompt *doc.Object, targets []string) (checked, error) {
	if err := replaceClasses(ctx, e.c.Registry, prompt); err != nil {
		return checked{}, notAPrompt(err)
	}
	g, missing := newGraph(ctx, e.c.Registry, prompt)
	if missing != nil {
		return checked{}, &PromptError{fault.InvalidPrompt, *missing, nil}
	}
	outputs := roots(g, targets)
	if len(outputs) == 0 {
		return checked{}, &PromptError{fault.InvalidPrompt, noOutputs(), nil}
	}
	c, err := validate(ctx, g, outputs)
	if err == nil && len(c.good) > 0 {
		checkLoops(g, &c)
	}
	if err == nil && c.top != nil {
		err = &PromptError{fault.InvalidPrompt, *c.top, c.errors}
	}
	return c, err
}

func (e *Engine) put(ctx context.Context, job Job, errs NodeErrors) (Accepted, error) {
	if _, err := e.c.Store.Put(ctx, job); err != nil {
		if fault.CodeOf(err) == fault.Conflict {
			return Accepted{}, &PromptError{fault.Conflict, Problem{Type: "duplicate_prompt_id",
				Message: "prompt_id is already in use", Details: "a prompt of this id is pending or running"}, nil}
		}
		return Accepted{}, err
	}
	e.status(ctx, job.Tenant)
	e.nudge()
	return Accepted{job.PromptID, job.Number, errs}, nil
}

func refuse(kind, message, details string) error {
	return &PromptError{fault.InvalidPrompt, Problem{Type: kind, Message: message, Details: details}, nil}
}

func notAPrompt(err error) error {
	return &PromptError{fault.CodeOf(err), Problem{Type: "invalid_prompt", Message: "The prompt cannot be read", Details: err.Error()}, nil}
}

// secretKeys are extra data that never leaves the server.
var secretKeys = [...]string{"auth_token_comfy_org", "api_key_comfy_org"}

// extra prepares a submission's extra data and takes the secrets out of it.
func (e *Engine) extra(s Submission, created int64) (extra, secrets json.RawMessage, err error) {
	o := &doc.Object{}
	if len(s.ExtraData) > 0 {
		if o, err = doc.ParseObject(s.ExtraData, e.c.Limits); err != nil {
			return nil, nil, err
		}
	}
	if s.ClientID != "" {
		o.Set("client_id", s.ClientID)
	}
	if s.UsageSource != "" && !o.Has("comfy_usage_source") {
		o.Set("comfy_usage_source", s.UsageSource)
	}
	hidden := &doc.Object{}
	for _, k := range secretKeys {
		if v, ok := o.Get(k); ok {
			hidden.Set(k, v)
			o.Delete(k)
		}
	}
	o.Set("create_time", created)
	if hidden.Len() > 0 {
		secrets = doc.Encode(hidden)
	}
	return doc.Encode(o), secrets, nil
}
