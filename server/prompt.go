package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// submit is POST /prompt.
func (s *Server) submit(w http.ResponseWriter, r *http.Request, _ params) error {
	wait, err := waitOf(r)
	if err != nil {
		return err
	}
	sub, err := submission(r)
	if err != nil {
		return notAPrompt(err)
	}
	got, err := s.c.Engine.Submit(r.Context(), sub)
	if err != nil {
		return err
	}
	if wait > 0 {
		return s.await(w, r, got, wait)
	}
	reply.JSON(w, 200, got)
	return nil
}

// notAPrompt gives a request that cannot be read the form of a prompt that was refused, which is what its clients read.
func notAPrompt(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.BadRequest {
		return err
	}
	return &engine.PromptError{Code: f.Code, Problem: engine.Problem{Type: string(f.Code), Message: f.Detail}}
}

// submission reads a prompt from a request.
func submission(r *http.Request) (sub engine.Submission, err error) {
	fields, err := body(r)
	if err != nil {
		return sub, err
	}
	sub = engine.Submission{
		Tenant: tenant.Of(r.Context()), Prompt: fields["prompt"], ExtraData: fields["extra_data"], Front: truthy(fields["front"]),
		UsageSource: r.Header.Get("Comfy-Usage-Source"),
	}
	if sub.Number, err = numberOf(fields["number"]); err != nil {
		return sub, err
	}
	if raw, ok := fields["prompt_id"]; ok && string(raw) != "null" {
		if err := json.Unmarshal(raw, &sub.PromptID); err != nil || sub.PromptID == "" {
			sub.PromptID = string(raw) // no UUID: refused with the protocol's own error
		}
	}
	if raw, ok := fields["client_id"]; ok && json.Unmarshal(raw, &sub.ClientID) != nil {
		sub.ClientID = string(raw)
	}
	if raw, ok := fields["partial_execution_targets"]; ok && string(raw) != "null" {
		if sub.PartialTargets, ok = idsOf(raw); !ok {
			return sub, fault.New(fault.BadRequest, "partial_execution_targets is no list of node ids")
		}
	}
	return sub, nil
}

// edit carries out {"clear": true} and {"delete": [ids]}.
func (s *Server) edit(w http.ResponseWriter, r *http.Request, clear func() error, remove func([]string) error) error {
	fields, err := body(r)
	if err != nil {
		return err
	}
	if truthy(fields["clear"]) {
		if err := clear(); err != nil {
			return err
		}
	}
	if raw, ok := fields["delete"]; ok {
		ids, ok := idsOf(raw)
		if !ok {
			return fault.New(fault.BadRequest, "delete is no list of prompt ids")
		}
		if err := remove(ids); err != nil {
			return err
		}
	}
	reply.Empty(w, 200)
	return nil
}

// interrupt is POST /interrupt. Compat: a body that is no JSON counts as an empty object.
func (s *Server) interrupt(w http.ResponseWriter, r *http.Request, _ params) error {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	fields := map[string]json.RawMessage{}
	if json.Valid(b) && json.Unmarshal(b, &fields) != nil || bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		return fault.New(fault.BadRequest, "the body is no JSON object")
	}
	var id string
	if raw := fields["prompt_id"]; truthy(raw) && json.Unmarshal(raw, &id) != nil {
		reply.Empty(w, 200) // an id of another type is nobody's
		return nil
	}
	s.c.Engine.Interrupt(tenant.Of(r.Context()), id)
	reply.Empty(w, 200)
	return nil
}

// free is POST /free.
func (s *Server) free(w http.ResponseWriter, r *http.Request, _ params) error {
	fields, err := body(r)
	if err != nil {
		return err
	}
	s.c.Engine.Free(truthy(fields["unload_models"]), truthy(fields["free_memory"]))
	reply.Empty(w, 200)
	return nil
}
