package v2

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// clientPrefix begins the client id of jobs made here, so that the engine tells of them in full.
const clientPrefix = "v2-"

// submit is POST /jobs.
func (h *Handler) submit(w http.ResponseWriter, r *http.Request) error {
	key, err := keyOf(r)
	if err != nil {
		return err
	}
	var body struct {
		Workflow  json.RawMessage `json:"workflow"`
		ExtraData json.RawMessage `json:"extra_data"`
	}
	if err := readJSON(w, r, h.c.MaxUpload, &body); err != nil {
		return err
	}
	t := tenant.Of(r.Context())
	s := engine.Submission{Tenant: t, PromptID: jobID(t, key), ExtraData: body.ExtraData}
	if s.PromptID == "" {
		s.PromptID = uuid.NewString()
	}
	s.ClientID = clientPrefix + s.PromptID
	if string(body.ExtraData) == "null" {
		s.ExtraData = nil
	}
	if s.Prompt, err = h.prompt(body.Workflow); err != nil {
		return err
	}
	if key != "" {
		if used, err := h.known(r.Context(), t, s.PromptID); used || err != nil {
			return errors.Join(err, reusedIf(used))
		}
	}
	if _, err := h.c.Engine.Submit(r.Context(), s); err != nil {
		return invalid(err)
	}
	v, err := h.find(r, s.PromptID)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, v)
	return nil
}

func reusedIf(used bool) error {
	if used {
		return reused()
	}
	return nil
}

// known reports whether there is or was a job of an id.
func (h *Handler) known(ctx context.Context, t tenant.ID, id string) (bool, error) {
	if _, ok := h.c.Feed.dropped(runKey{t, id}); ok {
		return true, nil
	}
	found, err := h.c.Engine.HistoryOf(ctx, t, id)
	return len(found) > 0, err
}

// prompt makes the engine's prompt of a workflow: references to assets become names of files.
func (h *Handler) prompt(workflow json.RawMessage) (json.RawMessage, error) {
	o, err := doc.ParseObject(workflow, doc.DefaultLimits())
	if err != nil || o == nil {
		return nil, problem(http.StatusUnprocessableEntity, "invalid_workflow", "workflow must be an object of nodes by their ids")
	}
	if o.Has("nodes") && o.Has("links") && o.Has("last_node_id") {
		return nil, problem(http.StatusUnprocessableEntity, "workflow_format_ui", "this is a workflow as the web client saves it; send it in API format")
	}
	v, err := h.resolve(o)
	if err != nil {
		return nil, err
	}
	return doc.Encode(v), nil
}

// resolve replaces {"__type": "core/ASSET", "info": {"id": ID}} by the name under which a node finds the file.
func (h *Handler) resolve(v any) (any, error) {
	switch t := v.(type) {
	case []any:
		for i := range t {
			e, err := h.resolve(t[i])
			if err != nil {
				return nil, err
			}
			t[i] = e
		}
	case *doc.Object:
		if kind, _ := t.Get("__type"); kind == "core/ASSET" {
			return h.reference(t)
		}
		for i := range t.Len() {
			k, e := t.At(i)
			e, err := h.resolve(e)
			if err != nil {
				return nil, err
			}
			t.Set(k, e)
		}
	}
	return v, nil
}

func (h *Handler) reference(ref *doc.Object) (any, error) {
	info, _ := ref.Get("info")
	var id string
	if o, ok := info.(*doc.Object); ok {
		v, _ := o.Get("id")
		id, _ = v.(string)
	}
	p, err := placeOf(id)
	if err == nil && p.Kind != "text" {
		_, err = h.c.Files.Stat(p.Kind, p.Name)
	}
	if err != nil || p.Kind == "text" {
		e := problem(http.StatusUnprocessableEntity, "missing_asset", "the workflow refers to an asset that is not there")
		e.Details = map[string]string{"id": id}
		return nil, e
	}
	if p.Kind == "input" {
		return p.Name, nil
	}
	return p.Name + " [" + p.Kind + "]", nil
}

// invalid puts the engine's refusal into the protocol's form.
func invalid(err error) error {
	var p *engine.PromptError
	if !errors.As(err, &p) {
		return err
	}
	if p.Code == fault.Conflict {
		return reused()
	}
	text := p.Problem.Message
	if p.Problem.Details != "" {
		text += ": " + p.Problem.Details
	}
	e := problem(http.StatusUnprocessableEntity, "invalid_workflow", text)
	e.Details = map[string]any{"type": p.Problem.Type, "node_errors": p.NodeErrors}
	return e
}

// job is GET /jobs/{id}.
func (h *Handler) job(w http.ResponseWriter, r *http.Request, id string) error {
	v, err := h.find(r, id)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, v)
	return nil
}

// workflow is GET /jobs/{id}/workflow: the graph as it was validated.
func (h *Handler) workflow(w http.ResponseWriter, r *http.Request, id string) error {
	i, _, err := h.item(r.Context(), id)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"workflow": i.Prompt, "format": "api"})
	return nil
}

// cancel is POST /jobs/{id}/cancel: a running job stops at its next step, a waiting one is taken out. A job that has ended stays
// as it is.
func (h *Handler) cancel(w http.ResponseWriter, r *http.Request, id string) error {
	t := tenant.Of(r.Context())
	k := runKey{t, id}
	before, err := h.find(r, id)
	if err != nil {
		return err
	}
	if !terminal(before.Status) {
		if before.Status == running {
			h.c.Feed.stop(k)
		}
		done, err := h.c.Engine.Cancel(r.Context(), t, id)
		if err != nil {
			return err
		}
		if done && before.Status == queued {
			h.c.Feed.drop(k, before.created.UnixMilli())
		}
	}
	v, err := h.find(r, id)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, v)
	return nil
}

// item finds a job's prompt, wherever it is. pos is its place among those that wait, from 0; -1 when it runs, -2 when it has ended.
func (h *Handler) item(ctx context.Context, id string) (i engine.Item, pos int, err error) {
	t := tenant.Of(ctx)
	i, pos, ok, err := h.c.Engine.Position(ctx, t, id)
	if err != nil || ok {
		return i, pos, err
	}
	found, err := h.c.Engine.HistoryOf(ctx, t, id)
	if err != nil {
		return i, 0, err
	}
	if len(found) == 0 {
		return i, 0, problem(http.StatusNotFound, "job_not_found", "there is no such job")
	}
	return found[0].Item, -2, nil
}

// createdOf is when an item was made.
func createdOf(i *engine.Item) time.Time {
	var extra struct {
		CreateTime int64 `json:"create_time"`
	}
	_ = json.Unmarshal(i.Extra, &extra) // our own JSON; without a time it is the epoch
	return time.UnixMilli(extra.CreateTime)
}
