package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/engine"
)

// A reader that never reads is cut off, and others get everything meanwhile.
func TestSlowReader(t *testing.T) {
	s := whole(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dial := func(id string) *websocket.Conn {
		c, _, err := websocket.Dial(ctx, s.url+"/ws?clientId="+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseNow() })
		c.SetReadLimit(4 << 20)
		if _, _, err := c.Read(ctx); err != nil {
			t.Fatal(err)
		}
		return c
	}
	dial("slow")
	fast := dial("fast")
	data := json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
	const events = maxQueued>>20 + 40 // more than the queue and the system's buffers hold
	for i := range events {
		s.c.Hub.Publish(t.Context(), engine.Event{Type: "status", Data: data})
		if _, b, err := fast.Read(ctx); err != nil || len(b) < 1<<20 {
			t.Fatalf("the fast reader got %d bytes of event %d, %v", len(b), i, err)
		}
	}
	for s.c.Hub.has(clientKey{"", "slow"}) {
		if ctx.Err() != nil {
			t.Fatal("the slow reader was not cut off")
		}
		runtime.Gosched()
	}
}

// A client is known before it has the answer to its upgrade: it misses nothing of what happens right after.
func TestEventRightAfterConnecting(t *testing.T) {
	s := whole(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for i := range 100 {
		id := fmt.Sprint("soon", i)
		c, _, err := websocket.Dial(ctx, s.url+"/ws?clientId="+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !s.c.Hub.has(clientKey{"", id}) {
			t.Fatalf("connection %d: the client has its answer and is not known", i)
		}
		s.c.Hub.Publish(ctx, engine.Event{Type: "n", ClientID: id, Data: json.RawMessage("1")})
		for _, want := range []string{"status", "n"} {
			_, b, err := c.Read(ctx)
			if err != nil || !strings.Contains(string(b), `"type":"`+want+`"`) {
				t.Fatalf("connection %d: %s, %v; want %s", i, b, err, want)
			}
		}
		c.CloseNow()
	}
}

// A handshake that fails takes nothing from the socket that has the client's id.
func TestFailedHandshake(t *testing.T) {
	s := whole(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, s.url+"/ws?clientId=same", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	req := httptest.NewRequest("GET", s.url+"/ws?clientId=same", nil)
	req.RequestURI = ""
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	r, err := http.DefaultClient.Do(req) // without a key
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != 400 || !s.c.Hub.has(clientKey{"", "same"}) {
		t.Errorf("status %d, want 400; the client is known: %v", r.StatusCode, s.c.Hub.has(clientKey{"", "same"}))
	}
}

// What waits for a reader who comes late arrives whole and in order.
func TestLateReader(t *testing.T) {
	s := whole(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, s.url+"/ws?clientId=late", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(4 << 20)
	if _, _, err := c.Read(ctx); err != nil {
		t.Fatal(err)
	}
	const events = 400
	filler := strings.Repeat("x", 100<<10)
	for i := range events { // 20 MB: some at once, some by and by
		s.c.Hub.Publish(ctx, engine.Event{Type: "n", ClientID: "late", Data: json.RawMessage(fmt.Sprintf(`[%d,%q]`, i, filler[:i*256]))})
	}
	for i := range events {
		_, b, err := c.Read(ctx)
		want := fmt.Sprintf(`{"type":"n","data":[%d,%q]}`, i, filler[:i*256])
		if err != nil || string(b) != want {
			t.Fatalf("event %d: %d bytes, %v; want %d", i, len(b), err, len(want))
		}
	}
}

// Under TLS, where no write goes out without waiting, events come too.
func TestSocketOverTLS(t *testing.T) {
	s := whole(t, nil)
	secure := httptest.NewTLSServer(s.Server)
	defer secure.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, secure.URL+"/ws?clientId=c", &websocket.DialOptions{HTTPClient: secure.Client()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if _, b, err := c.Read(ctx); err != nil || !strings.Contains(string(b), `"sid"`) {
		t.Fatalf("greeting %s, %v", b, err)
	}
	for i := range 50 {
		s.c.Hub.Publish(ctx, engine.Event{Type: "n", ClientID: "c", Data: json.RawMessage(fmt.Sprint(i))})
	}
	for i := range 50 {
		if _, b, err := c.Read(ctx); err != nil || string(b) != fmt.Sprintf(`{"type":"n","data":%d}`, i) {
			t.Fatalf("event %d is %s, %v", i, b, err)
		}
	}
}
