package server

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// What is told of prompts is told of those of all tenants: who looks is the operator.
func TestMetricsOfAllTenants(t *testing.T) {
	s := whole(t, nil)
	for who, prompt := range map[tenant.ID]string{
		"a": fmt.Sprintf(echo, "x"),
		"b": `{"prompt":{"1":{"class_type":"GoldenError","inputs":{"value":1,"message":"no"}}}}`,
	} {
		r := httptest.NewRequest("POST", "/prompt?wait=30", strings.NewReader(prompt))
		w := httptest.NewRecorder()
		s.inner.ServeHTTP(w, r.WithContext(tenant.With(s.c.BaseContext(t.Context()), who)))
		if w.Code != 200 {
			t.Fatalf("tenant %s: %d %s", who, w.Code, w.Body)
		}
	}
	_, body := s.ask(t, "GET", "/metrics", "")
	for _, want := range []string{`cocoon_prompts_total{outcome="completed"} 1`, `cocoon_prompts_total{outcome="failed"} 1`, `cocoon_prompts_total{outcome="cancelled"} 0`,
		"cocoon_prompts_waiting 0\n", "cocoon_prompts_running 0\n", `cocoon_build_info{version="test",goversion="go`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}

// Names and kinds are as Prometheus's own linter wants them: every sample has help and a kind before it, counters end in _total,
// units are whole words at the end and are those of SI, and a histogram's classes add up.
func TestMetricsAreWellNamed(t *testing.T) {
	s := whole(t, nil)
	s.ask(t, "POST", "/prompt?wait=30", fmt.Sprintf(echo, "x"))
	_, body := s.ask(t, "GET", "/metrics", "")
	kinds, helped := map[string]string{}, ""
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	for line := range strings.SplitSeq(strings.TrimSpace(body), "\n") {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "# HELP "):
			if helped = words[2]; len(words) < 4 || !strings.HasSuffix(line, ".") {
				t.Errorf("%q has no words", line)
			}
			continue
		case strings.HasPrefix(line, "# TYPE "):
			if words[2] != helped || kinds[words[2]] != "" {
				t.Errorf("%q stands without its help, or twice", line)
			}
			kinds[words[2]] = words[3]
			continue
		}
		full, _, _ := strings.Cut(words[0], "{")
		base := full
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			if cut, ok := strings.CutSuffix(full, end); ok && kinds[cut] == "histogram" {
				base = cut
			}
		}
		kind := kinds[base]
		switch {
		case kind == "" || base != helped:
			t.Errorf("%q has no kind, or stands apart from it", line)
		case (kind == "counter") != strings.HasSuffix(base, "_total"):
			t.Errorf("%s is a %s: counters end in _total and others do not", base, kind)
		case !name.MatchString(base) || slices.ContainsFunc([]string{"milliseconds", "minutes", "kilobytes", "megabytes", "_ms", "percent"}, func(u string) bool { return strings.Contains(base, u) }):
			t.Errorf("%s is a bad name", base)
		}
	}
	if len(kinds) < 10 {
		t.Errorf("%d metrics only:\n%s", len(kinds), body)
	}
}
