package sqlite

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// TestNotesOfDeletedJobs: what is noted of a job goes with the next start after the job was deleted.
func TestNotesOfDeletedJobs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	j := json.RawMessage("{}")
	for _, id := range []string{"deleted", "stays"} {
		if _, err := s.Put(t.Context(), engine.Job{PromptID: id, Prompt: j, Extra: j}); err != nil {
			t.Fatal(err)
		}
		l, _, err := s.Claim(t.Context(), "w", 1e12)
		if err == nil {
			err = s.Reserve(t.Context(), l, id+".png")
		}
		if err == nil && id == "deleted" {
			err = s.Release(t.Context(), l)
		}
		if err == nil && id == "deleted" {
			_, err = s.Remove(t.Context(), "", []string{id})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var left string
	if err := s.read.QueryRowContext(t.Context(), "SELECT group_concat(path) FROM reserved").Scan(&left); err != nil || left != "stays.png" {
		t.Errorf("noted are %q, %v; want the file of the job that is there", left, err)
	}
}

// TestStartReadsIndexesAlone: a start with many rows does not read them, which are large.
func TestStartReadsIndexesAlone(t *testing.T) {
	s, err := Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, statement := range []string{
		"UPDATE jobs SET state = 0, worker = '' WHERE token > 0 AND state = 1",
		"SELECT coalesce(max(token), 0) FROM jobs WHERE token > 0",
		"SELECT tenant, count(*) FROM jobs GROUP BY tenant",
		"SELECT abs(number) FROM jobs WHERE given = 0 ORDER BY abs(number) DESC LIMIT 1",
		"SELECT abs(number) FROM history WHERE given = 0 ORDER BY abs(number) DESC LIMIT 1",
	} {
		rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement)
		if err != nil {
			t.Fatal(err)
		}
		err = each(rows, func() error {
			var a, b, c int
			var plan string
			err := rows.Scan(&a, &b, &c, &plan)
			if !strings.Contains(plan, "INDEX jobs_") && !strings.Contains(plan, "INDEX history_") {
				t.Errorf("%s: %s", statement, plan)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
