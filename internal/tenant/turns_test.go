package tenant

import (
	"strings"
	"testing"
)

func TestTurns(t *testing.T) {
	ab := []Share{{"a", 1}, {"b", 1}}
	for _, row := range []struct {
		name    string
		waiting [][]Share // one list a turn
		want    string
	}{
		{"alternate", [][]Share{ab, ab, ab, ab}, "abab"},
		{"weights", [][]Share{{{"a", 1}, {"b", 3}}, {{"a", 1}, {"b", 3}}, {{"a", 1}, {"b", 3}}, {{"a", 1}, {"b", 3}},
			{{"a", 1}, {"b", 3}}, {{"a", 1}, {"b", 3}}, {{"a", 1}, {"b", 3}}, {{"a", 1}, {"b", 3}}}, "abbbabbb"},
		{"alone", [][]Share{{{"a", 1}}, {{"a", 1}}}, "aa"},
		{"back after a rest", [][]Share{{{"a", 1}}, {{"a", 1}}, {{"a", 1}}, ab, ab, ab, ab}, "aaababa"},
		{"weight 0 counts as 1", [][]Share{{{"a", 0}, {"b", 1}}, {{"a", 0}, {"b", 1}}}, "ab"},
	} {
		var turns Turns
		var got strings.Builder
		for _, w := range row.waiting {
			id, _ := turns.Next(w)
			got.WriteString(string(id))
		}
		if got.String() != row.want {
			t.Errorf("%s: turns %s, want %s", row.name, got.String(), row.want)
		}
	}
	var turns Turns
	if _, ok := turns.Next(nil); ok {
		t.Error("somebody has a turn where nobody waits")
	}
}

func TestContext(t *testing.T) {
	if got := Of(With(t.Context(), "x")); got != "x" {
		t.Errorf("tenant %q, want x", got)
	}
	if got := Of(t.Context()); got != "" {
		t.Errorf("tenant %q, want none", got)
	}
}
