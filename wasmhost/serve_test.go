package wasmhost

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// streaming is an extension whose route GET /stream begins a stream of events, sends one and goes on with code.
func streaming(t *testing.T, code func(m *asm.Module, sleep, write uint32, event []byte) []byte) Source {
	t.Helper()
	m := asm.New()
	reply := m.Import("cocoon1", "reply", "ii:")
	sleep := m.Import("cocoon1", "sleep_ms", "i:i")
	head := m.Import("cocoon1_route", "reply_head", "ii:i")
	write := m.Import("cocoon1_route", "reply_write", "ii:l")
	m.Memory(4, -1)
	m.Export("memory", 2, 0)
	at := int32(1024)
	put := func(b []byte) []byte {
		m.Data(at, b)
		place := asm.Code(asm.I32(at), asm.I32(int32(len(b))))
		at += int32(len(b)+15) &^ 7
		return place
	}
	message := func(v any) []byte {
		b, err := abi.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		return put(b)
	}
	routes := message(map[string]any{"routes": []any{map[string]any{"method": "GET", "path": "/stream"}}})
	events := message(map[string]any{"headers": map[string]any{"content-type": "text/event-stream"}})
	event := put([]byte("data: 1\n\n"))
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", asm.Code(
		asm.I(0x20, 0), asm.I32(abi.OpDescribe), []byte{0x46, 0x04, 0x40}, routes, asm.I(0x10, reply), asm.I32(0), []byte{0x0f, 0x0b},
		events, asm.I(0x10, head), []byte{0x1a}, event, asm.I(0x10, write), []byte{0x1a}, code(m, sleep, write, event),
		message(nil), asm.I(0x10, reply), asm.I32(0))))
	s := tinySource(m.Bytes())
	s.Manifest.Capabilities.Routes = []string{"GET /stream"}
	s.Grant = s.Manifest.Capabilities.All()
	return s
}

// TestStreamsOfGuests: an answer that is whole ends, one that broke off is cut off, and one whose client left ends its call.
func TestStreamsOfGuests(t *testing.T) {
	sleeps := func(_ *asm.Module, sleep, write uint32, event []byte) []byte { // while events can be sent
		return asm.Code([]byte{0x03, 0x40}, asm.I32(3600_000), asm.I(0x10, sleep), []byte{0x1a}, event, asm.I(0x10, write), asm.I64(0), []byte{0x55, 0x0d, 0, 0x0b})
	}
	for _, x := range []struct {
		name string
		code func(*asm.Module, uint32, uint32, []byte) []byte
		ends bool // by itself
		err  error
	}{
		{"whole", func(*asm.Module, uint32, uint32, []byte) []byte { return nil }, true, nil},
		{"broken off", func(*asm.Module, uint32, uint32, []byte) []byte { return []byte{0x00} }, true, io.ErrUnexpectedEOF},
		{"left", sleeps, false, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			h := newHost(t, Config{})
			e := load(t, h, streaming(t, x.code))
			over := make(chan struct{}, 1)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() { over <- struct{}{} }()
				h.ServeHTTP(w, r.WithContext(tenant.With(r.Context(), "a")))
			}))
			defer s.Close()
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			res := get(t, ctx, s.URL+"/ext/test.tiny/stream")
			in := bufio.NewReader(res.Body)
			if line, err := in.ReadString('\n'); err != nil || line != "data: 1\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if !x.ends {
				leave()
			}
			if _, err := io.ReadAll(in); x.ends && err != x.err {
				t.Errorf("the end: %v, want %v", err, x.err)
			}
			<-over
			if !h.bulkheads.Empty() || e.Stats().Calls != 2 {
				t.Errorf("a call is open, after %d calls", e.Stats().Calls)
			}
		})
	}
}
