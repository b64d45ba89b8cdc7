package wasmhost

import (
	"errors"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// shownLines keeps what a node shows.
type shownLines struct{ lines []string }

func (s *shownLines) Progress(float64, float64, *node.Preview) {}
func (s *shownLines) Binary(uint32, []byte)                    {}
func (s *shownLines) Text(line string)                         { s.lines = append(s.lines, line) }
func (s *shownLines) BroadcastText(line string)                { s.lines = append(s.lines, line) }

// TestLinesAreNoMarkup: what a guest shows on its node starts no tag in a page that takes it for HTML.
func TestLinesAreNoMarkup(t *testing.T) {
	for _, x := range []struct{ given, want string }{
		{"<img src=x onerror=alert(1)>", "\u2039img src=x onerror=alert(1)>"},
		{"1 < 2, a <- b, 5<6", "1 < 2, a <- b, 5<6"},
		{"<<script>", "<\u2039script>"},
		{"</span><!-- <?x", "\u2039/span>\u2039!-- \u2039?x"},
		{"two\nlines", "two\nlines"},
	} {
		got := &shownLines{}
		withCall(t, newHost(t, Config{}), Grant{}, ExecuteLimits(), func(c *call) {
			c.run.Reporter = got
			c.progressText(c.say([]byte(x.given)))
			c.progressTextAll(c.say([]byte(x.given)))
		})
		if len(got.lines) != 2 || got.lines[0] != x.want || got.lines[1] != x.want {
			t.Errorf("%q: %q, want %q twice", x.given, got.lines, x.want)
		}
	}
}

// TestTextsMoveNoCursor: what a guest says of a failure, or writes into its log, has nothing that a terminal obeys.
func TestTextsMoveNoCursor(t *testing.T) {
	const given, want = "a\x1b[2J\u009b31mb\rc\u202ed\x7f\ne", "a[2J31mbcd\ne"
	withCall(t, newHost(t, Config{}), Grant{}, ExecuteLimits(), func(c *call) {
		ptr, n := c.say([]byte(given))
		if c.fail(7, ptr, n); c.failed.Text != want {
			t.Errorf("fail: %q", c.failed.Text)
		}
		c.log(1, ptr, n)
		if l := c.ext.Log(); l[len(l)-1].Text != want {
			t.Errorf("log: %q", l)
		}
	})
	var e *node.Exception
	if err := raised(abi.Tag{Number: abi.TagRaise, Value: []any{"ValueError", given}}); !errors.As(err, &e) || e.Text != want {
		t.Errorf("raise: %v", err)
	}
}

// TestSavedNames: a file that a guest makes is called so that every system and client takes it for a name.
func TestSavedNames(t *testing.T) {
	for _, x := range []struct {
		name string
		ok   bool
	}{
		{"a.png", true}, {"ü (1).png", true}, {"<img src=x onerror=alert(1)>.png", false}, {"a\nb.png", false}, {"a\x1b[2J.png", false}, {"gpj.\u202epng", false},
		{"a?.png", false}, {"a|b", false}, {"a.", false}, {"a ", false}, {"a*", false}, {`"a"`, false},
	} {
		if got := savedName(x.name); got != x.ok {
			t.Errorf("%q: %v", x.name, got)
		}
	}
}

// TestBoundsDoNotWrap: what a run has in all is no less than what a call has, however much that is.
func TestBoundsDoNotWrap(t *testing.T) {
	for _, n := range []int64{1, 5e9, 1 << 59, 1 << 60, 1 << 62, math.MaxInt64} {
		l := Limits{Fuel: n, Wall: time.Duration(n)}.whole()
		if l.RunFuel < n/10*9 || l.RunWall < time.Duration(n/10*9) || n < 1<<59 && (l.RunFuel != 10*n || l.RunWall != time.Duration(10*n)) {
			t.Errorf("%d: %d and %d", n, l.RunFuel, l.RunWall)
		}
	}
	s := tinySource(tiny(map[int32]any{abi.OpDescribe: tinyNode, abi.OpExecute: map[string]any{"outputs": []any{int64(1)}}}, nil))
	s.Limits = DefaultLimitSet()
	s.Limits.Execute.Fuel, s.Limits.Execute.Wall = 1<<60, math.MaxInt64/2
	h := newHost(t, Config{})
	load(t, h, s)
	if _, err := find(t, h, "Tiny").Run(runCtx(t, "a", "1"), node.Args{}); err != nil {
		t.Errorf("a limit of 2^60: %v", err)
	}
}

// TestUsedIsInBounds: what a worker says is left of a slice makes no call cheaper than nothing.
func TestUsedIsInBounds(t *testing.T) {
	withCall(t, newHost(t, Config{}), Grant{}, ExecuteLimits(), func(c *call) {
		c.given = 1000
		for left, want := range map[int64]int64{0: 1000, 400: 600, 1000: 0, 5000: 0, math.MaxInt64: 0, -1: 1000, math.MinInt64: 1000} {
			if c.slot.SetFuel(left); c.used() != want {
				t.Errorf("%d left: used %d, want %d", left, c.used(), want)
			}
		}
	})
}

// TestStoreObeysTheClock: a call whose time is over waits for no turn at the store.
func TestStoreObeysTheClock(t *testing.T) {
	h := newHost(t, Config{})
	for name, use := range map[string]func(c *call, k, n uint32){
		"list":   func(c *call, k, n uint32) { c.kvList(0, k, n, guestMemory, 64) },
		"get":    func(c *call, k, n uint32) { c.kvGet(0, k, n, guestMemory, 64) },
		"put":    func(c *call, k, n uint32) { c.kvPut(0, k, n, k, n, 0) },
		"swap":   func(c *call, k, n uint32) { c.kvCas(0, k, n, k, 0, k, n) },
		"delete": func(c *call, k, n uint32) { c.kvDelete(0, k, n) },
	} {
		withCall(t, h, Grant{Modules: []string{"kv"}, KV: KVCap{Bytes: 100, Keys: 3}}, ExecuteLimits(), func(c *call) {
			k, n := c.say([]byte("k"))
			c.deadline = time.Now()
			if got := trapped(func() { use(c, k, n) }); got != fault.LimitExceeded {
				t.Errorf("%s: %q", name, got)
			}
		})
	}
}

// TestNoNumberIsNoNumber: what is under nothing and over nothing passes for no number within a range.
func TestNoNumberIsNoNumber(t *testing.T) {
	in := &node.Input{Name: "x", Type: node.Float, Options: map[string]any{"min": 0.0, "max": 1.0}}
	for v, want := range map[float64]bool{0.5: true, 2: false, math.Inf(1): false, math.Inf(-1): false} {
		if _, err := checkInput(t.Context(), in, v); (err == nil) != want {
			t.Errorf("%v: %v", v, err)
		}
	}
	if _, err := checkInput(t.Context(), in, math.NaN()); fault.CodeOf(err) != fault.BadTensor {
		t.Errorf("NaN: %v", err)
	}
}

// TestSetUpIsItsOwners: what a module keeps while it is set up is its tenant's, not that of all whose extension has the same id.
func TestSetUpIsItsOwners(t *testing.T) {
	h := newHost(t, Config{})
	m := asm.New() // whose _initialize keeps a value under the key "test"
	reply, put := m.Import("cocoon1", "reply", "ii:"), m.Import("cocoon1_kv", "kv_put", "iiiiil:i")
	said, err := abi.Append(nil, tinyNode)
	if err != nil {
		t.Fatal(err)
	}
	m.Memory(2, -1)
	m.Export("memory", 2, 0)
	m.Data(16, []byte("test"))
	m.Data(1024, said)
	m.Export("_initialize", 0, m.Func(":", "", asm.I32(0), asm.I32(16), asm.I32(4), asm.I32(16), asm.I32(4), asm.I64(0), asm.I(0x10, put), []byte{0x1a}))
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", asm.I32(1024), asm.I32(int32(len(said))), asm.I(0x10, reply), asm.I32(0)))
	s := tinySource(m.Bytes())
	s.Tenant, s.Manifest.Capabilities.KV = "a", &KVCap{}
	s.Grant = s.Manifest.Capabilities.All()
	load(t, h, s)
	for id, want := range map[tenant.ID]int{"a": 1, "": 0, "b": 0} {
		keys, err := h.kv.List(t.Context(), kv.Space{Tenant: id, Extension: "test.tiny"}, "")
		if err != nil || len(keys) != want {
			t.Errorf("tenant %q has %q, %v", id, keys, err)
		}
	}
}

// TestNoTenantsAnswerIsKeptForOthers: caches between the server and its clients keep no answer of a route.
func TestNoTenantsAnswerIsKeptForOthers(t *testing.T) {
	answer := map[string]any{"status": int64(200), "headers": map[string]any{"cache-control": "public, s-maxage=86400, max-age=60"}, "body": "x"}
	s := tinySource(tiny(map[int32]any{abi.OpDescribe: map[string]any{"routes": []any{map[string]any{"method": "GET", "path": "/r"}}}, abi.OpRoute: answer}, nil))
	s.Manifest.Capabilities.Routes = []string{"GET /r"}
	s.Grant = s.Manifest.Capabilities.All()
	h := newHost(t, Config{})
	load(t, h, s)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(tenantCtx(t.Context(), "a"), "GET", "/ext/test.tiny/r", nil))
	if got := w.Header().Get("Cache-Control"); w.Code != 200 || got != "private, max-age=60" {
		t.Errorf("%d, %q", w.Code, got)
	}
}

// TestPreviewsAreBounded: a picture of a pixel is no work of sixteen million, and what is shown is paid for.
func TestPreviewsAreBounded(t *testing.T) {
	h := newHost(t, Config{})
	for _, x := range []struct {
		h, w int
		side uint32
		want int
		work int64 // at least
	}{
		{1, 1, 0, 1, previewWork}, {1, 1, 4096, growSide, previewWork * growSide * growSide}, {8, 4, 100, 100, previewWork * 100 * 50},
		{4, 2000, 1 << 31, 2000, previewWork * 2000 * 4}, {1, 5000, 0, mostSide, previewWork * mostSide}, {512, 512, 256, 256, previewWork * 256 * 256},
	} {
		withCall(t, h, Grant{}, ExecuteLimits(), func(c *call) {
			p := c.previewOf(ramp(1, x.h, x.w, 3), x.side, 1)
			if p.MaxSide != x.want || c.hostBytes < x.work || c.hostBytes > x.work+100*int64(x.h*x.w) {
				t.Errorf("%d x %d, %d: %d, work %d of %d", x.w, x.h, x.side, p.MaxSide, c.hostBytes, x.work)
			}
		})
	}
}

// TestStraysAreCounted: work that a call does not wait for is its tenant's until it is done, and the host waits for it. That an
// encoder is such work is picture's to test.
func TestStraysAreCounted(t *testing.T) {
	h, release := newHost(t, Config{}), make(chan struct{})
	withCall(t, h, Grant{}, ExecuteLimits(), func(c *call) { c.beside(func() { <-release }) })
	if n := h.bench.busy(); n != 1 {
		t.Errorf("%d at work behind the call's end; want 1", n)
	}
	close(release)
	h.strays.Wait()
	empty(t, h.bench)
}

// TestDyingWordsMoveNoCursor: nor do the last words of a guest that ends itself, or the names of its functions.
func TestDyingWordsMoveNoCursor(t *testing.T) {
	withCall(t, newHost(t, Config{}), Grant{}, ExecuteLimits(), func(c *call) {
		c.print([]byte("panic: \x1b[2J\u009b2Jgone\n\nmain.main()\n\t/x\u202e.go:7 +0x1\n"))
		err := c.trapped(errors.New("wasm error: unreachable\nwasm stack trace:\n\t.f\x1b[2J(i32)\n\t.g\u202e()"))
		if s := err.Error(); strings.ContainsAny(s, "\x1b\u009b\u202e") || !strings.Contains(s, "[2J2Jgone") {
			t.Errorf("%q", s)
		}
		ptr, n := c.say([]byte("\x1b]0;title\a"))
		if c.log(3, ptr, n); c.words.last != "]0;title" {
			t.Errorf("%q", c.words.last)
		}
	})
}
