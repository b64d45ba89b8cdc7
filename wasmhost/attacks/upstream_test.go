package attacks

import (
	"compress/gzip"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// fetches makes a guest that traps unless http_fetch gives want, or at least 0 when want is 1.
func fetches(want int32, request map[string]any) []byte {
	return build(func(g *guest) {
		g.need([3]string{"cocoon1_http", "http_fetch", "iiii:l"})
		g.pages = 8
		g.execute = asm.Code(g.bytes(message(request)), asm.I32(300<<10), asm.I32(100<<10), g.call("cocoon1_http", "http_fetch", "iiii:l"), []byte{0xa7})
		if want == 1 {
			g.execute = asm.Code(g.execute, asm.I32(0), []byte{0x48, 0x04, 0x40, 0x00, 0x0b})
			return
		}
		g.execute = append(g.execute, check(want)...)
	})
}

// elsewhere is a client that reaches one server under every name.
func elsewhere(s *httptest.Server) *http.Client {
	address := s.Listener.Addr().String()
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}}}
}

// misleading is a server under many names that leads astray, answers without end or not before release. What its other names
// are sent is kept in leaked.
func misleading(leaked *atomic.Value, release chan struct{}) http.Handler {
	to := map[string]string{"/meta": "http://169.254.169.254/latest/meta-data", "/file": "file:///etc/passwd", "/other": "http://other.test/granted", "/elsewhere": "http://evil.test/", "/self": "/self", "/user": "http://user:pw@api.test/ok", "/climb": "/v1/%2e%2e/admin"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "api.test" {
			leaked.Store(r.Host + r.URL.Path + " " + r.Header.Get("Authorization") + r.Header.Get("X-Key") + r.Header.Get("Cookie"))
		}
		if address, ok := to[r.URL.Path]; ok {
			http.Redirect(w, r, address, http.StatusFound)
			return
		}
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			zeros := make([]byte, 1<<20)
			for range 200 {
				if _, err := z.Write(zeros); err != nil {
					return
				}
			}
			_ = z.Close()
		case "/long":
			zeros := make([]byte, 1<<20)
			for range 64 {
				if _, err := w.Write(zeros); err != nil {
					return
				}
			}
		case "/slow":
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-release:
			case <-r.Context().Done():
			}
		case "/headers":
			for range 2000 {
				w.Header().Add("X-Many", strings.Repeat("a", 100))
			}
		default:
			_, _ = w.Write([]byte("ok"))
		}
	})
}

// TestUpstream: servers that lead astray, answer without end or not at all, and requests that would carry secrets away.
func TestUpstream(t *testing.T) {
	var leaked atomic.Value
	release := make(chan struct{})
	s := httptest.NewServer(misleading(&leaked, release))
	defer s.Close()
	defer close(release)
	client := elsewhere(s)
	client.Transport.(*http.Transport).MaxResponseHeaderBytes = 64 << 10
	h := newHost(t, &world{}, func(c *wasmhost.Config) {
		c.Client = client
		c.Secrets = func(context.Context, tenant.ID, string, string) (string, bool) { return "s3cret", true }
	})
	rules := []wasmhost.HTTPRule{{Rule: "GET http://api.test/*", Secrets: []string{"KEY"}}, {Rule: "GET http://other.test/granted"}, {Rule: "POST http://other.test/unbound"}}
	get := func(path string, headers map[string]any) map[string]any {
		m := map[string]any{"method": "GET", "url": path}
		if headers != nil {
			m["headers"] = headers
		}
		return m
	}
	secret := map[string]any{"X-Key": "{{secret:KEY}}", "Authorization": "Bearer own", "Cookie": "a=b"}
	for _, row := range []struct {
		name    string
		want    int32
		request map[string]any
	}{
		{"an honest request", 1, get("http://api.test/ok", nil)},
		{"a redirect to the metadata service", abi.EPERM, get("http://api.test/meta", nil)},
		{"a redirect to a file", abi.EPERM, get("http://api.test/file", nil)},
		{"a redirect to where no rule leads", abi.EPERM, get("http://api.test/elsewhere", secret)},
		{"redirects in a circle", abi.EPERM, get("http://api.test/self", nil)},
		{"a redirect with a password", abi.EPERM, get("http://api.test/user", nil)},
		{"a redirect that climbs", abi.EPERM, get("http://api.test/climb", nil)},
		{"a redirect that would take the secret along", 1, get("http://api.test/other", secret)},
		{"a secret for an address that it is not bound to", abi.EPERM, map[string]any{"method": "POST", "url": "http://other.test/unbound", "headers": secret}},
		{"a secret that is not granted", abi.EPERM, get("http://api.test/ok", map[string]any{"X-Key": "{{secret:OTHER}}"})},
		{"200 MiB in a gzip", abi.ETOOBIG, get("http://api.test/bomb", nil)},
		{"an answer of 64 MiB", abi.ETOOBIG, get("http://api.test/long", nil)},
		{"an answer that does not come", abi.ETIMEOUT, get("http://api.test/slow", nil)},
		{"headers of 200 KiB", abi.EIO, get("http://api.test/headers", nil)},
		{"another method", abi.EPERM, map[string]any{"method": "DELETE", "url": "http://api.test/ok"}},
		{"a method in two lines", abi.EPERM, map[string]any{"method": "GET /x HTTP/1.1\r\nHost: evil", "url": "http://api.test/ok"}},
		{"a host in the user's place", abi.EPERM, get("http://api.test@evil.test/", nil)},
		{"a host that ends alike", abi.EPERM, get("http://api.test.evil.test/", nil)},
		{"a path that climbs", abi.EPERM, get("http://api.test/../admin", nil)},
		{"a path that climbs, escaped", abi.EPERM, get("http://api.test/%2e%2E/admin", nil)},
		{"another scheme", abi.EPERM, get("gopher://api.test/", nil)},
		{"another port", abi.EPERM, get("http://api.test:22/", nil)},
		{"no host", abi.EIO, get("http:///x", nil)},
		{"a host of its own in the headers", abi.EIO, get("http://api.test/ok", map[string]any{"Host": "evil.test"})},
		{"a length of its own", abi.EIO, get("http://api.test/ok", map[string]any{"Content-Length": "5"})},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, err := load(t.Context(), h, fetches(row.want, row.request), func(s *wasmhost.Source) {
				s.Manifest.Capabilities.HTTP, s.Grant.HTTP = rules, rules
				s.Limits.Execute.Parked = 10 * time.Second
				if row.want == abi.ETIMEOUT {
					s.Limits.Execute.Parked = 50 * time.Millisecond
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e.Nodes()[0].Run(in(t.Context(), "t", nil), node.Args{}); err != nil {
				t.Errorf("another answer than %d: %v; %v", row.want, err, e.Log())
			}
		})
	}
	if got, _ := leaked.Load().(string); strings.TrimSpace(got) != "other.test/granted" {
		t.Errorf("the other server saw %q", got)
	}
}

// TestInside: addresses of the inside are not dialled, by whatever name.
func TestInside(t *testing.T) {
	var reached atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer s.Close()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t, &world{}) // with the client that it has by itself
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "[::]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "127.1.2.3",
		"2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "0x7f.0.0.1", "127.1", "127.0.1", "0", "127.0.0.1.", "localhost.", "LOCALHOST", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[::ffff:0:7f00:1]",
		"[fe80::1%25lo]", "[::1%25lo]", "①②⑦.⓪.⓪.①", "127。0。0。1", "%31%32%37.0.0.1", "user@127.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "100.100.100.200"} {
		address := "http://" + host + ":" + port + "/"
		rules := []wasmhost.HTTPRule{{Rule: "GET " + address}}
		e, err := load(t.Context(), h, fetches(abi.EPERM, map[string]any{"method": "GET", "url": address}), func(s *wasmhost.Source) {
			s.Manifest.Capabilities.HTTP, s.Grant.HTTP = rules, rules
			s.Limits.Execute.Parked = 10 * time.Second
		})
		if fault.CodeOf(err) == fault.BadFile { // the manifest is not accepted
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Nodes()[0].Run(in(t.Context(), "t", nil), node.Args{}); err != nil {
			t.Errorf("%s: %v; %v", host, err, e.Log())
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the inside was reached %d times", n)
	}
}
