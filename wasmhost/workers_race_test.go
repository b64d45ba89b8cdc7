package wasmhost

import (
	"fmt"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
)

// TestWorkersThatDie: a process that ends under a tenant's calls fails those, and no others, and the next call gets another process.
func TestWorkersThatDie(t *testing.T) {
	if !workersHere {
		t.Skip("worker processes need Linux")
	}
	h := newHost(t, Config{Isolation: PerTenant, Worker: self(t)})
	load(t, h, tinySource(tiny(map[int32]any{1: tinyNode, 2: map[string]any{"outputs": []any{int64(1)}}}, nil)))
	run := func(asker string, i int) error {
		ctx := node.WithRun(runCtx(t, "a", "1"), node.Run{PromptID: fmt.Sprint(i), NodeID: "1"}.CountGraphs())
		_, err := find(t, h, "Tiny").Run(tenantCtx(ctx, asker), node.Args{})
		return err
	}
	var calls sync.WaitGroup
	for i := range 6 {
		asker := []string{"unlucky", "lucky"}[i%2]
		calls.Go(func() {
			for n := range 20 {
				if err := run(asker, n); err != nil && asker == "lucky" {
					t.Errorf("a call beside: %v", err)
				}
			}
		})
	}
	calls.Go(func() {
		for range 4 {
			_ = run("unlucky", 0)
			h.workers.Kill("unlucky")
		}
	})
	calls.Wait()
	for range 2 { // one that was killed just now may still be taken for a live one, once
		_ = run("unlucky", 1)
	}
	if err := run("unlucky", 2); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
