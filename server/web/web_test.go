package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestHandler(t *testing.T) {
	h := Handler()
	for _, tt := range []struct {
		name, method, target string
		status               int
		mime                 string
	}{
		{"page", "GET", "/", 200, "text/html; charset=utf-8"},
		{"page by name", "GET", "/index.html", 200, "text/html; charset=utf-8"},
		{"head", "HEAD", "/", 200, "text/html; charset=utf-8"},
		{"script", "GET", "/main.js", 200, "text/javascript; charset=utf-8"},
		{"script in a folder", "GET", "/form/rules.js", 200, "text/javascript; charset=utf-8"},
		{"script that comes later", "GET", "/shelf/panel.js", 200, "text/javascript; charset=utf-8"},
		{"its style", "GET", "/shelf/shelf.css", 200, "text/css; charset=utf-8"},
		{"the bridge is a pack's", "GET", "/bridge/helper.js", 404, ""},
		{"style", "GET", "/tokens.css", 200, "text/css; charset=utf-8"},
		{"default workflow", "GET", "/default.json", 200, "application/json; charset=utf-8"},
		{"icon", "GET", "/icon.svg", 200, "image/svg+xml"},
		{"unknown", "GET", "/nothing.js", 404, ""},
		{"folder", "GET", "/form/", 404, ""},
		{"source of the handler", "GET", "/web.go", 404, ""},
		{"out of the folder", "GET", "/form/../../web.go", 404, ""},
		{"post", "POST", "/", 405, "text/plain; charset=utf-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := get(t, h, tt.method, tt.target)
			if got.StatusCode != tt.status || got.Header.Get("Content-Type") != tt.mime {
				t.Fatalf("%s %s: %d %q, want %d %q", tt.method, tt.target, got.StatusCode, got.Header.Get("Content-Type"), tt.status, tt.mime)
			}
			body, _ := io.ReadAll(got.Body)
			if (tt.method == "HEAD" || tt.status == 404) && len(body) > 0 {
				t.Errorf("body of %d bytes, want none", len(body))
			}
			if tt.status != 200 {
				return
			}
			if got.Header.Get("Cache-Control") != "no-cache" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v, want no-cache and nosniff", got.Header)
			}
			csp := got.Header.Get("Content-Security-Policy")
			if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "trusted-types 'none'") {
				t.Errorf("policy %q", csp)
			}
		})
	}
}

func TestETag(t *testing.T) {
	h := Handler()
	plain := get(t, h, "GET", "/main.js").Header.Get("ETag")
	packed := get(t, h, "GET", "/main.js", "Accept-Encoding", "gzip, br").Header.Get("ETag")
	if plain == "" || plain == packed {
		t.Fatalf("etags %q and %q, want two", plain, packed)
	}
	for _, tt := range []struct {
		name, header string
		want         int
	}{
		{"same", plain, 304},
		{"coded", packed, 304},
		{"weak", "W/" + packed, 304},
		{"in a list", `"a", ` + plain, 304},
		{"any", "*", 304},
		{"other", `"a"`, 200},
		{"none", "", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := get(t, h, "GET", "/main.js", "If-None-Match", tt.header)
			body, _ := io.ReadAll(got.Body)
			if got.StatusCode != tt.want || (len(body) == 0) != (tt.want == 304) {
				t.Errorf("%d with %d bytes, want %d", got.StatusCode, len(body), tt.want)
			}
		})
	}
}

func TestGzip(t *testing.T) {
	h := Handler()
	for _, tt := range []struct {
		name, header string
		want         bool
	}{
		{"named", "gzip, deflate, br", true},
		{"weighted", "br;q=1, GZIP;q=0.5", true},
		{"star", "*", true},
		{"refused", "gzip;q=0, *", false},
		{"others", "br", false},
		{"nothing", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := get(t, h, "GET", "/index.html", "Accept-Encoding", tt.header)
			body, _ := io.ReadAll(got.Body)
			if coded := got.Header.Get("Content-Encoding") == "gzip"; coded != tt.want || got.Header.Get("Vary") != "Accept-Encoding" {
				t.Fatalf("coding %q, vary %q, want gzip %v", got.Header.Get("Content-Encoding"), got.Header.Get("Vary"), tt.want)
			}
			if tt.want {
				r, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				body, _ = io.ReadAll(r)
			}
			if !bytes.HasPrefix(body, []byte("<!doctype html>")) {
				t.Errorf("body begins %.20q", body)
			}
		})
	}
}

// later reports whether a file is loaded when its part is first used, and not with the page.
func later(name string) bool { return strings.HasPrefix(name, "shelf/") }

// The page's own files leave room for the object_info of the default workflow within 120 KB. What is loaded later stays small too.
func TestBudget(t *testing.T) {
	const limit, limitLater = 104 << 10, 16 << 10
	total, rest := 0, 0
	for name, a := range load() {
		n := len(a.body)
		if a.packed != nil {
			n = len(a.packed)
		}
		if later(name) {
			rest += n
		} else {
			total += n
		}
		if lines := bytes.Count(a.body, []byte("\n")); path.Ext(name) != ".svg" && lines >= 300 {
			t.Errorf("%s has %d lines, want under 300", name, lines)
		}
	}
	if total > limit || rest > limitLater {
		t.Errorf("%d bytes to transfer and %d later, want at most %d and %d", total, rest, limit, limitLater)
	}
	t.Logf("%d bytes to transfer, %d later", total, rest)
}

// Each module is preloaded, and index.html holds no inline code or style.
func TestIndex(t *testing.T) {
	assets := load()
	page := string(assets["index.html"].body)
	for name := range assets {
		if path.Ext(name) == ".js" && name != "theme.js" && !later(name) && !strings.Contains(page, `<link rel="modulepreload" href="`+name+`">`) {
			t.Errorf("%s is not preloaded", name)
		}
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"#]+)"`).FindAllStringSubmatch(page, -1) {
		if assets[m[1]] == nil {
			t.Errorf("index.html names %s, which does not exist", m[1])
		}
	}
	if m := regexp.MustCompile(`(?i)<style|style="|\son\w+="|<script>|javascript:`).FindString(page); m != "" {
		t.Errorf("index.html holds %q", m)
	}
	unsafe := regexp.MustCompile(`\.(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createObjectURL|"data:`)
	for name, a := range assets {
		if m := unsafe.Find(a.body); path.Ext(name) == ".js" && m != nil {
			t.Errorf("%s uses %s", name, m)
		}
	}
}
