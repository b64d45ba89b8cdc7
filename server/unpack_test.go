package server

import (
	"bytes"
	"strings"
	"testing"
)

// Bodies may come packed; what they hold is bounded, and what is packed in an unknown way is refused.
func TestPackedBodies(t *testing.T) {
	s := whole(t, func(c *Config) { c.MaxUpload = 10_000 })
	big := strings.Repeat(" ", 10_001)
	for _, row := range []struct {
		name, coding, path, body string
		status                   int
		stored                   string // of POST /userdata/a
	}{
		{"gzip", "gzip", "/userdata/a", string(packed("gzip", []byte("one"))), 200, "one"},
		{"deflate", "deflate", "/userdata/a", string(packed("deflate", []byte("two"))), 200, "two"},
		{"in capitals", "GZIP", "/userdata/a", string(packed("gzip", []byte("three"))), 200, "three"},
		{"as it is", "identity", "/userdata/a", "four", 200, "four"},
		{"JSON", "gzip", "/settings", string(packed("gzip", []byte(`{"a":1}`))), 200, ""},
		{"not packed", "gzip", "/userdata/a", "five", 400, "four"},
		{"broken off", "gzip", "/userdata/a", string(packed("gzip", bytes.Repeat([]byte("x"), 99))[:20]), 400, "four"},
		{"nothing", "gzip", "/userdata/a", "", 400, "four"},
		{"no JSON", "gzip", "/settings", "{}", 400, ""},
		{"no prompt", "gzip", "/prompt", "{}", 400, ""},
		{"an unknown coding", "br", "/userdata/a", "six", 415, "four"},
		{"two codings", "gzip, gzip", "/userdata/a", "six", 415, "four"},
		{"a bomb", "gzip", "/userdata/a", string(packed("gzip", []byte(big))), 413, "four"},
		{"a bomb of JSON", "deflate", "/settings", string(packed("deflate", []byte(big))), 413, ""},
	} {
		res, answer := s.ask(t, "POST", row.path, row.body, "Content-Encoding", row.coding)
		if res.StatusCode != row.status {
			t.Errorf("%s: %d %s, want %d", row.name, res.StatusCode, answer, row.status)
		}
		if row.stored == "" {
			continue
		}
		if _, got := s.ask(t, "GET", "/userdata/a", ""); got != row.stored {
			t.Errorf("%s: stored is %q, want %q", row.name, got, row.stored)
		}
	}
}
