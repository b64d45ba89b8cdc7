package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/google/go-cmp/cmp"
)

// loop_validation_test and test_nested_loop_execution of the reference.

func loopStart(id string, n int, more string) string {
	return strings.TrimSpace(fmt.Sprintf(`%s StartLoop mode="simple" mode.num_iterations=%d cache_iterations=false %s`, id, n, more))
}

func TestLoops(t *testing.T) {
	add := func(id, a, b string) string {
		return fmt.Sprintf(`%s TestIntMathOperation a=%s b=%s operation="add"`, id, a, b)
	}
	for _, row := range []struct {
		name  string
		nodes []string
		shown []string
	}{
		{"the last value", []string{loopStart("s", 3, ""), add("b", "@s.0", "10"), "e EndLoop output_value=@b.0", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [12], "unique_id": ["9"]}`}},
		{"all values", []string{loopStart("s", 3, ""), add("b", "@s.0", "10"), "e EndLoop output_value=@b.0 accumulate=true", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [10, 11, 12], "unique_id": ["9"]}`}},
		{"no iteration", []string{loopStart("s", 0, ""), "b TestSyncError value=@s.0", "e EndLoop output_value=@b.0 accumulate=true", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [], "unique_id": ["9"]}`}},
		{"a value that is carried", []string{loopStart("s", 4, "initial_iteration_value=1"), add("b", "@s.4", "@s.4"), "e EndLoop output_value=@b.0 next_iteration_value=@b.0", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [16], "unique_id": ["9"]}`}},
		{"first and last", []string{loopStart("s", 3, ""), "b GoldenEcho value=@s.1 last=@s.2", "e EndLoop output_value=@b.0 accumulate=true", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [true, false, false], "unique_id": ["9"]}`}},
		{"a list that is carried", []string{loopStart("s", 2, "initial_iteration_value=@l.0"), `l GoldenList values="[1,2]"`, add("b", "@s.4", "1"), "e EndLoop output_value=@b.0 next_iteration_value=@b.0", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [3, 4], "unique_id": ["9"]}`}},
		{"over a list", []string{`s StartLoop mode="List" mode.list=@l.0 cache_iterations=false`, `l GoldenConst value="[5,6,7]"`, add("b", "@s.3", "@s.0"), "e EndLoop output_value=@b.0 accumulate=true", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [5, 7, 9], "unique_id": ["9"]}`}},
		{"counting down", []string{`s StartLoop mode="For" mode.start_iteration_index=6 mode.max_iteration=0 mode.step=-2 cache_iterations=false`, add("b", "@s.0", "0"), "e EndLoop output_value=@b.0 accumulate=true", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [6, 4, 2], "unique_id": ["9"]}`}},
		{"a termination", []string{loopStart("s", 9, ""), add("b", "@s.0", "0"), `c TestIntConditions a=@s.0 b=2 operation="=="`, "e EndLoop output_value=@b.0 accumulate=true terminations.termination0=@c.0", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [0, 1, 2], "unique_id": ["9"]}`}},
		{"nested", []string{loopStart("s", 2, ""), loopStart("t", 3, "parent_iteration=@s.0"), `m TestIntMathOperation a=@s.0 b=10 operation="multiply"`, add("b", "@m.0", "@t.0"), "f EndLoop output_value=@b.0 accumulate=true",
			"e EndLoop output_value=@f.0 accumulate=true", "9 GoldenTakeList a=@e.0"}, []string{`{"a": [0, 1, 2, 10, 11, 12], "unique_id": ["9"]}`}},
		{"one after the other", []string{loopStart("s", 2, ""), add("b", "@s.0", "1"), "e EndLoop output_value=@b.0", loopStart("t", 2, "initial_iteration_value=@e.0"), add("c", "@t.4", "5"), "f EndLoop output_value=@c.0 next_iteration_value=@c.0", "9 GoldenTakeList a=@f.0"}, []string{`{"a": [12], "unique_id": ["9"]}`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, kind := range []engine.CacheKind{engine.CacheRAM, engine.CacheClassic, engine.CacheNone} {
				b := start(t, func(c *engine.Config) { c.Cache.Kind = kind })
				r := b.run(graph(row.nodes...))
				if r.status() != "success" {
					t.Fatalf("%s", r.entry.Status)
				}
				r.want(t, fmt.Sprint("shown with cache ", kind), r.text("9"), row.shown)
				again := b.run(graph(row.nodes...))
				again.want(t, "shown again", again.text("9"), row.shown)
			}
		})
	}
}

func TestLoopRunsItsBodyOnceAnIteration(t *testing.T) {
	r := start(t).run(graph(loopStart("s", 3, ""), `b TestIntMathOperation a=@s.0 b=1 operation="add"`, "e EndLoop output_value=@b.0", "9 GoldenTakeList a=@e.0"))
	r.want(t, "ran", r.ran(), []string{"s", "e", "s.0.0.b", "s.1.0.b", "s.2.0.b", "9"})
	var texts []string
	for _, e := range r.events {
		if e.Frame != nil && e.Frame.Type == engine.FrameText {
			texts = append(texts, string(e.Frame.Data[5:]))
		}
	}
	r.want(t, "told", texts, []string{"Iteration 1 / 3", "Iteration 2 / 3", "Iteration 3 / 3"})
}

func TestLoopErrors(t *testing.T) {
	for _, row := range []struct {
		name, kind, details string
		nodes, blamed       []string
	}{
		{"end without start", "loop_end_without_start", "End Loop e has no available Start Loop",
			[]string{"b StubInt value=1", "e EndLoop output_value=@b.0", "9 GoldenTakeList a=@e.0"}, []string{"e"}},
		{"start without end", "loop_start_without_end", "Start Loops without End Loops: s",
			[]string{loopStart("s", 3, ""), "9 GoldenTakeList a=@s.0"}, []string{"s"}},
		{"ambiguous", "ambiguous_loop_nesting", "End Loop e can close multiple unrelated Start Loops: s, t",
			[]string{loopStart("s", 3, ""), loopStart("t", 3, ""), "e EndLoop output_value=@s.0 next_iteration_value=@t.0", "9 GoldenTakeList a=@e.0"}, []string{"e", "s", "t"}},
		{"escape", "loop_escape", "Start Loop s reaches 9, b without passing through End Loop e",
			[]string{loopStart("s", 3, ""), "b Pass value=@s.0", "e EndLoop output_value=@s.0", "9 GoldenTakeList a=@e.0 b=@b.0"}, []string{"9", "b", "e", "s"}},
		{"accumulate", "loop_accumulate_from_body", "End Loop e accumulate is driven by loop node s under Start Loop s",
			[]string{loopStart("s", 3, ""), "e EndLoop output_value=@s.0 accumulate=@s.1", "9 GoldenTakeList a=@e.0"}, []string{"e", "s"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t)
			_, err := b.engine.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(graph(row.nodes...))})
			var p *engine.PromptError
			if !errors.As(err, &p) || !strings.HasSuffix(p.Problem.Details, row.details) {
				t.Fatalf("error %v, want %s", err, row.details)
			}
			var blamed []string
			for _, n := range p.NodeErrors {
				blamed = append(blamed, n.Node)
				var got struct {
					Extra struct {
						Kind    string   `json:"loop_error_type"`
						Nodes   []string `json:"node_ids"`
						Outputs []string `json:"output_ids"`
					} `json:"extra_info"`
				}
				text, _ := json.Marshal(n.Errors[len(n.Errors)-1])
				if err := json.Unmarshal(text, &got); err != nil {
					t.Fatal(err)
				}
				if got.Extra.Kind != row.kind || !slices.Equal(got.Extra.Nodes, row.blamed) || !slices.Equal(got.Extra.Outputs, []string{"9"}) {
					t.Errorf("node %s: %s", n.Node, text)
				}
			}
			slices.Sort(blamed)
			if d := cmp.Diff(row.blamed, blamed); d != "" {
				t.Errorf("blamed: -want +got\n%s", d)
			}
			// An output that has nothing to do with the loop survives.
			a, err := b.engine.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(graph(append(row.nodes, "o GoldenEcho value=5")...)), ClientID: "c"})
			if err != nil || len(a.NodeErrors) == 0 {
				t.Fatalf("with an independent output: %v %v", a, err)
			}
			if r := b.await(a.PromptID); r.status() != "success" {
				t.Errorf("status %s", r.status())
			}
		})
	}
}
