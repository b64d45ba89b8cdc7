package server

import (
	"mime"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Whatever a client calls a file, the path stays below its folder.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"a.png", "../a", "a/../../b", "%2e%2e/x", "%252e", "/etc/passwd", `..\a`, "a\x00b", "a [input]", "[output]", ".", "", "./..", "a//b", "\r\n"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, sub string) {
		if full, ok := userPath("me", name); ok && full != "me" && (!filepath.IsLocal(filepath.FromSlash(full)) || !strings.HasPrefix(full, "me/")) {
			t.Errorf("userPath(%q) = %q", name, full)
		}
		at, err := locate(name, "output", sub)
		if err == nil {
			if p := at.path(); !filepath.IsLocal(filepath.FromSlash(p)) || strings.ContainsRune(at.name, '/') {
				t.Errorf("locate(%q, %q) = %q", name, sub, p)
			}
		}
		d := disposition("attachment", name)
		if strings.ContainsAny(d, "\r\n\x00") {
			t.Errorf("disposition(%q) = %q", name, d)
		}
		if how, params, err := mime.ParseMediaType(d); err == nil && (how != "attachment" || len(params) != 1) {
			t.Errorf("disposition(%q) = %q reads as %s %v", name, d, how, params)
		}
		_ = cacheFor(name, 200)
		_, _ = braces(name)
	})
}
