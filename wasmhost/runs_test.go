package wasmhost

import (
	"net/http/httptest"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/bulkhead"
)

// TestRuns: a prompt is known to its tenant and extension for as long as a node of it runs.
func TestRuns(t *testing.T) {
	h := &Host{bulkheads: bulkhead.New(), runs: newRuns()}
	join := func(op int32, prompt string) func() {
		c := &call{Context: t.Context(), host: h, ext: &Extension{Manifest: &Manifest{ID: "x"}}, tenant: "a", run: node.Run{PromptID: prompt, ClientID: "client of " + prompt}}
		leave, err := c.join(op)
		if err != nil {
			t.Fatal(err)
		}
		return leave
	}
	one, two := join(abi.OpExecute, "p1"), join(abi.OpResume, "p1")
	join(abi.OpValidate, "p2")()
	checked := join(abi.OpValidate, "p2")
	one()
	for prompt, want := range map[string]string{"p1": "client of p1", "p2": "", "p3": ""} {
		if got, _ := h.runs.client(runKey{"a", "x", prompt}); got != want {
			t.Errorf("client of %s: %q", prompt, got)
		}
	}
	if _, ok := h.runs.client(runKey{"b", "x", "p1"}); ok {
		t.Error("another tenant finds the prompt")
	}
	if got := h.runs.promptOf("a", "x", "client of p1"); got != "p1" {
		t.Errorf("prompt %q", got)
	}
	checked()
	if two(); len(h.runs.all) != 0 || !h.bulkheads.Empty() {
		t.Errorf("left: %d prompts", len(h.runs.all))
	}
}

// TestBusyRoute: the client hears when to come again.
func TestBusyRoute(t *testing.T) {
	h := newHost(t, Config{})
	load(t, h, basic(t))
	for range bulkhead.RequestsRunning {
		p, err := h.bulkheads.Enter(t.Context(), "a", "cocoon.basic", bulkhead.Request)
		if err != nil {
			t.Fatal(err)
		}
		defer p.End()
	}
	for id, want := range map[tenant.ID]int{"a": 503, "b": 200} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/ext/cocoon.basic/page", nil)
		h.ServeHTTP(w, r.WithContext(tenant.With(r.Context(), id)))
		if w.Code != want || want == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", id, w.Code, w.Header())
		}
	}
}
