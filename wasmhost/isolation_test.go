package wasmhost

import (
	"os"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
)

// levels are the levels of isolation that this system has.
func levels() map[string]Isolation {
	all := map[string]Isolation{"in process": InProcess}
	if workersHere && !raced { // each worker compiles a guest in Go, which takes it half a minute under the race detector
		all["per tenant"], all["per job"] = PerTenant, PerJob
	}
	return all
}

// everyLevel runs a test with the basic extension on each level.
func everyLevel(t *testing.T, test func(t *testing.T, h *Host)) {
	for name, level := range levels() {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, Config{Isolation: level, Worker: self(t)})
			load(t, h, basic(t))
			test(t, h)
		})
	}
}

// self is the command that starts this test as a worker.
func self(t testing.TB) []string {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{exe}
}

func TestWorkersOfTenantsAndJobs(t *testing.T) {
	if !workersHere {
		t.Skip("worker processes need Linux")
	}
	for _, x := range []struct {
		level Isolation
		want  int // of two tenants with two prompts each, and of the loading
		left  int // when the prompts are over
	}{{PerTenant, 3, 3}, {PerJob, 5, 1}} {
		h := newHost(t, Config{Isolation: x.level, Worker: self(t)})
		load(t, h, tinySource(tiny(map[int32]any{1: tinyNode, 2: map[string]any{"outputs": []any{int64(1)}}}, nil)))
		run := func(asker, prompt string) {
			ctx := node.WithRun(runCtx(t, "a", "1"), node.Run{PromptID: prompt, NodeID: "1"}.CountGraphs())
			ctx = tenantCtx(ctx, asker)
			r, err := find(t, h, "Tiny").Run(ctx, node.Args{})
			if err != nil || r.Outputs[0] != int64(1) {
				t.Fatalf("level %d: %v, %v", x.level, r.Outputs, err)
			}
		}
		for _, asker := range []string{"a", "b"} {
			run(asker, "p1"+asker)
			run(asker, "p2"+asker)
		}
		if got := h.workers.Workers(); got != x.want {
			t.Errorf("level %d: %d workers, want %d", x.level, got, x.want)
		}
		for _, asker := range []string{"a", "b"} {
			for _, p := range []string{"p1", "p2"} {
				if err := h.PromptDone(tenantCtx(t.Context(), asker), p+asker); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := h.workers.Workers(); got != x.left {
			t.Errorf("level %d: %d workers are left, want %d", x.level, got, x.left)
		}
	}
}

// TestWorkerDies: the worker of a tenant is killed; the call at hand fails, the next one finds another worker.
func TestWorkerDies(t *testing.T) {
	if !workersHere {
		t.Skip("worker processes need Linux")
	}
	h := newHost(t, Config{Isolation: PerTenant, Worker: self(t)})
	load(t, h, tinySource(tiny(map[int32]any{1: tinyNode, 2: map[string]any{"outputs": []any{int64(1)}}}, nil)))
	pick := func() error {
		_, err := find(t, h, "Tiny").Run(runCtx(t, "a", "1"), node.Args{})
		return err
	}
	if err := pick(); err != nil {
		t.Fatal(err)
	}
	h.workers.Kill("a")
	if err := pick(); err != nil { // the slot that was idle is gone with its worker
		if err := pick(); err != nil {
			t.Errorf("after the worker died: %v", err)
		}
	}
}

// BenchmarkLevels is one run of a small node in Go on each level.
func BenchmarkLevels(b *testing.B) {
	for name, level := range levels() {
		b.Run(name, func(b *testing.B) {
			h := newHost(b, Config{Isolation: level, Worker: self(b), Jail: self(b)})
			load(b, h, basic(b))
			n, ctx := find(b, h, "BasicPick"), runCtx(b, "a", "1")
			args := node.Args{"second": true, "b": "x"}
			if _, err := n.Run(ctx, args); err != nil { // starts the worker
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := n.Run(ctx, args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
