package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// hearing stands for extensions that take what clients say.
type hearing struct {
	http.Handler
	got chan string
}

// Listen keeps what was said, with whose it is; the end is kept too.
func (h hearing) Listen(ctx context.Context, clientID string) (put func(string, []byte), end func()) {
	who := string(tenant.Of(ctx)) + "/" + clientID
	return func(kind string, data []byte) { h.got <- who + " " + kind + " " + string(data) }, func() { h.got <- who + " end" }
}

// TestSocketIsHeard: messages to extensions are handed on, in whatever place they come; the rest goes on as it does without extensions.
func TestSocketIsHeard(t *testing.T) {
	x := hearing{http.NotFoundHandler(), make(chan string, 100)}
	s := whole(t, func(c *Config) { c.Extensions = x })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, s.url+"/ws?clientId=tab", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	read := func() string {
		_, b, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	read() // the greeting
	for _, m := range []string{
		`{"type":"ext.acme.lens.pick","data":{"n":1}}`, // before the first message that counts
		`no JSON with "ext.`,
		`{"type":"feature_flags","data":{}}`,
		`{"type":"ext.acme.lens.long","data":"` + strings.Repeat("x", maxToExtension) + `"}`,
		`{"data":{"n":2},"type":"ext.acme.lens.pick"}`,
		`{"type":"ext.acme.lens.bare"}`,
		`{"type":"else","data":"ext.acme"}`,
		`[{"type":"ext.acme.lens.pick"}]`,
		`{"type":"ext.acme.lens.pick","data":3}`,
	} {
		if err := c.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Write(ctx, websocket.MessageBinary, []byte(`{"type":"ext.acme.lens.pick","data":4}`)); err != nil {
		t.Fatal(err)
	}
	if got := read(); !strings.HasPrefix(got, `{"data":{`) || !strings.Contains(got, `"type":"feature_flags"`) {
		t.Errorf("hears %s", got)
	}
	_ = c.Close(websocket.StatusNormalClosure, "")
	var got []string
	for len(got) == 0 || !strings.HasSuffix(got[len(got)-1], "end") {
		got = append(got, <-x.got)
	}
	want := []string{`/tab ext.acme.lens.pick {"n":1}`, `/tab ext.acme.lens.pick {"n":2}`, `/tab ext.acme.lens.bare `, `/tab ext.acme.lens.pick 3`, `/tab end`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestSocketOfViewers: who may only look says nothing to extensions.
func TestSocketOfViewers(t *testing.T) {
	s := whole(t, func(c *Config) { c.Extensions = hearing{http.NotFoundHandler(), make(chan string, 100)} })
	for role, want := range map[tenant.Role]bool{tenant.Read: false, tenant.User: true, tenant.Admin: true} {
		r := httptest.NewRequest("GET", "/ws", nil)
		r = r.WithContext(withIdentity(r.Context(), tenant.Identity{Role: role}))
		put, end := s.toExtensions(r.Context(), r, "tab")
		if got := put([]byte(`{"type":"ext.a.b","data":{}}`)); got != want {
			t.Errorf("%s: taken %v, want %v", role, got, want)
		}
		end()
	}
}
