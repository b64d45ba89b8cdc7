package server

import (
	"net/http"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// history is GET /history: the finished prompts of the moment at which the request came, however many. One that is deleted before
// its turn to be written comes is left out; one that has finished anew stands in its old place as it is now.
func (s *Server) history(w http.ResponseWriter, r *http.Request, _ params) error {
	q, err := historyQuery(r)
	if err != nil {
		return err
	}
	out := newLongAnswer(w, r)
	out.add("{")
	first := true
	for e, err := range s.c.Engine.History(r.Context(), tenant.Of(r.Context()), q) {
		if err != nil {
			return out.end(err)
		}
		if !out.member(first, e.Append) {
			break
		}
		first = false
	}
	out.add("}")
	return out.end(nil)
}

func historyQuery(r *http.Request) (engine.HistoryQuery, error) {
	q := engine.HistoryQuery{Offset: -1}
	for name, set := range map[string]func(int){"max_items": func(n int) { q.MaxItems = &n }, "offset": func(n int) { q.Offset = n }} {
		if v := queryOf(r).Get(name); v != "" {
			n, err := wholeOf(v)
			if err != nil {
				return q, fault.New(fault.BadRequest, "%s is %q; it must be a whole number", name, v)
			}
			set(n)
		}
	}
	return q, nil
}

// historyOf is GET /history/{prompt_id}.
func (s *Server) historyOf(w http.ResponseWriter, r *http.Request, p params) error {
	v, err := s.c.Engine.HistoryOf(r.Context(), tenant.Of(r.Context()), p.get("prompt_id"))
	if err != nil {
		return err
	}
	reply.JSON(w, 200, v)
	return nil
}

// editHistory is POST /history.
func (s *Server) editHistory(w http.ResponseWriter, r *http.Request, _ params) error {
	e, t := s.c.Engine, tenant.Of(r.Context())
	return s.edit(w, r, func() error { return e.ClearHistory(r.Context(), t) }, func(ids []string) error {
		return e.DeleteHistory(r.Context(), t, ids...)
	})
}
