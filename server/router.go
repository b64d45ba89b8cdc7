package server

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/cocoonhq/cocoon/server/assetapi"
)

// Server answers requests. It is an http.Handler.
type Server struct {
	c         Config
	handler   http.Handler
	inner     http.Handler // the routes, without what stands before them
	router    *httprouter.Router
	people    people
	greetings greetings
	packs     packs
	classes   *classes
	stocks    stocks
	summaries summaries
	counts    *counts
	rows      []route
	assets    *assetapi.Handler // nil without a catalogue
}

// New makes a Server.
func New(c Config) *Server {
	s := build(c.withDefaults())
	s.handler = s.middleware(s.inner)
	if s.c.Logs != nil && s.c.Hub != nil {
		s.c.Logs.follow(s.c.Hub)
	}
	return s
}

// build makes a Server without what stands before its routes.
func build(c Config) *Server {
	s := &Server{c: c, counts: &counts{}, classes: &classes{}}
	s.packs.list = s.c.Packs
	s.stocks.plain = sync.OnceValue(s.plainStock)
	s.assets = s.assetHandler()
	s.rows = s.table()
	s.inner = s.version2(s.routes())
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes mounts the table.
func (s *Server) routes() http.Handler {
	s.router = httprouter.New()
	s.router.RedirectTrailingSlash, s.router.RedirectFixedPath = false, false
	s.router.HandleOPTIONS, s.router.HandleMethodNotAllowed = false, false
	s.router.NotFound = http.HandlerFunc(s.notFound)
	taken := map[string]bool{}
	mount := func(method, path string, h httprouter.Handle) {
		if at := method + " " + path; !taken[at] {
			taken[at] = true
			s.router.Handle(method, path, h)
		}
	}
	for _, t := range s.rows {
		if t.do == nil {
			continue // a heading
		}
		h := s.handle(t)
		paths := []string{t.path}
		if t.alias {
			paths = append(paths, "/api"+t.path)
		}
		for _, p := range paths {
			mount(t.method, p, h)
			if t.method == http.MethodGet && !strings.HasPrefix(p, "/api/assets/") {
				mount(http.MethodHead, p, h)
			}
		}
	}
	return escaped(s.router)
}

// params are the path's parameters, unescaped.
type params struct{ ps httprouter.Params }

func (p params) get(name string) string {
	v := p.ps.ByName(name)
	if u, err := url.PathUnescape(v); err == nil {
		v = u
	}
	return strings.ToValidUTF8(v, "\uFFFD") // Compat: what is no text is read with marks in the place of the bytes
}

func (s *Server) handle(t route) httprouter.Handle {
	pattern, need := t.method+" "+t.path, needOf(t)
	return func(w http.ResponseWriter, r *http.Request, ps httprouter.Params) {
		if a := inner(w); a != nil {
			a.route = pattern
		}
		if r.Body != nil {
			body := &pacedBody{r.Body, http.NewResponseController(w), time.Now(), s.c.BodyGrace, 0}
			r.Body = body
			if pattern != streamed {
				r.Body = http.MaxBytesReader(w, body, s.c.MaxUpload)
			}
		}
		err := allowed(r, need)
		if err == nil {
			err = unpack(w, r, s.c.MaxUpload)
		}
		if err == nil {
			err = t.do(w, r, params{ps})
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

// escaped routes on the path as it came, so that %2F stays inside its segment.
func escaped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r2 := new(http.Request)
		*r2 = *r
		u := *r.URL
		u.Path, u.RawPath = canonical(r.URL.EscapedPath()), ""
		r2.URL = &u
		next.ServeHTTP(w, r2)
	})
}

// canonical undoes the escapes that a path needs not: those of letters, digits, - _ and ~. Compat: /%70rompt is /prompt, as
// RFC 3986 has it. An escaped dot stays, so that no path is read as one that leads up.
func canonical(escaped string) string {
	if !strings.Contains(escaped, "%") {
		return escaped
	}
	var b strings.Builder
	for i := 0; i < len(escaped); i++ {
		if c, ok := needless(escaped[i:]); ok {
			b.WriteByte(c)
			i += len("%70") - 1
			continue
		}
		b.WriteByte(escaped[i])
	}
	return b.String()
}

// needless reads an escape that a text begins with, of a byte that needs none.
func needless(t string) (c byte, ok bool) {
	if len(t) < len("%70") || t[0] != '%' {
		return 0, false
	}
	n, err := strconv.ParseUint(t[1:3], 16, 8)
	c = byte(n)
	letter := 'a' <= c|0x20 && c|0x20 <= 'z'
	return c, err == nil && (letter || '0' <= c && c <= '9' || strings.IndexByte("-_~", c) >= 0)
}

// notFound gives GETs to the web client, and says to others which methods the path takes. Compat: the client's files are
// mounted at the root, so that every path takes GET; only the internal routes stand apart.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	if s.legacyRoute(w, r) {
		return
	}
	p := r.URL.Path
	internal := p == "/internal" || strings.HasPrefix(p, "/internal/")
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	allowed := s.allowed(p)
	switch {
	case internal && len(allowed) == 0:
		raise(w, http.StatusNotFound)
	case internal, !read:
		if !internal {
			allowed = append(allowed, "GET", "HEAD")
		}
		slices.Sort(allowed)
		w.Header().Set("Allow", strings.Join(slices.Compact(allowed), ","))
		raise(w, http.StatusMethodNotAllowed)
	default:
		s.webRoot(w, r)
	}
}

// allowed lists the methods that have a route for the path.
func (s *Server) allowed(p string) []string {
	if rest, below := strings.CutPrefix(p, "/api/assets/"); below {
		return assetapi.Methods(rest)
	}
	var found []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		if h, _, _ := s.router.Lookup(m, p); h != nil && !(m == "POST" && notCancel(p)) {
			found = append(found, m)
		}
	}
	return found
}
