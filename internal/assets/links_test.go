package assets

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Names for content follow what becomes of its files, here those of two owners.
func TestLinksFollowTheirContent(t *testing.T) {
	c := open(t)
	d := folder{t.TempDir()}
	file := filepath.Join(d.dir, "input", "a")
	write := func() {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("a"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write()
	scan := func() {
		t.Helper()
		if !c.Scanner("one").Start(Scan{Disk: d, Kinds: []string{"input"}}) {
			t.Fatal("no scan begins")
		}
		c.Scanner("one").Wait(t.Context())
	}
	scan()
	mine, err := c.Link(t.Context(), "one", hashOf("a"), Label{Name: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	register(t, c, "two", "input", "a")
	theirs, err := c.Link(t.Context(), "two", hashOf("a"), Label{Name: "theirs"})
	if err != nil {
		t.Fatal(err)
	}
	missing := func(want bool) {
		t.Helper()
		r, err := c.Get(t.Context(), "one", mine.ID)
		if err != nil || r.Missing != want || slices.Contains(r.Tags, Missing) != want {
			t.Errorf("a link is missing: %v, with tags %v, %v; want %v", r.Missing, r.Tags, err, want)
		}
		if r, err := c.Get(t.Context(), "two", theirs.ID); err != nil || r.Missing {
			t.Errorf("the link of another owner, whose file is there: missing %v, %v", r.Missing, err)
		}
	}
	missing(false)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	scan()
	missing(true)
	write()
	scan()
	missing(false)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Scanner("one").Prune(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	missing(true)
	if _, _, err := c.Register(t.Context(), "one", File{Kind: "output", Path: "a", Size: 1}, hashOf("a"), Label{Name: "a"}, nil); err != nil {
		t.Fatal(err)
	}
	missing(false)
}
