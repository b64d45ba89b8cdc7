package wasmhost

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// clients keep what was sent to them.
type clients struct{ got []string }

func (x *clients) send(ctx context.Context, client, event string, data []byte) error {
	x.got = append(x.got, fmt.Sprintf("%s/%s %s %s", tenant.Of(ctx), client, event, data))
	return nil
}

func (x *clients) show(ctx context.Context, client string, p *node.Preview) error {
	x.got = append(x.got, fmt.Sprintf("%s/%s %s %v %d", tenant.Of(ctx), client, p.Format, p.Image.Bounds().Size(), p.MaxSide))
	return nil
}

// TestTargets: events and pictures reach whom they are for, within the tenant.
func TestTargets(t *testing.T) {
	to := &clients{}
	h := newHost(t, Config{Send: to.send, Show: to.show})
	withCall(t, h, Grant{Modules: []string{"ws"}, WS: []string{"done", previewType}}, ExecuteLimits(), func(c *call) {
		c.run.ClientID = "me"
		put := func(at uint32, s string) (uint32, uint32) {
			copy(c.bytes(at, uint32(len(s))), s)
			return at, uint32(len(s))
		}
		c.host.runs.all[runKey{"a", "test.tiny", "p7"}] = &running{client: "seven", nodes: 1}
		c.host.runs.all[runKey{"b", "test.tiny", "p8"}] = &running{client: "eight", nodes: 1}
		picture := c.put(abi.KindImage, ramp(2, 4, 6, 3))
		for _, x := range []struct {
			target   uint32
			id, kind string
			data     string
			errno    int32
			want     string
		}{
			{0, "", "done", `{"a":1}`, 0, `a/me ext.test.tiny.done {"a":1}`},
			{0, "other", "done", `{}`, 0, `a/other ext.test.tiny.done {}`},
			{1, "", "done", `{}`, 0, `a/me ext.test.tiny.done {}`},
			{1, "p7", "done", `{}`, 0, `a/seven ext.test.tiny.done {}`},
			{1, "p8", "done", `{}`, abi.ENOENT, ""},
			{2, "", "done", `{}`, 0, `a/ ext.test.tiny.done {}`},
			{3, "", "done", `{}`, abi.EUNSUP, ""},
			{0, "", "else", `{}`, abi.EPERM, ""},
			{0, "", "done", `[]`, abi.EUNSUP, ""},
			{0, "", "done", ``, abi.EUNSUP, ""},
			{0, "", "done", `{"a":`, abi.EUNSUP, ""},
			{0, "", "done", strings.Repeat(" ", abi.MaxMsgBytes+1), abi.ETOOBIG, ""},
			{0, "", "picture", "", 0, "a/me JPEG (6,4) 64"},
			{2, "", "picture", "", 0, "a/ JPEG (6,4) 64"},
			{1, "p8", "picture", "", abi.ENOENT, ""},
		} {
			to.got = nil
			id, idLen := put(guestMemory, x.id)
			var got int32
			if x.kind == "picture" {
				got = c.wsImage(x.target, id, idLen, picture, 64, 0)
			} else {
				name, nameLen := put(guestMemory+512, x.kind)
				ptr, n := c.say([]byte(x.data))
				got = c.wsPost(x.target, id, idLen, name, nameLen, ptr, n)
			}
			if got != x.errno || strings.Join(to.got, "\n") != x.want {
				t.Errorf("%+v: %d %q", x, got, to.got)
			}
		}
		if got := c.wsImage(0, 0, 0, c.put(abi.KindTensor, ramp(1, 2, 2, 3).Tensor), 64, 0); got != abi.EUNSUP {
			t.Errorf("a tensor: %d", got)
		}
		if got := c.wsImage(0, 0, 0, picture, 64, 2); got != abi.EUNSUP {
			t.Errorf("another format: %d", got)
		}
		c.run.ClientID = ""
		if got := c.wsImage(0, 0, 0, picture, 64, 0); got != abi.ENOENT {
			t.Errorf("nobody asked: %d", got)
		}
		c.ext.grant.WS = []string{"done"}
		if got := c.wsImage(2, 0, 0, picture, 64, 0); got != abi.EPERM {
			t.Errorf("without the grant: %d", got)
		}
	})
}

// TestRates: each tenant has its own.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rates{per: eventsPerSecond}
		take := func(id tenant.ID, want int) {
			t.Helper()
			n := 0
			for range 2 * eventsPerSecond {
				if r.take(id, time.Now()) {
					n++
				}
			}
			if n != want {
				t.Errorf("%s: %d events, want %d", id, n, want)
			}
		}
		take("a", eventsPerSecond)
		take("b", eventsPerSecond)
		take("a", 0)
		<-time.After(100 * time.Millisecond)
		take("a", eventsPerSecond/10)
		<-time.After(time.Minute)
		take("a", eventsPerSecond)
		if len(r.of) != 1 {
			t.Errorf("%d buckets", len(r.of))
		}
	})
}
