package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

const (
	maxClientID  = 256
	maxIncoming  = 4 << 20          // bytes of a client's message
	maxQueued    = 64 << 20         // bytes that wait for a client before it is cut off
	writeTimeout = 30 * time.Second // for one message
)

// message is what a socket sends: a frame, or a preview that is encoded when its turn comes.
type message struct {
	frame   []byte
	text    []byte // the payload of a frame of text, within frame
	form    uint32 // of a preview
	meta    engine.PreviewMeta
	picture func() encoded
}

func (m message) size() int { return len(m.frame) + 64 }

// socket is one client's WebSocket. Its queue is unbounded in messages and bounded in bytes: who reads too slowly is cut off
// and comes back.
type socket struct {
	key  clientKey
	wire *wire
	pump *pump
	end  func()         // ends the socket; may be called again
	work sync.WaitGroup // the goroutine that drains, when there is one

	mu       sync.Mutex // guards the rest
	waiting  []message
	bytes    int
	meta     bool // the client takes previews with metadata
	closed   bool
	listed   bool // the pump has been told
	draining bool // a goroutine writes in the pump's place, or there is no wire yet
	left     bool // the handler has gone
}

func (s *socket) queue(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || m.picture != nil && (m.form == engine.FramePictureMeta) != s.meta {
		return
	}
	if s.bytes += m.size(); s.bytes > maxQueued {
		s.closed, s.waiting = true, nil
		s.end()
		return
	}
	s.waiting = append(s.waiting, m)
	s.tell()
}

// close ends the socket after what waits for it.
func (s *socket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.tell()
}

// tell has the pump look at the socket. s.mu is held.
func (s *socket) tell() {
	if !s.listed && !s.draining {
		s.listed = true
		s.pump.push(s)
	}
}

// open gives the socket its wire and has what waits for it written.
func (s *socket) open(w *wire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wire, s.draining = w, false
	s.tell()
}

// take gives what waits, unless a goroutine writes; open is false when the socket is to end after it.
func (s *socket) take() (ms []message, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = false
	if s.draining {
		return nil, true
	}
	ms, s.waiting, s.bytes = s.waiting, nil, 0
	return ms, !s.closed
}

// fail ends the socket at once.
func (s *socket) fail() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.draining, s.waiting = true, false, nil
	s.end()
}

// drain starts a goroutine that writes messages, and those that come meanwhile, at the pace of the client. Until it is done the
// pump leaves the socket alone.
func (s *socket) drain(ms []message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && s.left {
		s.end()
		return
	}
	s.draining = true
	s.work.Go(func() {
		for more := true; more; ms, more = s.next() {
			if s.write(ms) != nil {
				s.fail()
				return
			}
		}
	})
}

// next gives what has come while a goroutine wrote; more is false when it is to end, which the socket then knows.
func (s *socket) next() (ms []message, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms, s.waiting, s.bytes = s.waiting, nil, 0
	if s.draining = len(ms) > 0; !s.draining && s.closed {
		s.end()
	}
	return ms, s.draining
}

// leave waits for the goroutine that drains. None starts any more.
func (s *socket) leave() {
	s.mu.Lock()
	s.closed, s.left = true, true
	s.mu.Unlock()
	s.work.Wait()
}

// write writes messages and waits for the client to take them.
func (s *socket) write(ms []message) error {
	if err := s.wire.finish(nil); err != nil {
		return err
	}
	for _, m := range ms {
		b := m.frame
		if m.picture != nil {
			e := m.picture()
			if e.bytes == nil {
				continue
			}
			b = framed(opBinary, previewFrame(m.form, m.meta, e))
		}
		if err := s.wire.finish(b); err != nil {
			return err
		}
	}
	return nil
}

// socket is GET /ws.
func (s *Server) socket(w http.ResponseWriter, r *http.Request, _ params) error {
	if r.Header.Get("Upgrade") == "" {
		// Compat: the framework's words.
		if a := inner(w); a != nil {
			a.raised = true
		}
		reply.Text(w, 400, "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\".")
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
	ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
	defer stop()
	sock := &socket{key: clientKey{tenant.Of(r.Context()), id}, pump: s.c.Hub.pump(), end: stop, draining: true}
	// The client may ask for a prompt as soon as it has the answer, so it must be known before that.
	up := &wired{ResponseWriter: w, accepted: func() { s.join(sock) }}
	// Other sites were refused before; the library need not look again.
	conn, err := websocket.Accept(up, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		s.c.Hub.remove(sock)
		return nil // it has answered
	}
	conn.SetReadLimit(maxIncoming)
	sock.open(up.wire)
	put, end := s.toExtensions(ctx, r, id)
	s.listen(ctx, conn, sock, put)
	end()
	s.c.Hub.remove(sock)
	_ = conn.CloseNow()
	sock.leave()
	return nil
}

// join has a socket get events, after those that greet it.
func (s *Server) join(sock *socket) {
	first := []message{s.greeting(sock.key)}
	if node, ok := s.c.Engine.Current(sock.key.tenant, sock.key.client); ok {
		first = append(first, event("executing", map[string]string{"node": node}))
	}
	s.c.Hub.add(sock, first...)
}

func (s *Server) greeting(k clientKey) message {
	return event("status", map[string]any{
		"status": map[string]any{"exec_info": map[string]any{"queue_remaining": s.c.Engine.Remaining(k.tenant)}},
		"sid":    k.client,
	})
}

func event(kind string, data any) message {
	b, _ := json.Marshal(map[string]any{"type": kind, "data": data}) // plain data always encodes
	return textMessage(b)
}

// textMessage is a message of text.
func textMessage(text []byte) message {
	f := framed(opText, text)
	return message{frame: f, text: f[len(f)-len(text):]}
}

// messageTaker is an ability of Config.Extensions: to take what clients say to extensions.
type messageTaker interface {
	// Listen takes the messages of a client's socket, whose tenant ctx carries. put never waits; end stops what still runs, and waits.
	Listen(ctx context.Context, clientID string) (put func(messageType string, data []byte), end func())
}

// maxToExtension bounds a client's message to an extension: the extension bounds its data, this what is read to find that out.
const maxToExtension = 128 << 10

// toExtensions gives what takes a client's messages of types ext.…, unless the role of its key is for looking only.
func (s *Server) toExtensions(ctx context.Context, r *http.Request, id string) (put func(text []byte) bool, end func()) {
	l, ok := s.c.Extensions.(messageTaker)
	if !ok || allowed(r, tenant.ToWrite) != nil {
		return func([]byte) bool { return false }, func() {}
	}
	hand, end := l.Listen(ctx, id)
	return func(text []byte) bool {
		if len(text) > maxToExtension || !bytes.Contains(text, []byte(`"ext.`)) {
			return false
		}
		var m struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		if json.Unmarshal(text, &m) != nil || !strings.HasPrefix(m.Type, "ext.") {
			return false
		}
		hand(m.Type, m.Data)
		return true
	}, end
}

// listen reads what the client says: what is for an extension goes to put. Compat: of the rest only the first valid message counts,
// and only when it tells feature flags.
func (s *Server) listen(ctx context.Context, conn *websocket.Conn, sock *socket, put func(text []byte) bool) {
	first := true
	for {
		kind, b, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageText || put(b) || !first {
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
