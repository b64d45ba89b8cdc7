package server

import (
	"net/http"
	"time"

	v2 "github.com/cocoonhq/cocoon/server/v2"
)

// version2 puts the second version of the API before the routes, when there is a feed for it.
func (s *Server) version2(next http.Handler) http.Handler {
	if s.c.Feed == nil {
		return next
	}
	h := v2.New(v2.Config{Engine: s.c.Engine, Files: s.c.Files, Feed: s.c.Feed, MaxUpload: s.c.MaxUpload})
	return v2.Mount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := inner(w); a != nil {
			a.route = r.Method + " /api/v2"
		}
		if err := allowed(r, needOf(route{method: r.Method})); err != nil {
			h.Fail(w, r, err)
			return
		}
		if r.Body != nil {
			r.Body = &pacedBody{r.Body, http.NewResponseController(w), time.Now(), s.c.BodyGrace, 0}
		}
		h.ServeHTTP(w, r)
	}), next)
}
