package wasmhost

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// taking is an extension that takes messages of the kinds pick and withheld, of which pick is granted: it does code and replies null.
func taking(t *testing.T, id string, code func(sleep uint32) []byte) Source {
	t.Helper()
	m := asm.New()
	reply := m.Import("cocoon1", "reply", "ii:")
	sleep := m.Import("cocoon1", "sleep_ms", "i:i")
	m.Memory(4, -1)
	m.Export("memory", 2, 0)
	b, err := abi.Append(nil, map[string]any{"messages": []any{"pick", "withheld"}})
	if err != nil {
		t.Fatal(err)
	}
	m.Data(1024, b)
	m.Data(8, abi.AppendNull(nil))
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", asm.Code(
		asm.I(0x20, 0), asm.I32(abi.OpDescribe), []byte{0x46, 0x04, 0x40}, asm.I32(1024), asm.I32(int32(len(b))), asm.I(0x10, reply), asm.I32(0), []byte{0x0f, 0x0b},
		code(sleep), asm.I32(8), asm.I32(1), asm.I(0x10, reply), asm.I32(0))))
	s := tinySource(m.Bytes())
	s.Manifest.ID = id
	s.Manifest.Capabilities.WS = WSCap{Receive: []string{"pick", "withheld", "undescribed"}}
	s.Grant = Grant{Modules: []string{"ws"}, Receive: []string{"pick", "undescribed"}}
	return s
}

func nothing(uint32) []byte { return nil }

// ear hears the events of one client.
type ear chan string

func (x ear) send(ctx context.Context, client, event string, data []byte) error {
	x <- string(tenant.Of(ctx)) + "/" + client + " " + event + " " + string(data)
	return nil
}

// TestMessagesOfClients: what is described, granted and well formed is taken; of what is not for it a client hears nothing, and of
// what failed it does.
func TestMessagesOfClients(t *testing.T) {
	heard := make(ear, 100)
	h := newHost(t, Config{Send: heard.send})
	e := load(t, h, taking(t, "test.takes", nothing))
	load(t, h, taking(t, "test.traps", func(uint32) []byte { return []byte{0x00} }))
	foreign := taking(t, "test.foreign", nothing)
	foreign.Tenant = "b"
	other := load(t, h, foreign)
	put, end := h.Listen(tenantCtx(t.Context(), "a"), "tab")
	defer end()
	calls := e.Stats().Calls
	for range 10 {
		put("ext.test.takes.withheld", nil)
		put("ext.test.takes.undescribed", nil)
	}
	for _, kind := range []string{"execution_start", "ext.", "ext.test", "ext.test.takes", "ext.test.takes.", "ext.test.takes.x.pick", "ext.test.foreign.pick", "ext..pick", "test.takes.pick"} {
		put(kind, []byte(`{}`))
	}
	for _, data := range []string{"", "null", "{}", `{"a":[1,2.5,"x",null]}`, `{"a":1e308}`} {
		put("ext.test.takes.pick", []byte(data))
	}
	for _, data := range []string{"[]", "1", "{", `{"a":1e999}`, strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30)} {
		put("ext.test.takes.pick", []byte(data))
	}
	for range 5 {
		var said struct{ Type, Code, Error string }
		got := <-heard
		data, ok := strings.CutPrefix(got, "a/tab ext.test.takes.error ")
		if err := json.Unmarshal([]byte(data), &said); !ok || err != nil || said.Type != "pick" || said.Code != "refused" || said.Error == "" {
			t.Errorf("heard %q", got)
		}
	}
	if got := e.Stats().Calls - calls; got != 5 {
		t.Errorf("%d calls, want 5", got)
	}
	put("ext.test.traps.pick", nil)
	if d := cmp.Diff(`a/tab ext.test.traps.error {"code":"failed","error":"the extension failed","type":"pick"}`, <-heard); d != "" {
		t.Error(d)
	}
	ignored := 0
	for _, l := range e.Log() {
		if strings.Contains(l.Text, "was ignored") {
			ignored++
		}
	}
	if ignored == 0 || ignored > 3 { // once a second
		t.Errorf("%d lines of %d ignored messages: %v", ignored, 20, e.Log())
	}
	if n := other.Stats().Calls; n != 1 {
		t.Errorf("another tenant's extension was called %d times", n)
	}
}

// TestTooManyMessages: those that come faster than they are taken are refused, and the end does not wait for a guest that waits.
func TestTooManyMessages(t *testing.T) {
	heard := make(ear, 100)
	h := newHost(t, Config{Send: heard.send})
	e := load(t, h, taking(t, "test.sleeps", func(sleep uint32) []byte { return asm.Code(asm.I32(3600_000), asm.I(0x10, sleep), []byte{0x1a}) }))
	put, end := h.Listen(tenantCtx(t.Context(), "a"), "tab")
	for range messagesOfSocket {
		put("ext.test.sleeps.pick", nil)
	}
	end()
	busy := 0
	for len(heard) > 0 {
		if got := <-heard; !strings.Contains(got, `"code":"busy"`) {
			t.Errorf("heard %q", got)
		}
		busy++
	}
	// The first may have been taken out of the line by then.
	if most := messagesOfSocket - messagesWaiting; busy != most && busy != most-1 {
		t.Errorf("%d were refused, want %d or one less; log %v", busy, most, e.Log())
	}
	if n := e.Stats().Calls; n > 2 {
		t.Errorf("%d calls, want the description and one message", n)
	}
}

// TestMessagesOfGrants: receiving is granted one by one, and never more than was asked for.
func TestMessagesOfGrants(t *testing.T) {
	asked := Capabilities{WS: WSCap{Send: []string{"a"}, Receive: []string{"a", "b"}}}
	g := asked.Select([]string{"ws:receive b"})
	if d := cmp.Diff(Grant{Modules: []string{"ws"}, Receive: []string{"b"}}, g); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"ws:receive b"}, g.Keys(&asked)); d != "" {
		t.Error(d)
	}
	more := Grant{Modules: []string{"ws"}, WS: []string{"a", "b"}, Receive: []string{"b", "c"}}
	if d := cmp.Diff(Grant{Modules: []string{"ws"}, WS: []string{"a"}, Receive: []string{"b"}}, more.Within(asked.All())); d != "" {
		t.Error(d)
	}
}

// FuzzMessageData: what is read of a client's message has a form as a message to a guest.
func FuzzMessageData(f *testing.F) {
	for _, s := range []string{"", "null", `{}`, `{"a":[1,-1,18446744073709551615,1e400,0.5,"\ud800",{"b":null}]}`, `{"a":1,"a":2}`, "[]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := messageData(b)
		if err != nil {
			if !errors.Is(err, fault.BadRequest) && !errors.Is(err, fault.TooLarge) {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		out, err := abi.Append(nil, map[string]any{"data": v})
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if _, err := abi.Decode(out, abi.DefaultLimits()); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
	})
}
