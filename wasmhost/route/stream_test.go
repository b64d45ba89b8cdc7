package route

import (
	"bytes"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// TestHeartbeat: a silent stream of events gets comments, and never inside of an event.
func TestHeartbeat(t *testing.T) {
	for _, x := range []struct {
		name   string
		pieces []string
		silent time.Duration
		want   string
	}{
		{"silence", nil, 40 * time.Second, beatText + beatText},
		{"between events", []string{"data: 1\n\n"}, 16 * time.Second, "data: 1\n\n" + beatText},
		{"with other ends of lines", []string{"data: 1\r\n\r", "\n"}, 16 * time.Second, "data: 1\r\n\r\n" + beatText},
		{"within an event", []string{"data: 1\n"}, 40 * time.Second, "data: 1\n"},
		{"not yet", []string{"data: 1\n\n"}, 14 * time.Second, "data: 1\n\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := httptest.NewRecorder()
				e := &Exchange{W: w, R: httptest.NewRequest("GET", "/", nil).WithContext(t.Context()), Limit: mib}
				if err := e.Begin(200, true); err != nil {
					t.Fatal(err)
				}
				for _, p := range x.pieces {
					if err := e.Write([]byte(p)); err != nil {
						t.Fatal(err)
					}
				}
				<-time.After(x.silent)
				_ = e.End()
				if got := w.Body.String(); got != x.want {
					t.Errorf("got %q, want %q", got, x.want)
				}
				if e.Write([]byte("x")) == nil {
					t.Error("an ended stream takes more")
				}
			})
		})
	}
}

// TestHeadOfStream: a HEAD is answered without a body.
func TestHeadOfStream(t *testing.T) {
	w := httptest.NewRecorder()
	e := &Exchange{W: w, R: httptest.NewRequest("HEAD", "/", nil), Limit: mib}
	_ = e.Begin(200, false)
	if err := e.Write(bytes.Repeat([]byte("x"), 100)); err != nil || w.Body.Len() > 0 {
		t.Errorf("%v, %d bytes", err, w.Body.Len())
	}
}
