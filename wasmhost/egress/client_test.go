package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// servers are two origins that show what comes, and redirect: /to?status=S&at=URL.
func servers(t *testing.T) (here, there *httptest.Server) {
	m := http.NewServeMux()
	m.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s|%s|%s|%s|%d", r.Method, r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("Cookie"), len(b))
	})
	m.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusFound
		_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
		w.Header().Set("Location", r.URL.Query().Get("at"))
		w.WriteHeader(status)
	})
	m.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	here, there = httptest.NewServer(m), httptest.NewServer(m)
	t.Cleanup(here.Close)
	t.Cleanup(there.Close)
	return here, there
}

func client(secrets []string, origins ...string) *Client {
	g := &pack.Grant{}
	for _, o := range origins {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT"} {
			g.HTTP = append(g.HTTP, pack.HTTPRule{Rule: method + " " + o + "/*", Secrets: secrets})
		}
	}
	return &Client{HTTP: NewHTTP(netip.Addr.IsLoopback), Permit: g.Permitted, Agent: "test", Meter: &Meter{},
		Secret: func(_ context.Context, name string) (string, bool) { return "secret of " + name, name == "KEY" }}
}

func request(t *testing.T, method, address string, headers map[string]any) *Request {
	t.Helper()
	r, err := Read(abi.Map{"method": method, "url": address, "headers": headers})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// answer is the answer's body, or the error's code.
func answer(t *testing.T, c *Client, r *Request) string {
	t.Helper()
	res, err := c.Do(t.Context(), r)
	if err != nil {
		return "!" + string(fault.CodeOf(err))
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(c.Counted(res))
	if err != nil {
		return "!" + string(fault.CodeOf(err))
	}
	return string(b)
}

// to is a path that redirects to an address.
func to(status int, address string) string {
	return fmt.Sprintf("/to?status=%d&at=%s", status, url.QueryEscape(address))
}

// TestRedirects: each address is held against the rules; what is no address of theirs is refused.
func TestRedirects(t *testing.T) {
	here, there := servers(t)
	host := strings.TrimPrefix(here.URL, "http://")
	c := func() *Client { return client(nil, here.URL, there.URL) }
	for _, x := range []struct{ name, target, want string }{
		{"a path", "/ok", "GET||||0"},
		{"another origin with a rule", there.URL + "/ok", "GET||||0"},
		{"without a scheme", "//" + host + "/ok", "GET||||0"},
		{"two more", to(302, to(302, "/ok")), "GET||||0"},
		{"three more", to(302, to(302, to(302, "/ok"))), "!forbidden"},
		{"a file", "file:///etc/passwd", "!forbidden"},
		{"a file of a host", "file://" + host + "/etc/passwd", "!forbidden"},
		{"another scheme", "ftp://" + host + "/ok", "!forbidden"},
		{"gopher", "gopher://" + host + "/_x", "!forbidden"},
		{"data", "data:text/plain,x", "!forbidden"},
		{"https in place of http", "https://" + host + "/ok", "!forbidden"},
		{"a user", "http://u:p@" + host + "/ok", "!forbidden"},
		{"another port", "http://127.0.0.1:1/ok", "!forbidden"},
		{"another name of the same", strings.Replace(here.URL, "127.0.0.1", "localhost", 1) + "/ok", "!forbidden"},
		{"a number", strings.Replace(here.URL, "127.0.0.1", "2130706433", 1) + "/ok", "!forbidden"},
		{"hexadecimal", strings.Replace(here.URL, "127.0.0.1", "0x7f.1", 1) + "/ok", "!forbidden"},
		{"a dot at the end", strings.Replace(here.URL, "127.0.0.1", "127.0.0.1.", 1) + "/ok", "!forbidden"},
		{"mapped", strings.Replace(here.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1) + "/ok", "!forbidden"},
		{"full width", strings.Replace(here.URL, "127.0.0.1", "１２７.0.0.1", 1) + "/ok", "!forbidden"},
		{"a metadata service", "http://169.254.169.254/latest/meta-data/", "!forbidden"},
		{"dots", "/a/%2e%2e/ok", "!forbidden"},
		{"a slash that is none", "/a%2fok", "!forbidden"},
	} {
		if got := answer(t, c(), request(t, "GET", here.URL+to(302, x.target), nil)); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
	res, err := c().Do(t.Context(), request(t, "GET", here.URL+"/to?status=302", nil))
	if err != nil || res.StatusCode != 302 {
		t.Fatalf("a redirect to nowhere: %v %v", res, err)
	}
	_ = res.Body.Close()
}

// TestRedirectedMethods: a redirect keeps a method and its body, or makes it a GET without.
func TestRedirectedMethods(t *testing.T) {
	here, _ := servers(t)
	for _, x := range []struct {
		method string
		status int
		want   string
	}{
		{"POST", 301, "GET||||0"}, {"POST", 302, "GET||||0"}, {"POST", 303, "GET||||0"}, {"POST", 307, "POST||||4"}, {"POST", 308, "POST||||4"},
		{"PUT", 301, "PUT||||4"}, {"PUT", 302, "PUT||||4"}, {"PUT", 303, "GET||||0"}, {"PUT", 308, "PUT||||4"},
		{"HEAD", 303, ""}, {"HEAD", 302, ""},
	} {
		r := request(t, x.method, here.URL+to(x.status, "/ok"), nil)
		if x.method != "HEAD" {
			r.body = []byte("1234")
		}
		if got := answer(t, client(nil, here.URL), r); got != x.want {
			t.Errorf("%s %d: %q, want %q", x.method, x.status, got, x.want)
		}
	}
}

// TestSecrets: they go to the first origin, under a rule that binds them, and not any more once a redirect has left it.
func TestSecrets(t *testing.T) {
	here, there := servers(t)
	with := func(v string) map[string]any { return map[string]any{"x-key": v} }
	all := map[string]any{"x-key": "{{secret:KEY}}", "authorization": "mine", "cookie": "c=d"}
	for _, x := range []struct {
		name    string
		path    string
		headers map[string]any
		bound   []string
		want    string
	}{
		{"bound", "/ok", with("a {{secret:KEY}} b"), []string{"KEY"}, "GET||a secret of KEY b||0"},
		{"not bound", "/ok", with("{{secret:KEY}}"), nil, "!forbidden"},
		{"not there", "/ok", with("{{secret:NONE}}"), []string{"NONE"}, "!forbidden"},
		{"one of two", "/ok", with("{{secret:KEY}}{{secret:NONE}}"), []string{"KEY", "NONE"}, "!forbidden"},
		{"no form of a secret", "/ok", with("{{secret:key}}"), nil, "GET||{{secret:key}}||0"},
		{"the same origin", to(302, "/ok"), all, []string{"KEY"}, "GET|mine|secret of KEY|c=d|0"},
		{"another origin", to(302, there.URL+"/ok"), all, []string{"KEY"}, "GET||||0"},
		{"there and back", to(302, there.URL+to(302, here.URL+"/ok")), all, []string{"KEY"}, "GET||||0"},
	} {
		if got := answer(t, client(x.bound, here.URL, there.URL), request(t, "GET", here.URL+x.path, x.headers)); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
	c := client([]string{"KEY"}, here.URL)
	c.Secret = func(context.Context, string) (string, bool) { return "a\r\nx-evil: 1", true }
	if got := answer(t, c, request(t, "GET", here.URL+"/ok", with("{{secret:KEY}}"))); got != "!forbidden" {
		t.Errorf("a secret of two lines: %q", got)
	}
}

// TestReadRefuses: what no guest may send.
func TestReadRefuses(t *testing.T) {
	many := map[string]any{}
	for i := range maxHeaders + 1 {
		many[fmt.Sprint("x-", i)] = ""
	}
	for name, m := range map[string]abi.Map{
		"no address": {}, "no host": {"url": "/a"}, "no address at all": {"url": "https:a.dev/x"}, "a bad escape": {"url": "https://a.dev/%zz"}, "a number of hexadecimals": {"url": "http://%31%32%37.0.0.1/"},
		"two lines": {"url": "https://a.dev/\r\nx"}, "many headers": {"url": "https://a.dev", "headers": many}, "a long header": {"url": "https://a.dev", "headers": map[string]any{"x": strings.Repeat("x", maxHeaderText+1)}},
		"a header of another kind": {"url": "https://a.dev", "headers": map[string]any{"x": int64(1)}},
	} {
		if r, err := Read(m); fault.CodeOf(err) != fault.BadRequest {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for _, name := range []string{"Host", "CONNECTION", "content-length", "Transfer-Encoding", "Proxy-Authorization", "proxy-x", "upgrade", "TE", "Trailer", "Expect", "accept-encoding", "a\r\nb"} {
		if _, err := Read(abi.Map{"url": "https://a.dev", "headers": map[string]any{name: "v"}}); fault.CodeOf(err) != fault.BadRequest {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestExchanges: one that hangs does not keep another from being read; Close ends it, and its goroutine.
func TestExchanges(t *testing.T) {
	here, _ := servers(t)
	c := client(nil, here.URL)
	slow, fast := c.Start(t.Context(), request(t, "GET", here.URL+"/hang", nil)), c.Start(t.Context(), request(t, "GET", here.URL+"/ok", nil))
	refused := c.Start(t.Context(), request(t, "GET", "https://a.dev/", nil))
	if i := c.Meter.WaitAny(t.Context(), []*Exchange{slow, fast}); i != 1 {
		t.Fatalf("the %dth began", i)
	}
	res, err := fast.Await(t.Context())
	if err != nil || res.StatusCode != 200 {
		t.Errorf("%v %v", res, err)
	}
	if b, err := io.ReadAll(fast); err != nil || string(b) != "GET||||0" {
		t.Errorf("%q %v", b, err)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if i := c.Meter.WaitAny(soon, []*Exchange{slow}); i != -1 {
		t.Errorf("the %dth began", i)
	}
	if _, err := slow.Await(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, err := refused.Await(t.Context()); !errors.Is(err, fault.Forbidden) {
		t.Errorf("%v", err)
	}
	for _, x := range []*Exchange{slow, fast, refused} {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		if _, err := x.ReadAt(nil, 0); !errors.Is(err, fault.Unsupported) || x.Size() != -1 {
			t.Errorf("it is a file: %v", err)
		}
	}
	if _, err := slow.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestStreams: a stream is sent once, or again where there is another; both count.
func TestStreams(t *testing.T) {
	here, _ := servers(t)
	for _, x := range []struct {
		name, path string
		again      bool
		want       string
		sent       int64
	}{
		{"once", "/ok", false, "POST||||5", 5},
		{"it would be sent again", to(307, "/ok"), false, "!unsupported", 5},
		{"it is sent again", to(307, "/ok"), true, "POST||||5", 10},
		{"it is not needed again", to(303, "/ok"), false, "GET||||0", 5},
	} {
		c, made := client(nil, here.URL), atomic.Int64{}
		r := request(t, "POST", here.URL+x.path, nil)
		anew := func() io.Reader {
			made.Add(1)
			return strings.NewReader("01234")
		}
		if r.Stream, r.Size = anew(), 5; x.again {
			r.Again = anew
		}
		if got := answer(t, c, r); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
		if spent := pack.DefaultBytes - c.Meter.Left(); spent < x.sent && x.again {
			t.Errorf("%s: %d bytes counted", x.name, spent)
		}
	}
}

func TestMeterCounts(t *testing.T) {
	var n Meter
	for range MaxExchanges {
		if !n.Begin() {
			t.Fatal("too few")
		}
	}
	if n.Begin() {
		t.Error("too many")
	}
}

// TestBytesOfRules: a rule that grants more lets more pass.
func TestBytesOfRules(t *testing.T) {
	var n Meter
	for _, x := range []struct {
		allow, spend int64
		ok           bool
	}{{0, pack.DefaultBytes, true}, {0, 1, false}, {2 * pack.DefaultBytes, 1, true}, {1 << 20, pack.DefaultBytes - 2, true}, {0, 1, false}} {
		n.allow(x.allow)
		if err := n.spend(x.spend); (err == nil) != x.ok {
			t.Errorf("%+v: %v, %d left", x, err, n.Left())
		}
	}
}

// FuzzRequest: whatever a guest asks for, the request is refused or has no header that it may not have.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "https://a.dev/x", "x-key", "v", int64(1))
	f.Add("GET", "http://a@b/%2e%2e/", "Host", "\r\n", int64(-1))
	f.Fuzz(func(t *testing.T, method, url, name, value string, ms int64) {
		r, err := Read(abi.Map{"method": method, "url": url, "headers": map[string]any{name: value}, "timeout_ms": ms})
		if err != nil {
			return
		}
		if d := cmp.Diff(map[string]string{name: value}, r.headers); d != "" || withheld(name) || strings.ContainsAny(value, "\r\n\x00") || r.time <= 0 || r.time > maxTime {
			t.Errorf("%q %v %s", r.headers, r.time, d)
		}
	})
}
