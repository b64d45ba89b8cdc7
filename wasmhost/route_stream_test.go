package wasmhost

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// guestMemory is where tests put what a guest says, and messageAt where messages go.
const (
	guestMemory = 4096
	messageAt   = 16 << 10
)

// withCall runs do as if from a host function of the tiny guest, under a grant.
func withCall(t testing.TB, h *Host, g Grant, l Limits, do func(c *call)) {
	t.Helper()
	e, ok := h.Extension("", "test.tiny")
	if !ok {
		e = load(t, h, tinySource(tiny(map[int32]any{1: tinyNode}, nil)))
	}
	e.grant = g
	c := e.newCall(runCtx(t, "a", "1"), l)
	c.tenant = "a"
	if !h.gate.enter(t.Context(), c.tenant) {
		t.Fatal("no place")
	}
	defer h.gate.leave(c.tenant)
	var err error
	if c.slot, err = e.program.Get(t.Context(), 64*pagesPerMiB); err != nil {
		t.Fatal(err)
	}
	defer e.program.Put(context.WithoutCancel(t.Context()), c.slot, false)
	defer c.release()
	do(c)
}

// say puts bytes into the guest's memory.
func (c *call) say(b []byte) (ptr, n uint32) {
	copy(c.bytes(messageAt, uint32(len(b))), b)
	return messageAt, uint32(len(b))
}

// tell puts a message into the guest's memory.
func (c *call) tell(t testing.TB, v any) (ptr, n uint32) {
	t.Helper()
	b, err := abi.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return c.say(b)
}

// heard decodes the message of n bytes that a host function left at guestMemory.
func (c *call) heard(t testing.TB, n int64) abi.Map {
	t.Helper()
	if n < 0 {
		t.Fatalf("errno %d", n)
	}
	v, err := abi.Decode(c.bytes(guestMemory, uint32(n)), abi.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return abi.AsMap(v)
}

// answering is a server whose requests a route answers: do stands for the guest.
func answering(t *testing.T, h *Host, do func(c *call)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		withCall(t, h, Grant{}, RouteLimits(), func(c *call) {
			c.Context = r.Context()
			c.exchange = &route.Exchange{W: w, R: r, Limit: mib}
			do(c)
			_ = c.exchange.End()
		})
	}))
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, ctx context.Context, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// TestStreamedAnswer: the client sees each piece when it is written, and headers that no guest may set are not there.
func TestStreamedAnswer(t *testing.T) {
	seen := make(chan struct{})
	s := answering(t, newHost(t, Config{}), func(c *call) {
		head := map[string]any{"status": 201, "headers": map[string]any{"content-type": "text/plain", "set-cookie": "a=b", "x-ext-one": "1"}}
		if e := c.replyHead(c.tell(t, head)); e != 0 {
			t.Errorf("head: %d", e)
		}
		for _, piece := range []string{"one\n", "two\n"} {
			if n := c.replyWrite(c.say([]byte(piece))); n != 4 {
				t.Errorf("write: %d", n)
			}
			<-seen
		}
	})
	res := get(t, t.Context(), s.URL)
	if res.StatusCode != 201 || res.Header.Get("X-Ext-One") != "1" || res.Header.Get("Set-Cookie") != "" || res.Header.Get("Content-Security-Policy") != route.Policy {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	in := bufio.NewReader(res.Body)
	for _, want := range []string{"one\n", "two\n"} {
		if got, err := in.ReadString('\n'); err != nil || got != want {
			t.Errorf("got %q, %v", got, err)
		}
		seen <- struct{}{}
	}
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Errorf("behind it %q, %v", rest, err)
	}
}

// TestClientGone: a guest that waits or writes hears that nobody listens any more.
func TestClientGone(t *testing.T) {
	got := make(chan [2]int64, 1)
	s := answering(t, newHost(t, Config{}), func(c *call) {
		c.replyHead(c.tell(t, map[string]any{"headers": map[string]any{"content-type": "text/event-stream"}}))
		c.replyWrite(c.say([]byte("data: 1\n\n")))
		slept := c.sleepMs(3600_000)
		got <- [2]int64{int64(slept), c.replyWrite(c.say([]byte("data: 2\n\n")))}
	})
	ctx, cancel := context.WithCancel(t.Context())
	res := get(t, ctx, s.URL)
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || line != "data: 1\n" {
		t.Errorf("%q, %v", line, err)
	}
	cancel()
	if want := [2]int64{int64(abi.ECANCEL), int64(abi.ECANCEL)}; <-got != want {
		t.Errorf("want %v", want)
	}
}

func TestRefusedAnswers(t *testing.T) {
	h := newHost(t, Config{})
	withCall(t, h, Grant{}, RouteLimits(), func(c *call) {
		if c.replyHead(c.tell(t, map[string]any{})) != abi.EUNSUP || c.replyWrite(c.say([]byte("x"))) != int64(abi.EUNSUP) {
			t.Error("a node answers a request")
		}
	})
	for _, x := range []struct {
		name string
		head map[string]any
	}{
		{"a status that ends no answer", map[string]any{"status": 100}},
		{"a status beyond all", map[string]any{"status": 1000}},
		{"a header that breaks the line", map[string]any{"headers": map[string]any{"etag": "a\r\nset-cookie: b=c"}}},
		{"a header that is no text", map[string]any{"headers": map[string]any{"etag": 1}}},
	} {
		w := httptest.NewRecorder()
		withCall(t, h, Grant{}, RouteLimits(), func(c *call) {
			c.exchange = &route.Exchange{W: w, R: httptest.NewRequest("GET", "/", nil), Limit: 3}
			if e := c.replyHead(c.tell(t, x.head)); e != abi.EUNSUP || len(w.Header()) > 0 {
				t.Errorf("%s: %d, %v", x.name, e, w.Header())
			}
			if e := c.replyHead(c.tell(t, map[string]any{})); e != 0 {
				t.Errorf("%s: the next head: %d", x.name, e)
			}
			if e := c.replyWrite(c.say([]byte("four"))); e != int64(abi.ELIMIT) {
				t.Errorf("%s: over the bound: %d", x.name, e)
			}
		})
	}
}

// brokenWriter is a client that went away.
type brokenWriter struct{ *httptest.ResponseRecorder }

// Write fails.
func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestBrokenWriter(t *testing.T) {
	withCall(t, newHost(t, Config{}), Grant{}, RouteLimits(), func(c *call) {
		c.exchange = &route.Exchange{W: brokenWriter{httptest.NewRecorder()}, R: httptest.NewRequest("GET", "/", nil), Limit: mib}
		c.replyHead(c.tell(t, map[string]any{}))
		for range 2 {
			if e := c.replyWrite(c.say([]byte("x"))); e != int64(abi.ECANCEL) {
				t.Errorf("%d", e)
			}
		}
	})
}

// TestBodyStream: a body that is too long to come with its request is read to its end, or to its bound.
func TestBodyStream(t *testing.T) {
	long := strings.Repeat("x", abi.MaxBodyBytes+10)
	for _, x := range []struct {
		name  string
		limit int64
		body  io.Reader
		want  int64 // bytes, or an errno
	}{
		{"whole", 8 * mib, strings.NewReader(long), abi.MaxBodyBytes + 10},
		{"over the bound", abi.MaxBodyBytes + 5, strings.NewReader(long), int64(abi.ETOOBIG)},
		{"broken", 8 * mib, io.MultiReader(strings.NewReader(long), brokenReader{}), int64(abi.EIO)},
	} {
		m := map[string]any{}
		in := &route.Incoming{}
		r := httptest.NewRequest("POST", "/", x.body)
		if err := in.Read(r, m, x.limit, t.TempDir()); err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		withCall(t, newHost(t, Config{}), Grant{}, RouteLimits(), func(c *call) {
			if err := c.putStreams(in); err != nil {
				t.Fatal(err)
			}
			h, total := int64(m["stream"].(abi.Handle).ID), int64(0)
			for n := int64(1); n > 0; total += n {
				if n = c.bodyRead(h, messageAt, 32<<10); n < 0 {
					total = n
					break
				}
			}
			if total != x.want {
				t.Errorf("%s: %d, want %d", x.name, total, x.want)
			}
			if c.assetSize(h) >= 0 && x.name == "broken" || c.assetRead(h, 0, messageAt, 8) != int64(abi.EUNSUP) {
				t.Errorf("%s: a stream is a file", x.name)
			}
		})
	}
}

type brokenReader struct{}

// Read fails.
func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the line is cut") }
