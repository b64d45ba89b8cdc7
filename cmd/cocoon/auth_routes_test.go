package main

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server"
)

// A key that may only look changes nothing, whichever route it tries, and no route answers without a key.
func TestEveryRouteHeedsRoles(t *testing.T) {
	h := newHouse(t, authFlags{})
	reader := h.guest("alice", tenant.Read)
	names := regexp.MustCompile(`\{\w+\}`)
	n := 0
	for _, l := range server.Lines() {
		if l.Method == "" {
			continue
		}
		paths := []string{names.ReplaceAllString(l.Path, "x")}
		if l.Alias {
			paths = append(paths, "/api"+paths[0])
		}
		for _, path := range paths {
			n++
			if path == "/healthz" || path == "/readyz" {
				continue
			}
			if status, _ := h.status(l.Method, path); status != http.StatusUnauthorized {
				t.Errorf("%s %s without a key: %d, want 401", l.Method, path, status)
			}
			if l.Method == http.MethodGet || l.Method == http.MethodHead {
				continue
			}
			if status, b := reader.ask(l.Method, path, "{}"); status != http.StatusForbidden {
				t.Errorf("%s %s with a key that reads: %d %.100s, want 403", l.Method, path, status, b)
			}
		}
	}
	if n < 120 {
		t.Errorf("%d routes only", n)
	}
}
