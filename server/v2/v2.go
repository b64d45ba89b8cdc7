// Package v2 speaks version 2 of the Comfy API, as its published SDKs do: assets that are named by their content, and jobs with
// one state, one progress and one stream of events. Jobs are the engine's prompts; assets are files of the input, output and
// temp folders. It keeps no records of its own: an asset's id says where its file lies, so that ids outlive a restart.
//
// Compat: names of routes, fields, states and error codes are those of the SDKs' published protocol, version 0.1.9.
package v2

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// Files is where assets lie: folders by kind ("input", "output", "temp"), names as slash paths that never lead out of them.
type Files interface {
	Open(kind, name string) (*os.File, error)
	Stat(kind, name string) (fs.FileInfo, error)
	Put(kind, name string, replace bool, fill func(io.Writer) error) error
	FS(kind string) fs.FS
	MkdirAll(kind, dir string) error
	Remove(kind, name string) error
}

// Config is what a Handler is made of. Engine, Files and Feed are required.
type Config struct {
	Engine     *engine.Engine
	Files      Files
	Feed       *Feed // must be told the engine's events
	MaxUpload  int64 // bytes of an uploaded asset; 100 MiB
	MaxStreams int   // streams of events that are open at once; 1000
}

// Handler answers below /api/v2.
type Handler struct {
	c       Config
	routes  []Route
	keys    keys
	streams chan struct{}
}

// New makes a Handler.
func New(c Config) *Handler {
	if c.MaxUpload == 0 {
		c.MaxUpload = 100 << 20
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = 1000
	}
	return &Handler{c: c, routes: Routes(), streams: make(chan struct{}, c.MaxStreams)}
}

const prefix = "/api/v2/"

// Mount puts the API before next, which gets all other paths.
func Mount(h, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, prefix)
		first, _, _ := strings.Cut(rest, "/")
		if !ok || first != "jobs" && first != "assets" {
			next.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.route(w, r); err != nil {
		h.Fail(w, r, err)
	}
}

// Route is one line of the API. A {name} in Path is what the route is about.
type Route struct {
	Method, Path, Help string

	do func(h *Handler, w http.ResponseWriter, r *http.Request, name string) error
}

// Routes is the whole API. Of two that fit, the first counts.
func Routes() []Route {
	type handler = func(h *Handler, w http.ResponseWriter, r *http.Request, name string) error
	nameless := func(do func(h *Handler, w http.ResponseWriter, r *http.Request) error) handler {
		return func(h *Handler, w http.ResponseWriter, r *http.Request, _ string) error { return do(h, w, r) }
	}
	return []Route{
		{"POST", "/api/v2/assets", "Uploads a file: multipart form with file.", nameless((*Handler).upload)},
		{"POST", "/api/v2/assets/from-hash", `Makes an asset of content that is there: {"hash": hash}.`, nameless((*Handler).fromHash)},
		{"HEAD", "/api/v2/assets/by-hash/{hash}", "Tells whether content of a hash is there.", (*Handler).byHash},
		{"GET", "/api/v2/assets/{id}", "One asset.", (*Handler).asset},
		{"DELETE", "/api/v2/assets/{id}", "Deletes an asset.", (*Handler).deleteAsset},
		{"GET", "/api/v2/assets/{id}/content", "An asset's bytes.", (*Handler).content},
		{"POST", "/api/v2/jobs", "Queues a workflow in API format; with the header Idempotency-Key at most once.", nameless((*Handler).submit)},
		{"GET", "/api/v2/jobs/{id}", "One job with its outputs.", (*Handler).job},
		{"GET", "/api/v2/jobs/{id}/workflow", "The workflow of a job.", (*Handler).workflow},
		{"GET", "/api/v2/jobs/{id}/events", "What happens to a job, as Server-Sent Events; Last-Event-ID replays what was missed.", (*Handler).events},
		{"POST", "/api/v2/jobs/{id}/cancel", "Cancels a job, waiting or running.", (*Handler).cancel},
	}
}

// route finds the handler.
func (h *Handler) route(w http.ResponseWriter, r *http.Request) error {
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), prefix), "/")
	for i, p := range parts {
		u, err := url.PathUnescape(p)
		if err != nil {
			return problem(http.StatusNotFound, "not_found", "there is nothing at this path")
		}
		parts[i] = u
	}
	for _, t := range h.routes {
		if r.Method != t.Method && !(r.Method == http.MethodHead && t.Method == http.MethodGet) {
			continue
		}
		if name, ok := t.fits(parts); ok {
			return t.do(h, w, r, name)
		}
	}
	return problem(http.StatusNotFound, "not_found", "there is nothing at this path for this method")
}

// fits compares a path, below the prefix, with the route's, and gives what stands for the name in it.
func (t Route) fits(parts []string) (name string, ok bool) {
	pattern := strings.Split(strings.TrimPrefix(t.Path, prefix), "/")
	if len(parts) != len(pattern) {
		return "", false
	}
	for i, p := range pattern {
		if strings.HasPrefix(p, "{") {
			name = parts[i]
			if name == "" {
				return "", false
			}
		} else if p != parts[i] {
			return "", false
		}
	}
	return name, true
}

// apiError is an answer {"error": {code, message, details?}}.
type apiError struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
	Details any    `json:"details,omitempty"`
}

// Error gives the message.
func (e *apiError) Error() string { return e.Message }

func problem(status int, code, message string) *apiError {
	return &apiError{status: status, Code: code, Message: message}
}

// Fail answers with what went wrong, in the protocol's form.
func (h *Handler) Fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *apiError
	var large *http.MaxBytesError
	var f *fault.Error
	switch {
	case errors.As(err, &e):
	case errors.As(err, &large):
		e = problem(http.StatusRequestEntityTooLarge, "too_large", "the request has over "+strconv.FormatInt(large.Limit, 10)+" bytes")
	case errors.As(err, &f) && faults[f.Code] != 0:
		e = problem(faults[f.Code], string(f.Code), f.Detail)
	default:
		zerolog.Ctx(r.Context()).Error().Err(err).Str("path", r.URL.Path).Msg("request failed")
		e = problem(http.StatusInternalServerError, "upstream_error", "The server failed; its log says why.")
	}
	writeJSON(w, e.status, map[string]any{"error": e})
}

var faults = map[fault.Code]int{
	fault.NotFound: 404, fault.BadRequest: 422, fault.Forbidden: 403, fault.Conflict: 409, fault.TooLarge: 413, fault.DiskFull: 507,
	fault.ReadOnly: 507,
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":{"code":"upstream_error","message":"The server failed."}}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that went away is no fault of ours
}
