package server

import (
	"net/http"
	"strconv"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// remaining is GET /prompt.
func (s *Server) remaining(w http.ResponseWriter, r *http.Request, _ params) error {
	reply.Raw(w, 200, []byte(`{"exec_info": {"queue_remaining": `+strconv.Itoa(s.c.Engine.Remaining(tenant.Of(r.Context())))+`}}`))
	return nil
}

// queue is GET /queue: the queue as it stood when the request came, of any length. A prompt that has left it before its turn to be
// written comes is left out; one that has begun to run stays where it stood.
func (s *Server) queue(w http.ResponseWriter, r *http.Request, _ params) error {
	q, err := s.c.Engine.Queue(r.Context(), tenant.Of(r.Context()))
	if err != nil {
		return err
	}
	out := newLongAnswer(w, r)
	out.add(`{"queue_running": [`)
	for i := range q.Running {
		out.member(i == 0, q.Running[i].Append)
	}
	out.add(`], "queue_pending": [`)
	first := true
	for i, err := range q.Pending {
		if err != nil {
			return out.end(err)
		}
		if !out.member(first, i.Append) {
			break
		}
		first = false
	}
	out.add(`]}`)
	return out.end(nil)
}

// editQueue is POST /queue.
func (s *Server) editQueue(w http.ResponseWriter, r *http.Request, _ params) error {
	e, t := s.c.Engine, tenant.Of(r.Context())
	return s.edit(w, r, func() error { return e.Clear(r.Context(), t) }, func(ids []string) error {
		_, err := e.Delete(r.Context(), t, ids...)
		return err
	})
}
