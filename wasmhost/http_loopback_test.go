package wasmhost

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/egress"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// toLoopback is the client of guests, but for the addresses that it may reach: this machine's alone.
func toLoopback() *http.Client { return egress.NewHTTP(netip.Addr.IsLoopback) }

// outside is what guests of these tests reach.
func outside(t *testing.T) (here, there *httptest.Server) {
	t.Helper()
	m := http.NewServeMux()
	show := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s|%s|%s|%s|%d", r.Method, r.URL, r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("Cookie"), len(b))
	}
	m.HandleFunc("/ok/", show)
	m.HandleFunc("/cookie", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "a=b") })
	m.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusFound
		_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
		http.Redirect(w, r, r.URL.Query().Get("at"), status)
	})
	m.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	m.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		zeros := make([]byte, mib)
		for range 64 {
			if _, err := z.Write(zeros); err != nil {
				return
			}
		}
		_ = z.Close()
	})
	m.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	here, there = httptest.NewServer(m), httptest.NewServer(m)
	t.Cleanup(here.Close)
	t.Cleanup(there.Close)
	return here, there
}

// rulesFor grants methods at servers, with a secret at the first of them.
func rulesFor(here, there *httptest.Server, paths ...string) Grant {
	g := Grant{Modules: []string{"http"}}
	for _, p := range paths {
		for _, method := range []string{"GET", "POST", "PUT"} {
			g.HTTP = append(g.HTTP, HTTPRule{Rule: method + " " + here.URL + p, Secrets: []string{"KEY"}}, HTTPRule{Rule: method + " " + there.URL + p, Secrets: []string{"KEY"}})
		}
	}
	return g
}

func secretOf(ctx context.Context, owner tenant.ID, extension, name string) (string, bool) {
	return string(owner) + string(tenant.Of(ctx)) + "/" + extension + "/" + name, name == "KEY" || name == "OTHER"
}

// TestFetch sends real requests.
func TestFetch(t *testing.T) {
	here, there := outside(t)
	h := newHost(t, Config{Client: toLoopback(), Secrets: secretOf})
	g := rulesFor(here, there, "/ok/*", "/to", "/cookie", "/loop", "/bomb")
	at := func(s *httptest.Server, path string) string { return s.URL + path }
	to := func(target string, status int) string {
		return at(here, fmt.Sprintf("/to?status=%d&at=%s", status, target))
	}
	for _, x := range []struct {
		name, method, url string
		headers           map[string]any
		body              []byte
		want              any // the answer's body, or an errno
	}{
		{"get", "GET", at(here, "/ok/a?b=c"), nil, nil, "GET /ok/a?b=c||||0"},
		{"a body", "POST", at(here, "/ok/a"), nil, []byte("1234"), "POST /ok/a||||4"},
		{"a secret", "GET", at(here, "/ok/a"), map[string]any{"authorization": "Bearer {{secret:KEY}}"}, nil, "GET /ok/a|Bearer a/test.tiny/KEY|||0"},
		{"a secret of no rule", "GET", at(here, "/ok/a"), map[string]any{"x-key": "{{secret:OTHER}}"}, nil, abi.EPERM},
		{"a secret that is not there", "GET", at(here, "/ok/a"), map[string]any{"x-key": "{{secret:NONE}}"}, nil, abi.EPERM},
		{"no rule", "GET", at(here, "/no"), nil, nil, abi.EPERM},
		{"no rule for the method", "DELETE", at(here, "/ok/a"), nil, nil, abi.EPERM},
		{"a redirect", "GET", to("/ok/next", 302), map[string]any{"x-key": "{{secret:KEY}}"}, nil, "GET /ok/next||a/test.tiny/KEY||0"},
		{"a redirect elsewhere", "GET", to(at(there, "/ok/next"), 302), map[string]any{"x-key": "{{secret:KEY}}", "authorization": "mine", "cookie": "c"}, nil, "GET /ok/next||||0"},
		{"a redirect out of the rules", "GET", to(at(there, "/no"), 302), nil, nil, abi.EPERM},
		{"a redirect to what is no address", "GET", to("http://127.0.0.1:1/ok/", 302), nil, nil, abi.EPERM},
		{"a redirect that keeps the body", "POST", to("/ok/next", 307), nil, []byte("1234"), "POST /ok/next||||4"},
		{"a redirect that drops it", "POST", to("/ok/next", 302), nil, []byte("1234"), "GET /ok/next||||0"},
		{"see other", "PUT", to("/ok/next", 303), nil, []byte("1234"), "GET /ok/next||||0"},
		{"redirects without end", "GET", at(here, "/loop"), nil, nil, abi.EPERM},
		{"a bomb", "GET", at(here, "/bomb"), nil, nil, abi.ETOOBIG},
		{"a header that breaks the line", "GET", at(here, "/ok/a"), map[string]any{"x-key": "a\r\nb: c"}, nil, abi.EIO},
		{"a header of the host's", "GET", at(here, "/ok/a"), map[string]any{"Host": "other"}, nil, abi.EIO},
		{"no address", "GET", "/ok/a", nil, nil, abi.EIO},
	} {
		withCall(t, h, g, ExecuteLimits(), func(c *call) {
			m := map[string]any{"method": x.method, "url": x.url, "headers": x.headers}
			if x.headers == nil {
				m["headers"] = map[string]any{}
			}
			if x.body != nil {
				m["body"] = x.body
			}
			ptr, n := c.tell(t, m)
			got := c.httpFetch(ptr, n, guestMemory, 8<<10)
			if errno, refused := x.want.(int32); refused {
				if got != int64(errno) {
					t.Errorf("%s: %d, want %d; %v", x.name, got, errno, c.ext.Log())
				}
				return
			}
			if body := c.heard(t, got).Bytes("body"); string(body) != x.want {
				t.Errorf("%s: %q, want %q", x.name, body, x.want)
			}
		})
	}
	withCall(t, h, g, ExecuteLimits(), func(c *call) {
		ptr, n := c.tell(t, map[string]any{"method": "GET", "url": at(here, "/cookie")})
		if m := c.heard(t, c.httpFetch(ptr, n, guestMemory, 8<<10)); m.Map("headers")["set-cookie"] != nil {
			t.Errorf("cookies: %v", m)
		}
	})
}

// TestOnlyVettedAddresses: the client of a host without another one reaches no address of this machine, by any name.
func TestOnlyVettedAddresses(t *testing.T) {
	here, there := outside(t)
	h := newHost(t, Config{})
	g := rulesFor(here, there, "/ok/*")
	port := here.URL[strings.LastIndex(here.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"} {
		g.HTTP = append(g.HTTP, HTTPRule{Rule: "GET http://" + host + port + "/ok/*"})
		withCall(t, h, g, ExecuteLimits(), func(c *call) {
			ptr, n := c.tell(t, map[string]any{"method": "GET", "url": "http://" + host + port + "/ok/"})
			if got := c.httpFetch(ptr, n, guestMemory, 8<<10); got != int64(abi.EPERM) && got != int64(abi.EIO) {
				t.Errorf("%s: %d", host, got)
			}
		})
	}
}

func (c *call) begin(t *testing.T, m map[string]any) int64 {
	t.Helper()
	h := c.httpStart(c.tell(t, m))
	if h < 0 {
		t.Fatalf("start: %d; %v", h, c.ext.Log())
	}
	return h
}

func (c *call) waitFor(timeoutMs uint32, handles ...int64) int64 {
	var b []byte
	for _, h := range handles {
		b = binary.LittleEndian.AppendUint64(b, uint64(h))
	}
	ptr, _ := c.say(b)
	return c.waitAny(ptr, uint32(len(handles)), timeoutMs)
}

// readAll reads an answer to its end, or to an errno.
func (c *call) readAll(h int64) (string, int64) {
	var b strings.Builder
	for {
		n := c.httpRead(h, messageAt, 1000)
		if n <= 0 {
			return b.String(), n
		}
		b.Write(c.bytes(messageAt, uint32(n)))
	}
}

// TestRequestsSideBySide: one that hangs does not keep others from being read.
func TestRequestsSideBySide(t *testing.T) {
	here, there := outside(t)
	h := newHost(t, Config{Client: toLoopback()})
	withCall(t, h, rulesFor(here, there, "/ok/*", "/hang", "/bomb"), ExecuteLimits(), func(c *call) {
		slow := c.begin(t, map[string]any{"method": "GET", "url": here.URL + "/hang"})
		fast := c.begin(t, map[string]any{"method": "GET", "url": there.URL + "/ok/x"})
		if i := c.waitFor(60_000, slow, fast); i != 1 {
			t.Fatalf("wait: %d", i)
		}
		if i := c.waitFor(0, slow); i != int64(abi.ETIMEOUT) {
			t.Errorf("wait for what hangs: %d", i)
		}
		if m := c.heard(t, c.httpTake(fast, guestMemory, 4096)); m.Int("status") != 200 || m.Int("length") != int64(len("GET /ok/x||||0")) {
			t.Errorf("%v", m)
		}
		if got, end := c.readAll(fast); got != "GET /ok/x||||0" || end != 0 {
			t.Errorf("%q %d", got, end)
		}
		bomb := c.begin(t, map[string]any{"method": "GET", "url": here.URL + "/bomb"})
		if _, end := c.readAll(bomb); end != int64(abi.ETOOBIG) {
			t.Errorf("bomb: %d", end)
		}
		c.hDrop(slow) // waits until it has ended
		if e := trapped(func() { c.httpTake(slow, guestMemory, 4096) }); e == "" {
			t.Error("a dropped request is alive")
		}
		if c.waitFor(0) != int64(abi.EUNSUP) || c.waitFor(0, c.put(abi.KindImage, ramp(1, 2, 2, 3))) != int64(abi.EUNSUP) {
			t.Error("it waits for what is no request")
		}
	})
}

// TestTimeoutOfRequest: a request that says how long it may take ends then.
func TestTimeoutOfRequest(t *testing.T) {
	here, there := outside(t)
	h := newHost(t, Config{Client: toLoopback()})
	withCall(t, h, rulesFor(here, there, "/hang"), ExecuteLimits(), func(c *call) {
		x := c.begin(t, map[string]any{"method": "GET", "url": here.URL + "/hang", "timeout_ms": int64(1)})
		if got := c.httpTake(x, guestMemory, 4096); got != int64(abi.ETIMEOUT) {
			t.Errorf("%d", got)
		}
	})
}

// TestBodiesOfRequests: files can be sent again, a stream cannot, and is the request's alone.
func TestBodiesOfRequests(t *testing.T) {
	here, there := outside(t)
	h := newHost(t, Config{Client: toLoopback()})
	g := rulesFor(here, there, "/ok/*", "/to", "/hang")
	send := func(c *call, path string, body any) int64 {
		return c.httpStart(c.tell(t, map[string]any{"method": "POST", "url": here.URL + path, "body": body}))
	}
	withCall(t, h, g, ExecuteLimits(), func(c *call) {
		file := c.put(abi.KindAsset, &memFile{Reader: strings.NewReader("0123456789")})
		asset := abi.Handle{Kind: abi.KindAsset, ID: uint64(file)}
		for path, want := range map[string]string{"/ok/": "POST /ok/||||10", "/to?status=307&at=/ok/next": "POST /ok/next||||10", "/to?status=303&at=/ok/next": "GET /ok/next||||0"} {
			if got, end := c.readAll(send(c, path, asset)); got != want || end != 0 {
				t.Errorf("%s: %q %d", path, got, end)
			}
		}
		stream := func(size int64) (int64, abi.Handle) {
			x := c.put(abi.KindBody, route.NewBody(strings.NewReader("01234"), size))
			return x, abi.Handle{Kind: abi.KindBody, ID: uint64(x)}
		}
		for _, size := range []int64{5, -1} {
			x, b := stream(size)
			if got, end := c.readAll(send(c, "/ok/", b)); got != "POST /ok/||||5" || end != 0 {
				t.Errorf("a stream: %q %d", got, end)
			}
			if c.bodyRead(x, messageAt, 4) != int64(abi.ECONFLICT) || send(c, "/ok/", b) != int64(abi.EUNSUP) {
				t.Error("a stream that was sent is read again")
			}
		}
		_, b := stream(5)
		if _, end := c.readAll(send(c, "/to?status=307&at=/ok/next", b)); end != int64(abi.EUNSUP) {
			t.Errorf("a stream that would have to be sent again: %d", end)
		}
		huge := abi.Handle{Kind: abi.KindBody, ID: uint64(c.put(abi.KindBody, route.NewBody(strings.NewReader(""), defaultBytes+1)))}
		for what, x := range map[string]any{"no bytes": "text", "a handle that is not alive": abi.Handle{Kind: abi.KindAsset, ID: 1 << 40}, "a picture": abi.Handle{Kind: abi.KindImage,
			ID: uint64(c.put(abi.KindImage, ramp(1, 2, 2, 3)))}} {
			if got := send(c, "/ok/", x); got != int64(abi.EUNSUP) {
				t.Errorf("%s: %d", what, got)
			}
		}
		if got := send(c, "/ok/", huge); got != int64(abi.ETOOBIG) {
			t.Errorf("a huge body: %d", got)
		}
	})
}

// TestRequestsAreCounted: of handles and of all.
func TestRequestsAreCounted(t *testing.T) {
	here, there := outside(t)
	h := newHost(t, Config{Client: toLoopback()})
	m := map[string]any{"method": "GET", "url": here.URL + "/ok/"}
	withCall(t, h, rulesFor(here, there, "/ok/*"), RouteLimits(), func(c *call) {
		for range c.limits.Handles {
			c.begin(t, m)
		}
		if got := c.httpStart(c.tell(t, m)); got != int64(abi.ELIMIT) {
			t.Errorf("over the handles: %d", got)
		}
	})
	withCall(t, h, rulesFor(here, there, "/ok/*"), RouteLimits(), func(c *call) {
		for range egress.MaxExchanges {
			c.hDrop(c.begin(t, m))
		}
		if got := c.httpStart(c.tell(t, m)); got != int64(abi.ELIMIT) {
			t.Errorf("over the requests: %d", got)
		}
	})
}

// TestCancelledCallEndsRequests: nothing of a call outlives it, and waits say why they ended.
func TestCancelledCallEndsRequests(t *testing.T) {
	here, there := outside(t)
	h := newHost(t, Config{Client: toLoopback()})
	withCall(t, h, rulesFor(here, there, "/hang"), ExecuteLimits(), func(c *call) {
		ctx, cancel := context.WithCancel(c.Context)
		c.Context = ctx
		x := c.begin(t, map[string]any{"method": "GET", "url": here.URL + "/hang"})
		time.AfterFunc(time.Millisecond, cancel)
		if got := c.waitFor(600_000, x); got != int64(abi.ECANCEL) && got != 0 {
			t.Errorf("wait: %d", got)
		}
		if got := c.httpTake(x, guestMemory, 4096); got != int64(abi.ECANCEL) {
			t.Errorf("take: %d", got)
		}
	})
}

// TestMetered: a stream that is too long says so, and one of the bound's length does not.
func TestMetered(t *testing.T) {
	for n, want := range map[int]bool{0: true, 9: true, 10: true, 11: false, 1000: false} {
		m := &metered{r: io.MultiReader(strings.NewReader(strings.Repeat("x", n))), left: 10}
		b, err := io.ReadAll(m)
		if (err == nil) != want || want && len(b) != n {
			t.Errorf("%d: %d bytes, %v", n, len(b), err)
		}
	}
}
