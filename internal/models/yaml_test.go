package models

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSections(t *testing.T) {
	text := "\ufeff# paths\r\n---\nfirst:\n  base_path: C:/models # comment\n  a: \"x \\\\ y\" # more\n  b: 'it''s'\n  'c': plain # not\n  d: |\n    one\n\n    two # stays\n  e: >-\n   one\n   two\n  f:\n  g: ~\n" +
		"  h: a#b\n  a: again\n\nsecond:\n    x: y\nthird: # nothing\nfirst:\n  \n  z: new\n...\n"
	got, err := parseSections(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []section{
		{"first", []pair{{"z", "new"}}},
		{"second", []pair{{"x", "y"}}},
		{"third", nil},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(section{}, pair{})); diff != "" {
		t.Errorf("with a section twice (-want +got):\n%s", diff)
	}
	text, _, _ = strings.Cut(text, "second:")
	got, err = parseSections(text)
	if err != nil {
		t.Fatal(err)
	}
	want = []section{{"first", []pair{
		{"base_path", "C:/models"}, {"a", "again"}, {"b", "it's"}, {"c", "plain"}, {"d", "one\n\ntwo # stays"}, {"e", "one two"}, {"f", ""}, {"g", ""}, {"h", "a#b"},
	}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(section{}, pair{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseSectionsRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a list", "a:\n  b:\n    - c", "line 3"},
		{"a list at the top", "- a", "line 1: \"-\""},
		{"text at the top", "a: b", "folder keys"},
		{"no key", "a:\n  words only", "no key"},
		{"no space", "a:\n  b:c", "no key"},
		{"tab", "a:\n\tb: c", "a tab"},
		{"deeper", "a:\n  b: c\n    d: e", "indented unlike"},
		{"shallower", "a:\n    b: c\n  d: e", "indented unlike"},
		{"key of nothing", "  a: b", "indented unlike"},
		{"flow", "a:\n  b: [c, d]", "quote it"},
		{"anchor", "a:\n  b: &c d", "quote it"},
		{"open quote", "a:\n  b: \"c", "without its end"},
		{"open key", "a:\n  'b: c", "without its end"},
		{"tail", "a:\n  b: 'c' d", "follows a quoted"},
		{"escape", `a:` + "\n" + `  b: "C:\models"`, "escape"},
		{"block head", "a:\n  b: |9x\n    c", "no head"},
		{"block step", "a:\n  b: |\n      c\n    d", "indented less"},
	} {
		if got, err := parseSections(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want …%s…", c.name, got, err, c.want)
		}
	}
}

func FuzzParseSections(f *testing.F) {
	f.Add("a:\n  b: |\n    c\n  d: \"e\\n\"\n'f': # g\n")
	f.Add("x:\n  y: >+\n\n   z\n")
	f.Fuzz(func(t *testing.T, text string) {
		sections, err := parseSections(text)
		if err != nil {
			return
		}
		for _, s := range sections {
			seen := map[string]bool{}
			for _, p := range s.pairs {
				if seen[p.key] {
					t.Errorf("key %q twice", p.key)
				}
				seen[p.key] = true
			}
		}
	})
}
