package server

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// Keys knows API keys.
type Keys interface {
	// Check says who a token shows the asker to be; fault.Forbidden when it is not good.
	Check(ctx context.Context, token string) (tenant.Identity, error)
	// Valid reports whether the key of an id is still good.
	Valid(ctx context.Context, id string) (bool, error)
}

// Auth makes a server that answers those alone who have a key, each inside their tenant.
type Auth struct {
	Keys Keys
	// Files are the files of a tenant.
	Files func(tenant.ID) (Files, error)
	// Limits bound a tenant; the server heeds Sockets, Files and the job store the rest.
	Limits tenant.Limits
}

// gate lets requests through to the server of their tenant.
type gate struct {
	s *Server

	mu       sync.Mutex // guards the rest
	failures tenant.Failures
	rooms    map[tenant.ID]*room
	entered  uint64 // visits of all rooms
	visits   visits
}

func (s *Server) gate() http.Handler {
	return &gate{s: s, rooms: map[tenant.ID]*room{}}
}

// unguarded are the paths that say nothing of anybody: those that watch over the process ask them.
func unguarded(path string) bool { return path == "/healthz" || path == "/readyz" }

// ServeHTTP finds out who asks.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if unguarded(r.URL.EscapedPath()) {
		g.s.inner.ServeHTTP(w, r)
		return
	}
	r, token := g.token(r)
	who, err := g.admit(r, token)
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	if a := inner(w); a != nil {
		a.who = who
	}
	m, err := g.enterRoom(who.Tenant)
	if err != nil {
		g.s.fail(w, r, err)
		return
	}
	defer g.leaveRoom(m)
	g.serve(w, r, who, m)
}

// token takes the key out of a request: a header, or for WebSockets of browsers, which cannot send any, the query. Browsers
// that were asked for a password send it as one; where other sites may ask, that would let them act in the user's name.
func (g *gate) token(r *http.Request) (*http.Request, string) {
	if scheme, t, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return r, strings.TrimSpace(t)
	}
	if t := r.Header.Get("X-API-Key"); t != "" {
		return r, t
	}
	if _, password, ok := r.BasicAuth(); ok && g.s.c.CORS == "" {
		return r, password
	}
	if !upgrade(r) {
		return r, ""
	}
	q := r.URL.Query()
	t := q.Get("token")
	q.Del("token") // nobody below shows it or logs it
	r2 := r.Clone(r.Context())
	r2.URL.RawQuery = q.Encode()
	r2.RequestURI = r2.URL.RequestURI()
	return r2, t
}

func upgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

// errNoKey is what a request without a key gets.
var errNoKey = errors.New("no key")

// waitError tells an asker to come back later.
type waitError time.Duration

// Error says so.
func (waitError) Error() string { return "too many wrong keys" }

func (g *gate) admit(r *http.Request, token string) (tenant.Identity, error) {
	if token == "" {
		return tenant.Identity{}, errNoKey
	}
	asker := askerOf(r, token)
	g.mu.Lock()
	wait := g.failures.Wait(asker, time.Now())
	g.mu.Unlock()
	if wait > 0 {
		return tenant.Identity{}, waitError(wait)
	}
	who, err := g.s.c.Auth.Keys.Check(r.Context(), token)
	if errors.Is(err, fault.Forbidden) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.failures.Add(asker, time.Now())
	}
	return who, err
}

// askerOf names who tries a key: the address, of IPv6 the network, and which key, so that nobody locks out others behind
// the same address.
func askerOf(r *http.Request, token string) string {
	id, _, _ := tenant.Split(token)
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() && !ip.Is4In6() {
		if network, err := ip.WithZone("").Prefix(64); err == nil {
			host = network.String()
		}
	}
	return host + " " + id
}

func (g *gate) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var wait waitError
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch {
	case errors.As(err, &wait):
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(time.Duration(wait).Seconds()))))
		reply.JSON(w, http.StatusTooManyRequests, problem{"too_many", "Too many wrong keys came from here.", "Try again later."}.body())
	case errors.Is(err, errNoKey) || errors.Is(err, fault.Forbidden):
		h.Add("WWW-Authenticate", `Bearer realm="Cocoon"`)
		if g.s.c.CORS == "" {
			h.Add("WWW-Authenticate", `Basic realm="Cocoon: any name, and the key as password", charset="UTF-8"`)
		}
		reply.JSON(w, http.StatusUnauthorized, problem{"unauthorized", "This server asks for an API key.",
			"Send it as Authorization: Bearer KEY or X-API-Key: KEY; a WebSocket may have it in its query as token=KEY."}.body())
	default:
		g.s.fail(w, r, err)
	}
}

// serve answers inside the tenant, and ends the answer when the key is good no more.
func (g *gate) serve(w http.ResponseWriter, r *http.Request, who tenant.Identity, m *room) {
	if long(r) {
		if !g.occupy(m, 1) {
			reply.JSON(w, http.StatusTooManyRequests, problem{"too_many", "Too many sockets are open for this tenant.", "Close some."}.body())
			return
		}
		defer g.occupy(m, -1)
	}
	ctx := withIdentity(tenant.With(r.Context(), who.Tenant), who)
	ctx = zerolog.Ctx(ctx).With().Str("tenant", string(who.Tenant)).Logger().WithContext(ctx)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v := &visit{key: who.Key, cancel: cancel}
	g.enter(v)
	defer g.leave(v)
	if upgrade(r) {
		w = &watched{w, g, v}
	}
	m.handler.ServeHTTP(w, r.WithContext(ctx))
}

// long reports whether a request stays: a WebSocket or a stream of events.
func long(r *http.Request) bool {
	return upgrade(r) || r.Method == http.MethodGet && (r.URL.Path == "/cocoon/events" || strings.HasSuffix(r.URL.Path, "/events"))
}
