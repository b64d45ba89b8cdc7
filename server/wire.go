package server

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// wire is the connection of a WebSocket. It takes whole frames from the hub beside those that the library sends by itself, which
// answer pings and closing; each goes out in one piece.
type wire struct {
	net.Conn
	raw syscall.RawConn // nil where the system's writes cannot be reached, as under TLS

	mu   sync.Mutex // held while a frame is written; guards rest
	rest []byte     // of a frame that had no room
}

func newWire(c net.Conn) *wire {
	w := &wire{Conn: c}
	if s, ok := c.(syscall.Conn); ok {
		w.raw, _ = s.SyscallConn() // without it, writes wait
	}
	return w
}

// Write writes all of b, and before it what is left of an earlier frame. It may wait for the client.
func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.flush(); err != nil {
		return 0, err
	}
	return w.Conn.Write(b)
}

// flush writes what is left of a frame. w.mu is held.
func (w *wire) flush() error {
	rest := w.rest
	w.rest = nil
	if len(rest) == 0 {
		return nil
	}
	_, err := w.Conn.Write(rest)
	return err
}

// try writes frames as far as there is room, without waiting. taken is false when nothing was written; all is false when part of
// b is left too. Then the caller has to call finish.
func (w *wire) try(b []byte) (taken, all bool, err error) {
	if w.raw == nil || !w.mu.TryLock() {
		return false, false, nil
	}
	defer w.mu.Unlock()
	if len(w.rest) > 0 {
		return false, false, nil
	}
	n, err := writeNow(w.raw, b)
	if n > 0 && n < len(b) {
		w.rest = append([]byte(nil), b[n:]...)
	}
	return n > 0, n == len(b), err
}

// finish writes what is left of a frame and then b, which the client has a time to take.
func (w *wire) finish(b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.SetWriteDeadline(time.Now().Add(writeTimeout))
	err := w.flush()
	if err == nil && len(b) > 0 {
		_, err = w.Conn.Write(b)
	}
	_ = w.SetWriteDeadline(time.Time{})
	return err
}

// wired gives the library that upgrades a request a wire in the place of the connection.
type wired struct {
	http.ResponseWriter
	accepted func() // is called when the upgrade is certain and the client does not know it yet
	wire     *wire  // after the upgrade
}

// Hijack takes the connection over, which sends the answer.
func (w *wired) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.accepted()
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.wire = newWire(conn)
	const control = 256 // bytes: all that goes this way are short frames
	return w.wire, bufio.NewReadWriter(rw.Reader, bufio.NewWriterSize(w.wire, control)), nil
}

// Unwrap gives the writer below.
func (w *wired) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Opcodes of WebSocket frames. Source: RFC 6455, section 5.2.
const (
	opText   = 1
	opBinary = 2
)

// frameHead is the most bytes before a frame's payload.
const frameHead = 10

// appendHead writes the head of a server's frame that is a whole message.
func appendHead(b []byte, op byte, payload int) []byte {
	const last = 0x80
	b = append(b, last|op)
	switch {
	case payload < 126:
		return append(b, byte(payload))
	case payload < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, 126), uint16(payload))
	}
	return binary.BigEndian.AppendUint64(append(b, 127), uint64(payload))
}

// framed is a payload as a frame.
func framed(op byte, payload []byte) []byte {
	return append(appendHead(make([]byte, 0, frameHead+len(payload)), op, len(payload)), payload...)
}
