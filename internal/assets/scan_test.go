package assets

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// folder is a Disk of one folder.
type folder struct{ dir string }

func (d folder) Walk(_ context.Context, kind string, each func(File) error) error {
	return fs.WalkDir(os.DirFS(filepath.Join(d.dir, kind)), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		st, err := e.Info()
		if err != nil {
			return err
		}
		return each(File{Kind: kind, Path: p, Loader: p, Shown: p, Tags: []string{kind}, Size: st.Size(), MTime: st.ModTime().UnixNano()})
	})
}

func (d folder) Open(f File) (*os.File, error) {
	file, err := os.Open(filepath.Join(d.dir, f.Kind, f.Path))
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "no file")
	}
	return file, nil
}

func (folder) Describe(f File, _ *os.File) (string, json.RawMessage) {
	return "image/" + strings.TrimPrefix(path.Ext(f.Path), "."), json.RawMessage(`{"kind":"image"}`)
}

func TestScan(t *testing.T) {
	c := open(t)
	d := folder{t.TempDir()}
	write := func(name, content string) {
		t.Helper()
		full := filepath.Join(d.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("input/a.png", "a")
	write("output/sub/b.png", "b")
	var mu sync.Mutex
	var events []string
	scan := func() Status {
		t.Helper()
		events = nil
		s := c.Scanner("")
		if !s.Start(Scan{Disk: d, Kinds: []string{"input", "output"}, Emit: func(e string, _ any) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, strings.TrimPrefix(e, "assets.seed."))
		}}) {
			t.Fatal("no scan begins")
		}
		s.Wait(t.Context())
		return s.Status()
	}
	st := scan()
	if want := (Status{Idle, &Progress{2, 2, 2, 0}, []string{}}); cmp.Diff(want, st) != "" {
		t.Errorf("first scan: %+v, want %+v", st, want)
	}
	if got := strings.Join(events, " "); got != "started fast_complete started enrich_complete completed" {
		t.Errorf("events: %s", got)
	}
	places, err := c.Places(t.Context(), "", hashOf("b"))
	if err != nil || len(places) != 1 || places[0].File.Shown != "sub/b.png" || places[0].MIME != "image/png" || string(places[0].System) != `{"kind":"image"}` {
		t.Fatalf("Places = %+v, %v", places, err)
	}
	b := places[0]
	if err := os.Remove(filepath.Join(d.dir, "output/sub/b.png")); err != nil {
		t.Fatal(err)
	}
	write("input/a.png", "other")
	if st := scan(); *st.Progress != (Progress{1, 1, 0, 1}) {
		t.Errorf("second scan: %+v", st.Progress)
	}
	if r, err := c.Get(t.Context(), "", b.ID); err != nil || !r.Missing || !slices.Contains(r.Tags, Missing) {
		t.Errorf("the reference whose file is gone: %+v, %v", r, err)
	}
	if ok, _ := c.Holds(t.Context(), "", hashOf("other")); !ok {
		t.Error("a changed file keeps its old hash")
	}
	write("output/sub/b.png", "b")
	scan()
	if r, err := c.Get(t.Context(), "", b.ID); err != nil || r.Missing || slices.Contains(r.Tags, Missing) {
		t.Errorf("the reference whose file is back: %+v, %v", r, err)
	}
	if err := os.Remove(filepath.Join(d.dir, "input/a.png")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Scanner("").Prune(t.Context(), d); n != 1 || err != nil {
		t.Errorf("Prune = %d, %v, want 1", n, err)
	}
}

func TestScanHashesUpToABound(t *testing.T) {
	c := open(t)
	d := folder{t.TempDir()}
	if err := errors.Join(os.MkdirAll(d.dir+"/input", 0o755), os.WriteFile(d.dir+"/input/small", []byte("12"), 0o644),
		os.WriteFile(d.dir+"/input/large", []byte("123"), 0o644)); err != nil {
		t.Fatal(err)
	}
	s := c.Scanner("")
	s.Start(Scan{Disk: d, Kinds: []string{"input"}, MaxHash: 2})
	s.Wait(t.Context())
	page, err := c.List(t.Context(), "", Query{Sort: "name", Ascending: true, Limit: 9})
	if err != nil || len(page.Refs) != 2 || page.Refs[0].Hash != "" || page.Refs[1].Hash != hashOf("12") {
		t.Errorf("references %+v, %v, want the small one to have a hash", page.Refs, err)
	}
}

func TestScanWaitsAndStops(t *testing.T) {
	c := open(t)
	d := folder{t.TempDir()}
	if err := errors.Join(os.MkdirAll(d.dir+"/input", 0o755), os.WriteFile(d.dir+"/input/a", nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 100)
	s := c.Scanner("x")
	if !s.Start(Scan{Disk: d, Kinds: []string{"input"}, Busy: func() bool { return true }, Emit: func(e string, _ any) { heard <- e }}) {
		t.Fatal("no scan begins")
	}
	for e := range heard {
		if e == "assets.seed.paused" {
			break
		}
	}
	if s.Start(Scan{Disk: d, Kinds: []string{"input"}}) {
		t.Error("a second scan begins")
	}
	if st := s.Status().State; st != Paused {
		t.Errorf("state %s, want PAUSED", st)
	}
	if _, err := s.Prune(t.Context(), d); !errors.Is(err, fault.Conflict) {
		t.Errorf("Prune while a scan runs: %v, want a conflict", err)
	}
	if !s.Cancel() || s.Cancel() {
		t.Error("Cancel tells the wrong thing")
	}
	s.Wait(t.Context())
	if st := s.Status().State; st != Idle {
		t.Errorf("state %s, want IDLE", st)
	}
}
