package server

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGuard(t *testing.T) {
	type h map[string]string
	for _, row := range []struct {
		name   string
		host   string
		header h
		want   int
	}{
		{"no browser", "127.0.0.1:8188", h{}, 200},
		{"own page", "127.0.0.1:8188", h{"Origin": "http://127.0.0.1:8188", "Sec-Fetch-Site": "same-origin"}, 200},
		{"own page by name", "localhost:8188", h{"Origin": "http://LOCALHOST:8188"}, 200},
		{"typed address", "127.0.0.1:8188", h{"Sec-Fetch-Site": "none"}, 200},
		{"other site, fetched", "127.0.0.1:8188", h{"Sec-Fetch-Site": "cross-site"}, 403},
		{"other site, by origin", "127.0.0.1:8188", h{"Origin": "https://evil.example"}, 403},
		{"other port", "127.0.0.1:8188", h{"Origin": "http://127.0.0.1:9999"}, 403},
		{"name against address", "127.0.0.1:8188", h{"Origin": "http://localhost:8188"}, 403},
		{"null origin", "127.0.0.1:8188", h{"Origin": "null"}, 403},
		{"origin that is no URL", "127.0.0.1:8188", h{"Origin": "::"}, 403},
		{"rebinding", "evil.example:8188", h{}, 403},
		{"rebinding with its own origin", "evil.example:8188", h{"Origin": "http://evil.example:8188"}, 403},
		{"sub-domain of localhost", "app.localhost:8188", h{}, 200},
		{"IPv6", "[::1]:8188", h{"Origin": "http://[::1]:8188"}, 200},
		{"default port", "127.0.0.1", h{"Origin": "http://127.0.0.1"}, 200},
	} {
		r := httptest.NewRequest("GET", "/queue", nil)
		r.Host = row.host
		for k, v := range row.header {
			r.Header.Set(k, v)
		}
		local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8188}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
		w := httptest.NewRecorder()
		guard(nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })).ServeHTTP(w, r)
		if w.Code != row.want {
			t.Errorf("%s: status %d, want %d", row.name, w.Code, row.want)
		}
	}
}

func TestGuardLeavesPublicNames(t *testing.T) {
	r := httptest.NewRequest("GET", "/queue", nil)
	r.Host = "pictures.example"
	local := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 8188}
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
	w := httptest.NewRecorder()
	guard(nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })).ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("status %d, want 200: the server is reached by its public name", w.Code)
	}
}

func TestCacheFor(t *testing.T) {
	for _, row := range []struct {
		path   string
		status int
		want   string
	}{
		{"/a.js", 200, "no-store"}, {"/a.mjs", 404, "no-store"}, {"/index.de.json", 200, "no-store"}, {"/a.JS", 200, ""},
		{"/a.PNG", 200, "public, max-age=86400"}, {"/a.png", 404, "public, max-age=3600"}, {"/a.webp", 302, "no-cache"},
		{"/a.png", 304, ""}, {"/queue", 200, ""}, {"/b/index.html", 200, ""},
	} {
		if got := cacheFor(row.path, row.status); got != row.want {
			t.Errorf("cacheFor(%q, %d) = %q, want %q", row.path, row.status, got, row.want)
		}
	}
}
