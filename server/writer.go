package server

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// answer is a response on its way out: it adds cache headers and remembers what is logged and counted.
type answer struct {
	http.ResponseWriter
	path     string
	route    string // "GET /queue"; "" when no route matched
	status   int
	bytes    int64
	raised   bool   // Compat: an answer that skips the cache rules
	mount    bool   // Compat: a file of a mount that is missing is cached as if it were there
	modified string // of a file; for 304
	kind     string // of a file; for 304 and 416
	rangy    bool   // a range that does not fit is answered without a body
	who      tenant.Identity
}

// WriteHeader sets headers before it is too late.
func (w *answer) WriteHeader(status int) {
	h := w.Header()
	if w.status == 0 && !w.raised && h.Get("Cache-Control") == "" {
		seen := status
		if w.mount && status == http.StatusNotFound {
			seen = http.StatusOK
		}
		if v := cacheFor(w.path, seen); v != "" {
			h.Set("Cache-Control", v)
		}
	}
	switch {
	case status == http.StatusRequestedRangeNotSatisfiable:
		if h.Set("Content-Type", w.kind); w.mount {
			h.Set("Content-Type", "application/octet-stream")
		}
		h.Set("Content-Length", "0")
		w.rangy = true
	case status == http.StatusNotModified && w.modified != "":
		h.Set("Last-Modified", w.modified)
		h.Set("Content-Type", w.kind)
	case status == http.StatusNotFound && h.Get("Content-Type") == "":
		h.Set("Content-Type", "application/octet-stream")
	}
	if w.status == 0 && status >= 200 {
		n, _ := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
		pace(w.ResponseWriter, n)
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is the first byte of an answer without an explicit status, or a further one.
func (w *answer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.rangy {
		return len(b), nil
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom lets the system copy files to sockets by itself.
func (w *answer) ReadFrom(r io.Reader) (int64, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := io.Copy(w.ResponseWriter, r)
	w.bytes += n
	return n, err
}

// Unwrap gives http.ResponseController, and through it the WebSocket upgrade, the writer below.
func (w *answer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observe is the outermost layer: it logs and counts every request.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		a := &answer{ResponseWriter: w, path: r.URL.Path}
		if s.c.BaseContext != nil {
			r = r.WithContext(s.c.BaseContext(r.Context()))
		}
		defer func() { // also of an answer that broke off
			took := time.Since(began)
			s.counts.request(a.route, a.status, took)
			// The query may carry names and keys of users: it is not logged.
			line := zerolog.Ctx(r.Context()).Debug().Str("method", r.Method).Str("path", r.URL.Path).Int("status", a.status).
				Int64("bytes", a.bytes).Dur("took", took).Str("remote", r.RemoteAddr)
			if a.who.Key != "" {
				line = line.Str("tenant", string(a.who.Tenant)).Str("key", a.who.Key)
			}
			line.Msg("request")
		}()
		defer recovered(a, r)
		next.ServeHTTP(a, r)
	})
}

// recovered turns a panic of a handler, which is a slip of ours, into an answer.
func recovered(a *answer, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	zerolog.Ctx(r.Context()).Error().Interface("panic", p).Bytes("stack", debug.Stack()).Str("path", r.URL.Path).Msg("a handler broke")
	if a.status != 0 {
		panic(http.ErrAbortHandler) // half an answer is no answer
	}
	raise(a, http.StatusInternalServerError)
}

// raise answers as the reference's framework does by itself: the status's words, and no cache headers.
func raise(w http.ResponseWriter, status int) {
	if a := inner(w); a != nil {
		a.raised = true
	}
	reply.Text(w, status, fmt.Sprintf("%d: %s", status, http.StatusText(status)))
}

func inner(w http.ResponseWriter) *answer {
	for {
		switch t := w.(type) {
		case *answer:
			return t
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return nil
		}
	}
}

// cacheFor says how long browsers may keep an answer, by the end of its path. Compat: the reference's table.
func cacheFor(p string, status int) string {
	switch base := path.Base(p); {
	case strings.HasSuffix(p, ".js"), strings.HasSuffix(p, ".css"), strings.HasSuffix(p, ".mjs"),
		strings.HasPrefix(base, "index") && strings.HasSuffix(base, ".json"):
		return "no-store"
	}
	switch strings.ToLower(path.Ext(p)) {
	case ".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp":
	default:
		return ""
	}
	switch status {
	case 404:
		return "public, max-age=3600"
	case 200, 201, 202, 203, 204, 205, 206, 301, 308:
		return "public, max-age=86400"
	case 302, 303, 307:
		return "no-cache"
	}
	return ""
}
