package guest

import (
	"io"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Body is the body of a request that was too long to come with it, or a long file of a form. It is an io.Reader.
type Body struct {
	Handle abi.Handle
	Size   int64 // -1 when it is not known
}

// Read waits for bytes; at the end it is io.EOF.
func (b *Body) Read(p []byte) (int, error) {
	return readInto(hostBodyRead, b.Handle, p)
}

func readInto(call func(h int64, p, n uint32) int64, h abi.Handle, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	p, n := at(b)
	got := call(int64(h.ID), p, n)
	if got == 0 {
		return 0, io.EOF
	}
	if got < 0 {
		return 0, Error(int32(got))
	}
	return int(got), nil
}

// Asset is a form's file as an open one, for what needs to read at any place.
func (b *Body) Asset() Asset { return Asset{b.Handle} }

// body finds the stream of a request or a file.
func body(m abi.Map, size string) *Body {
	h, ok := m["stream"].(abi.Handle)
	if !ok {
		return nil
	}
	n, known := m[size].(int64)
	if !known {
		n = -1
	}
	return &Body{h, n}
}

// Answer is an answer that is sent piece by piece. What the route returns does not count then.
type Answer struct{}

// Begin sends the head of an answer, whose body is then written. The client sees each piece at once.
func (r *Request) Begin(status int, headers map[string]string) (Answer, error) {
	b, err := abi.Append(nil, map[string]any{"status": status, "headers": anyMap(headers)})
	if err != nil {
		return Answer{}, err
	}
	return Answer{}, check(int64(hostReplyHead(at(b))))
}

// Write sends a piece; when the client is gone it is Error(abi.ECANCEL).
func (Answer) Write(b []byte) (int, error) {
	p, n := at(b)
	got := hostReplyWrite(p, n)
	return max(int(got), 0), check(got)
}

// Events begins an answer of Server-Sent Events. The host keeps the connection alive while there are none.
func (r *Request) Events() (Events, error) {
	a, err := r.Begin(200, map[string]string{"content-type": "text/event-stream"})
	return Events{a}, err
}

// Events is a stream of Server-Sent Events.
type Events struct{ answer Answer }

// Send sends an event; name "" is of the type message, and id "" has none.
func (e Events) Send(name, id, data string) error {
	var b strings.Builder
	for _, f := range [][2]string{{"event", name}, {"id", id}} {
		if f[1] != "" {
			b.WriteString(f[0] + ": " + strings.NewReplacer("\n", " ", "\r", " ").Replace(f[1]) + "\n")
		}
	}
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data), "\n") {
		b.WriteString("data: " + line + "\n")
	}
	_, err := e.answer.Write([]byte(b.String() + "\n"))
	return err
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
