package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

func (b *bench) submitAs(id tenant.ID, client, prompt string) string {
	b.t.Helper()
	a, err := b.engine.Submit(b.t.Context(), engine.Submission{Tenant: id, ClientID: client, Prompt: json.RawMessage(prompt)})
	if err != nil {
		b.t.Fatal(err)
	}
	return a.PromptID
}

// Nothing of one tenant may reach another: results, events, the queue, the history, interrupts.
func TestTenantsAreApart(t *testing.T) {
	for _, kind := range []engine.CacheKind{engine.CacheRAM, engine.CacheClassic, engine.CacheLRU} {
		t.Run(fmt.Sprint("cache ", kind), func(t *testing.T) {
			b := start(t, func(c *engine.Config) { c.Cache = engine.CacheConfig{Kind: kind, Entries: 100} })
			p := graph("1 StubInt value=1", "2 GoldenEcho value=@1.0")
			ends := func(id string) {
				b.until(func(e engine.Event) bool {
					return e.PromptID == id && e.Type == "executing" && string(e.Data)[:12] == `{"node":null`
				})
			}
			one := b.submitAs("a", "c", p)
			ends(one)
			b.bus.take()
			two := b.submitAs("b", "c", p)
			ends(two)
			events := b.bus.take()
			r := &result{id: two, events: events}
			r.want(t, "what the second tenant's prompt ran", r.ran(), []string{"1", "2"})
			for _, e := range events {
				if e.Tenant != "b" {
					t.Errorf("event %s of tenant %q during the prompt of b", e.Type, e.Tenant)
				}
			}
			if h, err := b.engine.HistoryOf(t.Context(), "b", one); err != nil || len(h) != 0 {
				t.Errorf("b sees a's history: %v %v", h, err)
			}
		})
	}
}

func TestTenantsCannotStopEachOther(t *testing.T) {
	b := start(t)
	id := b.submitAs("a", "c", graph("1 TestSleep value=1 seconds=60", "2 GoldenEcho value=@1.0"))
	waiting := b.submitAs("a", "c", graph("1 GoldenEcho value=1"))
	b.until(func(e engine.Event) bool { return e.Type == "executing" && e.PromptID == id })
	if b.engine.Interrupt("b", "") || b.engine.Interrupt("b", id) {
		t.Error("b interrupted a's prompt")
	}
	if found, err := b.engine.Delete(t.Context(), "b", waiting); err != nil || found[0] {
		t.Errorf("b deleted a's prompt: %v %v", found, err)
	}
	if err := b.engine.Clear(t.Context(), "b"); err != nil {
		t.Error(err)
	}
	if running, pending := queueOf(t, b.engine, "b"); len(running)+len(pending) != 0 {
		t.Errorf("b sees a's queue: %v %v", running, pending)
	}
	if _, ok := b.engine.Current("b", "c"); ok {
		t.Error("b sees what runs for a")
	}
	if n := b.engine.Remaining("a"); n != 2 {
		t.Errorf("%d prompts of a remain, want 2", n)
	}
	b.engine.Interrupt("a", "")
}

// test_progress_isolation of the reference: each client gets the progress of its own prompt alone.
func TestProgressIsolation(t *testing.T) {
	b := start(t)
	ids := map[string]string{}
	for _, client := range []string{"one", "two"} {
		ids[b.submitAs("", client, graph(fmt.Sprintf(`1 GoldenSteps steps=3 delay=0.0 preview="none" width=%d height=8 limit=0`, len(ids)+1), "2 GoldenEcho value=@1.0"))] = client
	}
	for id := range ids {
		b.until(func(e engine.Event) bool { return e.PromptID == id && e.Type == "execution_success" })
	}
	seen := map[string]int{}
	for _, e := range b.bus.take() {
		if e.Type == "progress_state" || e.Type == "progress" {
			seen[e.ClientID]++
			if ids[e.PromptID] != e.ClientID {
				t.Errorf("%s of the prompt of %s went to %q", e.Type, ids[e.PromptID], e.ClientID)
			}
		}
	}
	if seen["one"] == 0 || seen["two"] == 0 {
		t.Errorf("progress seen: %v", seen)
	}
}
