package server

import (
	"io"
	"net/http"
	"time"
)

// Bounds on slow clients.
const (
	bodyGrace = 30 * time.Second // before a body must have come at slowest
	slowest   = 4 << 10          // bytes a second of a body, and of an answer
	sendGrace = time.Minute      // before an answer must have gone at slowest
)

// body is a request's body that must come at a pace: a client that sends a byte now and then holds a connection no longer
// than one that sends its whole body at the slowest pace.
type pacedBody struct {
	io.ReadCloser
	c     *http.ResponseController
	start time.Time
	grace time.Duration
	n     int64
}

// Read reads while the client keeps its pace; os.ErrDeadlineExceeded when it does not.
func (b *pacedBody) Read(p []byte) (int, error) {
	end := b.start.Add(b.grace + time.Duration(b.n/slowest)*time.Second)
	_ = b.c.SetReadDeadline(end) // in tests there is no connection
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	if err != nil {
		_ = b.c.SetReadDeadline(time.Time{}) // what follows may take its time
	}
	return n, err
}

// pace gives an answer of known length a time by which it must have gone; 0 or less is of unknown length.
func pace(w http.ResponseWriter, length int64) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendGrace + time.Duration(max(length, 0)/slowest)*time.Second))
}
