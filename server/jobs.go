package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// jobQuery selects jobs.
type jobQuery struct {
	states        []string // nil for all
	workflow      string
	byDuration    bool
	ascending     bool
	limit, offset int // limit 0 for none
}

// maxPage bounds, in jobs, the pages that are read without the rest.
const maxPage = 1 << 20

// jobStates are the states a job can be asked for by.
var jobStates = []string{"pending", "in_progress", "completed", "failed", "cancelled"}

func readJobQuery(q url.Values) (jobQuery, error) {
	sel := jobQuery{workflow: q.Get("workflow_id")}
	if states := q.Get("status"); states != "" {
		sel.states = []string{}
		var wrong []string
		for part := range strings.SplitSeq(states, ",") {
			if part = strings.ToLower(strings.TrimSpace(part)); part == "" {
				continue
			}
			sel.states = append(sel.states, part)
			if !slices.Contains(jobStates, part) {
				wrong = append(wrong, part)
			}
		}
		if wrong != nil {
			return sel, badQuery("Invalid status value(s): %s. Valid values: %s", strings.Join(wrong, ", "), strings.Join(jobStates, ", "))
		}
	}
	by, order := lowerOr(q, "sort_by", "created_at"), lowerOr(q, "sort_order", "desc")
	if sel.byDuration = by == "execution_duration"; !sel.byDuration && by != "created_at" {
		return sel, badQuery("sort_by must be 'created_at' or 'execution_duration'")
	}
	if sel.ascending = order == "asc"; !sel.ascending && order != "desc" {
		return sel, badQuery("sort_order must be 'asc' or 'desc'")
	}
	var err error
	if q.Has("limit") {
		if sel.limit, err = wholeOf(q.Get("limit")); err != nil {
			return sel, badQuery("limit must be an integer")
		}
		if sel.limit <= 0 {
			return sel, badQuery("limit must be a positive integer")
		}
	}
	if q.Has("offset") {
		if sel.offset, err = wholeOf(q.Get("offset")); err != nil {
			return sel, badQuery("offset must be an integer")
		}
		sel.offset = max(sel.offset, 0)
	}
	return sel, nil
}

func lowerOr(q url.Values, name, otherwise string) string {
	if !q.Has(name) {
		return otherwise
	}
	return strings.ToLower(q.Get(name))
}

// simpleError is the answer {"error": text} of the routes that answer so.
type simpleError struct {
	status int
	text   string
	more   map[string]any
}

// Error gives the text.
func (e *simpleError) Error() string { return e.text }

// badQuery is a simpleError of a request that cannot be read.
func badQuery(format string, args ...any) error {
	return &simpleError{status: http.StatusBadRequest, text: fmt.Sprintf(format, args...)}
}

// endedStates are the states of finished prompts that are wanted.
func endedStates(wanted func(string) bool) []engine.State {
	states := []engine.State{}
	for _, e := range []struct {
		name  string
		state engine.State
	}{{"completed", engine.Completed}, {"failed", engine.Failed}, {"cancelled", engine.Cancelled}} {
		if wanted(e.name) {
			states = append(states, e.state)
		}
	}
	return states
}

// window is what is to be read of prompts that are listed by age: in which order, and how many at most, negative for all.
func (q jobQuery) window() (o engine.Order, most int) {
	if o = engine.Newest; q.ascending {
		o = engine.Oldest
	}
	if q.limit == 0 || q.workflow != "" || q.offset > maxPage || q.limit > maxPage {
		return o, -1
	}
	return o, q.offset + q.limit
}

// job is GET /api/jobs/{job_id}.
func (s *Server) job(w http.ResponseWriter, r *http.Request, p params) error {
	id, t := p.get("job_id"), tenant.Of(r.Context())
	found, err := s.c.Engine.HistoryOf(r.Context(), t, id)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		reply.Doc(w, 200, finishedJob(&found[0], true).view)
		return nil
	}
	item, running, ok, err := s.c.Engine.Active(r.Context(), t, id)
	if err != nil {
		return err
	}
	if ok {
		state := "pending"
		if running {
			state = "in_progress"
		}
		reply.Doc(w, 200, queuedJob(&item, state).view)
		return nil
	}
	return &simpleError{status: http.StatusNotFound, text: "Job not found"}
}

// cancelJob is POST /api/jobs/{job_id}/cancel.
func (s *Server) cancelJob(w http.ResponseWriter, r *http.Request, p params) error {
	done, err := s.c.Engine.Cancel(r.Context(), tenant.Of(r.Context()), p.get("job_id"))
	if err != nil {
		return err
	}
	reply.JSON(w, 200, map[string]bool{"cancelled": done})
	return nil
}

// cancelJobs is POST /api/jobs/cancel: as many as can be, once all ids are well-formed.
func (s *Server) cancelJobs(w http.ResponseWriter, r *http.Request, p params) error {
	if notCancel(r.URL.Path) {
		w.Header().Set("Allow", "GET,HEAD")
		raise(w, http.StatusMethodNotAllowed)
		return nil
	}
	v, err := doc.Read(r.Body, doc.DefaultLimits())
	if fault.CodeOf(err) == fault.BadRequest {
		return badQuery("Request body must be valid JSON")
	}
	if err != nil {
		return err
	}
	ids, ok := doc.Within(v, "job_ids").([]any)
	if !ok {
		return badQuery("job_ids must be a list")
	}
	var wrong []string
	for _, id := range ids {
		if t, ok := id.(string); !ok || !canonicalUUID(t) {
			wrong = append(wrong, pythonText(id))
		}
	}
	if wrong != nil {
		return &simpleError{400, "job_ids contains invalid id(s)", map[string]any{"invalid_ids": wrong}}
	}
	some, t := false, tenant.Of(r.Context())
	var waiting []string
	for _, id := range ids {
		if s.c.Engine.Interrupt(t, id.(string)) {
			some = true
		} else {
			waiting = append(waiting, id.(string))
		}
	}
	found, err := s.c.Engine.Delete(r.Context(), t, waiting...)
	if err != nil {
		return err
	}
	reply.JSON(w, 200, map[string]bool{"cancelled": some || slices.Contains(found, true)})
	return nil
}

// notCancel reports whether a path is that of one job, which the router cannot tell from that of cancelling several.
func notCancel(path string) bool {
	id, one := strings.CutPrefix(strings.TrimPrefix(path, "/api"), "/api/jobs/")
	if !one {
		id, one = strings.CutPrefix(path, "/api/jobs/")
	}
	return one && !strings.Contains(id, "/") && id != "cancel"
}

func canonicalUUID(t string) bool {
	u, err := uuid.Parse(t)
	return err == nil && u.String() == t
}

// pythonText is a JSON value as Python's str would write it. Compat: ids that are no strings are named so.
func pythonText(v any) string {
	switch t := v.(type) {
	case string:
		return t
	case nil:
		return "None"
	case bool:
		if t {
			return "True"
		}
		return "False"
	case float64:
		return doc.Float(t)
	case []any:
		parts := make([]string, len(t))
		for i, e := range t {
			parts[i] = pythonQuoted(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *doc.Object:
		parts := make([]string, t.Len())
		for i := range parts {
			k, e := t.At(i)
			parts[i] = pythonQuoted(k) + ": " + pythonQuoted(e)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

func pythonQuoted(v any) string {
	if t, ok := v.(string); ok {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(t) + "'"
	}
	return pythonText(v)
}
