package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/server/reply"
)

// longest is up to how many bytes an answer is sent whole, with its length. A longer one goes out as it is made, in pieces of about
// that size, so that its length costs no memory.
const longest = 64 << 10

// longAnswer is an answer of JSON that may be of any length. What is added must be of the form that spaced gives.
type longAnswer struct {
	w     http.ResponseWriter
	r     *http.Request
	text  []byte    // not sent yet
	spare []byte    // for compact JSON
	sent  int64     // bytes; of HEAD, those that would have been
	began time.Time // of sending; zero before
	err   error     // the first of sending
}

func newLongAnswer(w http.ResponseWriter, r *http.Request) *longAnswer {
	return &longAnswer{w: w, r: r}
}

// add adds text as it is. It reports whether it makes sense to go on.
func (l *longAnswer) add(text string) bool {
	l.text = append(l.text, text...)
	return l.full()
}

// member adds an item of a list, or a member of an object, from its compact JSON; first tells whether it is the first one. It
// reports whether it makes sense to go on.
func (l *longAnswer) member(first bool, compact func(b []byte) []byte) bool {
	if !first {
		l.text = append(l.text, ", "...)
	}
	l.spare = compact(l.spare[:0])
	l.text = reply.AppendSpaced(l.text, l.spare)
	return l.full()
}

// full sends what has come together when it is enough.
func (l *longAnswer) full() bool {
	if len(l.text) >= longest && l.err == nil {
		l.err = l.send()
	}
	return l.err == nil
}

// send sends what has come together. The client has as much time for it as for an answer of known length.
func (l *longAnswer) send() error {
	l.sent += int64(len(l.text))
	text := l.text
	if l.text = l.text[:0]; cap(text) > 4*longest {
		l.text, l.spare = nil, nil // of one that was large
	}
	if l.r.Method == http.MethodHead {
		return l.r.Context().Err()
	}
	c := http.NewResponseController(l.w)
	begin := l.began.IsZero()
	if begin {
		l.began = time.Now()
		l.w.Header().Set("Content-Type", "application/json; charset=utf-8")
		l.w.WriteHeader(http.StatusOK)
	}
	_ = c.SetWriteDeadline(l.began.Add(sendGrace + time.Duration(l.sent/slowest)*time.Second)) // in tests there is no connection
	if begin {
		if err := c.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	_, err := l.w.Write(text)
	return err
}

// end sends the rest, or tells of err. An answer of which a part has gone out cannot be taken back: the connection is cut, so that
// nobody takes what has come for the whole.
func (l *longAnswer) end(err error) error {
	if err = errors.Join(err, l.err); err == nil && !l.began.IsZero() {
		err = l.send()
	}
	switch {
	case err == nil && !l.began.IsZero():
		return nil
	case err == nil && l.r.Method == http.MethodHead:
		l.w.Header().Set("Content-Type", "application/json; charset=utf-8")
		l.w.Header().Set("Content-Length", strconv.FormatInt(l.sent+int64(len(l.text)), 10))
		l.w.WriteHeader(http.StatusOK)
		return nil
	case err == nil:
		reply.Raw(l.w, http.StatusOK, l.text)
		return nil
	case l.began.IsZero():
		return err
	}
	if l.err == nil && l.r.Context().Err() == nil && !errors.Is(err, context.Canceled) {
		zerolog.Ctx(l.r.Context()).Error().Err(err).Str("path", l.r.URL.Path).Msg("a list broke off")
	}
	panic(http.ErrAbortHandler)
}
