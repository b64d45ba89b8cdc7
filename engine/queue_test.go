package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/google/go-cmp/cmp"
)

func TestRetry(t *testing.T) {
	b := start(t)
	first := b.run(graph("1 GoldenEcho value=1", "2 GoldenEcho value=2"))
	a, ok, err := b.engine.Retry(t.Context(), "", first.id)
	if err != nil || !ok || a.PromptID == first.id {
		t.Fatalf("%v %v %v", a, ok, err)
	}
	r := b.await(a.PromptID)
	r.want(t, "shown", r.text("2"), first.text("2"))
	if _, ok, err := b.engine.Retry(t.Context(), "", "none"); ok || err != nil {
		t.Errorf("an unknown prompt was queued again: %v", err)
	}
}

func TestQueueOrder(t *testing.T) {
	b := start(t)
	if err := b.engine.Pause(t.Context(), "", true); err != nil {
		t.Fatal(err)
	}
	number := 0.5
	var ids []string
	for _, s := range []engine.Submission{{}, {}, {Front: true}, {Number: &number}, {Front: true}} {
		s.Prompt, s.ClientID = []byte(graph(fmt.Sprintf("1 GoldenEcho value=%d", len(ids)))), "c"
		a, err := b.engine.Submit(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.PromptID)
	}
	order := func() []string {
		_, pending := queueOf(t, b.engine, "")
		var list []string
		for _, i := range pending {
			list = append(list, i.PromptID)
		}
		return list
	}
	want := []string{ids[4], ids[2], ids[0], ids[3], ids[1]}
	if d := cmp.Diff(want, order()); d != "" {
		t.Errorf("order: -want +got\n%s", d)
	}
	if ok, err := b.engine.Move(t.Context(), "", ids[1], -100); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if d := cmp.Diff(append([]string{ids[1]}, want[:4]...), order()); d != "" {
		t.Errorf("moved: -want +got\n%s", d)
	}
	if ok, err := b.engine.Cancel(t.Context(), "", ids[2]); !ok || err != nil {
		t.Errorf("cancel of a pending prompt: %v %v", ok, err)
	}
	if err := b.engine.Pause(t.Context(), "", false); err != nil {
		t.Fatal(err)
	}
	b.await(ids[3])
	b.poll(func() bool { return b.engine.Remaining("") == 0 })
}

// TestManyWorkers runs prompts side by side that share nodes, under every kind of cache.
func TestManyWorkers(t *testing.T) {
	for _, kind := range []engine.CacheKind{engine.CacheRAM, engine.CacheClassic, engine.CacheLRU, engine.CacheNone} {
		t.Run(fmt.Sprint("cache ", kind), func(t *testing.T) {
			b := start(t, func(c *engine.Config) {
				c.Workers, c.Cache = 4, engine.CacheConfig{Kind: kind, Entries: 10}
			})
			const prompts = 60
			var ids []string
			for i := range prompts {
				ids = append(ids, b.submit(graph("1 GoldenConst value=\"5\"", fmt.Sprintf(`2 TestIntMathOperation a=@1.0 b=%d operation="add"`, i%7),
					"3 TestSleep value=@2.0 seconds=0.001", "4 GoldenExpand value=@3.0 depth=2", "9 GoldenEcho value=@4.0")))
			}
			for i, id := range ids {
				r := b.finished(id)
				r.want(t, fmt.Sprint("prompt ", i), r.text("9"), []string{fmt.Sprintf(`{"value": %d}`, 5+i%7)})
			}
		})
	}
}

// finished waits for a prompt's history.
func (b *bench) finished(id string) *result {
	b.t.Helper()
	var r *result
	b.poll(func() bool {
		h, err := b.engine.HistoryOf(context.Background(), "", id)
		if err == nil && len(h) == 1 {
			r = &result{id: id, entry: h[0]}
		}
		return r != nil
	})
	return r
}

// poll waits until something is so.
func (b *bench) poll(is func() bool) {
	b.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(30 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-timeout:
			b.t.Fatal("it does not come to pass")
		}
	}
}

func TestFree(t *testing.T) {
	freed := make(chan struct{}, 10)
	b := start(t, func(c *engine.Config) { c.Free = func(context.Context) { freed <- struct{}{} } })
	p := graph("1 GoldenEcho value=1")
	b.run(p)
	b.engine.Free(true, false)
	<-freed
	r := b.run(p)
	r.want(t, "ran after models were unloaded", r.ran(), []string{})
	b.engine.Free(false, true)
	<-freed
	r = b.run(p)
	r.want(t, "ran after all memory was freed", r.ran(), []string{"1"})
}

func TestPanickingListIsToldAndPasses(t *testing.T) {
	broken := rogue{id: "Broken", do: func(context.Context) (node.Reply, error) { return node.Reply{}, nil }}
	b := start(t, withNodes(t, brokenChoices{broken}))
	if _, err := b.engine.Submit(t.Context(), engine.Submission{Prompt: []byte(graph("1 Broken c=5", "2 GoldenEcho value=@1.0"))}); err == nil {
		t.Error("no error")
	}
	if r := b.run(graph("1 GoldenEcho value=1")); r.status() != "success" {
		t.Error("the next prompt fails")
	}
}

type brokenChoices struct{ rogue }

func (b brokenChoices) Schema() *node.Schema {
	s := b.rogue.Schema()
	s.Inputs = append(s.Inputs, node.Input{Name: "c", Type: node.Combo, Classic: true, Choices: func(context.Context) []any { panic("no list") }})
	return s
}
