package wasmhost

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// stalls is a server whose answers begin and do not go on.
func stalls(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	return s
}

// TestStalledAnswer: what waits for the rest of an answer ends when the time for waits is over, and when the call is cancelled.
func TestStalledAnswer(t *testing.T) {
	s := stalls(t)
	h := newHost(t, Config{Client: toLoopback()})
	g := Grant{Modules: []string{"http"}, HTTP: []HTTPRule{{Rule: "GET " + s.URL + "/*"}}}
	for _, x := range []struct {
		name   string
		parked time.Duration
		cancel bool
		want   int32
	}{{"time is over", 20 * time.Millisecond, false, abi.ETIMEOUT}, {"cancelled", 0, true, abi.ECANCEL}} {
		t.Run(x.name, func(t *testing.T) {
			l := ExecuteLimits()
			withCall(t, h, g, l, func(c *call) {
				ctx, cancel := context.WithCancel(c.Context)
				defer cancel()
				c.Context = ctx
				f := c.begin(t, map[string]any{"method": "GET", "url": s.URL + "/"})
				if n := c.httpRead(f, messageAt, 100); n != 1 {
					t.Fatalf("read %d", n)
				}
				if c.limits.Parked = x.parked; x.parked > 0 {
					c.limits.Parked += c.parked
				}
				if x.cancel {
					time.AfterFunc(time.Millisecond, cancel)
				}
				if n := c.httpRead(f, messageAt, 100); n != int64(x.want) {
					t.Errorf("read %d, want %d", n, x.want)
				}
			})
		})
	}
}

// TestStalledBody: a client that does not go on with its body keeps a route no longer than its waits may take.
func TestStalledBody(t *testing.T) {
	h, got := newHost(t, Config{}), make(chan int64, 2)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		withCall(t, h, Grant{}, RouteLimits(), func(c *call) {
			c.exchange = &route.Exchange{W: w, R: r, Limit: 1 << 20}
			b := c.put(abi.KindBody, route.NewBody(r.Body, -1))
			got <- c.bodyRead(b, messageAt, 100)
			c.limits.Parked = c.parked + 20*time.Millisecond
			got <- c.bodyRead(b, messageAt, 100)
		})
	}))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx"); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != 1 {
		t.Errorf("read %d", n)
	}
	if n := <-got; n != int64(abi.ETIMEOUT) {
		t.Errorf("read %d, want ETIMEOUT", n)
	}
}
