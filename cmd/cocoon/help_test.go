package main

import (
	"strings"
	"testing"
)

// TestEveryFlagHasItsPlace: serve's flags are all below a heading, and the headings name no flag that is not there.
func TestEveryFlagHasItsPlace(t *testing.T) {
	out, errText, err := cocoon(t, "", "serve", "--help")
	if err != exitCode(0) || errText != "" {
		t.Fatalf("%v; on the standard error: %s", err, errText)
	}
	if strings.Contains(out, "\nFlags:\n") {
		t.Errorf("some flags are below no heading:\n%s", out)
	}
	hidden := map[string]bool{"cpu": true}
	for _, theme := range themes() {
		for _, name := range strings.Fields(theme.flags) {
			if n := strings.Count(out, "\n  --"+name+" ") + strings.Count(out, "\n  --"+name+"\n"); n != 1 && !hidden[name] {
				t.Errorf("--%s is there %d times", name, n)
			}
		}
	}
	for line := range strings.Lines(out) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 132 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if out, _, _ := cocoon(t, "", "key", "--help"); strings.Contains(out, "--preview-method") || !strings.Contains(out, "--role") || !strings.Contains(out, "--base-directory") {
		t.Errorf("key --help:\n%s", out)
	}
	if _, errText, err := cocoon(t, "", "serve", "--prot", "3"); err == nil || !strings.Contains(errText, "not defined: -prot") || !strings.Contains(errText, `"cocoon serve --help" lists the flags`) {
		t.Errorf("%v %s", err, errText)
	}
}

func TestWrapped(t *testing.T) {
	for _, x := range []struct {
		text    string
		columns int
		want    string
	}{
		{"", 10, ""}, {"one", 2, "one"}, {"one two three", 7, "one two|three"}, {"a  b\nc", 80, "a b c"}, {"überlang kurz", 8, "überlang|kurz"},
	} {
		if got := strings.Join(wrapped(x.text, x.columns), "|"); got != x.want {
			t.Errorf("%q: %q, want %q", x.text, got, x.want)
		}
	}
}

func TestKeyNewTakesOneTenant(t *testing.T) {
	out, errText, err := cocoon(t, "", "key", "new", "alice", "bob")
	if err == nil || !strings.Contains(err.Error(), "one tenant at a time") {
		t.Errorf("%v %s %s", err, out, errText)
	}
}
