package bulkhead

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// TestRequestsOfOneExtension: over its places one tenant's requests are refused; those that wait give theirs up; others have
// their own.
func TestRequestsOfOneExtension(t *testing.T) {
	b := New()
	var all []*Pass
	enter := func(id tenant.ID, ext string) (*Pass, error) {
		p, err := b.Enter(t.Context(), id, ext, Request)
		if err == nil {
			all = append(all, p)
		}
		return p, err
	}
	var parked []*Pass
	for range RequestsRunning {
		p, err := enter("a", "x")
		if err != nil {
			t.Fatal(err)
		}
		parked = append(parked, p)
	}
	if _, err := enter("a", "x"); !errors.Is(err, fault.TooMany) {
		t.Errorf("one more: %v", err)
	}
	for _, other := range [][2]string{{"b", "x"}, {"a", "y"}} {
		if _, err := enter(tenant.ID(other[0]), other[1]); err != nil {
			t.Errorf("%v: %v", other, err)
		}
	}
	if p, err := b.Enter(t.Context(), "a", "x", Node); err != nil {
		t.Errorf("a node: %v", err)
	} else {
		p.End()
	}
	for _, p := range parked {
		p.Leave()
	}
	for open := RequestsRunning; open < RequestsOpen; open++ {
		p, err := enter("a", "x")
		if err != nil {
			t.Fatalf("the %dth: %v", open, err)
		}
		p.Leave()
		parked = append(parked, p)
	}
	if _, err := enter("a", "x"); !errors.Is(err, fault.TooMany) {
		t.Errorf("more than may be open: %v", err)
	}
	for _, p := range parked { // places are alike: any call may end
		if !p.try() {
			t.Fatal("no place")
		}
		all[0].End()
		all = all[1:]
	}
	for _, p := range all {
		p.End()
	}
	if !b.Empty() {
		t.Errorf("%d bays are left", len(b.all))
	}
}

// TestRequestsOfOneTenant: all of its extensions together have a bound.
func TestRequestsOfOneTenant(t *testing.T) {
	b := New()
	exts := []string{"v", "w", "x", "y"}
	for _, x := range exts {
		for range RequestsRunning {
			if _, err := b.Enter(t.Context(), "a", x, Request); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := b.Enter(t.Context(), "a", "z", Request); !errors.Is(err, fault.TooMany) {
		t.Errorf("one more: %v", err)
	}
	if _, err := b.Enter(t.Context(), "b", "z", Request); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	if len(b.all) != len(exts)+1+2 {
		t.Errorf("%d bays: one that was refused is left", len(b.all))
	}
}

// TestNodesWaitForTheirTurn: a third node of an extension runs when one of two ends or waits.
func TestNodesWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, ctx := New(), t.Context()
		one, err := b.Enter(ctx, "a", "x", Node)
		if err != nil {
			t.Fatal(err)
		}
		two, err := b.Enter(ctx, "a", "x", Node)
		if err != nil {
			t.Fatal(err)
		}
		began := make(chan *Pass, 1)
		go func() {
			p, err := b.Enter(ctx, "a", "x", Node)
			if err != nil {
				t.Error(err)
			}
			began <- p
		}()
		synctest.Wait()
		select {
		case <-began:
			t.Fatal("three run")
		default:
		}
		one.Leave()
		three := <-began
		back := make(chan bool, 1)
		go func() { back <- one.Return(ctx) }()
		synctest.Wait()
		two.End()
		if !<-back {
			t.Error("no way back")
		}
		stopped, cancel := context.WithCancelCause(ctx)
		cancel(errors.New("the prompt was cancelled"))
		if _, err := b.Enter(stopped, "a", "x", Node); !errors.Is(err, fault.Cancelled) {
			t.Errorf("a cancelled call: %v", err)
		}
		one.End()
		three.End()
		if !b.Empty() {
			t.Errorf("%d bays are left", len(b.all))
		}
	})
}

func TestNoBound(t *testing.T) {
	var p *Pass
	p.Leave()
	if !p.Return(t.Context()) {
		t.Error("a call without a bound waits")
	}
	p.End()
}

// TestHammer: never do more run than have places, whoever waits, comes back and goes.
func TestHammer(t *testing.T) {
	b := New()
	var running, most atomic.Int64
	step := func(d int64) {
		n := running.Add(d)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
	}
	var all sync.WaitGroup
	for _, ext := range []string{"x", "y", "z"} {
		for range 8 {
			all.Go(func() {
				for range 50 {
					p, err := b.Enter(t.Context(), "a", ext, Node)
					if err != nil {
						t.Error(err)
						return
					}
					step(1)
					step(-1)
					p.Leave()
					p.Return(t.Context())
					step(1)
					step(-1)
					p.End()
				}
			})
		}
	}
	all.Wait()
	if most.Load() > tenantNodes || !b.Empty() {
		t.Errorf("%d ran at once; empty %v", most.Load(), b.Empty())
	}
}

// TestChecks: checks wait for their places, and do not give them up while they wait for something else.
func TestChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		var all []*Pass
		for range ChecksOpen {
			p, err := b.Enter(t.Context(), "a", "x", Check)
			if err != nil {
				t.Fatal(err)
			}
			p.Leave()
			if !p.Return(t.Context()) {
				t.Error("it does not come back")
			}
			p.Leave() // it waits
			all = append(all, p)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.Enter(ctx, "a", "x", Check); !errors.Is(err, fault.Cancelled) {
			t.Errorf("one more: %v", err)
		}
		if p, err := b.Enter(t.Context(), "b", "x", Check); err != nil {
			t.Errorf("another tenant's: %v", err)
		} else {
			p.End()
		}
		var came atomic.Bool
		go func() {
			p, err := b.Enter(t.Context(), "a", "x", Check)
			if err != nil {
				t.Error(err)
			}
			came.Store(true)
			p.End()
		}()
		synctest.Wait()
		if came.Load() {
			t.Error("it has a place while others wait")
		}
		for _, p := range all {
			p.End()
		}
		synctest.Wait()
		if !came.Load() || !b.Empty() {
			t.Errorf("it came: %v; nothing is left: %v", came.Load(), b.Empty())
		}
	})
}
