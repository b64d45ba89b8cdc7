package wasmhost

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// eventsPerSecond bounds an extension's events.
const eventsPerSecond = 50

// rate is a bucket of events that fills with time.
type rate struct {
	mu   sync.Mutex
	have float64
	at   time.Time
}

func (r *rate) take(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at.IsZero() {
		r.have = eventsPerSecond
	} else {
		r.have = min(eventsPerSecond, r.have+now.Sub(r.at).Seconds()*eventsPerSecond)
	}
	r.at = now
	if r.have < 1 {
		return false
	}
	r.have--
	return true
}

func (c *call) wsSend(name, nameLen, ptr, n uint32) int32 {
	kind, data := c.text(name, nameLen), c.bytes(ptr, n)
	switch {
	case c.host.c.Send == nil || !slices.Contains(c.ext.grant.WS, kind):
		return abi.EPERM
	case len(data) > abi.MaxMsgBytes:
		return abi.ETOOBIG
	case !json.Valid(data) || len(data) == 0 || data[0] != '{':
		return abi.EUNSUP
	case !c.ext.events.take(time.Now()):
		return abi.EAGAIN
	}
	copied := append([]byte(nil), data...)
	var err error
	c.park(func(ctx context.Context) {
		err = c.host.c.Send(ctx, c.run.ClientID, "ext."+c.ext.Manifest.ID+"."+kind, copied)
	})
	if err != nil {
		c.note(err)
		return abi.EIO
	}
	return 0
}
