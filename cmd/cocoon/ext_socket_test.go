package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// telling is a guest whose route talks to the clients: GET /tell sends an event and a picture of 2×2 to all of the tenant, and is answered as a stream.
func telling(t *testing.T) []byte {
	t.Helper()
	m := asm.New()
	reply := m.Import("cocoon1", "reply", "ii:")
	post := m.Import("cocoon1_ws", "ws_post", "iiiiiii:i")
	show := m.Import("cocoon1_ws", "ws_image", "iiilii:i")
	head := m.Import("cocoon1_route", "reply_head", "ii:i")
	write := m.Import("cocoon1_route", "reply_write", "ii:l")
	fresh := m.Import("cocoon1_tensor", "t_new", "iiid:l")
	as := m.Import("cocoon1", "h_make", "il:l")
	m.Memory(4, -1)
	m.Export("memory", 2, 0)
	at := int32(1024)
	put := func(b []byte) []byte {
		m.Data(at, b)
		code := asm.Code(asm.I32(at), asm.I32(int32(len(b))))
		at += int32(len(b)+15) &^ 7
		return code
	}
	message := func(v any) []byte {
		b, err := abi.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		return put(b)
	}
	shape := put([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00"))
	shape = shape[:len(shape)-len(asm.I32(32))]
	routes := message(map[string]any{"routes": []any{map[string]any{"method": "GET", "path": "/tell"}}})
	begin := message(map[string]any{"headers": map[string]any{"content-type": "text/plain"}}) // which is packed when it is made at once
	all := asm.Code(asm.I32(2), asm.I32(0), asm.I32(0))
	picture := asm.Code(asm.I32(int32(abi.KindImage)), asm.I32(int32(abi.DTypeF32)), asm.I32(4), shape, asm.F64(1), asm.I(0x10, fresh), asm.I(0x10, as))
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", asm.Code(
		asm.I(0x20, 0), asm.I32(abi.OpDescribe), []byte{0x46, 0x04, 0x40}, routes, asm.I(0x10, reply), asm.I32(0), []byte{0x0f, 0x0b},
		all, put([]byte("done")), put([]byte(`{"n":7}`)), asm.I(0x10, post), []byte{0x1a},
		all, picture, asm.I32(64), asm.I32(1), asm.I(0x10, show), []byte{0x1a},
		begin, asm.I(0x10, head), []byte{0x1a}, put([]byte("told")), asm.I(0x10, write), []byte{0x1a},
		message(nil), asm.I(0x10, reply), asm.I32(0))))
	return m.Bytes()
}

// TestSocketHearsExtension: what an extension sends reaches the sockets of its caller's tenant, and no others.
func TestSocketHearsExtension(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	h := newHouse(t, authFlags{})
	alice, bob := h.guest("alice", tenant.User), h.guest("bob", tenant.User)
	m := &wasmhost.Manifest{ABI: "cocoon1", ID: "test.telling", Version: "1.0.0",
		Capabilities: wasmhost.Capabilities{Tensor: &struct{}{}, WS: wasmhost.WSCap{Send: []string{"done", "preview"}}, Routes: []string{"GET /tell"}}}
	if _, err := h.app.sandbox.Load(t.Context(), wasmhost.Source{Manifest: m, Module: telling(t), Grant: m.Capabilities.All()}); err != nil {
		t.Fatal(err)
	}
	listen := func(g guest) *websocket.Conn {
		c, _, err := websocket.Dial(t.Context(), strings.Replace(h.url, "http", "ws", 1)+"/ws?clientId=tab&token="+g.token, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		return c
	}
	hers, his := listen(alice), listen(bob)
	if got := alice.must("GET", "/ext/test.telling/tell", ""); got != "told" {
		t.Fatalf("%q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// until gives what a socket hears up to its first picture, and whether that is a PNG.
	until := func(c *websocket.Conn) (texts string, png bool) {
		for {
			kind, b, err := c.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if kind == websocket.MessageBinary {
				return texts, strings.HasPrefix(string(b[4:]), "\x00\x00\x00\x02\x89PNG")
			}
			texts += string(b) + "\n"
		}
	}
	if texts, png := until(hers); !strings.Contains(texts, `{"type":"ext.test.telling.done","data":{"n":7}}`) || !png {
		t.Errorf("alice hears %q, a picture %v", texts, png)
	}
	bob.must("GET", "/ext/test.telling/tell", "")
	if texts, _ := until(his); strings.Count(texts, "ext.test.telling.done") != 1 {
		t.Errorf("bob hears %q", texts)
	}
}
