package route

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

func TestFind(t *testing.T) {
	all := []string{"GET /a", "POST /a", "GET /a/:x", "GET /a/fixed", "DELETE /:x/:y", "GET /only", "GET /"}
	r := New(append(all, "GET /denied"), all)
	for _, x := range []struct {
		method, path string
		want         string
		params       map[string]string
		allow        []string
	}{
		{"GET", "/a", "GET /a", nil, nil},
		{"HEAD", "/a", "GET /a", nil, nil},
		{"POST", "/a", "POST /a", nil, nil},
		{"PUT", "/a", "", nil, []string{"GET", "HEAD", "POST"}},
		{"GET", "/a/b", "GET /a/:x", map[string]string{"x": "b"}, nil},
		{"GET", "/a/fixed", "GET /a/fixed", nil, nil},
		{"GET", "/a/b%2Fc", "GET /a/:x", map[string]string{"x": "b/c"}, nil},
		{"GET", "/%61", "GET /a", nil, nil},
		{"GET", "/a%2Ffixed", "", nil, nil},
		{"GET", "/a/%zz", "", nil, nil},
		{"GET", "/a/", "", nil, nil},
		{"GET", "//a", "", nil, []string{}},
		{"DELETE", "/a/..", "DELETE /:x/:y", map[string]string{"x": "a", "y": ".."}, nil},
		{"PATCH", "/only", "", nil, []string{"GET", "HEAD"}},
		{"GET", "/denied", "", nil, nil},
		{"GET", "/", "GET /", nil, nil},
		{"GET", "", "GET /", nil, nil},
		{"get", "/a", "", nil, []string{"GET", "HEAD", "POST"}},
	} {
		got, params, allow := r.Find(x.method, x.path)
		pattern := ""
		if got != nil {
			pattern = got.Pattern
		}
		if pattern != x.want || !maps.Equal(params, x.params) || !slices.Equal(allow, x.allow) {
			t.Errorf("%s %s: %q %v %q, want %q %v %q", x.method, x.path, pattern, params, allow, x.want, x.params, x.allow)
		}
	}
	if !New(all, nil).Empty() || r.Empty() {
		t.Error("what is empty?")
	}
}

func TestClashes(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want bool
	}{
		{"GET /a", "GET /a", true}, {"GET /a", "POST /a", false}, {"GET /a", "GET /b", false}, {"GET /:x", "GET /b", true}, {"GET /b", "GET /:x", true},
		{"GET /:x/b", "GET /a/:y", true}, {"GET /:x/b", "GET /a/c", false}, {"GET /a/b", "GET /a", false},
	} {
		a, b := New([]string{x.a}, []string{x.a}), New([]string{x.b}, []string{x.b})
		if got, found := a.Clashes(b); found != x.want || found && got != x.a {
			t.Errorf("%s and %s: %q %v", x.a, x.b, got, found)
		}
	}
}

// FuzzFind: no path finds a route that has other segments.
func FuzzFind(f *testing.F) {
	f.Add("GET", "/a/b%2Fc")
	f.Add("HEAD", "//%00")
	r := New([]string{"GET /a/:x"}, []string{"GET /a/:x"})
	f.Fuzz(func(t *testing.T, method, path string) {
		got, params, _ := r.Find(method, path)
		if got != nil && (strings.Count(strings.TrimPrefix(path, "/"), "/") != 1 || params["x"] == "" || method != "GET" && method != "HEAD") {
			t.Errorf("%s %q: %v", method, path, params)
		}
	})
}

// TestHead: a guest sets few headers, and none that the host sets.
func TestHead(t *testing.T) {
	always := http.Header{"Cache-Control": {"private"}, "X-Content-Type-Options": {"nosniff"}, "Content-Security-Policy": {Policy},
		"Cross-Origin-Resource-Policy": {"same-origin"}, "Referrer-Policy": {"no-referrer"}}
	for _, x := range []struct {
		name   string
		given  map[string]any
		status int
		want   http.Header
		code   fault.Code
	}{
		{"nothing said", map[string]any{}, 200, http.Header{"Content-Type": {"application/octet-stream"}}, ""},
		{"what may be set", map[string]any{"status": int64(404), "headers": map[string]any{"CONTENT-type": "text/html", "etag": `"1"`, "x-ext-a1": "v", "Cache-Control": "no-store"}}, 404,
			http.Header{"Content-Type": {"text/html"}, "Etag": {`"1"`}, "X-Ext-A1": {"v"}, "Cache-Control": {"no-store"}}, ""},
		{"what may not", map[string]any{"headers": map[string]any{"set-cookie": "a=b", "content-security-policy": "", "x-frame-options": "", "location": "/x", "access-control-allow-origin": "*",
			"x-ext-é": "v", "x-ext-a b": "v", "service-worker-allowed": "/", "content-length": "1", "transfer-encoding": "chunked", "clear-site-data": "*", "refresh": "0;url=/", "link": "<x>; rel=preload",
			"x-content-type-options": "", "strict-transport-security": "max-age=1", "origin-agent-cluster": "?1"}}, 200, http.Header{"Content-Type": {"application/octet-stream"}}, ""},
		{"for caches of all", map[string]any{"headers": map[string]any{"cache-control": "Public, s-maxage=9, max-age=60, immutable, private=\"x\""}}, 200,
			http.Header{"Content-Type": {"application/octet-stream"}, "Cache-Control": {"private, max-age=60, immutable"}}, ""},
		{"no message", nil, 0, nil, fault.ExtensionFailed},
		{"a status of its own", map[string]any{"status": int64(101)}, 0, nil, fault.ExtensionFailed},
		{"a status that is long", map[string]any{"status": int64(1 << 40)}, 0, nil, fault.ExtensionFailed},
		{"two lines", map[string]any{"headers": map[string]any{"etag": "a\r\nb: c"}}, 0, nil, fault.ExtensionFailed},
		{"a number", map[string]any{"headers": map[string]any{"etag": int64(1)}}, 0, nil, fault.ExtensionFailed},
	} {
		h := http.Header{}
		status, err := PutHead(h, abi.Map(x.given))
		if x.code != "" {
			if fault.CodeOf(err) != x.code {
				t.Errorf("%s: %v", x.name, err)
			}
			continue
		}
		said := x.want["Cache-Control"]
		if maps.Copy(x.want, always); said != nil {
			x.want["Cache-Control"] = said
		}
		if d := cmp.Diff(x.want, h); err != nil || d != "" || status != x.status {
			t.Errorf("%s: %d %v %s", x.name, status, err, d)
		}
	}
}

// TestMessage: a guest sees few headers, and none that says who asks.
func TestMessage(t *testing.T) {
	r := httptest.NewRequest("POST", "/ext/x/a?b=1&b=2&c=%ff", nil)
	for _, name := range []string{"Accept", "Range", "Cookie", "Authorization", "User-Agent", "X-Forwarded-For", "Referer", "Origin", "Comfy-User"} {
		r.Header.Set(name, "v\xff")
	}
	m, err := Message(r, &Route{Pattern: "POST /:x"}, map[string]string{"x": "a\xff"})
	want := map[string]any{"method": "POST", "path": "/ext/x/a", "route": "POST /:x", "params": map[string]any{"x": "a\uFFFD"},
		"query": map[string]any{"b": []any{"1", "2"}, "c": []any{"\uFFFD"}}, "headers": map[string]any{"accept": "v\uFFFD", "range": "v\uFFFD"}}
	if d := cmp.Diff(want, m); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if r.URL.RawQuery = "%zz"; err == nil {
		_, err = Message(r, &Route{}, nil)
	}
	if fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("%v", err)
	}
}
