package wasmhost

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// eventsPerSecond bounds an extension's events to one tenant's clients.
const eventsPerSecond = 50

// rate is a bucket that fills with time.
type rate struct {
	have float64
	at   time.Time
}

// take takes one of per a second.
func (r *rate) take(now time.Time, per float64) bool {
	if r.at.IsZero() {
		r.have = per
	} else {
		r.have = min(per, r.have+now.Sub(r.at).Seconds()*per)
	}
	r.at = now
	if r.have < 1 {
		return false
	}
	r.have--
	return true
}

// rates has a bucket for each tenant, so that none uses up another's.
type rates struct {
	per float64 // a second

	mu sync.Mutex // guards of
	of map[tenant.ID]*rate
}

func (r *rates) take(t tenant.ID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[tenant.ID]*rate{}
	}
	for other, x := range r.of { // full ones say nothing
		if other != t && now.Sub(x.at) > time.Second {
			delete(r.of, other)
		}
	}
	x := r.of[t]
	if x == nil {
		x = &rate{}
		r.of[t] = x
	}
	return x.take(now, r.per)
}

// Targets of ws_post and ws_image.
const (
	toClient = iota
	toPrompt
	toTenant
)

// target finds the client that a guest means: "" is all of the tenant's.
func (c *call) target(kind uint32, id string) (client string, errno int32) {
	switch {
	case kind == toTenant:
		return "", 0
	case kind == toClient && id != "":
		return id, 0
	case kind == toClient, kind == toPrompt && id == "":
		client = c.run.ClientID
	case kind == toPrompt:
		client, _ = c.host.runs.client(runKey{c.tenant, c.ext.Manifest.ID, id})
	default:
		return "", abi.EUNSUP
	}
	if client == "" {
		return "", abi.ENOENT
	}
	return client, 0
}

func (c *call) wsSend(name, nameLen, ptr, n uint32) int32 {
	return c.event(c.run.ClientID, 0, c.text(name, nameLen), c.bytes(ptr, n))
}

func (c *call) wsPost(kind, id, idLen, name, nameLen, ptr, n uint32) int32 {
	to := c.text(id, idLen)
	client, e := c.target(kind, to)
	return c.event(client, e, c.text(name, nameLen), c.bytes(ptr, n))
}

// event sends a JSON object, unless there is a reason not to: found is the errno of finding its client.
func (c *call) event(client string, found int32, kind string, data []byte) int32 {
	switch {
	case c.host.c.Send == nil || !slices.Contains(c.ext.grant.WS, kind):
		return c.deny("ws", kind)
	case len(data) > abi.MaxMsgBytes:
		return abi.ETOOBIG
	}
	c.work(int64(len(data)))
	copied := bytes.Clone(data) // what is looked at is what is sent
	switch {
	case !json.Valid(copied) || copied[0] != '{':
		return abi.EUNSUP
	case found != 0:
		return found
	case !c.ext.events.take(c.tenant, time.Now()):
		return abi.EAGAIN
	}
	var err error
	c.park(func(ctx context.Context) {
		err = c.host.c.Send(ctx, client, "ext."+c.ext.Manifest.ID+"."+kind, copied)
	})
	if err != nil {
		c.note(err)
		return abi.EIO
	}
	return 0
}

// previewType is what must be granted for pictures.
const previewType = "preview"

func (c *call) wsImage(kind, id, idLen uint32, h int64, maxSide, format uint32) int32 {
	client, e := c.target(kind, c.text(id, idLen))
	img, ok := c.handle(h).val.(value.Image)
	switch {
	case c.host.c.Show == nil || !slices.Contains(c.ext.grant.WS, previewType):
		return c.deny("ws", previewType)
	case !ok || format > 1:
		return abi.EUNSUP
	case e != 0:
		return e
	case !c.ext.events.take(c.tenant, time.Now()):
		return abi.EAGAIN
	}
	p := c.previewOf(img, maxSide, format)
	var err error
	c.park(func(ctx context.Context) { err = c.host.c.Show(ctx, client, p) })
	if err != nil {
		c.note(err)
		return abi.EIO
	}
	return 0
}
