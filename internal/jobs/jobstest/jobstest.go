// Package jobstest is the suite that every job store passes.
package jobstest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/google/go-cmp/cmp"
)

// Maker makes a store for one test. Calling reopen closes the store as a crash would and opens it again.
type Maker func(t *testing.T) (s engine.Store, reopen func() engine.Store)

// Run runs the suite.
func Run(t *testing.T, make Maker) {
	for _, row := range []struct {
		name string
		test func(t *testing.T, make Maker)
	}{
		{"order", order}, {"fair", fair}, {"twice", twice}, {"lease", lease}, {"fencing", fencing}, {"release", release},
		{"reopen", reopened}, {"remove", remove}, {"renumber", renumber}, {"pause", pause}, {"history", history},
		{"reuse", reuse}, {"reserve", reserve}, {"numbers", numbers}, {"hammer", hammer}, {"found", found},
		{"window", window}, {"lookup", lookup}, {"ahead", ahead}, {"marks", marks}, {"portions", portions}, {"gone", gone}, {"records", records},
		{"clear", cleared}, {"nothing", nothing}, {"cancelled", cancelled},
	} {
		t.Run(row.name, func(t *testing.T) { row.test(t, make) })
	}
}

func job(t tenant.ID, id string, n float64) engine.Job {
	return engine.Job{Tenant: t, PromptID: id, Number: engine.Number{Value: n}, Prompt: json.RawMessage(`{}`),
		Extra: json.RawMessage(`{"a":1}`), Secrets: json.RawMessage(`{"k":"s"}`), Outputs: []string{"1"}, Created: 7}
}

func put(t *testing.T, s engine.Store, jobs ...engine.Job) {
	t.Helper()
	for _, j := range jobs {
		if _, err := s.Put(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
}

func claim(t *testing.T, s engine.Store) (engine.Lease, bool) {
	t.Helper()
	l, ok, err := s.Claim(t.Context(), "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return l, ok
}

func claimAll(t *testing.T, s engine.Store) []string {
	var ids []string
	for {
		l, ok := claim(t, s)
		if !ok {
			return ids
		}
		ids = append(ids, l.Job.PromptID)
	}
}

func done() engine.Outcome {
	j := json.RawMessage(`{}`)
	return engine.Outcome{State: engine.Completed, Outputs: j, Status: j, Meta: j, Started: 1, Finished: 2}
}

func want[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: -want +got\n%s", what, d)
	}
}

func order(t *testing.T, make Maker) {
	s, _ := make(t)
	put(t, s, job("", "c", 2), job("", "a", 1), job("", "b", 1), job("", "front", -3), job("", "half", 1.5))
	want(t, "order", claimAll(t, s), []string{"front", "a", "b", "half", "c"})
}

func fair(t *testing.T, make Maker) {
	s, _ := make(t)
	for i := range 4 {
		put(t, s, job("big", fmt.Sprint("b", i), float64(i)))
	}
	put(t, s, job("small", "s0", 100), job("small", "s1", 101))
	want(t, "turns", claimAll(t, s), []string{"b0", "s0", "b1", "s1", "b2", "b3"})
}

func twice(t *testing.T, make Maker) {
	s, _ := make(t)
	put(t, s, job("", "a", 1))
	for _, state := range []string{"pending", "running"} {
		if _, err := s.Put(t.Context(), job("", "a", 2)); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("an id that is %s: %v, want a conflict", state, err)
		}
		claim(t, s)
	}
	put(t, s, job("other", "a", 1))
	want(t, "active", []int{s.Active(""), s.Active("other"), s.Active("none")}, []int{1, 1, 0})
	pending, running := s.Totals()
	want(t, "in all", []int{pending, running}, []int{1, 1})
}

func lease(t *testing.T, make Maker) {
	s, _ := make(t)
	put(t, s, job("", "a", 1))
	l, ok, err := s.Claim(t.Context(), "w", time.Nanosecond)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	again, ok := claim(t, s)
	if !ok || again.Job.PromptID != "a" || again.Token <= l.Token || again.Job.Attempts != 2 {
		t.Fatalf("after the lease ran out: %v %+v", ok, again)
	}
	if _, err := s.Beat(t.Context(), l, time.Hour); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("beat of a lost lease: %v, want a conflict", err)
	}
	if _, err := s.Beat(t.Context(), again, time.Hour); err != nil {
		t.Errorf("beat: %v", err)
	}
	if _, ok := claim(t, s); ok {
		t.Error("a leased job was claimed")
	}
}

func fencing(t *testing.T, make Maker) {
	s, _ := make(t)
	put(t, s, job("", "a", 1))
	old, _, _ := s.Claim(t.Context(), "w", time.Nanosecond)
	l, _ := claim(t, s)
	for what, err := range map[string]error{
		"finish":  s.Finish(t.Context(), old, done()),
		"release": s.Release(t.Context(), old),
		"reserve": s.Reserve(t.Context(), old, "x"),
	} {
		if fault.CodeOf(err) != fault.Conflict {
			t.Errorf("%s by the one who lost the job: %v, want a conflict", what, err)
		}
	}
	if err := s.Finish(t.Context(), l, done()); err != nil {
		t.Errorf("finish: %v", err)
	}
	if err := s.Finish(t.Context(), l, done()); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("finish again: %v, want a conflict", err)
	}
	want(t, "active", s.Active(""), 0)
}

func release(t *testing.T, make Maker) {
	s, _ := make(t)
	put(t, s, job("", "a", 1))
	l, _ := claim(t, s)
	if err := s.Reserve(t.Context(), l, "x.png"); err != nil {
		t.Fatal(err)
	}
	if err := s.Release(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	again, ok := claim(t, s)
	if !ok || again.Job.Attempts != 1 {
		t.Errorf("claimed %v, attempts %d; want the first again", ok, again.Job.Attempts)
	}
	want(t, "files of the attempt that was handed back", again.Reserved, []string{"x.png"})
}

func reopened(t *testing.T, make Maker) {
	s, reopen := make(t)
	put(t, s, job("", "a", 1), job("", "b", 2), job("", "c", 3))
	l, _ := claim(t, s)
	if err := s.Finish(t.Context(), l, done()); err != nil {
		t.Fatal(err)
	}
	running, _ := claim(t, s)
	s = reopen()
	want(t, "active", s.Active(""), 2)
	again, ok := claim(t, s)
	if !ok || again.Job.PromptID != "b" || again.Job.Attempts != 2 || again.Token <= running.Token {
		t.Errorf("after a crash: %v %+v, want b, begun twice", ok, again)
	}
	want(t, "the job", again.Job.Item(), running.Job.Item())
	want(t, "secrets", string(again.Job.Secrets), `{"k":"s"}`)
	if _, ok, _ := s.Find(t.Context(), "", "a"); !ok {
		t.Error("a finished job was lost")
	}
}

func remove(t *testing.T, make Maker) {
	s, _ := make(t)
	put(t, s, job("", "run", 0), job("", "a", 1), job("", "b", 2), job("other", "a", 1))
	claim(t, s)
	found, err := s.Remove(t.Context(), "", []string{"a", "run", "nope", "a"})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "removed", found, []bool{true, false, false, false})
	want(t, "active", []int{s.Active(""), s.Active("other")}, []int{2, 1})
	running, pending := list(t, s, "")
	want(t, "left", append(names(running), names(pending)...), []string{"run", "b"})
}

func renumber(t *testing.T, make Maker) {
	s, _ := make(t)
	put(t, s, job("", "a", 1), job("", "b", 2))
	ok, err := s.Renumber(t.Context(), "", "b", 0.5)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if ok, err := s.Renumber(t.Context(), "other", "a", 0.1); ok || err != nil {
		t.Errorf("another tenant's job was moved: %v", err)
	}
	want(t, "order", claimAll(t, s), []string{"b", "a"})
}

func pause(t *testing.T, make Maker) {
	s, reopen := make(t)
	put(t, s, job("", "a", 1), job("other", "o", 1))
	if err := s.Pause(t.Context(), "", true); err != nil {
		t.Fatal(err)
	}
	want(t, "while paused", claimAll(t, s), []string{"o"})
	s = reopen()
	want(t, "after a restart", claimAll(t, s), []string{"o"})
	if err := s.Pause(t.Context(), "", false); err != nil {
		t.Fatal(err)
	}
	want(t, "resumed", claimAll(t, s), []string{"a"})
}

func finish(t *testing.T, s engine.Store, id string) {
	t.Helper()
	l, ok := claim(t, s)
	if !ok || l.Job.PromptID != id {
		t.Fatalf("claimed %v %s, want %s", ok, l.Job.PromptID, id)
	}
	if err := s.Finish(t.Context(), l, done()); err != nil {
		t.Fatal(err)
	}
}

func ids(t *testing.T, s engine.Store, id tenant.ID, q engine.PeekQuery) []string {
	t.Helper()
	g := peek(t, s, id, q)
	list := []string{}
	for _, r := range recordsOf(t, s, id, g.Finished) {
		list = append(list, r.Job.PromptID)
	}
	return list
}

func history(t *testing.T, make Maker) {
	s, _ := make(t)
	all := engine.PeekQuery{Finished: -1}
	for i, id := range []string{"a", "b", "c", "d"} {
		put(t, s, job("", id, float64(i)))
		finish(t, s, id)
	}
	want(t, "all", ids(t, s, "", all), []string{"a", "b", "c", "d"})
	want(t, "of another tenant", ids(t, s, "other", all), []string{})
	want(t, "window", ids(t, s, "", engine.PeekQuery{Skip: 1, Finished: 2}), []string{"b", "c"})
	want(t, "from the third", ids(t, s, "", engine.PeekQuery{Skip: 2, Finished: -1}), []string{"c", "d"})
	if err := s.Forget(t.Context(), "", []string{"b", "nope"}, false); err != nil {
		t.Fatal(err)
	}
	want(t, "after deleting", ids(t, s, "", all), []string{"a", "c", "d"})
	if err := s.Forget(t.Context(), "", nil, true); err != nil {
		t.Fatal(err)
	}
	want(t, "after clearing", ids(t, s, "", all), []string{})
}

// reuse checks that an id which is used again keeps its place in the history.
func reuse(t *testing.T, make Maker) {
	s, _ := make(t)
	for _, id := range []string{"a", "b"} {
		put(t, s, job("", id, 0))
		finish(t, s, id)
	}
	put(t, s, job("", "a", 9))
	want(t, "while it waits", ids(t, s, "", engine.PeekQuery{Finished: -1}), []string{"a", "b"})
	finish(t, s, "a")
	want(t, "order", ids(t, s, "", engine.PeekQuery{Finished: -1}), []string{"a", "b"})
	r, ok, err := s.Find(t.Context(), "", "a")
	if !ok || err != nil || r.Job.Number.Value != 9 {
		t.Errorf("found %v %+v %v, want the newer", ok, r.Job, err)
	}
}

func reserve(t *testing.T, make Maker) {
	s, reopen := make(t)
	put(t, s, job("", "a", 1))
	l, _ := claim(t, s)
	for _, path := range []string{"y.png", "x.png", "x.png"} {
		if err := s.Reserve(t.Context(), l, path); err != nil {
			t.Fatal(err)
		}
	}
	s = reopen()
	l, _ = claim(t, s)
	want(t, "reserved", l.Reserved, []string{"x.png", "y.png"})
	if err := s.Finish(t.Context(), l, done()); err != nil {
		t.Fatal(err)
	}
}

func numbers(t *testing.T, make Maker) {
	s, reopen := make(t)
	next := func() int64 {
		n, err := s.NextNumber(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	want(t, "of an empty store", next(), 0)
	given := job("", "given", 50)
	given.Number.Given = true
	put(t, s, job("", "a", 4), job("", "front", -7), given)
	s = reopen()
	want(t, "after a restart", next(), 8)
	put(t, s, job("other", "large", 1_234_567))
	s = reopen()
	want(t, "after a million", next(), 1_234_568)
}
