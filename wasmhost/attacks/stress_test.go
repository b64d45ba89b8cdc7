package attacks

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// manyPlaces lets a host of the test have places for several guests, however few processors there are.
func manyPlaces(t *testing.T) {
	before := runtime.GOMAXPROCS(8)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// TestTenantsLoadOneModuleAtOnce: the engine's code of a module is everybody's who has it, and is ready before anybody calls.
func TestTenantsLoadOneModuleAtOnce(t *testing.T) {
	manyPlaces(t)
	dir := t.TempDir()
	for round := range 10 { // from the second on the code comes from the cache
		h := newHost(t, nil, func(c *wasmhost.Config) { c.CodeDir = dir })
		module := build(func(g *guest) { g.describe = message(map[string]any{"nodes": []any{attackNode}}) })
		var loading sync.WaitGroup
		for i := range 8 {
			id := tenant.ID(fmt.Sprint(round, i))
			loading.Go(func() {
				e, err := load(t.Context(), h, module, func(s *wasmhost.Source) { s.Tenant = id })
				if err == nil {
					_, err = e.Nodes()[0].Run(in(t.Context(), id, nil), node.Args{})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		loading.Wait()
	}
}
