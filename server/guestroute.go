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
	r2, err := asItCame(r)
	if err != nil {
		return err
	}
	s.c.Extensions.ServeHTTP(w, r2)
	return nil
}

// asItCame undoes what escaped did to a request's path.
func asItCame(r *http.Request) (*http.Request, error) {
	path, err := url.PathUnescape(r.URL.Path)
	if err != nil {
		return nil, plain(http.StatusBadRequest)
	}
	r2, u := *r, *r.URL
	u.Path, u.RawPath = path, r.URL.Path
	r2.URL = &u
	return &r2, nil
}

// legacyServer is an ability of Config.Extensions: to answer paths outside of /ext that an operator granted.
type legacyServer interface {
	// HasLegacy reports whether ServeLegacy answers a request.
	HasLegacy(r *http.Request) bool
	ServeLegacy(w http.ResponseWriter, r *http.Request) bool
}

// legacyRoute lets an extension answer a path that no route of the server has under any method, and that is no file of the
// web client's.
func (s *Server) legacyRoute(w http.ResponseWriter, r *http.Request) bool {
	l, ok := s.c.Extensions.(legacyServer)
	if !ok {
		return false
	}
	asked, err := asItCame(r)
	if err != nil || !l.HasLegacy(asked) || len(s.allowed(r.URL.Path)) > 0 || s.webHas(r) {
		return false
	}
	s.handle(route{method: r.Method, path: "/*legacy", do: func(w http.ResponseWriter, r *http.Request, _ params) error {
		asked, err := asItCame(r)
		if err == nil && !l.ServeLegacy(w, asked) {
			err = plain(http.StatusNotFound) // it was taken away meanwhile
		}
		return err
	}})(w, r, nil)
	return true
}

// webHas reports whether a path is a file of the web client's.
func (s *Server) webHas(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || s.c.Web == nil {
		return false
	}
	probe := *r
	probe.Method = http.MethodHead
	answer := &statusOnly{header: http.Header{}}
	s.webRoot(answer, &probe)
	return answer.status != http.StatusNotFound
}

// statusOnly is a writer that keeps the status of an answer.
type statusOnly struct {
	header http.Header
	status int
}

// Header is where the answer's headers go.
func (s *statusOnly) Header() http.Header { return s.header }

// Write counts as an answer.
func (s *statusOnly) Write(b []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	return len(b), nil
}

// WriteHeader keeps the first status.
func (s *statusOnly) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}
