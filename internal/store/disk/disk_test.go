package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func open(t *testing.T) *Store {
	t.Helper()
	base := t.TempDir()
	dir := func(n string) string { return filepath.Join(base, n) }
	s, err := Open(Dirs{Input: dir("input"), Output: dir("output"), Temp: dir("temp"), User: dir("user")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestNamesStayInside(t *testing.T) {
	s := open(t)
	secret := filepath.Join(filepath.Dir(s.Path(Output)), "secret.txt")
	if err := os.WriteFile(secret, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(s.Path(Output), "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../secret.txt", secret, "a/../../secret.txt", "link", "..\\secret.txt", "a\x00b", "", ".", "..", "missing"} {
		if f, err := s.Open(Output, name); err == nil {
			f.Close()
			t.Errorf("Open(%q) works, want an error", name)
		} else if !errors.Is(err, fault.NotFound) {
			t.Errorf("Open(%q): %v, want not found", name, err)
		}
		if err := s.Put(Output, name, true, text("y")); err == nil && name != "missing" && name != "link" {
			t.Errorf("Put(%q) works, want an error", name)
		}
	}
	if got, _ := os.ReadFile(secret); string(got) != "x" {
		t.Errorf("the file outside is now %q", got)
	}
}

func TestPut(t *testing.T) {
	s := open(t)
	if err := s.Put(Input, "a/b.txt", false, text("1")); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(Input, "a/b.txt", false, text("2")); !errors.Is(err, fault.Conflict) {
		t.Errorf("second Put: %v, want a conflict", err)
	}
	broken := errors.New("broken")
	if err := s.Put(Input, "a/b.txt", true, func(w io.Writer) error { io.WriteString(w, "half"); return broken }); !errors.Is(err, broken) {
		t.Errorf("failing Put: %v, want its error", err)
	}
	f, err := s.Open(Input, "a/b.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, _ := io.ReadAll(f); string(got) != "1" {
		t.Errorf("file holds %q, want %q", got, "1")
	}
	left, _ := os.ReadDir(filepath.Join(s.Path(Input), stageDir))
	if len(left) != 1 { // the lock
		t.Errorf("%d files on the stage, want the lock alone", len(left))
	}
}

func TestStageIsClearedAtNextStart(t *testing.T) {
	base := t.TempDir()
	dir := func(n string) string { return filepath.Join(base, n) }
	stage := filepath.Join(dir("output"), stageDir)
	if err := os.MkdirAll(stage, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1-dead", "lock"} {
		if err := os.WriteFile(filepath.Join(stage, name), []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(Dirs{Input: dir("input"), Output: dir("output"), Temp: dir("temp"), User: dir("user")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(stage, "1-dead")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the orphan is still there: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stage); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the stage is still there: %v", err)
	}
}

func TestResolve(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.Local)
	for _, row := range []struct {
		prefix, subfolder, stem string
		fail                    bool
	}{
		{"ComfyUI", "", "ComfyUI", false},
		{"a/b", "a", "b", false},
		{"a//./b", "a", "b", false},
		{"%year%-%month%-%day%/%hour%%minute%%second%_%width%x%height%", "2026-03-04", "050607_64x32", false},
		{"a/../b", "", "b", false},
		{"../b", "", "", true},
		{"/etc/b", "", "", true},
		{"a\\b", "", "", true},
		{"x%batch_num%", "", "x%batch_num%", false},
	} {
		subfolder, stem, err := resolve(row.prefix, 64, 32, now)
		if (err != nil) != row.fail || subfolder != row.subfolder || stem != row.stem {
			t.Errorf("resolve(%q) = %q, %q, %v, want %q, %q, error %v", row.prefix, subfolder, stem, err, row.subfolder, row.stem, row.fail)
		}
	}
}

func TestSaveNumbers(t *testing.T) {
	s := open(t)
	for _, name := range []string{"x_00007_.png", "x_9_.png", "xy_00050_.png", "x_abc_.png", "x_-3_.png", "x"} {
		if err := s.Put(Output, name, false, text("")); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Save(Output, "", "x", ".png", 0, nil, text("1"))
	if err != nil || got != "x_00010_.png" {
		t.Errorf("Save = %q, %v, want x_00010_.png", got, err)
	}
	got, err = s.Save(Output, "sub", "b%batch_num%", ".png", 3, nil, text("1"))
	if err != nil || got != "b3_00004_.png" {
		t.Errorf("Save = %q, %v, want b3_00004_.png", got, err)
	}
}

func TestSaveFromManyGoroutines(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	names := make([]string, 50)
	for i := range names {
		wg.Go(func() {
			var err error
			if names[i], err = s.Save(Output, "", "h", ".txt", 0, nil, text(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	slices.Sort(names)
	if n := len(slices.Compact(names)); n != 50 {
		t.Errorf("%d names, want 50 different ones", n)
	}
}
