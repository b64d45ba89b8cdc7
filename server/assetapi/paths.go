package assetapi

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// paths are what lies below /api/assets, by method. Anything else is no route.
var paths = map[string]*regexp.Regexp{
	"GET":    regexp.MustCompile(`^(` + uuidForm + `(/content)?|tags/refine|seed/status)$`),
	"HEAD":   regexp.MustCompile(`^(hash/[^/]+|` + uuidForm + `(/content)?|tags/refine|seed/status)$`),
	"PUT":    regexp.MustCompile(`^` + uuidForm + `$`),
	"DELETE": regexp.MustCompile(`^` + uuidForm + `(/tags)?$`),
	"POST":   regexp.MustCompile(`^(` + uuidForm + `/tags|from-hash|seed|seed/cancel|prune)$`),
}

const uuidForm = `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`

// Has reports whether a method has a route for what stands behind /api/assets/.
func Has(method, rest string) bool {
	form := paths[method]
	return form != nil && form.MatchString(rest)
}

// Methods lists the methods that a path below /api/assets takes, those of the client's files among them.
func Methods(rest string) []string {
	allow := []string{}
	for _, m := range []string{"DELETE", "GET", "HEAD", "POST", "PUT"} {
		if m == "GET" || m == "HEAD" || paths[m].MatchString(rest) {
			allow = append(allow, m)
		}
	}
	return allow
}

// Answer answers /api/tags, and below /api/assets what Has has; rest is what stands behind /api/assets/. An error is one that no
// answer tells yet: a body that is too large.
func (h *Handler) Answer(w http.ResponseWriter, r *http.Request, rest string) error {
	return h.finish(w, r, h.route(w, r, rest))
}

// route finds what answers. rest is what stands behind /api/assets/.
func (h *Handler) route(w http.ResponseWriter, r *http.Request, rest string) error {
	first, second, _ := strings.Cut(rest, "/")
	id := strings.ToLower(first)
	switch route := r.Method + " " + rest; {
	case r.URL.Path == "/api/tags":
		return h.tags(w, r)
	case rest == "" && r.Method == http.MethodPost:
		return h.upload(w, r)
	case rest == "":
		return h.list(w, r)
	case first == "hash":
		return h.hash(w, r, second)
	case rest == "tags/refine":
		return h.refine(w, r)
	case rest == "seed/status":
		return h.seedStatus(w, r)
	case route == "POST from-hash":
		return h.fromHash(w, r)
	case route == "POST seed":
		return h.seed(w, r)
	case route == "POST seed/cancel":
		return h.cancelSeed(w, r)
	case route == "POST prune":
		return h.prune(w, r)
	case second == "content":
		return h.content(w, r, id)
	case second == "tags":
		return h.changeTags(w, r, id)
	case r.Method == http.MethodPut:
		return h.change(w, r, id)
	case r.Method == http.MethodDelete:
		err := h.c.Catalogue.Delete(r.Context(), tenant.Of(r.Context()), id)
		if err == nil {
			w.WriteHeader(http.StatusNoContent)
		}
		return explained(err, id)
	}
	a, err := h.c.Catalogue.Get(r.Context(), tenant.Of(r.Context()), id)
	if err != nil {
		return explained(err, id)
	}
	return h.write(w, r, 200, a, nil)
}
