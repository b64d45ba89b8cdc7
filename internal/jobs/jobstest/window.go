package jobstest

import (
	"testing"

	"github.com/cocoonhq/cocoon/engine"
)

// window checks the views of a part of the queue.
func window(t *testing.T, make Maker) {
	s, _ := make(t)
	made := func(id string, number float64, created int64) engine.Job {
		j := job("", id, number)
		j.Created = created
		return j
	}
	put(t, s, made("run", 0, 5))
	if _, ok := claim(t, s); !ok {
		t.Fatal("nothing to claim")
	}
	put(t, s, made("late", 1, 30), made("tie2", 4, 20), made("tie1", 3, 20), made("old", 2, 10), job("other", "x", 0))
	for _, row := range []struct {
		name  string
		order engine.Order
		most  int
		want  []string
	}{
		{"as run", engine.AsRun, -1, []string{"late", "old", "tie1", "tie2"}},
		{"oldest", engine.Oldest, -1, []string{"old", "tie1", "tie2", "late"}},
		{"newest", engine.Newest, -1, []string{"late", "tie1", "tie2", "old"}},
		{"the two newest", engine.Newest, 2, []string{"late", "tie1"}},
		{"none", engine.AsRun, 0, []string{}},
	} {
		g, err := s.Peek(t.Context(), "", row.order, row.most)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, j := range g.Pending {
			got = append(got, j.PromptID)
			if len(j.Prompt) != 0 || j.Secrets != nil || len(j.Extra) == 0 || j.Created == 0 {
				t.Errorf("%s: %+v has too much or too little", row.name, j)
			}
		}
		want(t, row.name, got, row.want)
		if g.Waiting != 4 || len(g.Running) != 1 || g.Running[0].PromptID != "run" {
			t.Errorf("%s: %d wait, %v run", row.name, g.Waiting, g.Running)
		}
	}
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

// marks checks the lists of finished jobs.
func marks(t *testing.T, make Maker) {
	s, _ := make(t)
	m, ok := s.(engine.Marker)
	if !ok {
		t.Skip("the store lists no marks")
	}
	for i, row := range []struct {
		id      string
		created int64
		state   engine.State
	}{{"a", 10, engine.Completed}, {"b", 30, engine.Failed}, {"c", 20, engine.Completed}, {"d", 30, engine.Cancelled}} {
		j := job("", row.id, float64(i))
		j.Created = row.created
		put(t, s, j)
		l, _ := claim(t, s)
		o := done()
		o.State = row.state
		if err := s.Finish(t.Context(), l, o); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name  string
		q     engine.MarkQuery
		want  []string
		total int
	}{
		{"all", engine.MarkQuery{Most: -1}, []string{"a", "b", "c", "d"}, 4},
		{"newest", engine.MarkQuery{Order: engine.Newest, Most: 3}, []string{"b", "d", "c"}, 4},
		{"oldest", engine.MarkQuery{Order: engine.Oldest, Most: 2}, []string{"a", "c"}, 4},
		{"completed", engine.MarkQuery{Order: engine.Newest, Most: 1, States: []engine.State{engine.Completed}}, []string{"c"}, 2},
		{"two states", engine.MarkQuery{Order: engine.Newest, Most: 9, States: []engine.State{engine.Failed, engine.Cancelled}}, []string{"b", "d"}, 2},
		{"no state", engine.MarkQuery{Most: 9, States: []engine.State{}}, []string{}, 0},
	} {
		list, total, err := m.Marks(t.Context(), "", row.q)
		if err != nil || total != row.total {
			t.Errorf("%s: %d in all, %v; want %d", row.name, total, err, row.total)
		}
		got := []string{}
		for _, m := range list {
			got = append(got, m.PromptID)
		}
		want(t, row.name, got, row.want)
	}
}
