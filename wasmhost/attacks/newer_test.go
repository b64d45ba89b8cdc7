package attacks

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// newerSet is the parts that are granted more: saving, pictures for clients, and a server that misleads.
func newerSet(t *testing.T) *corpusSet {
	t.Helper()
	var leaked atomic.Value
	release := make(chan struct{})
	misled := misleading(&leaked, release)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" { // no head either
			select {
			case <-release:
			case <-r.Context().Done():
			}
			return
		}
		misled.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		close(release)
		s.Close()
	})
	w := &world{saves: true}
	client := elsewhere(s)
	h := newHost(t, w, func(c *wasmhost.Config) { c.Client, c.Show = client, w.show })
	return &corpusSet{h: h, w: w, parts: Newer(), set: func(s *wasmhost.Source) {
		for _, c := range []*wasmhost.Capabilities{&s.Manifest.Capabilities} {
			c.Asset = &wasmhost.AssetCap{Read: []string{"input"}, Save: true}
			c.WS.Send = []string{"mine", "preview"}
			c.HTTP = []wasmhost.HTTPRule{{Rule: "GET http://api.test/*"}, {Rule: "POST http://api.test/*"}}
		}
		s.Grant = s.Manifest.Capabilities.All()
		s.Limits.Execute.Parked, s.Limits.Route.Parked = patience*2*time.Second, patience*800*time.Millisecond // for answers that come, on a busy machine too
	}}
}

// endless is a body without an end.
type endless struct{}

// Read reads zeros.
func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// ask loads a module and sends its route a request whose body does not end. One that is stopped has no answer, or a broken one.
func (c *corpusSet) ask(ctx context.Context, a Attack) (v Verdict, err error) {
	e, err := load(ctx, c.h, a.Module, c.set)
	if err != nil {
		return Refused, err
	}
	failed := e.Stats().Failures
	rec := httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
		if rec.Code >= 500 || e.Stats().Failures > failed {
			v, err = Stopped, fault.New(fault.ExtensionFailed, "the answer is %d, or broken off", rec.Code)
		}
	}()
	r := httptest.NewRequestWithContext(tenant.With(ctx, "t"), "POST", "/ext/test.attack/r", endless{})
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/octet-stream")
	c.h.ServeHTTP(rec, r)
	for _, name := range []string{"Set-Cookie", "Transfer-Encoding"} {
		if rec.Header().Get(name) != "" {
			return Harmless, fault.New(fault.Internal, "the header %s was sent", name)
		}
	}
	if c := rec.Header().Get("Cache-Control"); strings.Contains(c, "public") || strings.Contains(c, "s-maxage") {
		return Harmless, fault.New(fault.Internal, "caches are told %q", c)
	}
	if csp := rec.Header().Get("Content-Security-Policy"); rec.Code == http.StatusOK && !strings.HasPrefix(csp, "sandbox ") {
		return Harmless, fault.New(fault.Internal, "the policy %q was sent", csp)
	}
	return Harmless, nil
}

// show counts a picture for clients.
func (w *world) show(ctx context.Context, client string, _ *node.Preview) error {
	return w.send(ctx, client, "preview", nil)
}

// State counts.
func (w *world) State(v, most float64, p *node.Preview) { w.Progress(v, most, p) }

// save keeps nothing but what tells whether it was allowed.
func (w *world) save(ctx context.Context, sub, name string, data []byte) (node.File, error) {
	w.saved.Add(1)
	w.bytes.Add(int64(len(data)))
	if sub != "ext/test.attack" || name == "" || len(name) > 255 || strings.ContainsAny(name, "/\\\x00:") || name[0] == '.' || tenant.Of(ctx) != "t" {
		w.strange.Store(string(tenant.Of(ctx))+" "+sub+" "+name, true)
	}
	return node.File{Type: "output", Subfolder: sub, Filename: name}, nil
}

// keptWithin: what was saved is in the extension's folder of the caller's, and clients of others heard nothing.
func (w *world) keptWithin(t *testing.T) {
	t.Helper()
	w.strange.Range(func(k, _ any) bool {
		t.Errorf("%q was saved or sent", k)
		return true
	})
	if n := w.saved.Load(); n == 0 || n > 2000 {
		t.Errorf("%d files were saved", n)
	}
	if n := w.bytes.Load(); n > 1<<30 {
		t.Errorf("%d bytes were saved", n)
	}
	if n := w.sent.Load(); n == 0 || n > 2000 {
		t.Errorf("%d events and pictures were sent", n)
	}
	if n := w.open.Load(); n != 0 {
		t.Errorf("%d files are open", n)
	}
}
