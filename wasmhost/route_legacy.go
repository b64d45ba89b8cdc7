package wasmhost

import (
	"net/http"
	"strings"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// HasLegacy reports whether ServeLegacy answers a request.
func (h *Host) HasLegacy(r *http.Request) bool {
	_, x, _ := h.legacy(r)
	return x != nil
}

// ServeLegacy answers a request to a path outside of /ext/ that an operator granted to an extension of the tenant that the
// request's context carries; false, and no answer, for any other. The path may begin with /api. Call it for paths that no
// route of the server has.
func (h *Host) ServeLegacy(w http.ResponseWriter, r *http.Request) bool {
	e, x, params := h.legacy(r)
	if x == nil {
		return false
	}
	e.answer(w, r, x, params)
	return true
}

func (h *Host) legacy(r *http.Request) (*Extension, *route.Route, map[string]string) {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/api/"); ok {
		path = "/" + rest
	}
	for _, e := range h.Extensions(tenant.Of(r.Context())) {
		if e.legacy.Empty() {
			continue
		}
		if x, params, _ := e.legacy.Find(r.Method, path); x != nil {
			return e, x, params
		}
	}
	return nil, nil, nil
}
