package server

import (
	"strings"
	"testing"
)

func TestAPIPage(t *testing.T) {
	res, page := whole(t, nil).ask(t, "GET", "/cocoon/api", "")
	if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("status %d, policy %q", res.StatusCode, res.Header.Get("Content-Security-Policy"))
	}
	for _, want := range []string{"<pre>Query\n  wait?: number # Seconds to wait for the end, up to 600.\nBody\n  json {prompt: Workflow,", "<td><code>Workflow</code>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, l := range Lines() {
		if l.Method != "" && !strings.Contains(page, "<td>"+l.Method+"<td><code>"+l.Path+"</code>") {
			t.Errorf("the page lacks %s %s", l.Method, l.Path)
		}
	}
}
