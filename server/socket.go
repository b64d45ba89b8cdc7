package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

const (
	maxClientID  = 256
	maxIncoming  = 4 << 20          // bytes of a client's message
	maxQueued    = 64 << 20         // bytes that wait for a client before it is cut off
	writeTimeout = 30 * time.Second // for one message
)

// message is what a socket sends: text, binary, or a preview that is encoded when its turn comes.
type message struct {
	text    []byte
	binary  []byte
	form    uint32 // of a preview
	meta    engine.PreviewMeta
	picture func() encoded
}

func (m message) size() int { return len(m.text) + len(m.binary) + 64 }

// socket is one client's WebSocket. Its queue is unbounded in messages and bounded in bytes: who reads too slowly is cut off
// and comes back.
type socket struct {
	key  clientKey
	wake chan struct{}

	mu      sync.Mutex // guards the rest
	waiting []message
	bytes   int
	meta    bool // the client takes previews with metadata
	closed  bool
}

func (s *socket) queue(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || m.picture != nil && (m.form == engine.FramePictureMeta) != s.meta {
		return
	}
	if s.bytes += m.size(); s.bytes > maxQueued {
		s.closed, s.waiting = true, nil
	} else {
		s.waiting = append(s.waiting, m)
	}
	s.nudge()
}

func (s *socket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.nudge()
}

func (s *socket) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take gives what waits; open is false when the socket is to end.
func (s *socket) take() (ms []message, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms, s.waiting, s.bytes = s.waiting, nil, 0
	return ms, !s.closed
}

// socket is GET /ws.
func (s *Server) socket(w http.ResponseWriter, r *http.Request, _ params) error {
	if r.Header.Get("Upgrade") == "" {
		// Compat: the framework's words.
		if a := inner(w); a != nil {
			a.raised = true
		}
		text(w, 400, "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\".")
		return nil
	}
	id := queryOf(r).Get("clientId")
	if id == "" {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails
		id = hex.EncodeToString(b[:])
	}
	if len(id) > maxClientID {
		return fault.New(fault.BadRequest, "clientId has %d characters; it must have up to %d", len(id), maxClientID)
	}
	peer, local := peerOf(r)
	if !s.c.Hub.reserve(peer, local) {
		return plain(http.StatusTooManyRequests)
	}
	defer s.c.Hub.release(peer)
	// Other sites were refused before; the library need not look again.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil // it has answered
	}
	conn.SetReadLimit(maxIncoming)
	sock := &socket{key: clientKey{tenant.Of(r.Context()), id}, wake: make(chan struct{}, 1)}
	sock.queue(s.greeting(sock.key))
	if node, ok := s.c.Engine.Current(sock.key.tenant, id); ok {
		sock.queue(event("executing", map[string]string{"node": node}))
	}
	s.c.Hub.add(sock)
	defer s.c.Hub.remove(sock)
	ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
	defer stop()
	var reading sync.WaitGroup
	reading.Go(func() {
		defer stop()
		s.listen(ctx, conn, sock)
	})
	talk(ctx, conn, sock)
	_ = conn.CloseNow()
	stop()
	reading.Wait()
	return nil
}

func (s *Server) greeting(k clientKey) message {
	return event("status", map[string]any{
		"status": map[string]any{"exec_info": map[string]any{"queue_remaining": s.c.Engine.Remaining(k.tenant)}},
		"sid":    k.client,
	})
}

func event(kind string, data any) message {
	b, _ := json.Marshal(map[string]any{"type": kind, "data": data}) // plain data always encodes
	return message{text: b}
}

// listen reads what the client says. Compat: only the first valid message counts, and only when it tells feature flags.
func (s *Server) listen(ctx context.Context, conn *websocket.Conn, sock *socket) {
	first := true
	for {
		kind, b, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if !first || kind != websocket.MessageText {
			continue
		}
		var m struct {
			Type string         `json:"type"`
			Data map[string]any `json:"data"`
		}
		if !json.Valid(b) {
			continue
		}
		first = false
		if json.Unmarshal(b, &m) != nil || m.Type != "feature_flags" {
			continue
		}
		sock.mu.Lock()
		sock.meta = m.Data["supports_preview_metadata"] == true
		sock.mu.Unlock()
		sock.queue(event("feature_flags", s.flags()))
	}
}

// talk sends what is queued until the socket or ctx ends.
func talk(ctx context.Context, conn *websocket.Conn, sock *socket) {
	for {
		ms, open := sock.take()
		for _, m := range ms {
			if send(ctx, conn, m) != nil {
				return
			}
		}
		if !open {
			return
		}
		if len(ms) > 0 {
			continue
		}
		select {
		case <-sock.wake:
		case <-ctx.Done():
			return
		}
	}
}

func send(ctx context.Context, conn *websocket.Conn, m message) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	switch {
	case m.picture != nil:
		e := m.picture()
		if e.bytes == nil {
			return nil
		}
		return conn.Write(ctx, websocket.MessageBinary, previewFrame(m.form, m.meta, e))
	case m.binary != nil:
		return conn.Write(ctx, websocket.MessageBinary, m.binary)
	}
	return conn.Write(ctx, websocket.MessageText, m.text)
}
