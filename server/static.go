package server

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/server/filetype"
	"github.com/cocoonhq/cocoon/server/reply"
)

// Static serves the files of a folder: the web client's, for Config.Web. Paths that lead out of it are not found, folders are
// forbidden, and no index is made up.
func Static(files fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		static(w, r, files, name)
	})
}

// began stands in for the time of change of files that have none.
var began = time.Now().Truncate(time.Second)

// static serves one file, or says what is wrong with its name.
func static(w http.ResponseWriter, r *http.Request, files fs.FS, name string) {
	if a := inner(w); a != nil {
		a.mount = true
	}
	clean := strings.TrimSuffix(name, "/")
	switch {
	case strings.ContainsAny(name, "\\\x00") || hasDots(name):
		raise(w, http.StatusNotFound)
		return
	case clean == "":
		clean = "."
	}
	f, err := files.Open(path.Clean(clean))
	if err != nil {
		reply.Empty(w, http.StatusNotFound)
		return
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		reply.Empty(w, http.StatusNotFound)
		return
	}
	if st.IsDir() || strings.HasSuffix(name, "/") {
		raise(w, http.StatusForbidden)
		return
	}
	content, ok := f.(io.ReadSeeker)
	if !ok {
		b, err := io.ReadAll(f)
		if err != nil {
			reply.Empty(w, http.StatusNotFound)
			return
		}
		content = bytes.NewReader(b)
	}
	at := st.ModTime()
	if at.IsZero() {
		at = began
	}
	h := w.Header()
	h.Set("Content-Type", filetype.Of(clean))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, at.UnixNano(), st.Size()))
	sendContent(w, r, at, st.Size(), content)
}

// hasDots reports whether a slash path has a segment "..".
func hasDots(name string) bool { return strings.Contains("/"+name+"/", "/../") }

// webRoot serves the web client's files, and Cocoon's own page below /cocoon/.
func (s *Server) webRoot(w http.ResponseWriter, r *http.Request) {
	p, err := url.PathUnescape(r.URL.Path)
	if err != nil || !inside(strings.TrimPrefix(p, "/")) {
		raise(w, http.StatusNotFound)
		return
	}
	if hasDots(p) {
		reply.Empty(w, http.StatusNotFound)
		return
	}
	r2 := new(http.Request)
	*r2 = *r
	r2.URL = &url.URL{Path: p, RawQuery: r.URL.RawQuery}
	if a := inner(w); a != nil {
		a.mount = true
	}
	if own, ok := strings.CutPrefix(p, "/cocoon/"); ok && s.c.Page != nil {
		r2.URL.Path = "/" + own
		s.c.Page.ServeHTTP(w, r2)
		return
	}
	s.c.Web.ServeHTTP(w, r2)
}

// index is GET /: the web client's page, never cached.
func (s *Server) index(w http.ResponseWriter, r *http.Request, _ params) error {
	h := w.Header()
	h.Set("Cache-Control", "no-store, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "0")
	r2 := new(http.Request)
	*r2 = *r
	r2.URL = &url.URL{Path: "/", RawQuery: r.URL.RawQuery}
	s.c.Web.ServeHTTP(w, r2)
	return nil
}

// ownPage is GET /cocoon.
func (s *Server) ownPage(w http.ResponseWriter, r *http.Request, _ params) error {
	if s.c.Page == nil {
		s.webRoot(w, r)
		return nil
	}
	w.Header().Set("Location", "/cocoon/")
	reply.Empty(w, http.StatusFound)
	return nil
}

// templates is GET /templates/….
func (s *Server) templates(w http.ResponseWriter, r *http.Request, p params) error {
	name := unescaped(strings.TrimPrefix(p.ps.ByName("path"), "/"))
	if s.c.Templates == nil {
		raise(w, http.StatusNotFound)
		return nil
	}
	if f, err := s.c.Templates.Open(path.Clean("./" + name)); err == nil {
		f.Close()
		static(w, r, s.c.Templates, name)
		return nil
	}
	raise(w, http.StatusNotFound)
	return nil
}

// nodeDocs is GET /docs/….
func (s *Server) nodeDocs(w http.ResponseWriter, r *http.Request, p params) error {
	if s.c.Docs == nil {
		s.webRoot(w, r)
		return nil
	}
	static(w, r, s.c.Docs, unescaped(strings.TrimPrefix(p.ps.ByName("path"), "/")))
	return nil
}

func unescaped(v string) string {
	if u, err := url.PathUnescape(v); err == nil {
		return u
	}
	return v
}
