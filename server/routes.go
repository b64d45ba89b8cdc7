package server

import (
	"net/http"
	"net/url"

	"github.com/julienschmidt/httprouter"
)

// Server answers requests. It is an http.Handler.
type Server struct {
	c       Config
	handler http.Handler
}

// New makes a Server.
func New(c Config) *Server {
	s := &Server{c: c.withDefaults()}
	s.handler = s.middleware(s.routes())
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes is the whole API. Each route of the first table also stands under /api.
func (s *Server) routes() http.Handler {
	r := httprouter.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath, r.HandleOPTIONS = false, false, false
	r.NotFound = http.HandlerFunc(s.notFound)
	r.MethodNotAllowed = http.HandlerFunc(methodNotAllowed)
	for _, t := range []struct {
		method, path string
		do           handler
	}{
		{"GET", "/ws", s.socket},
		{"GET", "/", s.index},
		{"GET", "/embeddings", s.embeddings},
		{"GET", "/extensions", s.extensions},
		{"GET", "/models", s.modelFolders},
		{"GET", "/models/:folder", s.modelFiles},
		{"GET", "/view", s.view},
		{"GET", "/view_metadata/:folder", s.viewMetadata},
		{"GET", "/system_stats", s.systemStats},
		{"GET", "/features", s.features},
		{"GET", "/prompt", s.remaining},
		{"POST", "/prompt", s.submit},
		{"GET", "/object_info", s.objectInfo},
		{"GET", "/object_info/:class", s.objectInfoOf},
		{"GET", "/history", s.history},
		{"GET", "/history/:prompt_id", s.historyOf},
		{"POST", "/history", s.editHistory},
		{"GET", "/queue", s.queue},
		{"POST", "/queue", s.editQueue},
		{"POST", "/interrupt", s.interrupt},
		{"POST", "/free", s.free},
		{"POST", "/upload/image", s.uploadImage},
		{"POST", "/upload/mask", s.uploadMask},
	} {
		h := s.handle(t.do)
		r.Handle(t.method, t.path, h)
		r.Handle(t.method, "/api"+t.path, h)
		if t.method == "GET" {
			r.Handle("HEAD", t.path, h)
			r.Handle("HEAD", "/api"+t.path, h)
		}
	}
	for _, t := range []struct {
		method, path string
		do           handler
	}{
		{"GET", "/internal/files/:kind", s.internalFiles},
		{"GET", "/cocoon/info", s.info},
		{"GET", "/cocoon/model", s.model},
		{"POST", "/cocoon/workflow", s.openWorkflow},
	} {
		r.Handle(t.method, t.path, s.handle(t.do))
	}
	return escaped(r)
}

// handler answers a request or says why not.
type handler func(w http.ResponseWriter, r *http.Request, p params) error

// params are the path's parameters, unescaped.
type params struct{ ps httprouter.Params }

func (p params) get(name string) string {
	v := p.ps.ByName(name)
	if u, err := url.PathUnescape(v); err == nil {
		return u
	}
	return v
}

func (s *Server) handle(do handler) httprouter.Handle {
	return func(w http.ResponseWriter, r *http.Request, ps httprouter.Params) {
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, s.c.MaxUpload)
		}
		if err := do(w, r, params{ps}); err != nil {
			s.fail(w, r, err)
		}
	}
}

// escaped routes on the path as it came, so that %2F stays inside its segment.
func escaped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r2 := r.Clone(r.Context())
		r2.URL.Path, r2.URL.RawPath = r.URL.EscapedPath(), ""
		next.ServeHTTP(w, r2)
	})
}

// notFound gives GETs to the web client. Compat: its files are mounted at the root, so that every path takes GET.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		methodNotAllowed(w, r)
		return
	}
	if p, err := url.PathUnescape(r.URL.Path); err == nil {
		r.URL.Path = p
	}
	s.c.Web.ServeHTTP(w, r)
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	allow := w.Header().Get("Allow")
	if allow == "" {
		allow = "GET, HEAD"
	}
	w.Header().Set("Allow", allow)
	text(w, http.StatusMethodNotAllowed, "405: Method Not Allowed")
}
