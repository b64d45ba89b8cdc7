package server

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// maxLogEntries is how many lines of the log are kept. Compat.
const maxLogEntries = 300

// maxLogEntry bounds the bytes of one.
const maxLogEntry = 16 << 10

// Logs keeps the last lines of the log for clients. It is an io.Writer for a logger without colours.
type Logs struct {
	mu        sync.Mutex // guards the rest
	entries   []logEntry
	followers map[clientKey]bool
	hub       *Hub
}

type logEntry struct {
	at   time.Time
	text string
}

func (e logEntry) view() *doc.Object {
	return doc.Of("t", e.at.Format("2006-01-02T15:04:05.000000"), "m", e.text)
}

// Write keeps a line. Compat: one that starts with a carriage return takes the place of a line that was not ended.
func (l *Logs) Write(b []byte) (int, error) {
	t := string(b[:min(len(b), maxLogEntry)])
	e := logEntry{time.Now(), t}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.entries)
	if strings.HasPrefix(t, "\r") && n > 0 && !strings.HasSuffix(l.entries[n-1].text, "\n") {
		l.entries[n-1] = e
	} else {
		l.entries = append(l.entries, e)
	}
	if len(l.entries) > maxLogEntries {
		l.entries = append(l.entries[:0:0], l.entries[len(l.entries)-maxLogEntries:]...)
	}
	for k := range l.followers {
		if !l.hub.has(k) { // Compat: who has gone asks again
			delete(l.followers, k)
			continue
		}
		l.hub.Publish(context.Background(), engine.Event{Tenant: k.tenant, ClientID: k.client, Type: "logs",
			Data: doc.Encode(doc.Of("entries", []any{e.view()}, "size", nil))})
	}
	return len(b), nil
}

func (l *Logs) follow(h *Hub) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hub = h
}

func (l *Logs) last() []logEntry {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]logEntry(nil), l.entries...)
}

// maxFollowers bounds how many clients get the log.
const maxFollowers = 1000

func (l *Logs) subscribe(k clientKey, on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.followers == nil {
		l.followers = map[clientKey]bool{}
	}
	if !on {
		delete(l.followers, k)
	} else if len(l.followers) < maxFollowers {
		l.followers[k] = true
	}
}

// logText is GET /internal/logs.
func (s *Server) logText(w http.ResponseWriter, _ *http.Request, _ params) error {
	var b strings.Builder
	for _, e := range s.c.Logs.last() {
		b.WriteString(e.at.Format("2006-01-02T15:04:05.000000") + " - " + e.text)
	}
	reply.Doc(w, 200, b.String())
	return nil
}

// logEntries is GET /internal/logs/raw.
func (s *Server) logEntries(w http.ResponseWriter, _ *http.Request, _ params) error {
	list := []any{}
	for _, e := range s.c.Logs.last() {
		list = append(list, e.view())
	}
	reply.Doc(w, 200, doc.Of("entries", list, "size", doc.Of("cols", 80, "rows", 24)))
	return nil
}

// logSubscribe is PATCH /internal/logs/subscribe.
func (s *Server) logSubscribe(w http.ResponseWriter, r *http.Request, _ params) error {
	v, err := doc.Read(r.Body, doc.DefaultLimits())
	if err != nil {
		return err
	}
	client, ok := doc.Within(v, "clientId").(string)
	on := doc.Within(v, "enabled")
	if !ok || on == nil {
		return fault.New(fault.BadRequest, "clientId or enabled is missing")
	}
	k := clientKey{tenant.Of(r.Context()), client}
	// Compat: clients that are not connected are left out.
	if s.c.Logs != nil && s.c.Hub.has(k) {
		s.c.Logs.subscribe(k, on == true)
	}
	reply.Empty(w, 200)
	return nil
}

// folderPaths is GET /internal/folder_paths.
func (s *Server) folderPaths(w http.ResponseWriter, _ *http.Request, _ params) error {
	all := &doc.Object{}
	for _, key := range s.c.Models.Folders() {
		all.Set(key, s.c.Models.Roots(key))
	}
	reply.Doc(w, 200, all)
	return nil
}
