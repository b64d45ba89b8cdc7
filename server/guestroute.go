package server

import (
	"net/http"
	"net/url"
)

// guestRoute is what an extension answers.
func (s *Server) guestRoute(w http.ResponseWriter, r *http.Request, _ params) error {
	if s.c.Extensions == nil {
		return plain(http.StatusNotFound)
	}
	path, err := url.PathUnescape(r.URL.Path) // as it came: see escaped
	if err != nil {
		return plain(http.StatusBadRequest)
	}
	r2, u := *r, *r.URL
	u.Path, u.RawPath = path, r.URL.Path
	r2.URL = &u
	s.c.Extensions.ServeHTTP(w, &r2)
	return nil
}
