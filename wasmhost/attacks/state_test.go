package attacks

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// TestNothingOfOneCallIsInTheNext: a guest looks through all the memory it can get for what a call before it, another
// tenant's, has left, and leaves something itself.
func TestNothingOfOneCallIsInTheNext(t *testing.T) {
	h := newHost(t, &world{})
	const from, end = 2 << 16, 68 << 16
	for _, row := range []struct {
		name  string
		extra func(g *guest) []byte
	}{
		{"memory", func(*guest) []byte { return nil }},
		{"a global", func(g *guest) []byte {
			n := g.m.Global('l', true, asm.I64(0))
			return asm.Code(asm.I(0x23, n), []byte{0x50, 0x45, 0x04, 0x40, 0x00, 0x0b}, asm.I64(7), asm.I(0x24, n))
		}},
		{"a table", func(g *guest) []byte {
			g.m.Table(4)
			g.m.Elem(1, g.m.Func(":", ""))
			return asm.Code(zero, []byte{0x25, 0, 0xd1, 0x45, 0x04, 0x40, 0x00, 0x0b}, zero, one, []byte{0x25, 0, 0x26, 0})
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, err := load(t.Context(), h, build(func(g *guest) {
				g.locals = "i"
				extra := row.extra(g)
				at := asm.I(0x20, 3)
				step := asm.Code(at, asm.I32(8), []byte{0x6a}, asm.I(0x22, 3), asm.I32(end), []byte{0x49, 0x0d, 0, 0x0b})
				scan := asm.Code(asm.I32(from), asm.I(0x21, 3), []byte{0x03, 0x40}, at, []byte{0x29, 3, 0, 0x50, 0x45, 0x04, 0x40, 0x00, 0x0b}, step)
				g.execute = asm.Code(grow(64), extra, scan, asm.I32(from), asm.I32(0xaa), asm.I32(end-from), asm.I(0xfc, 11, 0))
			}))
			if err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				id := tenant.ID([]string{"a", "b", "c"}[i%3])
				if _, err := e.Nodes()[0].Run(in(t.Context(), id, nil), node.Args{}); err != nil {
					t.Fatalf("call %d, of %s, found something: %v", i, id, err)
				}
			}
		})
	}
}

// TestTokensStayWithTheHost: a node may ask for what names the caller's accounts; what its memory holds then is a stand-in.
func TestTokensStayWithTheHost(t *testing.T) {
	h := newHost(t, &world{})
	const token = "comfyui-0123456789"
	e, err := load(t.Context(), h, build(func(g *guest) {
		g.describe = message(map[string]any{"nodes": []any{schemaOf(map[string]any{"hidden": []any{
			map[string]any{"name": "token", "kind": "AUTH_TOKEN_COMFY_ORG"}, map[string]any{"name": "key", "kind": "API_KEY_COMFY_ORG"}}})}})
		g.locals = "i"
		at := asm.I(0x20, 3)
		g.execute = asm.Code(asm.I32(requestAt), asm.I(0x21, 3), []byte{0x03, 0x40}, at, []byte{0x28, 0, 0}, asm.I32(int32('0')|'1'<<8|'2'<<16|'3'<<24),
			[]byte{0x46, 0x04, 0x40, 0x00, 0x0b}, at, one, []byte{0x6a}, asm.I(0x22, 3), asm.I32(requestAt+8192), []byte{0x49, 0x0d, 0, 0x0b})
	}))
	if err != nil {
		t.Fatal(err)
	}
	run := e.Nodes()[0].Run
	if _, err := run(in(t.Context(), "t", nil), node.Args{"token": token, "key": token}); err != nil {
		t.Errorf("the guest saw the token: %v", err)
	}
	if _, err := run(in(t.Context(), "t", nil), node.Args{"image": "0123"}); err == nil {
		t.Error("the guest does not look")
	}
}

// TestOthersValues: neither another tenant nor another extension sees values or messages.
func TestOthersValues(t *testing.T) {
	h := newHost(t, &world{})
	key := func(g *guest) []byte { return asm.Code(zero, g.bytes([]byte("mine"))) }
	put := wants(0, "cocoon1_kv", "kv_put", "iiiiil:i", func(g *guest) []byte { return asm.Code(key(g), asm.I32(eventAt), asm.I32(4), asm.I64(0)) })
	has := wants(4, "cocoon1_kv", "kv_get", "iiiii:l", func(g *guest) []byte { return asm.Code(key(g), asm.I32(32<<10), asm.I32(64)) })
	lacks := wants(abi.ENOENT, "cocoon1_kv", "kv_get", "iiiii:l", func(g *guest) []byte { return asm.Code(key(g), asm.I32(32<<10), asm.I32(64)) })
	post := wants(0, "cocoon1_msg", "msg_post", "iiiiiiii:i", func(g *guest) []byte {
		return asm.Code(g.bytes([]byte("p")), g.bytes([]byte("n")), asm.I32(eventAt), asm.I32(4), asm.I32(eventAt), asm.I32(4))
	})
	wait := func(want int32) []byte {
		return wants(want, "cocoon1_msg", "msg_wait", "iiiii:l", constants(asm.I32(eventAt), asm.I32(4), one, asm.I32(32<<10), asm.I32(64)))
	}
	for i, row := range []struct {
		tenant tenant.ID
		ext    string
		module []byte
	}{
		{"a", "test.attack", put}, {"a", "test.attack", has}, {"b", "test.attack", lacks}, {"", "test.attack", lacks}, {"a", "test.attack-b", lacks}, {"a", "test.attack", has},
		{"a", "test.attack", post}, {"b", "test.attack", wait(abi.ETIMEOUT)}, {"a", "test.attack-b", wait(abi.ETIMEOUT)}, {"a", "test.attack", wait(4)},
	} {
		m := manifest()
		m.ID = row.ext
		e, err := load(t.Context(), h, row.module, func(s *wasmhost.Source) { s.Manifest = m })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Nodes()[0].Run(in(t.Context(), row.tenant, nil), node.Args{}); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
		if err := h.Remove(t.Context(), "", row.ext); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWithoutGrant: a module that imports what was not granted is not loaded; a grant gives no more than was asked for.
func TestWithoutGrant(t *testing.T) {
	h := newHost(t, &world{})
	for capability, call := range map[string][3]string{"tensor": {tensors, "t_info", "li:i"}, "kv": {"cocoon1_kv", "kv_delete", "iii:i"}, "http": {"cocoon1_http", "http_fetch", "iiii:l"},
		"node": {"cocoon1_node", "node_call", "iiii:l"}, "asset": {"cocoon1_asset", "asset_size", "l:l"}, "ws": {"cocoon1_ws", "ws_send", "iiii:i"}, "msg": {"cocoon1_msg", "msg_wait", "iiiii:l"}} {
		module := build(func(g *guest) { g.need(call) })
		if _, err := load(t.Context(), h, module, func(s *wasmhost.Source) { s.Grant = wasmhost.Grant{} }); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s without a grant: %v", capability, err)
		}
		if _, err := load(t.Context(), h, module, func(s *wasmhost.Source) { s.Manifest.Capabilities = wasmhost.Capabilities{} }); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s that was not asked for: %v", capability, err)
		}
		if _, err := load(t.Context(), h, module); err != nil {
			t.Errorf("%s, asked for and granted: %v", capability, err)
		}
	}
}

// TestTamperedCache: code that somebody changed on the disk, or put in another's place, is not run.
func TestTamperedCache(t *testing.T) {
	dir := t.TempDir()
	good, other := build(func(*guest) {}), build(func(g *guest) { g.execute = []byte{0x01} })
	runs := func(module []byte) {
		t.Helper()
		h := newHost(t, &world{}, func(c *wasmhost.Config) { c.Dir = dir })
		if v, err := attack(t.Context(), h, nil, Attack{Module: module}); v != Harmless {
			t.Fatal(err)
		}
	}
	entries := func() map[string]string { // by what they start with: "" is code
		out := map[string]string{}
		list, err := filepath.Glob(filepath.Join(dir, "code", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() && info.Size() > 32 {
				kind, _, _ := strings.Cut(filepath.Base(f), "-")
				out[kind] = f
			}
		}
		return out
	}
	runs(good)
	first := map[string]string{}
	whole := map[string][]byte{}
	for kind, f := range entries() {
		if len(kind) == 64 { // a sum: code
			kind = "code"
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		first[kind], whole[kind] = f, b
		if err := os.Rename(f, filepath.Join(dir, filepath.Base(f))); err != nil {
			t.Fatal(err)
		}
	}
	runs(other)
	for kind, f := range entries() {
		if len(kind) == 64 {
			kind = "code"
		}
		second, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(kind, func(t *testing.T) { tamper(t, first[kind], whole[kind], second, func() { runs(good) }) })
	}
	if len(first) < 2 || first["code"] == "" {
		t.Errorf("entries %v", first)
	}
	if info, err := os.Stat(filepath.Join(dir, "code", "key")); errors.Is(err, os.ErrNotExist) || err == nil && info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
}

// tamper puts spoilt bytes in an entry's place; the module must run as ever, and the entry be made anew.
func tamper(t *testing.T, entry string, whole, second []byte, runs func()) {
	for _, row := range []struct {
		name string
		b    []byte
	}{
		{"a bit at the end", flipped(whole, len(whole)-1)}, {"a bit in the middle", flipped(whole, len(whole)/2)}, {"a bit in the seal", flipped(whole, 3)},
		{"a bit in the name's length", flipped(whole, 32)}, {"cut", whole[:len(whole)/2]}, {"longer", append(append([]byte(nil), whole...), 0x90)}, {"another module's", second},
		{"nothing", nil}, {"33 bytes", make([]byte, 33)},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := os.WriteFile(entry, row.b, 0o600); err != nil {
				t.Fatal(err)
			}
			runs()
			if now, err := os.ReadFile(entry); err != nil || string(now) == string(row.b) {
				t.Errorf("the entry was not made anew: %v", err)
			}
		})
	}
}

func flipped(b []byte, at int) []byte {
	out := append([]byte(nil), b...)
	out[at] ^= 1
	return out
}

// TestCancelled: a guest that spins, waits or sleeps ends when its prompt does.
func TestCancelled(t *testing.T) {
	h := newHost(t, &world{})
	for name, module := range map[string][]byte{
		"spins":  build(func(g *guest) { g.execute = forever }),
		"sleeps": does(core, "sleep_ms", "i:i", asm.I32(-1)),
		"waits":  does("cocoon1_msg", "msg_wait", "iiiii:l", zero, zero, asm.I32(-1), zero, zero),
		"polls": build(func(g *guest) {
			g.need([3]string{core, "progress", "dd:i"})
			g.execute = loop(asm.F64(0), asm.F64(1), g.call(core, "progress", "dd:i"), []byte{0x1a})
		}),
	} {
		t.Run(name, func(t *testing.T) {
			e, err := load(t.Context(), h, module, func(s *wasmhost.Source) {
				s.Limits = wasmhost.DefaultLimitSet()
				s.Limits.Execute.Fuel, s.Limits.Execute.HostCalls = 1<<60, 1<<40
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(in(t.Context(), "t", nil))
			done := make(chan error)
			go func() {
				_, err := e.Nodes()[0].Run(ctx, node.Args{})
				done <- err
			}()
			cancel()
			if err := <-done; err == nil && name != "sleeps" && name != "waits" {
				t.Error("a cancelled call gave a result")
			}
		})
	}
}
