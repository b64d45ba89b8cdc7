package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Bounds on what is kept for streams that come back.
const (
	maxPast      = 4096
	maxPastBytes = 8 << 20
)

// past is the last JSON events in order. Ids count up from 1.
type past struct {
	events []pastEvent
	bytes  int
	next   uint64
}

type pastEvent struct {
	id   uint64
	key  clientKey
	text []byte
}

func (p *past) add(k clientKey, text []byte) {
	p.next++
	p.events = append(p.events, pastEvent{p.next, k, text})
	p.bytes += len(text)
	drop := 0
	for len(p.events)-drop > maxPast || p.bytes > maxPastBytes && drop < len(p.events)-1 {
		p.bytes -= len(p.events[drop].text)
		p.events[drop].text = nil
		drop++
	}
	p.events = p.events[drop:]
}

// since gives the events after an id that are for a client; whole is false when some before them are lost.
func (p *past) since(id uint64, k clientKey) (list []pastEvent, last uint64, whole bool) {
	if id > p.next { // of a server that lived before this one
		id, whole = 0, false
	} else {
		whole = len(p.events) == 0 || id+1 >= p.events[0].id
	}
	from := 0
	if len(p.events) > 0 && id >= p.events[0].id {
		from = int(id - p.events[0].id + 1)
	}
	for _, e := range p.events[min(from, len(p.events)):] {
		if e.key.tenant == k.tenant && (e.key.client == "" || e.key.client == k.client) {
			list = append(list, e)
		}
	}
	return list, p.next, whole
}

// stream is somebody who is told when there is something new.
type stream struct {
	wake chan struct{}
	want func(engine.Event) bool // nil for all
}

func (s *stream) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// watch makes a stream that is told of the events that it wants, or of every one; stop ends it.
func (h *Hub) watch(want func(engine.Event) bool) (s *stream, last uint64, stop func()) {
	s = &stream{wake: make(chan struct{}, 1), want: want}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams[s] = struct{}{}
	return s, h.past.next, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams, s)
	}
}

func (h *Hub) since(id uint64, k clientKey) (list []pastEvent, last uint64, whole, closed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list, last, whole = h.past.since(id, k)
	return list, last, whole, h.closed
}

// keepAlive is how often a quiet stream says that it lives.
const keepAlive = 15 * time.Second

// events is GET /cocoon/events: the JSON events of the WebSocket as Server-Sent Events. A client that comes back with
// Last-Event-ID gets what it missed; an event "lost" comes first when that is no longer there in full.
func (s *Server) events(w http.ResponseWriter, r *http.Request, _ params) error {
	peer, local := peerOf(r)
	if !s.c.Hub.reserve(peer, local) {
		return plain(http.StatusTooManyRequests)
	}
	defer s.c.Hub.release(peer)
	k := clientKey{tenant.Of(r.Context()), queryOf(r).Get("clientId")}
	str, at, stop := s.c.Hub.watch(nil)
	defer stop()
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		n, err := strconv.ParseUint(last, 10, 64)
		if err != nil {
			return fault.New(fault.BadRequest, "Last-Event-ID is %q; it must be the id of an event", last)
		}
		at = n
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(200)
	if r.Method == http.MethodHead {
		return nil
	}
	greeting := s.greeting(k)
	_, _ = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", at, greeting.text)
	s.tell(r.Context(), w, str, at, k)
	return nil
}

// tell writes events until the client goes or the hub closes.
func (s *Server) tell(ctx context.Context, w http.ResponseWriter, str *stream, at uint64, k clientKey) {
	c := http.NewResponseController(w)
	for {
		list, last, whole, closed := s.c.Hub.since(at, k)
		if !whole {
			_, _ = fmt.Fprintf(w, "event: lost\nid: %d\ndata: {}\n\n", at)
		}
		for _, e := range list {
			_, _ = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", e.id, e.text)
		}
		at = last
		_ = c.SetWriteDeadline(time.Now().Add(writeTimeout))
		if c.Flush() != nil || closed {
			return
		}
		quiet := time.NewTimer(keepAlive)
		select {
		case <-str.wake:
		case <-quiet.C:
			_, _ = fmt.Fprint(w, ": \n\n")
		case <-ctx.Done():
		}
		quiet.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// peerOf is the address a request comes from, and whether that is this machine.
func peerOf(r *http.Request) (addr string, local bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr, false
	}
	ip, err := netip.ParseAddr(host)
	return host, err == nil && ip.IsLoopback()
}
