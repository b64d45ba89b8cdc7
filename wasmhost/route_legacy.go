package wasmhost

import (
	"net/http"
	"strings"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// clashes finds a route that could be asked for by a path that other answers as well.
func (r *router) clashes(other *router) (string, bool) {
	for i := range r.routes {
		for j := range other.routes {
			if a, b := &r.routes[i], &other.routes[j]; a.method == b.method && overlap(a.segments, b.segments) {
				return a.pattern, true
			}
		}
	}
	return "", false
}

func overlap(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], ":") && !strings.HasPrefix(b[i], ":") {
			return false
		}
	}
	return true
}

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

func (h *Host) legacy(r *http.Request) (*Extension, *route, map[string]string) {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/api/"); ok {
		path = "/" + rest
	}
	for _, e := range h.Extensions(tenant.Of(r.Context())) {
		if len(e.legacy.routes) == 0 {
			continue
		}
		if x, params, _ := e.legacy.find(r.Method, path); x != nil {
			return e, x, params
		}
	}
	return nil, nil, nil
}
