package server

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// timed is a connection that remembers by when its writes must have gone.
type timed struct {
	http.ResponseWriter
	ends   []time.Time
	writes []int // bytes
}

// SetWriteDeadline is what http.ResponseController calls.
func (w *timed) SetWriteDeadline(t time.Time) error {
	w.ends = append(w.ends, t)
	return nil
}

// Write counts.
func (w *timed) Write(b []byte) (int, error) {
	w.writes = append(w.writes, len(b))
	return len(b), nil
}

// TestPieces: an answer goes out in pieces of about a size, and a client has longer for it the more has gone.
func TestPieces(t *testing.T) {
	const item, n = 10_000, 100 // bytes
	w := &timed{ResponseWriter: httptest.NewRecorder()}
	l := newLongAnswer(w, httptest.NewRequestWithContext(t.Context(), "GET", "/queue", nil))
	compact := `"` + strings.Repeat("x", item-2) + `"`
	begun := time.Now()
	for i := range n {
		if !l.member(i == 0, func(b []byte) []byte { return append(b, compact...) }) {
			t.Fatal(l.err)
		}
	}
	if err := l.end(nil); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, b := range w.writes {
		total += b
		if b > longest+item {
			t.Errorf("a piece of %d bytes", b)
		}
	}
	if total != n*item+(n-1)*len(", ") || len(w.ends) != len(w.writes) {
		t.Errorf("%d bytes in %d pieces, %d deadlines", total, len(w.writes), len(w.ends))
	}
	sent := 0
	for i, end := range w.ends {
		sent += w.writes[i]
		if least := begun.Add(sendGrace + time.Duration(sent/slowest)*time.Second); end.Before(least) {
			t.Errorf("piece %d must have gone by %v, want %v or later", i, end, least)
		}
	}
}

// TestFlushedTextsArePacked: a text that is flushed reaches the client before it is whole, packed.
func TestFlushedTextsArePacked(t *testing.T) {
	goOn := make(chan struct{})
	s := httptest.NewServer(compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "[1")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodHead {
			select {
			case <-goOn:
			case <-r.Context().Done(): // the test has failed
			}
		}
		_, _ = io.WriteString(w, ",2]")
	})))
	defer s.Close()
	defer s.CloseClientConnections()
	for _, row := range []struct{ method, offer, coding, first, rest string }{
		{"GET", "gzip", "gzip", "[1", ",2]"}, {"GET", "deflate, gzip", "deflate", "[1", ",2]"}, {"GET", "br", "", "[1", ",2]"}, {"HEAD", "gzip", "gzip", "", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), row.method, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", row.offer)
		res, err := s.Client().Transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Content-Encoding"); got != row.coding {
			t.Errorf("%s is packed as %q", row.offer, got)
		}
		var body io.Reader = res.Body
		switch {
		case row.method == "HEAD":
		case row.coding == "gzip":
			body, err = gzip.NewReader(body)
		case row.coding == "deflate":
			body, err = zlib.NewReader(body)
		}
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, len(row.first))
		if _, err := io.ReadFull(body, first); err != nil || string(first) != row.first {
			t.Errorf("%s: %q, %v came first", row.offer, first, err)
		}
		if row.method == "GET" {
			select {
			case goOn <- struct{}{}:
			case <-t.Context().Done():
			}
		}
		if rest, err := io.ReadAll(body); err != nil || string(rest) != row.rest {
			t.Errorf("%s: %q, %v came then", row.offer, rest, err)
		}
		_ = res.Body.Close()
	}
}
