package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// maxWait bounds POST /prompt?wait=, in seconds.
const maxWait = 600

// waitOf reads ?wait=; 0 is none.
func waitOf(r *http.Request) (time.Duration, error) {
	v := queryOf(r).Get("wait")
	if v == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= 0 && n <= maxWait) {
		return 0, fault.New(fault.BadRequest, "wait is %q; it must be seconds from 0 to %d", v, maxWait)
	}
	return time.Duration(n * float64(time.Second)), nil
}

// await answers a submission when its prompt has finished, with the history's entry under "result", or with status 202 and
// without it when that takes longer.
func (s *Server) await(w http.ResponseWriter, r *http.Request, got engine.Accepted, most time.Duration) error {
	t := tenant.Of(r.Context())
	str, _, stop := s.c.Hub.watch(func(e engine.Event) bool { return e.Type == "status" && e.Tenant == t })
	defer stop()
	end := time.NewTimer(most)
	defer end.Stop()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(most + writeTimeout))
	answer := doc.Of("prompt_id", got.PromptID, "number", got.Number, "node_errors", got.NodeErrors)
	for {
		empty := s.c.Engine.Remaining(t) == 0 // asked first: a prompt leaves the queue and enters the history at once
		found, err := s.c.Engine.HistoryOf(r.Context(), t, got.PromptID)
		if err != nil {
			return err
		}
		// An id may be used again: an entry of another number is of a run before.
		if len(found) > 0 && found[0].Item.Number == got.Number {
			e := found[0]
			answer.Set("result", doc.Of("outputs", e.Outputs, "status", e.Status, "meta", e.Meta))
			reply.Doc(w, 200, answer)
			return nil
		}
		if empty {
			return &simpleError{status: http.StatusGone, text: "The prompt was taken out of the queue."}
		}
		select {
		case <-str.wake:
		case <-end.C:
			reply.Doc(w, http.StatusAccepted, answer)
			return nil
		case <-r.Context().Done():
			return nil // nobody is there to be answered
		}
	}
}
