package server

import (
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// middleware wraps the routes: cache headers, then cross-site defence or the permission for it.
func (s *Server) middleware(next http.Handler) http.Handler {
	if s.c.CORS != "" {
		next = cors(s.c.CORS, next)
	} else {
		next = guard(next)
	}
	next = cacheControl(next)
	if s.c.BaseContext == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(s.c.BaseContext(r.Context())))
	})
}

// guard keeps pages of other sites from driving a server on this machine, through the browser of who uses it. It refuses
// requests that say they come from another site, an Origin other than the Host, and, on loopback, a Host that is not
// loopback (DNS rebinding). Stricter than the reference: "Origin: null" is another site too.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" || !sameOrigin(r) || rebound(r) {
			empty(w, http.StatusForbidden)
			return
		}
		if r.Method == http.MethodOptions {
			empty(w, http.StatusOK)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin compares the Origin's host and port to the Host's, leaving out a port that only one of them has.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || r.Host == "" {
		return true
	}
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Host == "" {
		return false
	}
	host, from := strings.ToLower(r.Host), u.Host
	if u.Port() == "" {
		host = hostname(host)
	}
	if _, _, err := net.SplitHostPort(host); err != nil {
		from = hostname(from)
	}
	return host == from
}

// rebound reports whether a request reached loopback under a name that is not loopback's.
func rebound(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || r.Host == "" {
		return false
	}
	addr, _, err := net.SplitHostPort(local.String())
	if err != nil || !net.ParseIP(addr).IsLoopback() {
		return false
	}
	name := strings.ToLower(hostname(r.Host))
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name != "localhost" && !strings.HasSuffix(name, ".localhost") && !ip.IsLoopback()
}

func hostname(hostport string) string {
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		if strings.Contains(h, ":") {
			return "[" + h + "]"
		}
		return h
	}
	return hostport
}

// cors lets pages of origin ask.
func cors(origin string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", "POST, GET, DELETE, PUT, OPTIONS, PATCH")
		h.Set("Access-Control-Allow-Headers", "Content-Type, Authorization")
		h.Set("Access-Control-Allow-Credentials", "true")
		if r.Method == http.MethodOptions {
			empty(w, http.StatusOK)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// cacheControl says how long browsers may keep an answer, by the end of its path. Compat: the reference's table.
func cacheControl(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&cacheWriter{ResponseWriter: w, path: r.URL.Path}, r)
	})
}

type cacheWriter struct {
	http.ResponseWriter
	path  string
	wrote bool
}

// WriteHeader sets the header before it is too late.
func (w *cacheWriter) WriteHeader(status int) {
	if !w.wrote && w.Header().Get("Cache-Control") == "" {
		if v := cacheFor(w.path, status); v != "" {
			w.Header().Set("Cache-Control", v)
		}
	}
	w.wrote = true
	w.ResponseWriter.WriteHeader(status)
}

// Write is the first byte of an answer without an explicit status.
func (w *cacheWriter) Write(b []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController, and through it the WebSocket upgrade, the writer below.
func (w *cacheWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func cacheFor(p string, status int) string {
	switch base := path.Base(p); {
	case strings.HasSuffix(p, ".js"), strings.HasSuffix(p, ".css"), strings.HasSuffix(p, ".mjs"),
		strings.HasPrefix(base, "index") && strings.HasSuffix(base, ".json"):
		return "no-store"
	}
	switch strings.ToLower(path.Ext(p)) {
	case ".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp":
	default:
		return ""
	}
	switch status {
	case 404:
		return "public, max-age=3600"
	case 200, 201, 202, 203, 204, 205, 206, 301, 308:
		return "public, max-age=86400"
	case 302, 303, 307:
		return "no-cache"
	}
	return ""
}
