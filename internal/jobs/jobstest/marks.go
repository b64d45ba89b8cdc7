package jobstest

import (
	"testing"

	"github.com/cocoonhq/cocoon/engine"
)

// marks checks the lists of finished jobs.
func marks(t *testing.T, make Maker) {
	s, _ := make(t)
	for i, row := range []struct {
		id      string
		created int64
		state   engine.State
	}{{"a", 10, engine.Completed}, {"b", 30, engine.Failed}, {"c", 20, engine.Completed}, {"d", 30, engine.Cancelled}} {
		put(t, s, made(row.id, float64(i), row.created))
		l, _ := claim(t, s)
		o := done()
		o.State = row.state
		if err := s.Finish(t.Context(), l, o); err != nil {
			t.Fatal(err)
		}
	}
	completed, two := []engine.State{engine.Completed}, []engine.State{engine.Failed, engine.Cancelled}
	for _, row := range []struct {
		name  string
		q     engine.PeekQuery
		want  []string
		total int
	}{
		{"all", engine.PeekQuery{Finished: -1}, []string{"a", "b", "c", "d"}, 4},
		{"newest", engine.PeekQuery{Order: engine.Newest, Finished: 3}, []string{"b", "d", "c"}, 4},
		{"oldest", engine.PeekQuery{Order: engine.Oldest, Finished: 2}, []string{"a", "c"}, 4},
		{"all but the first", engine.PeekQuery{Order: engine.Oldest, Skip: 1, Finished: -1}, []string{"c", "b", "d"}, 4},
		{"a part", engine.PeekQuery{Skip: 1, Finished: 2}, []string{"b", "c"}, 4},
		{"after the last", engine.PeekQuery{Skip: 9, Finished: -1}, []string{}, 4},
		{"counted", engine.PeekQuery{}, []string{}, 4},
		{"completed", engine.PeekQuery{Order: engine.Newest, Finished: 1, States: completed}, []string{"c"}, 2},
		{"completed, as run", engine.PeekQuery{Finished: -1, States: completed}, []string{"a", "c"}, 2},
		{"two states", engine.PeekQuery{Order: engine.Newest, Finished: 9, States: two}, []string{"b", "d"}, 2},
		{"no state", engine.PeekQuery{Finished: 9, States: []engine.State{}}, []string{}, 0},
	} {
		want(t, row.name, ids(t, s, "", row.q), row.want)
		if row.q.Order != engine.AsRun {
			row.q.Times = true
			g, made := peek(t, s, "", row.q), []int64{}
			for _, r := range recordsOf(t, s, "", g.Finished) {
				made = append(made, r.Job.Created)
			}
			want(t, row.name+", times", append([]int64{}, g.FinishedMade...), made)
		}
		want(t, row.name+", in all", peek(t, s, "", row.q).Ended, row.total)
	}
}
