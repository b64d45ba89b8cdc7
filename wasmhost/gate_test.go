package wasmhost

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

func gateOf(places, each int) *gate {
	return &gate{places: places, each: each, of: map[tenant.ID]*queue{}}
}

// TestTurns: tenants take turns, whoever came first; within a tenant the first goes first.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gateOf(1, 1)
		g.enter(t.Context(), "x")
		var mu sync.Mutex
		var got []tenant.ID
		var all sync.WaitGroup
		for _, id := range []tenant.ID{"a", "a", "a", "a", "b", "c", "c"} {
			all.Go(func() {
				g.enter(t.Context(), id)
				mu.Lock()
				got = append(got, id)
				mu.Unlock()
				g.leave(id)
			})
			synctest.Wait() // it waits in line
		}
		g.leave("x")
		all.Wait()
		if want := []tenant.ID{"a", "b", "c", "a", "c", "a", "a"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		empty(t, g)
	})
}

// TestPlacesOfATenant: no tenant has more than its places, though there are more, and others come past those who wait for one.
func TestPlacesOfATenant(t *testing.T) {
	g := gateOf(3, 2)
	for range 2 {
		g.enter(t.Context(), "a")
	}
	ctx, cancel := context.WithCancel(t.Context())
	gave := make(chan bool)
	go func() { gave <- g.enter(ctx, "a") }()
	for g.lined.Load() == 0 {
		runtime.Gosched()
	}
	if !g.enter(t.Context(), "b") || g.busy() != 3 {
		t.Errorf("another tenant: %d", g.busy())
	}
	cancel()
	if <-gave {
		t.Error("one whose context has ended has a place")
	}
	g.leave("b")
	g.leave("a")
	g.leave("a")
	empty(t, g)
}

// TestCede: a place is given to who waits, and comes back; without anybody nothing happens.
func TestCede(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gateOf(1, 1)
		g.enter(t.Context(), "a")
		g.cede("a")
		var order []string
		go func() {
			g.enter(t.Context(), "b")
			order = append(order, "b")
			g.leave("b")
		}()
		synctest.Wait()
		g.cede("a")
		order = append(order, "a")
		g.leave("a")
		if !slices.Equal(order, []string{"b", "a"}) {
			t.Errorf("%v", order)
		}
		empty(t, g)
	})
}

func empty(t *testing.T, g *gate) {
	t.Helper()
	if g.busy() != 0 || g.lined.Load() != 0 || len(g.of) != 0 || len(g.turn) != 0 {
		t.Errorf("%d inside, %d in line, %d tenants, turns %v", g.busy(), g.lined.Load(), len(g.of), g.turn)
	}
}

// TestGateHammer: whatever comes, waits, gives up and cedes, no more are inside than may be, and in the end nobody.
func TestGateHammer(t *testing.T) {
	g := gateOf(3, 2)
	var all sync.WaitGroup
	for i := range 24 {
		id := tenant.ID(rune('a' + i%5))
		all.Go(func() {
			for k := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if (i+k)%3 == 0 {
					go cancel()
				}
				if g.enter(ctx, id) {
					if n := g.busy(); n > 3 {
						t.Errorf("%d inside", n)
					}
					if k%2 == 0 {
						g.cede(id)
					}
					g.leave(id)
				}
				cancel()
			}
		})
	}
	all.Wait()
	empty(t, g)
}

// TestGreedyTenant: guests of one tenant that compute without an end, as many as may, keep no other tenant's from its turn, nor a
// tenant's host work another's.
func TestGreedyTenant(t *testing.T) {
	h := newHost(t, Config{})
	h.gate, h.bench = gateOf(1, 1), gateOf(2, 1)
	spin := tinySource(tiny(map[int32]any{abi.OpDescribe: tinyNode}, nil))
	spin.Module = spinning(t)
	spin.Limits = DefaultLimitSet()
	spin.Limits.Execute.Fuel, spin.Limits.Execute.Wall = 1<<60, time.Hour
	load(t, h, spin)
	good := tinySource(tiny(map[int32]any{abi.OpDescribe: map[string]any{"nodes": []any{map[string]any{"id": "Good", "outputs": []any{map[string]any{"type": "INT"}}}}},
		abi.OpExecute: map[string]any{"outputs": []any{int64(1)}}}, nil))
	m := *good.Manifest
	m.ID = "test.good"
	good.Manifest = &m
	load(t, h, good)
	ctx, stop := context.WithCancel(runCtx(t, "greedy", "1"))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := find(t, h, "Tiny").Run(ctx, node.Args{}); !errors.Is(err, fault.Cancelled) {
				t.Errorf("one that computes for ever: %v", err)
			}
		})
	}
	for h.gate.lined.Load() == 0 {
		runtime.Gosched()
	}
	for range 5 {
		if _, err := find(t, h, "Good").Run(runCtx(t, "other", "1"), node.Args{}); err != nil {
			t.Error(err)
		}
	}
	stop()
	all.Wait()
	empty(t, h.gate)
}

// spinning is a module whose node computes for ever.
func spinning(t *testing.T) []byte {
	t.Helper()
	said, err := abi.Append(nil, tinyNode)
	if err != nil {
		t.Fatal(err)
	}
	m := asm.New()
	reply := m.Import("cocoon1", "reply", "ii:")
	m.Memory(2, -1)
	m.Export("memory", 2, 0)
	m.Data(1024, said)
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", asm.I(0x20, 0), asm.I32(abi.OpExecute), []byte{0x46, 0x04, 0x40, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b},
		asm.I32(1024), asm.I32(int32(len(said))), asm.I(0x10, reply), asm.I32(0)))
	return m.Bytes()
}
