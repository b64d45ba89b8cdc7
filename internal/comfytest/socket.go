package comfytest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// socket is a WebSocket whose messages are buffered as they come.
type socket struct {
	conn *websocket.Conn
	wake chan struct{}
	done chan struct{} // the reader has ended

	mu    sync.Mutex // guards queue
	queue []any
}

// maxMessage bounds a message's size in bytes.
const maxMessage = 64 << 20

func (r *replay) dial(s *Step) (*websocket.Conn, *http.Response, error) {
	h := http.Header{}
	host := ""
	for k, v := range s.Headers {
		if strings.EqualFold(k, "host") {
			host = r.m.fill(v)
			continue
		}
		h.Set(k, r.m.fill(v))
	}
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	return websocket.Dial(ctx, r.rawURL(r.m.fill(s.Path)), &websocket.DialOptions{HTTPHeader: h, Host: host})
}

func (r *replay) connect(s *Step) string {
	c, _, err := r.dial(s)
	if err != nil {
		return err.Error()
	}
	c.SetReadLimit(maxMessage)
	k := &socket{conn: c, wake: make(chan struct{}, 1), done: make(chan struct{})}
	r.sockets[s.Ws] = k
	go k.read()
	return ""
}

func (r *replay) refused(s *Step) string {
	c, res, err := r.dial(s)
	if err == nil {
		c.CloseNow()
		return "the socket was accepted"
	}
	if res == nil || res.StatusCode != s.Status {
		return fmt.Sprintf("want status %d: %v", s.Status, err)
	}
	return ""
}

func (k *socket) read() {
	defer close(k.done)
	for {
		kind, data, err := k.conn.Read(context.Background())
		if err != nil {
			var c websocket.CloseError
			if errors.As(err, &c) {
				k.put(map[string]any{"close": json.Number(fmt.Sprint(int(c.Code)))})
			}
			return
		}
		if kind == websocket.MessageText {
			v, err := decode(data)
			if err != nil {
				v = map[string]any{"bad": string(data)}
			}
			k.put(v)
			continue
		}
		k.put(frame(data))
	}
}

func (k *socket) put(v any) {
	k.mu.Lock()
	k.queue = append(k.queue, v)
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *socket) peek() any {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.queue) == 0 {
		return nil
	}
	return k.queue[0]
}

func (k *socket) pop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queue = k.queue[1:]
}

// next waits for a message without taking it.
func (k *socket) next(end time.Time) any {
	for {
		if m := k.peek(); m != nil {
			return m
		}
		t := time.NewTimer(time.Until(end))
		select {
		case <-k.wake:
			t.Stop()
		case <-t.C:
			return nil
		}
	}
}

func (k *socket) send(ctx context.Context, text string) string {
	if err := k.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		return err.Error()
	}
	return ""
}

func (k *socket) close() {
	k.conn.Close(websocket.StatusNormalClosure, "")
	k.conn.CloseNow()
	<-k.done
}

// expect takes messages that must fit the patterns, in order.
func (k *socket) expect(m *matcher, patterns []json.RawMessage) string {
	end := time.Now().Add(patience)
	var last string
	for i, text := range patterns {
		p, err := decode(text)
		if err != nil {
			return err.Error()
		}
		if many, ok := manyOf(p); ok {
			k.swallow(m, many, end, i == len(patterns)-1)
			continue
		}
		got := k.next(end)
		if got == nil {
			return fmt.Sprintf("message %d: want %s, got none; the one before was %s", i, show(p), last)
		}
		if why := m.match(p, got); why != "" {
			return fmt.Sprintf("message %d: %s\n  in %s\n  after %s", i, why, show(got), last)
		}
		last = show(got)
		k.pop()
	}
	return ""
}

func manyOf(p any) ([]any, bool) {
	o, ok := p.(map[string]any)
	if !ok {
		return nil, false
	}
	list, ok := o["$many"].([]any)
	return list, ok
}

// swallow takes messages as long as they fit one of the patterns.
func (k *socket) swallow(m *matcher, patterns []any, end time.Time, last bool) {
	for {
		if last {
			end = time.Now()
		}
		got := k.next(end)
		if got == nil {
			return
		}
		fits := false
		for _, p := range patterns {
			if fits = m.match(p, got) == ""; fits {
				break
			}
		}
		if !fits {
			return
		}
		k.pop()
	}
}

// frame describes a binary message.
func frame(b []byte) any {
	num := func(n uint32) json.Number { return json.Number(fmt.Sprint(n)) }
	if len(b) < 8 {
		return map[string]any{"binary": "short"}
	}
	kind, n, rest := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), b[8:]
	f := map[string]any{"binary": num(kind)}
	switch kind {
	case 1:
		f["kind"], f["image"] = num(n), pictureOf(rest)
	case 3, 4:
		if int(n) > len(rest) {
			return map[string]any{"binary": "short"}
		}
		if kind == 3 {
			f["node"], f["text"] = string(rest[:n]), string(rest[n:])
			break
		}
		meta, err := decode(rest[:n])
		if err != nil {
			meta = string(rest[:n])
		}
		f["meta"], f["image"] = meta, pictureOf(rest[n:])
	}
	return f
}

// pictureOf describes a preview.
func pictureOf(b []byte) any {
	c, format, err := image.DecodeConfig(strings.NewReader(string(b)))
	if err != nil {
		return err.Error()
	}
	p := map[string]any{"format": strings.ToUpper(format), "width": json.Number(fmt.Sprint(c.Width)), "height": json.Number(fmt.Sprint(c.Height))}
	if format == "png" {
		sum, err := rgbaSum(b)
		if err != nil {
			return err.Error()
		}
		p["mode"], p["rgba_sha256"] = pngMode(b), sum
	}
	return p
}
