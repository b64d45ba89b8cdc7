package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/google/go-cmp/cmp"
)

// The cases here are those of the reference's own tests of execution, under their names.

// graph writes a prompt: nodes "id class name=value …", where @id.n is a link and the rest is JSON.
func graph(nodes ...string) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		f := strings.Fields(n)
		inputs := make([]string, 0, len(f))
		for _, in := range f[2:] {
			name, v, _ := strings.Cut(in, "=")
			if link, ok := strings.CutPrefix(v, "@"); ok {
				id, out, _ := strings.Cut(link, ".")
				v = fmt.Sprintf("[%q,%s]", id, out)
			}
			inputs = append(inputs, fmt.Sprintf("%q:%s", name, v))
		}
		parts[i] = fmt.Sprintf(`%q:{"class_type":%q,"inputs":{%s}}`, f[0], f[1], strings.Join(inputs, ","))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func img(id, content string) string {
	return fmt.Sprintf(`%s StubImage content="%s" height=8 width=8 batch_size=1`, id, content)
}

func mask(id string, v float64) string {
	return fmt.Sprintf(`%s StubMask value=%v height=8 width=8 batch_size=1`, id, v)
}

func mixGraph(v float64) string {
	return graph(img("1", "BLACK"), img("2", "WHITE"), mask("3", v),
		"4 TestLazyMixImages image1=@1.0 image2=@2.0 mask=@3.0", "5 Mean image=@4.0")
}

func (r *result) want(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: -want +got\n%s", what, d)
	}
}

func TestLazyInput(t *testing.T) {
	for _, row := range []struct {
		mask float64
		ran  []string
		mean string
	}{
		{0, []string{"3", "4", "1", "4", "5"}, "0.000"},
		{1, []string{"3", "4", "2", "4", "5"}, "1.000"},
		{0.5, []string{"3", "4", "1", "2", "4", "5"}, "0.500"},
	} {
		r := start(t).run(mixGraph(row.mask))
		r.want(t, "ran", r.ran(), row.ran)
		r.want(t, "mean", r.text("5"), []string{row.mean})
	}
}

func TestCaches(t *testing.T) {
	for _, row := range []struct {
		name        string
		cache       engine.CacheConfig
		again, edit []string // what runs at a second run, and after an edit of the last node but one
	}{
		{"classic", engine.CacheConfig{Kind: engine.CacheClassic}, []string{}, []string{"3", "4", "1", "2", "4", "5"}},
		{"lru 100", engine.CacheConfig{Kind: engine.CacheLRU, Entries: 100}, []string{}, []string{"3", "4", "1", "2", "4", "5"}},
		{"ram", engine.CacheConfig{Kind: engine.CacheRAM}, []string{}, []string{"3", "4", "1", "2", "4", "5"}},
		{"none", engine.CacheConfig{Kind: engine.CacheNone}, []string{"3", "4", "1", "2", "4", "5"}, []string{"3", "4", "1", "2", "4", "5"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t, func(c *engine.Config) { c.Cache = row.cache })
			b.run(mixGraph(0.5))
			r := b.run(mixGraph(0.5)) // full_cache
			r.want(t, "again", r.ran(), row.again)
			r = b.run(mixGraph(0.4)) // partial_cache: the pictures stay cached
			want := row.edit
			if row.cache.Kind != engine.CacheNone {
				want = []string{"3", "4", "4", "5"}
			}
			r.want(t, "edited", r.ran(), want)
			r.want(t, "mean", r.text("5"), []string{"0.400"})
		})
	}
}

func TestRuntimeErrors(t *testing.T) {
	for _, row := range []struct {
		name, graph, node, kind, message string
	}{
		{"error", graph(img("1", "BLACK"), `2 StubImage content="WHITE" height=4 width=4 batch_size=1`,
			"3 TestVariadicAverage input1=@1.0 input2=@2.0", "4 Mean image=@3.0"), "3", "RuntimeError", "stack expects each tensor to be equal size\n"},
		{"dynamic_cycle_error", graph(img("1", "BLACK"), img("2", "WHITE"), "3 TestDynamicDependencyCycle input1=@1.0 input2=@2.0", "4 Mean image=@3.0"),
			"3", "graph.DependencyCycleError", "Dependency cycle detected"},
		{"async_error", graph("1 StubInt value=1", "2 TestAsyncError value=@1.0 error_after=0.02", "3 GoldenEcho value=@2.0"),
			"2", "RuntimeError", "Intentional async execution error for testing\n"},
		{"async_timeout", graph("1 StubInt value=1", "2 TestAsyncTimeout value=@1.0 timeout=0.1 operation_time=0.2", "3 GoldenEcho value=@2.0"),
			"2", "RuntimeError", "Operation timed out after 0.1 seconds\n"},
		{"sync_error_during_async", graph("1 StubInt value=1", "2 TestSleep value=@1.0 seconds=5", "3 TestSyncError value=@1.0",
			"4 TestMakeListNode value1=@2.0 value2=@3.0", "5 GoldenEcho value=@4.0"), "3", "RuntimeError", "Intentional sync execution error for testing\n"},
		{"missing list item", graph(`1 GoldenList values="[]"`, "2 GoldenEcho value=@1.0"), "2", "TypeError",
			"GoldenEcho.run() missing 1 required positional argument: 'value'\n"},
		{"undeclared link to nothing", graph("1 StubInt value=1", "2 GoldenEcho value=@1.0 more=@9.0"), "2",
			"comfy_execution.graph.NodeNotFoundError", "Node 9 not found\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t)
			r := b.run(row.graph)
			e := r.event("execution_error")
			if e == nil {
				t.Fatalf("no execution_error; status %s", r.status())
			}
			got := []any{e["prompt_id"], e["node_id"], e["exception_type"], e["exception_message"], r.status()}
			r.want(t, "error", got, []any{r.id, row.node, row.kind, row.message, "error"})
			if r := b.run(graph("1 GoldenEcho value=1")); r.status() != "success" {
				t.Errorf("the next prompt ends with %s", r.status())
			}
		})
	}
}

func TestValidationErrors(t *testing.T) {
	for _, row := range []struct{ name, graph, details string }{
		{"validation_error_literal", graph("1 TestCustomValidation1 input1=5 input2=1.0", "2 Mean image=@1.0"), ""},
		{"validation_error_edge1", graph(img("1", "BLACK"), `2 TestCustomValidation1 input1=@1.0 input2="abc"`, "3 Mean image=@2.0"), ""},
		{"validation_error_edge2", graph("1 StubInt value=5", "2 TestCustomValidation2 input1=@1.0 input2=1.0", "3 Mean image=@2.0"), ""},
		{"validation_error_edge3", graph("1 StubInt value=5", "2 TestCustomValidation3 input1=@1.0 input2=1.0", "3 Mean image=@2.0"), ""},
		{"validation_error_edge4", graph("1 StubInt value=5", "2 TestCustomValidation4 input1=@1.0 input2=1.0", "3 Mean image=@2.0"), ""},
		{"validation_error_kwargs", graph("1 TestCustomValidation5 input1=1.0 input2=7.0", "2 Mean image=@1.0"), ""},
		{"cycle_error", graph(`1 StubMask value=0.5 height=8 width=8 batch_size=1`, "2 TestLazyMixImages image1=@3.0 image2=@3.0 mask=@1.0",
			"3 TestLazyMixImages image1=@2.0 image2=@2.0 mask=@1.0", "4 Mean image=@3.0"), ""},
		{"self link", graph("1 GoldenEcho value=@1.0"), "Dependency cycle detected: 1 (GoldenEcho) -> 1 (GoldenEcho)"},
		{"async_validation_error", graph("1 TestAsyncValidationError value=15.0 max_value=10.0", "2 Mean image=@1.0"), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := start(t).engine.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(row.graph)})
			var p *engine.PromptError
			if !errors.As(err, &p) || p.Problem.Type != "prompt_outputs_failed_validation" || len(p.NodeErrors) == 0 {
				t.Fatalf("error %v, want a failed validation with nodes to blame", err)
			}
			if p.Problem.Details != row.details {
				t.Errorf("details %q, want %q", p.Problem.Details, row.details)
			}
		})
	}
}

func TestValidationPasses(t *testing.T) {
	for _, row := range []struct{ name, graph, mean string }{
		{"validation_float", graph("1 TestCustomValidation1 input1=0.5 input2=0.5", "9 Mean image=@1.0"), "0.250"},
		{"kwargs replaces ranges", graph("1 TestCustomValidation5 input1=0.1 input2=5.0", "9 Mean image=@1.0"), "0.500"},
		{"async_validation", graph("1 TestAsyncValidation value=5.0 threshold=10.0", "9 Mean image=@1.0"), "0.500"},
		{"undeclared_inputs", graph(img("1", "BLACK"), img("2", "WHITE"), "3 TestVariadicAverage input1=@1.0 input2=@2.0 input3=@2.0 input4=@2.0",
			"9 Mean image=@3.0"), "0.750"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t).run(row.graph)
			r.want(t, "mean", r.text("9"), []string{row.mean})
		})
	}
}

func TestMissingNodeError(t *testing.T) {
	b := start(t)
	a, err := b.engine.Submit(t.Context(), engine.Submission{ClientID: "c", Prompt: json.RawMessage(graph(img("1", "BLACK"),
		"2 Mean image=@1.0", "3 TestVariadicAverage input1=@9.0", "4 Mean image=@3.0"))})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.NodeErrors) != 1 || a.NodeErrors[0].Node != "3" {
		t.Errorf("node errors %v, want those of node 3", a.NodeErrors)
	}
	r := b.await(a.PromptID)
	r.want(t, "ran", r.ran(), []string{"1", "2"})
}

func TestCustomIsChanged(t *testing.T) {
	prompt := func(change bool) string {
		return graph(img("1", "BLACK"), fmt.Sprintf("2 TestCustomIsChanged image=@1.0 should_change=%v", change), "3 Mean image=@2.0")
	}
	b := start(t)
	for i, row := range []struct {
		change bool
		ran    []string
	}{{false, []string{"1", "2", "3"}}, {false, []string{}}, {true, []string{"2", "3"}}, {true, []string{"2", "3"}}} {
		r := b.run(prompt(row.change))
		r.want(t, fmt.Sprint("run ", i), r.ran(), row.ran)
	}
}

func TestIsChangedWithConstants(t *testing.T) {
	b := start(t)
	p := graph(img("1", "WHITE"), "2 TestIsChangedWithConstants image=@1.0 value=0.5", "3 Mean image=@2.0")
	b.run(p)
	r := b.run(p)
	r.want(t, "again", r.ran(), []string{})
	r.want(t, "mean", r.text("3"), []string{"0.500"})
}

func TestForLoop(t *testing.T) {
	for n := 1; n <= 4; n++ {
		r := start(t).run(graph(img("1", "BLACK"), img("2", "WHITE"), fmt.Sprintf("3 TestForLoopOpen remaining=%d initial_value1=@1.0", n),
			"4 TestVariadicAverage input1=@3.2 input2=@2.0", "5 TestForLoopClose flow_control=@3.0 initial_value1=@4.0", "6 Mean image=@5.0"))
		want := fmt.Sprintf("%.3f", 1-1/float64(int(1)<<n))
		r.want(t, fmt.Sprint(n, " iterations"), r.text("6"), []string{want})
	}
}

func TestMixedExpansionReturns(t *testing.T) {
	r := start(t).run(graph("1 TestMakeListNode value1=0.1 value2=0.2 value3=0.3", "2 TestMixedExpansionReturns input1=@1.0",
		"3 Mean image=@2.0", "4 Mean image=@2.1"))
	r.want(t, "first output", r.text("3"), []string{"0.100", "0.200", "0.300"})
	r.want(t, "second output", r.text("4"), []string{"1.000", "1.000", "1.000"})
}

func TestMixedLazyResults(t *testing.T) {
	r := start(t).run(graph(img("1", "BLACK"), img("2", "WHITE"), mask("3", 0), mask("4", 1), mask("5", 0.5),
		"6 TestMakeListNode value1=@3.0 value2=@4.0 value3=@5.0", "7 TestLazyMixImages image1=@1.0 image2=@2.0 mask=@6.0", "8 Mean image=@7.0"))
	r.want(t, "means", r.text("8"), []string{"0.000", "1.000", "0.500"})
}

func TestOutputReuse(t *testing.T) {
	r := start(t).run(graph(img("1", "WHITE"), "2 Mean image=@1.0", "3 Mean image=@1.0"))
	r.want(t, "ran", r.ran(), []string{"1", "2"})
	r.want(t, "both", [][]string{r.text("2"), r.text("3")}, [][]string{{"1.000"}, {"1.000"}})
}

func TestParallelSleep(t *testing.T) {
	b := start(t)
	for _, p := range []string{
		graph(img("1", "BLACK"), img("2", "WHITE"), img("3", "WHITE"), "4 TestParallelSleep image1=@1.0 image2=@2.0 image3=@3.0 sleep1=0.3 sleep2=0.3 sleep3=0.3", "5 Mean image=@4.0"),
		graph(img("1", "BLACK"), img("2", "WHITE"), "3 TestSleep value=@1.0 seconds=0.3", "4 TestSleep value=@2.0 seconds=0.3", "6 TestSleep value=@2.0 seconds=0.29",
			"7 TestVariadicAverage input1=@3.0 input2=@4.0 input3=@6.0", "5 Mean image=@7.0"),
	} {
		begin := time.Now()
		r := b.run(p)
		r.want(t, "mean", r.text("5"), []string{"0.667"})
		if took := time.Since(begin); took > 850*time.Millisecond {
			t.Errorf("took %v: the sleeps did not overlap", took)
		}
	}
}

func TestExecutionBlockListOutput(t *testing.T) {
	r := start(t).run(graph("1 TestMakeListNode value1=1 value2=2 value3=3", "2 TestMakeListNode value1=false value2=true value3=false",
		"3 TestExecutionBlocker input=@1.0 block=@2.0 verbose=false", "4 GoldenEcho value=@3.0"))
	r.want(t, "shown", r.text("4"), []string{`{"value": 1}`, `{"value": 3}`})
	if r.status() != "success" {
		t.Errorf("status %s", r.status())
	}
}

func TestPartialExecution(t *testing.T) {
	prompt := graph(img("1", "BLACK"), img("2", "WHITE"), "3 Mean image=@1.0", "4 Mean image=@2.0",
		"5 TestOutputNodeWithSocketOutput image=@1.0 value=2.0", "6 TestOutputNodeWithSocketOutput image=@5.0 value=2.0")
	for _, row := range []struct {
		name    string
		targets []string
		ran     []string
	}{
		{"included", []string{"3"}, []string{"1", "3"}},
		{"excluded", []string{"4"}, []string{"2", "4"}},
		{"dependencies", []string{"3", "4"}, []string{"1", "3", "2", "4"}},
		{"chained output nodes", []string{"6"}, []string{"1", "5", "6"}},
		{"all", nil, []string{"1", "3", "5", "6", "2", "4"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t)
			a, err := b.engine.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(prompt), ClientID: "c", PartialTargets: row.targets})
			if err != nil {
				t.Fatal(err)
			}
			r := b.await(a.PromptID)
			r.want(t, "ran", r.ran(), row.ran)
		})
	}
	_, err := start(t).engine.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(prompt), PartialTargets: []string{}})
	var p *engine.PromptError
	if !errors.As(err, &p) || p.Problem.Type != "prompt_no_outputs" {
		t.Errorf("empty list: %v, want prompt_no_outputs", err)
	}
}

func TestHistoryWindow(t *testing.T) {
	b := start(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, b.run(graph(fmt.Sprintf("1 GoldenEcho value=%d", i))).id)
	}
	n := func(i int) *int { return &i }
	for _, row := range []struct {
		name string
		q    engine.HistoryQuery
		want []string
	}{
		{"all", engine.HistoryQuery{Offset: -1}, ids},
		{"the last two", engine.HistoryQuery{MaxItems: n(2), Offset: -1}, ids[3:]},
		{"offset_0", engine.HistoryQuery{MaxItems: n(2)}, ids[:2]},
		{"offset", engine.HistoryQuery{Offset: 3}, ids[3:]},
		{"offset_with_max_items", engine.HistoryQuery{MaxItems: n(2), Offset: 1}, ids[1:3]},
		{"offset_out_of_bounds", engine.HistoryQuery{Offset: 99}, nil},
		{"none", engine.HistoryQuery{MaxItems: n(0), Offset: -1}, nil},
		{"none with an offset gives one", engine.HistoryQuery{MaxItems: n(0), Offset: 1}, ids[1:2]},
		{"more than there are", engine.HistoryQuery{MaxItems: n(99), Offset: -1}, ids},
	} {
		var got []string
		for _, e := range collect(t, b.engine.History(t.Context(), "", row.q)) {
			got = append(got, e.PromptID)
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", row.name, d)
		}
	}
}

func TestAsyncNodes(t *testing.T) {
	for _, row := range []struct {
		name, graph string
		want        []string
	}{
		{"async_lazy_skip", graph("1 StubInt value=1", "2 TestSyncError value=@1.0", "3 TestAsyncLazyCheck input1=@1.0 input2=@2.0 condition=true", "9 Mean image=@3.0"), []string{"1.000"}},
		{"blocker_with_async", graph("1 StubInt value=1", "2 TestExecutionBlocker input=@1.0 block=true verbose=false", "3 TestSleep value=@2.0 seconds=0.01", "9 GoldenEcho value=@3.0"), nil},
		{"mixed chain", graph("1 StubInt value=1", "2 TestSleep value=@1.0 seconds=0.01", "3 Pass value=@2.0", "4 TestSleep value=@3.0 seconds=0.01", "9 GoldenEcho value=@4.0"), []string{`{"value": 1}`}},
		{"async in expansion", graph(img("1", "BLACK"), img("2", "WHITE"), "3 TestDynamicAsyncGeneration image1=@1.0 image2=@2.0 num_async_nodes=5 sleep_duration=0.1", "9 Mean image=@3.0"), []string{"0.400"}},
		{"batch", graph(`1 StubConstantImage value=0.25 height=4 width=4 batch_size=2`, "2 TestAsyncBatchProcessing images=@1.0 process_time_per_item=0.01", "9 Mean image=@2.0"), []string{"0.750"}},
		{"concurrent limit", graph("1 StubInt value=1", "2 TestAsyncConcurrentLimit value=@1.0 duration=0.1 node_id=1", "3 TestAsyncConcurrentLimit value=@1.0 duration=0.1 node_id=2", "9 GoldenEcho value=@2.0 more=@3.0"), []string{`{"more": 1, "value": 1}`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t).run(row.graph)
			r.want(t, "shown", r.text("9"), row.want)
			r.want(t, "status", r.status(), "success")
		})
	}
}

func TestAsyncResultsAreCached(t *testing.T) {
	b := start(t)
	p := graph("1 StubInt value=1", `2 TestAsyncResourceUser value=@1.0 duration=0.05 resource_id="r"`, "3 GoldenEcho value=@2.0")
	b.run(p)
	r := b.run(p)
	r.want(t, "again", r.ran(), []string{})
}
