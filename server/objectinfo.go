package server

import (
	"net/http"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/server/reply"
)

// objectInfo is GET /object_info.
func (s *Server) objectInfo(w http.ResponseWriter, r *http.Request, _ params) error {
	v := s.classes.of(r.Context(), s.c.Registry)
	h := w.Header()
	h.Set("ETag", v.tag)
	h.Set("Cache-Control", "no-cache")
	if match := r.Header.Get("If-None-Match"); match == "*" || strings.Contains(match, v.tag) {
		reply.Empty(w, http.StatusNotModified)
		return nil
	}
	b := v.text
	if s.c.Compress {
		h.Add("Vary", "Accept-Encoding")
		if coding := codingFor(r); coding != "" {
			b = v.packed(coding)
			h.Set("Content-Encoding", coding)
		}
	}
	reply.Raw(w, http.StatusOK, b)
	return nil
}

// objectInfoOf is GET /object_info/{class}.
func (s *Server) objectInfoOf(w http.ResponseWriter, r *http.Request, p params) error {
	reply.Raw(w, 200, node.ObjectInfoOf(r.Context(), s.c.Registry, p.get("class")))
	return nil
}
