package server

import (
	"strings"
	"testing"
)

// using is a shelf whose extensions have used something.
type using struct{ ExtensionShelf }

func (using) ExtensionUse() []ExtensionUse {
	return []ExtensionUse{{"", "acme.lens", 3, 1, 7_000_000_000, 12}, {"alice", "pk", 1, 0, 5, 6}}
}

func TestMetricsOfExtensions(t *testing.T) {
	s := whole(t, func(c *Config) { c.Shelf = using{} })
	_, body := s.ask(t, "GET", "/metrics", "")
	for _, want := range []string{
		"# TYPE cocoon_extension_calls_total counter\ncocoon_extension_calls_total{extension=\"acme.lens\",tenant=\"\"} 3\ncocoon_extension_calls_total{extension=\"pk\",tenant=\"alice\"} 1\n",
		`cocoon_extension_failures_total{extension="acme.lens",tenant=""} 1`, `cocoon_extension_instructions_total{extension="acme.lens",tenant=""} 7000000000`,
		`cocoon_extension_host_bytes_total{extension="pk",tenant="alice"} 6`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}
