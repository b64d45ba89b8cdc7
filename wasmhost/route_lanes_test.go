package wasmhost

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// laneCall is a call that only has lanes.
func laneCall(l *lanes, ctx context.Context, t tenant.ID, ext, prompt string) *call {
	e := &Extension{Manifest: &Manifest{ID: ext}}
	return &call{Context: ctx, host: &Host{lanes: l}, ext: e, tenant: t, run: node.Run{PromptID: prompt, ClientID: "client of " + prompt}}
}

// TestRoutesOfOneExtension: over its places one tenant's routes are refused; those that wait give theirs up; others have
// their own.
func TestRoutesOfOneExtension(t *testing.T) {
	l, ctx := newLanes(), t.Context()
	var leave []func()
	join := func(id tenant.ID, ext string) (*call, error) {
		c := laneCall(l, ctx, id, ext, "")
		end, err := c.join(abi.OpRoute)
		if err == nil {
			leave = append(leave, end)
		}
		return c, err
	}
	var parked []*call
	for range routesRunning {
		c, err := join("a", "x")
		if err != nil {
			t.Fatal(err)
		}
		parked = append(parked, c)
	}
	if _, err := join("a", "x"); !errors.Is(err, fault.TooMany) {
		t.Errorf("one more: %v", err)
	}
	for _, other := range [][2]string{{"b", "x"}, {"a", "y"}} {
		if _, err := join(tenant.ID(other[0]), other[1]); err != nil {
			t.Errorf("%v: %v", other, err)
		}
	}
	for _, c := range parked {
		c.pass.leave()
	}
	open := routesRunning
	for ; open < routesOpen; open++ {
		c, err := join("a", "x")
		if err != nil {
			t.Fatalf("the %dth: %v", open, err)
		}
		c.pass.leave()
		parked = append(parked, c)
	}
	if _, err := join("a", "x"); !errors.Is(err, fault.TooMany) {
		t.Errorf("more than may be open: %v", err)
	}
	for _, c := range parked { // places are alike: any call may end
		if !c.pass.try() {
			t.Fatal("no place")
		}
		leave[0]()
		leave = leave[1:]
	}
	for _, end := range leave {
		end()
	}
	if len(l.all) != 0 {
		t.Errorf("%d lanes are left", len(l.all))
	}
}

// TestNodesWaitForTheirTurn: a third node of an extension runs when one of two ends or waits.
func TestNodesWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := newLanes(), t.Context()
		one, two := laneCall(l, ctx, "a", "x", "p1"), laneCall(l, ctx, "a", "x", "p2")
		endOne, err := one.join(abi.OpExecute)
		if err != nil {
			t.Fatal(err)
		}
		endTwo, err := two.join(abi.OpExecute)
		if err != nil {
			t.Fatal(err)
		}
		began := make(chan func(), 1)
		go func() {
			end, err := laneCall(l, ctx, "a", "x", "p1").join(abi.OpResume)
			if err != nil {
				t.Error(err)
			}
			began <- end
		}()
		synctest.Wait()
		select {
		case <-began:
			t.Fatal("three run")
		default:
		}
		if _, err := laneCall(l, ctx, "a", "x", "").join(abi.OpValidate); err != nil {
			t.Errorf("what looks at a node waits: %v", err)
		}
		one.pass.leave()
		endThree := <-began
		back := make(chan bool, 1)
		go func() { back <- one.pass.enter(ctx) }()
		synctest.Wait()
		endTwo()
		if !<-back {
			t.Error("no way back")
		}
		stopped, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := laneCall(l, stopped, "a", "x", "p3").join(abi.OpExecute); !errors.Is(err, fault.Cancelled) {
			t.Errorf("a cancelled call: %v", err)
		}
		for prompt, want := range map[string]string{"p1": "client of p1", "p2": "", "p3": ""} {
			if got, _ := l.client(runKey{"a", "x", prompt}); got != want {
				t.Errorf("client of %s: %q", prompt, got)
			}
		}
		if _, ok := l.client(runKey{"b", "x", "p1"}); ok {
			t.Error("another tenant finds the prompt")
		}
		endOne()
		endThree()
		if len(l.all) != 0 || len(l.runs) != 0 {
			t.Errorf("left: %d lanes, %d prompts", len(l.all), len(l.runs))
		}
	})
}

// TestBusyRoute: the client hears when to come again.
func TestBusyRoute(t *testing.T) {
	h := newHost(t, Config{})
	load(t, h, basic(t))
	k := laneKey{"a", "cocoon.basic", true}
	for range routesOpen {
		if _, ok := h.lanes.join(k, routesRunning, routesOpen); !ok {
			t.Fatal("no room")
		}
		defer h.lanes.part(k)
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
