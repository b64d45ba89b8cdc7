package attacks

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// routes makes a guest whose routes GET /r, POST /r and GET /r/:x reply v.
func routes(v any) []byte {
	return build(func(g *guest) {
		var list []any
		for _, r := range [][2]string{{"GET", "/r"}, {"POST", "/r"}, {"GET", "/r/:x"}, {"GET", "/not-granted"}} {
			list = append(list, map[string]any{"method": r[0], "path": r[1]})
		}
		g.describe = message(map[string]any{"nodes": []any{attackNode}, "routes": list})
		g.on[abi.OpRoute] = asm.Code(g.bytes(message(v)), g.call("cocoon1", "reply", "ii:"))
	})
}

// TestAnswers: whatever a route answers, a browser that shows it gives it an origin of its own, and nothing is set but what
// routes may set.
func TestAnswers(t *testing.T) {
	w := &world{}
	h := newHost(t, w)
	page := func(kind, body string) map[string]any {
		return map[string]any{"headers": map[string]any{"content-type": kind}, "body": body}
	}
	header := func(name, value string) map[string]any {
		return map[string]any{"headers": map[string]any{name: value}, "body": "x"}
	}
	for _, row := range []struct {
		name   string
		reply  any
		status int
		absent string // header that must not be there
	}{
		{"HTML with a script", page("text/html", "<script>fetch('/prompt')</script>"), 200, ""},
		{"SVG with a script", page("image/svg+xml", "<svg onload=alert(1)>"), 200, ""},
		{"XML with a style sheet", page("application/xml", "<?xml-stylesheet href='x'?>"), 200, ""},
		{"a script", page("text/javascript", "alert(1)"), 200, ""},
		{"no type, to be sniffed", map[string]any{"body": "<html><script>"}, 200, ""},
		{"a policy of its own", header("content-security-policy", "default-src *"), 200, ""},
		{"a cookie", header("set-cookie", "session=1"), 200, "Set-Cookie"},
		{"a redirect", map[string]any{"status": int64(302), "headers": map[string]any{"location": "https://evil.test"}}, 302, "Location"},
		{"every origin", header("access-control-allow-origin", "*"), 200, "Access-Control-Allow-Origin"},
		{"a service worker", header("service-worker-allowed", "/"), 200, "Service-Worker-Allowed"},
		{"a refresh", header("refresh", "0; url=https://evil.test"), 200, "Refresh"},
		{"clearing the site", header("clear-site-data", `"*"`), 200, "Clear-Site-Data"},
		{"a header in two lines", header("x-ext-a", "b\r\nset-cookie: c=d"), 502, "Set-Cookie"},
		{"a type in two lines", header("content-type", "text/html\r\n\r\n<script>"), 502, ""},
		{"a header name in two lines", header("x-ext-a\r\nset-cookie", "c=d"), 200, "Set-Cookie"},
		{"a header that is a number", map[string]any{"headers": map[string]any{"etag": int64(1)}, "body": "x"}, 502, ""},
		{"status 100", map[string]any{"status": int64(100), "body": "x"}, 502, ""},
		{"status 0x10000c8", map[string]any{"status": int64(0x10000c8), "body": "x"}, 502, ""},
		{"a negative status", map[string]any{"status": int64(-200), "body": "x"}, 502, ""},
		{"a body that is a number", map[string]any{"body": int64(1)}, 502, ""},
		{"a body that is a guessed file", map[string]any{"body": abi.Handle{Kind: abi.KindAsset, ID: 1 << 32}}, 502, ""},
		{"a picture of a guessed handle", map[string]any{"body": map[string]any{"image": abi.Handle{Kind: abi.KindImage, ID: 1 << 32}, "format": "png"}}, 502, ""},
		{"nothing", nil, 502, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := load(t.Context(), h, routes(row.reply)); err != nil {
				t.Fatal(err)
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequestWithContext(tenant.With(t.Context(), "t"), "GET", "/ext/test.attack/r", nil))
			if rec.Code != row.status {
				t.Errorf("status %d, want %d", rec.Code, row.status)
			}
			if row.absent != "" && rec.Header().Get(row.absent) != "" {
				t.Errorf("%s: %q", row.absent, rec.Header().Get(row.absent))
			}
			csp := rec.Header().Get("Content-Security-Policy")
			if rec.Code != 502 && (!strings.HasPrefix(csp, "sandbox ") || strings.Contains(csp, "allow-same-origin") || !strings.Contains(csp, "default-src 'none'")) {
				t.Errorf("policy %q", csp)
			}
			if rec.Header().Get("X-Content-Type-Options") != "nosniff" || rec.Header().Get("Content-Type") == "" {
				t.Errorf("headers %v", rec.Header())
			}
		})
	}
}

// TestPaths: requests reach the routes that were granted and nothing else, however they are written.
func TestPaths(t *testing.T) {
	h := newHost(t, &world{})
	if _, err := load(t.Context(), h, routes(map[string]any{"body": "x"})); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/ext/test.attack/r", 200}, {"HEAD", "/ext/test.attack/r", 200}, {"GET", "/ext/test.attack/r/a%2F..%2Fb", 200}, {"GET", "/ext/test.attack/r/%00", 200},
		{"GET", "/ext/test.attack/not-granted", 404}, {"DELETE", "/ext/test.attack/r", 405}, {"CONNECT", "/ext/test.attack/r", 405}, {"GET", "/ext/test.attack/R", 404},
		{"GET", "/ext/test.attack//r", 404}, {"GET", "/ext/test.attack/./r", 404}, {"GET", "/ext/test.attack/x/../r", 404}, {"GET", "/ext/test.attack/r/", 404},
		{"GET", "/ext/other/r", 404}, {"GET", "/ext/test%2Eattack/r", 404}, {"GET", "/ext//r", 404}, {"GET", "/ext/", 404}, {"GET", "/ext/test.attack", 404},
		{"GET", "/api/api/ext/test.attack/r", 404}, {"GET", "/ext/test.attack%2Fr", 404}, {"GET", "/ext/test.attack/r%2F", 404}, {"GET", "/ext/test.attack/%72", 200},
	} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(tenant.With(t.Context(), "t"), row.method, "/", nil)
		u, err := r.URL.Parse(row.path)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path, r.URL.RawPath = u.Path, row.path
		if strings.Contains(row.path, "..") || strings.Contains(row.path, "/./") {
			r.URL.Path = row.path // Parse cleans it
		}
		h.ServeHTTP(rec, r)
		if rec.Code != row.status {
			t.Errorf("%s %s: %d, want %d", row.method, row.path, rec.Code, row.status)
		}
	}
}

// TestBodies: bodies that are too long, cut short or no forms are refused, and nothing of them stays.
func TestBodies(t *testing.T) {
	h := newHost(t, &world{})
	if _, err := load(t.Context(), h, routes(map[string]any{"body": "x"})); err != nil {
		t.Fatal(err)
	}
	const form, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	long := strings.Repeat("a", 3<<20)
	for _, row := range []struct {
		name, kind, body string
		refused          bool
	}{
		{"a form of 3 MiB", form, "a=" + long, true},
		{"a form that is none", form, "%zz", true},
		{"parts without an end", parts, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx", true},
		{"parts without a boundary", "multipart/form-data", "x", true},
		{"a field of 3 MiB", parts, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + long + "\r\n--b--\r\n", true},
		{"1,000 parts", parts, strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n", 1000) + "--b--\r\n", true},
		{"a file that climbs", parts, "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"../../etc/passwd\"\r\n\r\nx\r\n--b--\r\n", false},
		{"no UTF-8", form, "%ff=%fe", false},
		{"bytes", "", "\x00\xff", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(tenant.With(t.Context(), "t"), "POST", "/ext/test.attack/r", strings.NewReader(row.body))
			r.Header.Set("Content-Type", row.kind)
			h.ServeHTTP(rec, r)
			if refused := rec.Code >= 400 && rec.Code < 500; refused != row.refused || !refused && rec.Code != http.StatusOK {
				t.Errorf("status %d, refused %v", rec.Code, row.refused)
			}
		})
	}
}
