package jobstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// enough are more bytes than any test's jobs have.
const enough = 1 << 30

func peek(t *testing.T, s engine.Store, id tenant.ID, q engine.PeekQuery) engine.Glance {
	t.Helper()
	g, err := s.Peek(t.Context(), id, q)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// jobsOf reads jobs, with their prompts.
func jobsOf(t *testing.T, s engine.Store, id tenant.ID, seqs []int64) (all []engine.Job) {
	t.Helper()
	for len(seqs) > 0 {
		list, n, err := s.Jobs(t.Context(), id, seqs, engine.Portion{Whole: true, Bytes: enough})
		if err != nil || n < 1 || n > len(seqs) {
			t.Fatalf("%d of %d were read, %v", n, len(seqs), err)
		}
		all, seqs = append(all, list...), seqs[n:]
	}
	return all
}

func recordsOf(t *testing.T, s engine.Store, id tenant.ID, marks []engine.Mark) (all []engine.Record) {
	t.Helper()
	for len(marks) > 0 {
		list, n, err := s.Records(t.Context(), id, marks, engine.Portion{Whole: true, Bytes: enough})
		if err != nil || n < 1 || n > len(marks) {
			t.Fatalf("%d of %d were read, %v", n, len(marks), err)
		}
		all, marks = append(all, list...), marks[n:]
	}
	return all
}

// list gives all jobs that run and that wait.
func list(t *testing.T, s engine.Store, id tenant.ID) (running, pending []engine.Job) {
	t.Helper()
	g := peek(t, s, id, engine.PeekQuery{Whole: true, Pending: -1})
	return g.Running, jobsOf(t, s, id, g.Pending)
}

func names(jobs []engine.Job) []string {
	list := []string{}
	for _, j := range jobs {
		list = append(list, j.PromptID)
	}
	return list
}

// made is a job that was made at another time.
func made(id string, number float64, created int64) engine.Job {
	j := job("", id, number)
	j.Created = created
	return j
}

// lined puts one job that runs and four that wait.
func lined(t *testing.T, s engine.Store) {
	t.Helper()
	put(t, s, made("run", 0, 5))
	if _, ok := claim(t, s); !ok {
		t.Fatal("nothing to claim")
	}
	put(t, s, made("late", 1, 30), made("tie2", 4, 20), made("tie1", 3, 20), made("old", 2, 10), job("other", "x", 0))
}

// window checks the views of a part of the queue.
func window(t *testing.T, make Maker) {
	s, _ := make(t)
	lined(t, s)
	for _, row := range []struct {
		name string
		q    engine.PeekQuery
		want []string
	}{
		{"as run", engine.PeekQuery{Pending: -1}, []string{"late", "old", "tie1", "tie2"}},
		{"oldest", engine.PeekQuery{Order: engine.Oldest, Pending: -1, Whole: true}, []string{"old", "tie1", "tie2", "late"}},
		{"newest", engine.PeekQuery{Order: engine.Newest, Pending: -1}, []string{"late", "tie1", "tie2", "old"}},
		{"the two newest", engine.PeekQuery{Order: engine.Newest, Pending: 2}, []string{"late", "tie1"}},
		{"none", engine.PeekQuery{}, []string{}},
	} {
		g := peek(t, s, "", row.q)
		jobs := jobsOf(t, s, "", g.Pending)
		want(t, row.name, names(jobs), row.want)
		want(t, row.name+", times that were not asked for", len(g.PendingMade), 0)
		if q := row.q; q.Order != engine.AsRun {
			q.Times = true
			made := []int64{}
			for _, j := range jobs {
				made = append(made, j.Created)
			}
			want(t, row.name+", times", peek(t, s, "", q).PendingMade, made)
		}
		if g.Waiting != 4 || len(g.Running) != 1 || len(g.Finished) != 0 || g.Ended != 0 {
			t.Errorf("%s: %+v", row.name, g)
			continue
		}
		if j := g.Running[0]; j.PromptID != "run" || len(j.Prompt) != 0 != row.q.Whole || j.Secrets != nil || len(j.Extra) == 0 || j.Created == 0 {
			t.Errorf("%s: %+v runs", row.name, j)
		}
	}
	want(t, "of another tenant", names(jobsOf(t, s, "other", peek(t, s, "", engine.PeekQuery{Pending: -1}).Pending)), []string{})
}

func lookup(t *testing.T, make Maker) {
	s, _ := make(t)
	lined(t, s)
	for id, ahead := range map[string]int{"late": 0, "old": 1, "tie1": 2, "tie2": 3} {
		j, ok, err := s.Get(t.Context(), "", id)
		if err != nil || !ok || j.PromptID != id || len(j.Prompt) == 0 {
			t.Fatalf("%s: %+v, %v, %v", id, j, ok, err)
		}
		if n, err := s.Ahead(t.Context(), j); err != nil || n != ahead {
			t.Errorf("%d ahead of %s, %v; want %d", n, id, err, ahead)
		}
	}
	if _, ok, err := s.Get(t.Context(), "", "x"); ok || err != nil {
		t.Errorf("a job of another tenant: %v, %v", ok, err)
	}
}

// portions checks how much is read at a time.
func portions(t *testing.T, make Maker) {
	s, _ := make(t)
	for i := range 6 {
		j := job("", fmt.Sprint(i), float64(i))
		j.Prompt, j.Extra = json.RawMessage(`"`+strings.Repeat("p", 998)+`"`), json.RawMessage(`{}`)
		put(t, s, j)
	}
	seqs := peek(t, s, "", engine.PeekQuery{Pending: -1}).Pending
	for _, row := range []struct {
		name string
		p    engine.Portion
		want int
	}{
		{"all", engine.Portion{Whole: true, Bytes: enough}, 6},
		{"as many as reach it", engine.Portion{Whole: true, Bytes: 2500}, 3},
		{"one at least", engine.Portion{Whole: true, Bytes: 10}, 1},
		{"one at least, of no bytes", engine.Portion{Whole: true}, 1},
		{"without prompts", engine.Portion{Bytes: 2500}, 6},
	} {
		list, n, err := s.Jobs(t.Context(), "", seqs, row.p)
		if err != nil || n != row.want || len(list) != row.want {
			t.Errorf("%s: %d jobs of %d, %v; want %d", row.name, len(list), n, err, row.want)
		}
		for _, j := range list {
			if len(j.Prompt) != 0 != row.p.Whole || j.Secrets != nil || len(j.Extra) == 0 {
				t.Errorf("%s: %+v has too much or too little", row.name, j)
			}
		}
	}
	backwards := slices.Clone(seqs)
	slices.Reverse(backwards)
	want(t, "the order that is asked for", names(jobsOf(t, s, "", backwards)), []string{"5", "4", "3", "2", "1", "0"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Jobs(ctx, "", seqs, engine.Portion{Bytes: enough}); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

// gone checks what is read of jobs that do not wait any more as they did when they were listed.
func gone(t *testing.T, make Maker) {
	s, _ := make(t)
	put(t, s, job("", "ends", 0), job("", "runs", 1), job("", "stays", 2), job("", "deleted", 3), job("", "moved", 4))
	seqs := peek(t, s, "", engine.PeekQuery{Pending: -1}).Pending
	finish(t, s, "ends")
	if l, ok := claim(t, s); !ok || l.Job.PromptID != "runs" {
		t.Fatal(l, ok)
	}
	if _, err := s.Remove(t.Context(), "", []string{"deleted"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Renumber(t.Context(), "", "moved", -1); err != nil {
		t.Fatal(err)
	}
	put(t, s, job("", "new", 5), job("", "ends", 6))
	want(t, "of those that were listed", names(jobsOf(t, s, "", seqs)), []string{"runs", "stays", "moved"})
	g := peek(t, s, "", engine.PeekQuery{Pending: -1, Finished: -1})
	want(t, "now", names(jobsOf(t, s, "", g.Pending)), []string{"moved", "stays", "new", "ends"})
	want(t, "ended", len(g.Finished), 1)
}

// records checks how finished jobs are read.
func records(t *testing.T, make Maker) {
	s, _ := make(t)
	for i, id := range []string{"a", "b", "c"} {
		put(t, s, job("", id, float64(i)))
		finish(t, s, id)
	}
	marks := peek(t, s, "", engine.PeekQuery{Finished: -1}).Finished
	for i, r := range recordsOf(t, s, "", marks) {
		want(t, "mark", engine.Mark{Place: r.Place, Seq: r.Job.Seq}, marks[i])
		if r.Job.Secrets != nil || len(r.Job.Prompt) == 0 || r.Outcome.State != engine.Completed || string(r.Outcome.Status) != "{}" {
			t.Errorf("%+v", r)
		}
	}
	want(t, "of another tenant", len(recordsOf(t, s, "other", marks)), 0)
	for _, row := range []struct{ bytes, want int }{{enough, 3}, {1, 1}, {0, 1}} {
		list, n, err := s.Records(t.Context(), "", marks, engine.Portion{Bytes: row.bytes})
		if err != nil || n != row.want || len(list) != row.want || len(list[0].Job.Prompt) != 0 {
			t.Errorf("%d bytes: %d records of %d, %v; want %d", row.bytes, len(list), n, err, row.want)
		}
	}
	if err := s.Forget(t.Context(), "", []string{"b"}, false); err != nil {
		t.Fatal(err)
	}
	put(t, s, job("", "a", 9))
	finish(t, s, "a")
	got := []string{}
	for _, r := range recordsOf(t, s, "", marks) {
		got = append(got, fmt.Sprint(r.Job.PromptID, r.Job.Number.Value))
	}
	want(t, "one forgotten, one finished anew", got, []string{"a9", "c2"})
	if again := peek(t, s, "", engine.PeekQuery{Finished: 1}).Finished[0]; again.Place != marks[0].Place || again.Seq == marks[0].Seq {
		t.Errorf("the mark of a is %v after %v", again, marks[0])
	}
}

// cleared empties a queue while others add to it and claim from it.
func cleared(t *testing.T, make Maker) {
	s, _ := make(t)
	const there, new = 700, 60
	for i := range there {
		put(t, s, job("", fmt.Sprint("old", i), float64(i)))
	}
	claim(t, s)
	put(t, s, job("other", "x", 0))
	var group sync.WaitGroup
	group.Go(func() {
		for i := range new {
			if _, err := s.Put(context.Background(), job("", fmt.Sprint("new", i), float64(i))); err != nil {
				t.Error(err)
			}
		}
	})
	claims := 0
	group.Go(func() {
		for range 200 {
			if l, ok, err := s.Claim(context.Background(), "w", time.Hour); err != nil {
				t.Error(err)
			} else if ok && l.Job.Tenant == "" {
				claims++
			}
		}
	})
	n, err := s.Clear(t.Context(), "")
	group.Wait()
	if err != nil || n > there+new {
		t.Errorf("cleared %d, %v", n, err)
	}
	running, pending := list(t, s, "")
	want(t, "all that were there", n+len(running)+len(pending), there+new)
	want(t, "running", len(running), claims+1)
	want(t, "active", s.Active(""), len(running)+len(pending))
	want(t, "of the other tenant", s.Active("other"), 1)
	if n, err = s.Clear(t.Context(), ""); err != nil || n != len(pending) {
		t.Errorf("cleared %d again, %v; want %d", n, err, len(pending))
	}
	want(t, "claimed afterwards", len(claimAll(t, s)), 0)
}

// nothing checks the lists of a tenant that has nothing.
func nothing(t *testing.T, make Maker) {
	s, _ := make(t)
	g := peek(t, s, "nobody", engine.PeekQuery{Pending: -1, Finished: -1, Skip: 3})
	want(t, "of nobody", len(g.Running)+len(g.Pending)+len(g.Finished)+g.Waiting+g.Ended, 0)
	for what, read := range map[string]func() (int, error){
		"jobs":    func() (int, error) { _, n, err := s.Jobs(t.Context(), "", nil, engine.Portion{}); return n, err },
		"records": func() (int, error) { _, n, err := s.Records(t.Context(), "", nil, engine.Portion{}); return n, err },
	} {
		if n, err := read(); n != 0 || err != nil {
			t.Errorf("no %s: %d, %v", what, n, err)
		}
	}
	if n, err := s.Clear(t.Context(), "nobody"); n != 0 || err != nil {
		t.Errorf("cleared %d, %v", n, err)
	}
}
