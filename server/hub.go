package server

import (
	"context"
	"encoding/json"
	"runtime"
	"sync"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Hub hands events to the sockets they are for. It is the engine's Bus within one process. Publish only appends to queues in
// memory, so that a slow reader slows nobody else.
type Hub struct {
	maxSockets, maxPerPeer int // 0 for no bound

	mu      sync.Mutex // guards the rest
	sockets map[*socket]struct{}
	byID    map[clientKey]*socket // the last socket of a client id
	peers   map[string]int        // sockets and streams by address
	taken   int                   // all of them
	preview preview               // the last one encoded or waiting
	streams map[*stream]struct{}
	hook    *Webhook
	past    past // what streams can be given again
	closed  bool
	next    int // pump

	pumps []pump // divide the sockets among themselves
}

type clientKey struct {
	tenant tenant.ID
	client string
}

// NewHub makes a Hub without sockets.
func NewHub() *Hub {
	return &Hub{sockets: map[*socket]struct{}{}, byID: map[clientKey]*socket{}, peers: map[string]int{}, streams: map[*stream]struct{}{}, pumps: make([]pump, runtime.GOMAXPROCS(0))}
}

// Publish queues an event for its sockets: the one of the client id, or all of the tenant when there is no id.
func (h *Hub) Publish(_ context.Context, e engine.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.message(e)
	if m.text != nil {
		h.past.add(clientKey{e.Tenant, e.ClientID}, m.text)
	}
	if h.hook != nil && e.Type == "status" {
		h.hook.changed(e.Tenant)
	}
	for s := range h.streams {
		if m.text != nil && (s.want == nil || s.want(e)) {
			s.nudge()
		}
	}
	if e.ClientID != "" {
		if s := h.byID[clientKey{e.Tenant, e.ClientID}]; s != nil {
			s.queue(m)
		}
		return
	}
	for s := range h.sockets {
		if s.key.tenant == e.Tenant {
			s.queue(m)
		}
	}
}

// Tell has a webhook told of what changes. The webhook is started already.
func (h *Hub) Tell(w *Webhook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hook = w
}

// message makes what sockets queue; an encoded preview is shared by all who get it.
func (h *Hub) message(e engine.Event) message {
	switch {
	case e.Preview != nil:
		if h.preview.encoded == nil || h.preview.of != e.Preview.Picture {
			h.preview = preview{of: e.Preview.Picture, encoded: sync.OnceValue(func() encoded { return encode(e.Preview.Picture) })}
		}
		return message{form: e.Preview.Form, meta: e.Preview.Meta, picture: h.preview.encoded}
	case e.Frame != nil:
		return message{frame: framed(opBinary, frame(e.Frame.Type, e.Frame.Data))}
	}
	b, _ := json.Marshal(struct { // strings and valid JSON always encode
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}{e.Type, e.Data})
	return textMessage(b)
}

// pump picks the pump of a new socket.
func (h *Hub) pump() *pump {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next = (h.next + 1) % len(h.pumps)
	return &h.pumps[h.next]
}

// reserve makes room for a socket from an address; false when there are too many. Addresses of this machine share the whole.
func (h *Hub) reserve(peer string, local bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.maxSockets > 0 && h.taken >= h.maxSockets || !local && h.maxPerPeer > 0 && h.peers[peer] >= h.maxPerPeer {
		return false
	}
	h.peers[peer]++
	h.taken++
	return true
}

// release gives the room back.
func (h *Hub) release(peer string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken--
	if h.peers[peer]--; h.peers[peer] <= 0 {
		delete(h.peers, peer)
	}
}

// add has a socket get events, after those that are for it alone: who has read them misses nothing that is published then.
func (h *Hub) add(s *socket, first ...message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range first {
		s.queue(m)
	}
	h.sockets[s] = struct{}{}
	h.byID[s.key] = s
	if h.closed {
		s.close()
	}
}

// remove forgets a socket. Its client id stays with a newer socket of the same id.
func (h *Hub) remove(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, s)
	if h.byID[s.key] == s {
		delete(h.byID, s.key)
	}
}

func (h *Hub) has(k clientKey) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.byID[k] != nil
}

// open counts sockets and streams.
func (h *Hub) open() (sockets, streams int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sockets), len(h.streams)
}

// Close ends all sockets and streams, after what waits for them.
func (h *Hub) Close() {
	h.end()
	for i := range h.pumps {
		h.pumps[i].stop()
	}
}

func (h *Hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.sockets {
		s.close()
	}
	for s := range h.streams {
		s.nudge()
	}
}
