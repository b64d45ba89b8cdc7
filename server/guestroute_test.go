package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// rooted stands for extensions of which one answers everything at the root that it is asked for: GET and POST.
type rooted struct{}

// ServeHTTP is not asked for.
func (rooted) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }

// HasLegacy takes every path but those of the folder none.
func (rooted) HasLegacy(r *http.Request) bool {
	return (r.Method == "GET" || r.Method == "POST") && !strings.HasPrefix(r.URL.Path, "/none/")
}

// ServeLegacy shows how the path came.
func (rooted) ServeLegacy(w http.ResponseWriter, r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/gone/") {
		return false
	}
	b, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "rooted %s %s %s %d %v", r.Method, r.URL.Path, r.URL.EscapedPath(), len(b), err)
	return true
}

// TestLegacyRoutes: what an extension answers at the root shadows no route and no file of the server's.
func TestLegacyRoutes(t *testing.T) {
	s := whole(t, func(c *Config) { c.Extensions, c.MaxUpload = rooted{}, 100 })
	for _, x := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/mypack/list", "", 200, "rooted GET /mypack/list /mypack/list 0 <nil>"},
		{"GET", "/mypack/a%2Fb", "", 200, "rooted GET /mypack/a/b /mypack/a%2Fb 0 <nil>"},
		{"POST", "/mypack/list", "1234", 200, "rooted POST /mypack/list /mypack/list 4 <nil>"},
		{"POST", "/mypack/list", strings.Repeat("x", 101), 200, "rooted POST /mypack/list /mypack/list 100 http: request body too large"},
		{"DELETE", "/mypack/list", "", 405, "405: Method Not Allowed"},
		{"GET", "/none/list", "", 404, ""},
		{"GET", "/gone/list", "", 404, ""},
		{"GET", "/index.html", "", 200, "<!doctype html>"},
		{"GET", "/", "", 200, "<!doctype html>"},
		{"GET", "/users", "", 200, ""},
		{"POST", "/system_stats", "", 405, "405: Method Not Allowed"},
		{"GET", "/ext/acme.lens/x", "", 418, ""},
	} {
		res, body := s.ask(t, x.method, x.path, x.body)
		if res.StatusCode != x.status || x.want != "" && body != x.want || x.want == "" && strings.Contains(body, "rooted") {
			t.Errorf("%s %s: %d %q, want %d %q", x.method, x.path, res.StatusCode, body, x.status, x.want)
		}
	}
}

// TestLegacyNeedsARole: who may only read does not post to an extension at the root either.
func TestLegacyNeedsARole(t *testing.T) {
	s := build(Config{Extensions: rooted{}, Web: Static(fstest.MapFS{})}.withDefaults())
	for method, want := range map[string]int{"GET": 200, "POST": 403} {
		r, err := http.NewRequestWithContext(context.WithValue(t.Context(), identityKey{}, tenant.Identity{Role: tenant.Read}), method, "/mypack/list", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		w := &statusOnly{header: http.Header{}}
		if s.inner.ServeHTTP(w, r); w.status != want {
			t.Errorf("%s: %d, want %d", method, w.status, want)
		}
	}
}
