package wasmhost

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// rooted is an extension with a route that is also to stand at the root.
func rooted(owner tenant.ID, id string, granted bool, routes ...string) Source {
	var described []any
	for _, r := range routes {
		method, path, _ := strings.Cut(r, " ")
		described = append(described, map[string]any{"method": method, "path": path})
	}
	s := tinySource(tiny(map[int32]any{1: map[string]any{"routes": described}, 6: map[string]any{"body": id}}, nil))
	s.Tenant = owner
	s.Manifest.ID = id
	s.Manifest.Capabilities.Legacy = routes
	if granted {
		s.Grant.Legacy = routes
	}
	return s
}

func TestLegacyPaths(t *testing.T) {
	h := newHost(t, Config{})
	load(t, h, rooted("", "test.one", true, "GET /mypack/list", "POST /mypack/item/:id"))
	load(t, h, rooted("", "test.two", false, "GET /other/list"))
	load(t, h, rooted("b", "test.three", true, "GET /third/list"))
	for _, x := range []struct {
		tenant       tenant.ID
		method, path string
		want         string // the body; "" for not answered
	}{
		{"a", "GET", "/mypack/list", "test.one"},
		{"a", "GET", "/api/mypack/list", "test.one"},
		{"a", "HEAD", "/mypack/list", ""},
		{"a", "POST", "/mypack/item/a%2Fb", "test.one"},
		{"a", "POST", "/mypack/list", ""},
		{"a", "GET", "/mypack/list/", ""},
		{"a", "GET", "/api/api/mypack/list", ""},
		{"a", "GET", "/other/list", ""},
		{"a", "GET", "/third/list", ""},
		{"b", "GET", "/third/list", "test.three"},
		{"b", "GET", "/mypack/list", "test.one"},
		{"a", "GET", "/ext/test.one/mypack/list", ""},
	} {
		r := httptest.NewRequest(x.method, x.path, nil)
		r = r.WithContext(tenant.With(r.Context(), x.tenant))
		w := httptest.NewRecorder()
		served := h.ServeLegacy(w, r)
		want := x.want != "" || x.method == "HEAD"
		if served != want || h.HasLegacy(r) != want || w.Body.String() != x.want {
			t.Errorf("%s %s of %s: %v %q, want %q", x.method, x.path, x.tenant, served, w.Body, x.want)
		}
		if served && w.Header().Get("Content-Security-Policy") != route.Policy {
			t.Errorf("%s: %v", x.path, w.Header())
		}
	}
}

// TestLegacyClash: what one extension answers at the root no other one of the same tenant's does.
func TestLegacyClash(t *testing.T) {
	h := newHost(t, Config{})
	load(t, h, rooted("", "test.one", true, "GET /mypack/:name", "GET /mypack/a/b"))
	for route, clash := range map[string]bool{
		"GET /mypack/list": true, "GET /mypack/:other": true, "POST /mypack/list": false, "GET /mypack/a/:b": true, "GET /mypack/x/y": false, "GET /else/list": false,
	} {
		_, err := h.Load(t.Context(), rooted("", "test.two", true, route))
		if (fault.CodeOf(err) == fault.Conflict) != clash {
			t.Errorf("%s: %v", route, err)
		}
		if err == nil {
			if err := h.Remove(t.Context(), "", "test.two"); err != nil {
				t.Error(err)
			}
		}
	}
	load(t, h, rooted("", "test.one", true, "GET /mypack/:name")) // a new version of itself
}
