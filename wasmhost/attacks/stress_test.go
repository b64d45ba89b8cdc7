package attacks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
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

// busy are guests that use each sort of host function a little; their calls succeed. url is what they fetch.
func busy(url string) []Attack {
	const first, page = 4 << 16, 1 << 16
	drop := func(g *guest) []byte { return g.call(core, "h_drop", "l:") }
	request := map[string]any{"method": "GET", "url": url}
	return []Attack{
		harmless("tensors and windows", func(g *guest) {
			g.need([3]string{tensors, "t_new", "iiid:l"}, [3]string{tensors, "t_map", "lii:l"}, [3]string{tensors, "t_unmap", "i:i"}, [3]string{core, "h_drop", "l:"},
				[3]string{tensors, "t_map_out", "iiiii:l"}, [3]string{tensors, "t_commit", "i:l"}, [3]string{tensors, "t_cast", "li:l"})
			g.locals = "il"
			at := g.numbers(16 << 10)
			g.execute = asm.Code(grow(64), times(3, 5,
				one, one, at, asm.F64(1), g.call(tensors, "t_new", "iiid:l"), asm.I(0x21, 4), // a tensor of 64 KiB
				asm.I(0x20, 4), asm.I32(first), asm.I32(page), g.call(tensors, "t_map", "lii:l"), []byte{0x1a},
				asm.I32(first), g.call(tensors, "t_unmap", "i:i"), []byte{0x1a},
				asm.I(0x20, 4), asm.I32(int32(abi.DTypeF16)), g.call(tensors, "t_cast", "li:l"), drop(g), asm.I(0x20, 4), drop(g),
				one, one, at, asm.I32(first), asm.I32(page), g.call(tensors, "t_map_out", "iiiii:l"), []byte{0x1a},
				asm.I32(first), g.call(tensors, "t_commit", "i:l"), drop(g)))
		}),
		harmless("values", func(g *guest) {
			g.need([3]string{"cocoon1_kv", "kv_put", "iiiiil:i"}, [3]string{"cocoon1_kv", "kv_get", "iiiii:l"}, [3]string{"cocoon1_kv", "kv_list", "iiiii:l"},
				[3]string{"cocoon1_kv", "kv_cas", "iiiiiii:i"}, [3]string{"cocoon1_kv", "kv_delete", "iii:i"})
			g.locals = "i"
			key, out := asm.Code(one, asm.I32(eventAt), asm.I32(4)), asm.Code(asm.I32(48<<10), asm.I32(4<<10))
			g.execute = times(3, 3, key, asm.I32(eventAt), asm.I32(4), asm.I64(0), g.call("cocoon1_kv", "kv_put", "iiiiil:i"), []byte{0x1a},
				key, out, g.call("cocoon1_kv", "kv_get", "iiiii:l"), []byte{0x1a}, one, asm.I32(eventAt), zero, out, g.call("cocoon1_kv", "kv_list", "iiiii:l"), []byte{0x1a},
				key, asm.I32(eventAt), asm.I32(4), asm.I32(eventAt), asm.I32(2), g.call("cocoon1_kv", "kv_cas", "iiiiiii:i"), []byte{0x1a},
				key, g.call("cocoon1_kv", "kv_delete", "iii:i"), []byte{0x1a})
		}),
		harmless("messages and events", func(g *guest) {
			g.need([3]string{"cocoon1_msg", "msg_post", "iiiiiiii:i"}, [3]string{"cocoon1_msg", "msg_wait", "iiiii:l"}, [3]string{"cocoon1_ws", "ws_send", "iiii:i"},
				[3]string{core, "log", "iii:"}, [3]string{core, "progress", "dd:i"}, [3]string{core, "sleep_ms", "i:i"}, [3]string{core, "random", "ii:i"})
			g.locals = "i"
			p, n, text := g.bytes([]byte("p")), g.bytes([]byte("n")), asm.Code(asm.I32(eventAt), asm.I32(4))
			g.execute = times(3, 3, p, n, text, text, g.call("cocoon1_msg", "msg_post", "iiiiiiii:i"), []byte{0x1a},
				text, asm.I32(2), asm.I32(48<<10), asm.I32(64), g.call("cocoon1_msg", "msg_wait", "iiiii:l"), []byte{0x1a},
				text, asm.I32(eventAt+8), asm.I32(2), g.call("cocoon1_ws", "ws_send", "iiii:i"), []byte{0x1a}, one, text, g.call(core, "log", "iii:"),
				asm.F64(1), asm.F64(2), g.call(core, "progress", "dd:i"), []byte{0x1a}, one, g.call(core, "sleep_ms", "i:i"), []byte{0x1a},
				asm.I32(48<<10), asm.I32(64), g.call(core, "random", "ii:i"), []byte{0x1a})
		}),
		harmless("requests", func(g *guest) {
			g.need([3]string{"cocoon1_http", "http_start", "ii:l"}, [3]string{"cocoon1_http", "http_read", "lii:l"}, [3]string{"cocoon1_http", "http_fetch", "iiii:l"},
				[3]string{core, "h_drop", "l:"})
			g.locals = "ill"
			m := g.bytes(message(request))
			start := asm.Code(m, g.call("cocoon1_http", "http_start", "ii:l"))
			g.execute = asm.Code(times(3, 2, start, asm.I(0x21, 4), start, asm.I(0x21, 5),
				asm.I(0x20, 4), asm.I32(48<<10), asm.I32(1<<10), g.call("cocoon1_http", "http_read", "lii:l"), []byte{0x1a},
				asm.I(0x20, 4), drop(g), asm.I(0x20, 5), drop(g)), m, asm.I32(32<<10), asm.I32(16<<10), g.call("cocoon1_http", "http_fetch", "iiii:l"), []byte{0x1a},
				start, []byte{0x1a}) // and one that ends with the call
		}),
		harmless("files and nodes", func(g *guest) {
			g.need([3]string{"cocoon1_asset", "asset_open", "ii:l"}, [3]string{"cocoon1_asset", "asset_read", "llii:l"}, [3]string{"cocoon1_node", "node_call", "iiii:l"})
			g.execute = asm.Code(g.bytes(message(map[string]any{"type": "input", "filename": "a.png"})), g.call("cocoon1_asset", "asset_open", "ii:l"),
				asm.I64(0), asm.I32(48<<10), asm.I32(64), g.call("cocoon1_asset", "asset_read", "llii:l"), []byte{0x1a},
				g.bytes(message(map[string]any{"class": "GrantedEcho", "inputs": map[string]any{"n": int64(1)}})), asm.I32(48<<10), asm.I32(1024),
				g.call("cocoon1_node", "node_call", "iiii:l"), []byte{0x1a})
		}),
	}
}

// TestCallsOfAllSortsAtOnce: tenants call, cancel, replace and remove their extensions while others do, and the collector runs.
func TestCallsOfAllSortsAtOnce(t *testing.T) {
	manyPlaces(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("answer")) }))
	defer s.Close()
	w := &world{}
	h := newHost(t, w, func(c *wasmhost.Config) { c.Client = elsewhere(s) })
	guests := busy("http://api.test/ok")
	for _, a := range guests { // alone each of them does what it is for
		if _, err := busily(in(t.Context(), "t", w), h, a, "t", "alone"); err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
	}
	var calling sync.WaitGroup
	for i := range 12 {
		calling.Go(func() {
			id, ext, dice := tenant.ID(fmt.Sprint(i%3)), "of"+fmt.Sprint(i%3), rand.New(rand.NewPCG(uint64(i), 1))
			for range 6 {
				ctx, cancel := context.WithCancel(in(t.Context(), id, w))
				if dice.IntN(2) == 0 {
					stop := time.AfterFunc(time.Duration(dice.IntN(5000))*time.Microsecond, cancel)
					defer stop.Stop()
				}
				a := guests[dice.IntN(len(guests))]
				if slip, _ := busily(ctx, h, a, id, ext); slip != "" {
					t.Errorf("%s: %s", a.Name, slip)
				}
				meddle(ctx, h, id, ext, dice.IntN(6))
				cancel()
			}
		})
	}
	calling.Wait()
}

// busily loads a guest and calls it three times. What it gets of the host's own panics is slip.
func busily(ctx context.Context, h *wasmhost.Host, a Attack, id tenant.ID, ext string) (slip string, err error) {
	e, err := load(ctx, h, a.Module, func(s *wasmhost.Source) {
		s.Tenant, s.Manifest.ID = id, "test."+ext
		s.Manifest.Capabilities.HTTP = []wasmhost.HTTPRule{{Rule: "GET http://api.test/*"}}
		s.Grant = s.Manifest.Capabilities.All()
		s.Limits.Execute.Parked = patience * 2 * time.Second // for answers that come, on a busy machine too
	})
	for i := 0; i < 3 && err == nil; i++ {
		_, err = e.Nodes()[0].Run(ctx, node.Args{})
	}
	return slipOf(err), err
}

// meddle does what else goes on in a server; what is chance.
func meddle(ctx context.Context, h *wasmhost.Host, id tenant.ID, ext string, what int) {
	switch what {
	case 0:
		_ = h.Remove(ctx, id, "test."+ext)
	case 1:
		_ = h.PromptDone(ctx, "p")
	case 2:
		runtime.GC()
	case 3:
		for _, e := range h.Extensions(id) {
			_, _ = e.Stats(), e.Log()
		}
	case 4:
		_, _ = h.All(ctx), h.Replacements(ctx)
	}
}
