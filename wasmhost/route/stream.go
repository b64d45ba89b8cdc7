package route

import (
	"bytes"
	"errors"
	"net/http"
	"sync"
	"time"
)

const (
	// beatEvery is how long a stream of events may be silent: what stands between it and a browser cuts off what seems dead.
	beatEvery = 15 * time.Second
	// writeTime is how long a client may take none of a write.
	writeTime = 30 * time.Second
)

// beatText is a comment in a stream of events.
const beatText = ":\n\n"

// Exchange is a request that a route answers, and what of a streamed answer has gone. One goroutine uses it, but for the
// heartbeat of its own.
type Exchange struct {
	W     http.ResponseWriter
	R     *http.Request
	Limit int64 // bytes of the answer

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

// Began reports whether an answer has begun.
func (x *Exchange) Began() bool { return x.began }

// Begin sends the head. The answer is not packed, and goes at once; of one of events comments fill the silence.
func (x *Exchange) Begin(status int, events bool) error {
	h := x.W.Header()
	h.Set("Accept-Ranges", "none") // nothing on the way is to keep the answer until it is whole
	if events {
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Accel-Buffering", "no")
	}
	x.began = true
	// A client may still be sending its body. Recorders and HTTP/2 know no other way.
	_ = http.NewResponseController(x.W).EnableFullDuplex()
	x.W.WriteHeader(status)
	if events {
		x.done = make(chan struct{})
		x.beats.Go(x.beat)
	}
	return x.Write(nil)
}

// Take counts bytes that are to be written; false, and none, over the limit.
func (x *Exchange) Take(n int64) bool {
	if x.sent+n > x.Limit {
		return false
	}
	x.sent += n
	return true
}

// Write sends bytes, and waits while the client does not take them. It fails when the client is gone or End was called.
func (x *Exchange) Write(b []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.push(b)
}

func (x *Exchange) push(b []byte) error {
	if x.ended != nil {
		return x.ended
	}
	rc := http.NewResponseController(x.W)
	_ = rc.SetWriteDeadline(time.Now().Add(writeTime)) // recorders have none
	var err error
	if len(b) > 0 && x.R.Method != http.MethodHead {
		_, err = x.W.Write(b)
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
func (x *Exchange) whole() bool {
	return len(x.tail) == 0 || bytes.HasSuffix(x.tail, []byte("\n\n")) || bytes.HasSuffix(x.tail, []byte("\r\n\r\n"))
}

// beat writes comments while the stream is silent.
func (x *Exchange) beat() {
	t := time.NewTicker(beatEvery)
	defer t.Stop()
	for {
		select {
		case <-x.done:
			return
		case <-x.R.Context().Done():
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

// End ends the answer, and waits for the heartbeat to end.
func (x *Exchange) End() error {
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
