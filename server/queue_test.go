package server

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/testpack"
	"github.com/cocoonhq/cocoon/server/reply"
)

// measured is a store that counts what is read of lists, and fails when it is told to.
type measured struct {
	engine.Store
	reads  atomic.Int64 // of portions
	most   atomic.Int64 // jobs or records at a time
	failAt int64        // the read that fails; 0 for none
}

var errDisk = errors.New("the disk is gone")

func (w *measured) read(n int) error {
	if int64(n) > w.most.Load() {
		w.most.Store(int64(n))
	}
	if w.reads.Add(1) == w.failAt {
		return errDisk
	}
	return nil
}

// Jobs counts.
func (w *measured) Jobs(ctx context.Context, t tenant.ID, seqs []int64, p engine.Portion) ([]engine.Job, int, error) {
	list, n, err := w.Store.Jobs(ctx, t, seqs, p)
	return list, n, errors.Join(err, w.read(len(list)))
}

// Records counts.
func (w *measured) Records(ctx context.Context, t tenant.ID, marks []engine.Mark, p engine.Portion) ([]engine.Record, int, error) {
	list, n, err := w.Store.Records(ctx, t, marks, p)
	return list, n, errors.Join(err, w.read(len(list)))
}

// crowded is a server whose queue and history are filled by hand.
type crowded struct {
	*httptest.Server
	store  *measured
	engine *engine.Engine
}

// crowd makes a server that is not started, with so many finished and so many waiting prompts of so many bytes.
func crowd(t *testing.T, finished, waiting, size int) *crowded {
	t.Helper()
	store, err := sqlite.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	c := &crowded{store: &measured{Store: store}}
	c.fill(t, finished, waiting, size)
	reg, err := node.NewRegistry(testpack.Golden()...)
	if err != nil {
		t.Fatal(err)
	}
	hub := NewHub()
	if c.engine, err = engine.New(engine.Config{Registry: reg, Store: c.store, Bus: hub}); err != nil {
		t.Fatal(err)
	}
	c.Server = httptest.NewServer(New(Config{Engine: c.engine, Registry: reg, Hub: hub, Web: http.NotFoundHandler(), Compress: true,
		Memory: func() (total, free uint64) { return 2, 1 }}))
	t.Cleanup(func() {
		hub.Close()
		c.CloseClientConnections()
		c.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		store.Close()
	})
	return c
}

func (c *crowded) fill(t *testing.T, finished, waiting, size int) {
	t.Helper()
	prompt := json.RawMessage(`{"1":{"class_type":"GoldenEcho","inputs":{"value":"` + strings.Repeat("<é\\\" ", size/6) + `"}}}`)
	for i := range finished + waiting {
		created := 1000 + i/2
		j := engine.Job{PromptID: fmt.Sprintf("id%06d", i), Number: engine.Number{Value: float64(i)}, Prompt: prompt, Created: int64(created), Outputs: []string{"1"},
			Extra: json.RawMessage(fmt.Sprintf(`{"extra_pnginfo":{"workflow":{"id":"w%d"}},"create_time":%d}`, i%3, created))}
		if _, err := c.store.Put(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		if i >= finished {
			continue
		}
		l, _, err := c.store.Claim(t.Context(), "w", 1e12)
		if err != nil {
			t.Fatal(err)
		}
		status := fmt.Sprintf(`{"status_str":"success","completed":true,"messages":[["execution_start",{"timestamp":10}],["execution_success",{"timestamp":%d}]]}`, 11+i%5)
		o := engine.Outcome{State: engine.Completed, Outputs: json.RawMessage(`{"1":{"value":[1,"a, b: c"]}}`), Status: json.RawMessage(status), Meta: json.RawMessage(`{}`)}
		if err := c.store.Finish(t.Context(), l, o); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *crowded) do(t *testing.T, method, path, coding string) (*http.Response, []byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", coding)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, b, err
}

func unpacked(t *testing.T, coding string, b []byte) []byte {
	t.Helper()
	var z io.Reader = bytes.NewReader(b)
	var err error
	switch coding {
	case "gzip":
		z, err = gzip.NewReader(z)
	case "deflate":
		z, err = zlib.NewReader(z)
	}
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return b
}

// wholeQueue is the queue as one value that is encoded at once.
func wholeQueue(t *testing.T, c *crowded) any {
	q, err := c.engine.Queue(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	pending := []engine.Item{}
	for i, err := range q.Pending {
		if err != nil {
			t.Fatal(err)
		}
		pending = append(pending, i)
	}
	return struct {
		Running []engine.Item `json:"queue_running"`
		Pending []engine.Item `json:"queue_pending"`
	}{[]engine.Item{}, pending}
}

func wholeHistory(t *testing.T, c *crowded) any {
	h := engine.HistoryView{}
	for e, err := range c.engine.History(t.Context(), "", engine.HistoryQuery{Offset: -1}) {
		if err != nil {
			t.Fatal(err)
		}
		h = append(h, e)
	}
	return h
}

// TestLongLists: a list has the same bytes whether it is sent whole or in pieces, packed or not, and HEAD knows their number.
func TestLongLists(t *testing.T) {
	for _, row := range []struct {
		name, path string
		n, size    int
		value      func(*testing.T, *crowded) any
		whole      bool
	}{
		{"a short queue", "/queue", 3, 200, wholeQueue, true},
		{"a queue just under the bound", "/queue", 62, 896, wholeQueue, true},
		{"a long queue", "/queue", 200, 600, wholeQueue, false},
		{"one large prompt", "/api/queue", 1, 3 << 20, wholeQueue, false},
		{"a short history", "/history", 3, 200, wholeHistory, true},
		{"a long history", "/api/history", 150, 600, wholeHistory, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := crowd(t, row.n, row.n, row.size)
			sure := httptest.NewRecorder()
			reply.JSON(sure, 200, row.value(t, c))
			want := sure.Body.String()
			for _, coding := range []string{"identity", "gzip", "deflate"} {
				offer := strings.Replace(coding, "deflate", "gzip, deflate", 1)
				res, b, err := c.do(t, "GET", row.path, offer)
				if err != nil || res.StatusCode != 200 {
					t.Fatal(res.Status, err)
				}
				if got := string(unpacked(t, coding, b)); got != want {
					t.Errorf("%s: %d bytes, want %d: %.200s", coding, len(got), len(want), got)
				}
				if whole := res.ContentLength >= 0; whole != row.whole {
					t.Errorf("%s: length %d; is it whole: want %v", coding, res.ContentLength, row.whole)
				}
				if kind := res.Header.Get("Content-Type"); kind != "application/json; charset=utf-8" {
					t.Errorf("%s: type %q", coding, kind)
				}
				if packed := res.Header.Get("Content-Encoding"); coding != "identity" && packed != coding {
					t.Errorf("packed as %q, want %q", packed, coding)
				}
				res, b, err = c.do(t, "HEAD", row.path, offer)
				if err != nil || len(b) != 0 || res.ContentLength != int64(len(want)) {
					t.Errorf("%s: HEAD tells %d bytes and has %d, %v; want %d and none", coding, res.ContentLength, len(b), err, len(want))
				}
			}
			if c.store.most.Load() > 128 {
				t.Errorf("%d jobs were read at a time", c.store.most.Load())
			}
		})
	}
}

// failing is a client that takes so many writes.
type failing struct {
	http.ResponseWriter
	left    int
	largest int
	tried   int
}

func (f *failing) Write(b []byte) (int, error) {
	f.tried++
	f.largest = max(f.largest, len(b))
	if f.left--; f.left < 0 {
		return 0, errors.New("the client has gone")
	}
	return len(b), nil
}

// TestVanishedReader: nothing more is read or written for a client that has gone.
func TestVanishedReader(t *testing.T) {
	c := crowd(t, 700, 700, 1000)
	for path, reads := range map[string]int64{"/queue": 2, "/history": 2, "/api/jobs": 9} { // of 6, 6 and 12
		c.store.reads.Store(0)
		f := &failing{ResponseWriter: httptest.NewRecorder(), left: 1}
		aborted := func() (p any) {
			defer func() { p = recover() }()
			c.Config.Handler.ServeHTTP(f, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
			return nil
		}()
		if aborted != http.ErrAbortHandler {
			t.Errorf("%s: the answer ended with %v", path, aborted)
		}
		if f.tried > 2 || f.largest > 2*longest || c.store.reads.Load() > reads {
			t.Errorf("%s: %d writes of up to %d bytes, %d reads", path, f.tried, f.largest, c.store.reads.Load())
		}
	}
}

// TestListBreaksOff: when the store fails in the midst of a list, the client does not take the part for the whole; when it fails
// before anything has gone out, the client is told.
func TestListBreaksOff(t *testing.T) {
	c := crowd(t, 700, 700, 1000)
	for path, late := range map[string]int64{"/queue": 5, "/history": 5, "/api/jobs": 9} {
		for _, coding := range []string{"identity", "gzip"} {
			c.store.reads.Store(0)
			c.store.failAt = late
			if res, b, err := c.do(t, "GET", path, coding); res.StatusCode != 200 || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, %s: %s, %d bytes, %v; want a broken connection", path, coding, res.Status, len(b), err)
			}
			c.store.reads.Store(0)
			c.store.failAt = 1
			res, b, err := c.do(t, "GET", path, coding)
			if err != nil || res.StatusCode != 500 || !bytes.Contains(unpacked(t, res.Header.Get("Content-Encoding"), b), []byte(`"error"`)) {
				t.Errorf("%s, %s: %s, %v; want to be told", path, coding, res.Status, err)
			}
		}
	}
}

// TestSlowReaders: clients that do not read on hold up nobody, and get a list that is whole when they do.
func TestSlowReaders(t *testing.T) {
	const waiting = 250
	c := crowd(t, 0, waiting, 80<<10) // more than the system keeps for a client
	var conns []net.Conn
	for _, path := range []string{"/queue", "/api/queue", "/queue", "/queue", "/queue", "/queue"} { // more than the store has connections
		conn, err := net.Dial("tcp", c.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	var readers []*bufio.Reader
	for _, conn := range conns {
		b := bufio.NewReaderSize(conn, 4<<10)
		if _, err := b.Peek(1); err != nil { // the answer has begun
			t.Fatal(err)
		}
		readers = append(readers, b)
	}
	if _, err := c.engine.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(`{"1":{"class_type":"GoldenEcho","inputs":{"value":"1"}}}`)}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/prompt", "/api/jobs?limit=2", "/history"} {
		if res, _, err := c.do(t, "GET", path, "identity"); err != nil || res.StatusCode != 200 {
			t.Fatal(path, res.Status, err)
		}
	}
	l, ok, err := c.store.Claim(t.Context(), "w", 1e12)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	j := json.RawMessage("{}")
	if err := c.store.Finish(t.Context(), l, engine.Outcome{State: engine.Completed, Outputs: j, Status: j, Meta: j}); err != nil {
		t.Fatal(err)
	}
	if err := c.engine.Clear(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	for i, b := range readers {
		seen := readQueue(t, b)
		if len(seen) == 0 || len(seen) >= waiting {
			t.Errorf("client %d got %d of %d prompts; those that were not yet read when the queue was cleared are gone", i, len(seen), waiting)
		}
	}
}

// readQueue reads an answer that has begun, and gives the ids of what waits, each of which may be there but once.
func readQueue(t *testing.T, b *bufio.Reader) map[string]bool {
	t.Helper()
	res, err := http.ReadResponse(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var v struct {
		Pending [][]json.RawMessage `json:"queue_pending"`
	}
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, item := range v.Pending {
		id := string(item[1])
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
	}
	return seen
}
