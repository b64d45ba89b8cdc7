package v2

import (
	"net/http"
	"time"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// text finds a text that a job's node made, and when the job was made. Errors: 404.
func (h *Handler) text(r *http.Request, p place) (string, time.Time, error) {
	found, err := h.c.Engine.HistoryOf(r.Context(), tenant.Of(r.Context()), p.Job)
	if err != nil {
		return "", time.Time{}, err
	}
	if len(found) == 0 {
		return "", time.Time{}, noAsset()
	}
	outputs, err := doc.ParseObject(found[0].Outputs, doc.DefaultLimits())
	if err != nil {
		return "", time.Time{}, noAsset()
	}
	v, _ := outputs.Get(p.Node)
	if o, ok := v.(*doc.Object); ok {
		v, _ = o.Get(p.Key)
	}
	list, ok := v.([]any)
	if !ok || p.At < 0 || p.At >= len(list) {
		return "", time.Time{}, noAsset()
	}
	t, ok := list[p.At].(string)
	if !ok {
		return "", time.Time{}, noAsset()
	}
	return t, createdOf(&found[0].Item), nil
}
