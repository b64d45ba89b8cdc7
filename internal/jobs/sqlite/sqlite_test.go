package sqlite

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/jobs/jobstest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	jobstest.Run(t, func(t *testing.T) (engine.Store, func() engine.Store) {
		path := filepath.Join(t.TempDir(), "jobs.db")
		var s *Store
		open := func() engine.Store {
			if s != nil {
				s.Close()
			}
			var err error
			if s, err = Open(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			return s
		}
		t.Cleanup(func() { s.Close() })
		return open(), open
	})
}

func TestOneProcessAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := Open(t.Context(), path); !errors.Is(err, fault.Conflict) {
		t.Errorf("a second opening: %v, want a conflict", err)
	}
}

func TestHistoryLimit(t *testing.T) {
	s, err := OpenWith(t.Context(), Config{HistoryLimit: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		j := json.RawMessage("{}")
		if _, err := s.Put(t.Context(), engine.Job{PromptID: id, Prompt: j, Extra: j}); err != nil {
			t.Fatal(err)
		}
		l, _, err := s.Claim(t.Context(), "w", 1e9)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(t.Context(), l, engine.Outcome{Outputs: j, Status: j, Meta: j}); err != nil {
			t.Fatal(err)
		}
	}
	g, err := s.Peek(t.Context(), "", engine.PeekQuery{Finished: -1})
	if err != nil {
		t.Fatal(err)
	}
	h, _, err := s.Records(t.Context(), "", g.Finished, engine.Portion{Bytes: 1 << 20})
	if err != nil || len(h) != 3 || h[0].Job.PromptID != "c" {
		t.Errorf("%d entries from %v, %v; want the last 3", len(h), h, err)
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	if err := os.WriteFile(junk, []byte("this is no database, whatever its name says; it is longer than a header"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, path string
		code       fault.Code
	}{
		{"no folder", filepath.Join(dir, "none", "jobs.db"), fault.ReadOnly},
		{"no database", junk, fault.BadFile},
	} {
		if s, err := Open(t.Context(), row.path); fault.CodeOf(err) != row.code {
			if s != nil {
				s.Close()
			}
			t.Errorf("%s: %v, want %s", row.name, err, row.code)
		}
	}
}

func TestTemporaryStoreLeavesNothing(t *testing.T) {
	s, err := Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(s.c.Path)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder stays: %v", err)
	}
}

func TestTroubleIsToldAndPasses(t *testing.T) {
	j := json.RawMessage(`"` + string(make0(64<<10)) + `"`)
	for _, row := range []struct {
		name, harm, heal string
		code             fault.Code
	}{
		{"disk full", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", fault.DiskFull},
		{"read-only", "PRAGMA query_only = 1", "PRAGMA query_only = 0", fault.ReadOnly},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := Open(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			put := func(id string) error {
				_, err := s.Put(t.Context(), engine.Job{PromptID: id, Prompt: j, Extra: j})
				return err
			}
			if err := put("before"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.write.ExecContext(t.Context(), row.harm); err != nil {
				t.Fatal(err)
			}
			if err := put("during"); fault.CodeOf(err) != row.code {
				t.Errorf("during: %v, want %s", err, row.code)
			}
			if g, err := s.Peek(t.Context(), "", engine.PeekQuery{Pending: -1}); err != nil || len(g.Pending) != 1 {
				t.Errorf("reading gives %v, %v", g, err)
			}
			if _, err := s.write.ExecContext(t.Context(), row.heal); err != nil {
				t.Fatal(err)
			}
			if err := put("after"); err != nil {
				t.Errorf("after: %v", err)
			}
			if got := s.Active(""); got != 2 {
				t.Errorf("%d active jobs, want 2", got)
			}
		})
	}
}

func make0(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0'
	}
	return b
}
