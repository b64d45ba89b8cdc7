package server

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/server/reply"
)

// middleware wraps the routes: the log, then compression, then cross-site defence or the permission for it, then the keys.
func (s *Server) middleware(next http.Handler) http.Handler {
	if s.c.Auth != nil {
		next = s.gate()
	}
	if s.c.Offline {
		next = offline(next)
	}
	if s.c.CORS != "" {
		next = cors(s.c.CORS, next)
	} else {
		next = guard(s.c.Hosts, next)
	}
	if s.c.Compress {
		next = compress(next)
	}
	return s.observe(next)
}

// guard keeps pages of other sites from driving a server on this machine, through the browser of who uses it. It refuses
// requests that say they come from another site, an Origin other than the Host, and, on loopback, a Host that is neither
// loopback nor one of hosts (DNS rebinding). Stricter than the reference: "Origin: null" is another site too.
func guard(hosts []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" || !sameOrigin(r) || rebound(r, hosts) {
			reply.Empty(w, http.StatusForbidden)
			return
		}
		if r.Method == http.MethodOptions {
			reply.Empty(w, http.StatusOK)
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

// rebound reports whether a request reached loopback under a name that is not loopback's and was not allowed.
func rebound(r *http.Request, hosts []string) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || r.Host == "" || slices.Contains(hosts, "*") {
		return false
	}
	addr, _, err := net.SplitHostPort(local.String())
	if err != nil || !net.ParseIP(addr).IsLoopback() {
		return false
	}
	name := strings.ToLower(hostname(r.Host))
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name != "localhost" && !strings.HasSuffix(name, ".localhost") && !ip.IsLoopback() && !slices.Contains(hosts, name)
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
			reply.Empty(w, http.StatusOK)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// offlinePolicy lets the page load nothing from elsewhere. Compat.
const offlinePolicy = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; font-src 'self'; connect-src 'self' data:; frame-src 'self'; object-src 'self';"

func offline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", offlinePolicy)
		next.ServeHTTP(w, r)
	})
}
