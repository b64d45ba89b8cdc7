package wasmhost

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

const (
	// beatEvery is how long a stream of events may be silent: what stands between it and a browser cuts off what seems dead.
	beatEvery = 15 * time.Second
	// writeTime is how long a client may take none of a write.
	writeTime = 30 * time.Second
)

// beatText is a comment in a stream of events.
const beatText = ":\n\n"

// exchange is the request that a route answers, and what of a streamed answer has gone.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	limit int64 // bytes of the answer
	sent  int64
	began bool
	done  chan struct{} // ends the heartbeat; nil without one
	beats sync.WaitGroup

	mu    sync.Mutex // guards the rest, and w once there is a heartbeat
	last  time.Time  // of a write
	tail  []byte     // the last bytes, which say whether an event is whole
	ended error      // why no more can be written
}

var errEnded = errors.New("the stream has ended")

// begin sends the head. The answer is not packed, and goes at once.
func (x *exchange) begin(status int, events bool) error {
	h := x.w.Header()
	h.Set("Accept-Ranges", "none") // nothing on the way is to keep the answer until it is whole
	if events {
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Accel-Buffering", "no")
	}
	x.began = true
	// A client may still be sending its body. Recorders and HTTP/2 know no other way.
	_ = http.NewResponseController(x.w).EnableFullDuplex()
	x.w.WriteHeader(status)
	if events {
		x.done = make(chan struct{})
		x.beats.Go(x.beat)
	}
	return x.write(nil)
}

// write sends bytes, and waits while the client does not take them.
func (x *exchange) write(b []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.push(b)
}

func (x *exchange) push(b []byte) error {
	if x.ended != nil {
		return x.ended
	}
	rc := http.NewResponseController(x.w)
	_ = rc.SetWriteDeadline(time.Now().Add(writeTime)) // recorders have none
	var err error
	if len(b) > 0 && x.r.Method != http.MethodHead {
		_, err = x.w.Write(b)
	}
	if err == nil {
		err = rc.Flush()
	}
	if errors.Is(err, http.ErrNotSupported) {
		err = nil
	}
	if x.last, x.ended = time.Now(), err; len(b) > 0 {
		x.tail = append(x.tail, b[max(0, len(b)-4):]...)
		x.tail = append(x.tail[:0], x.tail[max(0, len(x.tail)-4):]...)
	}
	return err
}

// whole reports whether no event has begun and not ended.
func (x *exchange) whole() bool {
	return len(x.tail) == 0 || bytes.HasSuffix(x.tail, []byte("\n\n")) || bytes.HasSuffix(x.tail, []byte("\r\n\r\n"))
}

// beat writes comments while the stream is silent.
func (x *exchange) beat() {
	t := time.NewTicker(beatEvery)
	defer t.Stop()
	for {
		select {
		case <-x.done:
			return
		case <-x.r.Context().Done():
			return
		case <-t.C:
		}
		x.mu.Lock()
		if time.Since(x.last) >= beatEvery && x.whole() {
			_ = x.push([]byte(beatText)) // the next write says so
		}
		x.mu.Unlock()
	}
}

// end waits for the heartbeat to end.
func (x *exchange) end() error {
	if x.done != nil {
		close(x.done)
		x.beats.Wait()
		x.done = nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = errors.Join(x.ended, errEnded)
	return nil
}

func (c *call) replyHead(ptr, n uint32) int32 {
	x, m := c.exchange, c.message(ptr, n)
	if x == nil {
		return abi.EUNSUP
	}
	if x.began {
		return abi.ECONFLICT
	}
	h := http.Header{}
	status, err := putHead(h, m)
	if err != nil {
		c.note(err)
		return abi.EUNSUP
	}
	maps.Copy(x.w.Header(), h)
	events := kindOfText(h) == "text/event-stream"
	c.park(func(context.Context) { err = x.begin(status, events) })
	if err != nil {
		return abi.ECANCEL
	}
	return 0
}

func (c *call) replyWrite(ptr, n uint32) int64 {
	x, b := c.exchange, c.bytes(ptr, n)
	if x == nil || !x.began {
		return int64(abi.EUNSUP)
	}
	if x.sent+int64(n) > x.limit {
		c.note(fault.New(fault.TooLarge, "the answer is over %d bytes", x.limit))
		return int64(abi.ELIMIT)
	}
	c.work(int64(n))
	x.sent += int64(n)
	var err error
	c.park(func(context.Context) { err = x.write(b) })
	if err != nil || c.Err() != nil {
		return int64(abi.ECANCEL)
	}
	return int64(n)
}
