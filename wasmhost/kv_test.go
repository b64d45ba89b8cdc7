package wasmhost

import (
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
)

// TestRemovedWithData: what an extension kept, in all scopes, is gone with it, and a call that still runs does not bring it back.
func TestRemovedWithData(t *testing.T) {
	h := newHost(t, Config{})
	withCall(t, h, Grant{Modules: []string{"kv"}, KV: KVCap{Bytes: 100, Keys: 3}}, ExecuteLimits(), func(c *call) {
		c.run.PromptID = "p"
		put := func(scope uint32) int32 {
			at, n := c.say([]byte("k"))
			return c.kvPut(scope, at, n, at, n, 0)
		}
		for scope, want := range map[uint32]int32{0: 0, 1: 0, 2: abi.ENOENT} {
			if e := put(scope); e != want {
				t.Errorf("scope %d: %d", scope, e)
			}
		}
		if err := h.Remove(t.Context(), "", "test.tiny"); err != nil {
			t.Fatal(err)
		}
		if err := h.EraseData(t.Context(), "", "test.tiny", nil); err != nil {
			t.Fatal(err)
		}
		for scope := range uint32(2) {
			if e := put(scope); e != abi.EPERM {
				t.Errorf("scope %d, afterwards: %d", scope, e)
			}
		}
		for _, scope := range []string{"", kv.Prompt("p")} {
			if keys, err := h.kv.List(t.Context(), kv.Space{Tenant: "a", Extension: "test.tiny", Scope: scope}, ""); err != nil || len(keys) != 0 {
				t.Errorf("left in %q: %q, %v", scope, keys, err)
			}
		}
	})
}

// TestQuotaOfLoad: an extension gets no more room than its manifest asks for, whatever was granted.
func TestQuotaOfLoad(t *testing.T) {
	s := tinySource(tiny(map[int32]any{1: tinyNode}, nil))
	s.Manifest.Capabilities.KV = &KVCap{Bytes: 100, Keys: 2}
	s.Grant = Grant{Modules: []string{"kv"}, KV: KVCap{Bytes: 1 << 30, Keys: 1 << 20}}
	if got := load(t, newHost(t, Config{}), s).Grant().KV; got != (KVCap{Bytes: 100, Keys: 2}) {
		t.Errorf("%+v", got)
	}
}
