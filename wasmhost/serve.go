package wasmhost

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// maxBody is the most of a request's body that a route gets.
const maxBody = 2 * mib

// pagePolicy is the policy of every answer of an extension: whatever it is, a browser that shows it gives it an origin of its
// own, in which scripts may run but reach nothing of the server's and nothing outside.
const pagePolicy = "sandbox allow-scripts allow-forms; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
	"img-src data: blob:; media-src data: blob:; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

// ServeHTTP answers a request to /ext/<id>/… or /api/ext/<id>/…. The request's context carries the tenant.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/api")
	rest, ok := strings.CutPrefix(path, "/ext/")
	id, rest, ok2 := strings.Cut(rest, "/")
	e, found := h.Extension(tenant.Of(r.Context()), id)
	if !ok || !ok2 || !found {
		http.NotFound(w, r)
		return
	}
	x, params, other := e.routes.find(r.Method, "/"+rest)
	if x == nil {
		if other {
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		http.NotFound(w, r)
		return
	}
	if err := e.serve(w, r, x, params); err != nil {
		zerolog.Ctx(r.Context()).Warn().Err(err).Str("extension", id).Str("route", x.pattern).Msg("extension route")
		e.journal.add(zerolog.WarnLevel, x.pattern+": "+err.Error())
		refuseRequest(w, err)
	}
}

func refuseRequest(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	var said *Failure
	switch {
	case errors.Is(err, fault.TooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, fault.BadRequest):
		status = http.StatusBadRequest
	case errors.Is(err, fault.LimitExceeded):
		status = http.StatusServiceUnavailable
	case errors.As(err, &said):
		status = http.StatusInternalServerError
	}
	http.Error(w, http.StatusText(status), status)
}

func (e *Extension) serve(w http.ResponseWriter, r *http.Request, x *route, params map[string]string) error {
	req, err := readHTTP(r, x, params)
	if err != nil {
		return err
	}
	c := e.newCall(r.Context(), e.limits.Route)
	c.tenant = tenant.Of(r.Context())
	req["tenant"] = string(c.tenant)
	var reply abi.Map
	if err := c.do(abi.OpRoute, func() (any, error) { return req, nil }, func(_ *call, v any) error {
		reply = abi.AsMap(v)
		return nil
	}); err != nil {
		return err
	}
	return writeHTTP(w, r, reply)
}

// shownHeaders are those of a request that a route gets: none that says who asks.
var shownHeaders = []string{"Accept", "Accept-Language", "Content-Type", "If-None-Match", "If-Modified-Since", "Range"}

func readHTTP(r *http.Request, x *route, params map[string]string) (map[string]any, error) {
	headers := map[string]any{}
	for _, name := range shownHeaders {
		if v := r.Header.Get(name); v != "" {
			headers[strings.ToLower(name)] = strings.ToValidUTF8(v, "\uFFFD")
		}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "the query cannot be read")
	}
	p := map[string]any{}
	for k, v := range params {
		p[k] = v
	}
	m := map[string]any{"method": r.Method, "path": r.URL.Path, "route": x.pattern, "params": p, "query": texts(query), "headers": headers}
	return m, readBody(r, m)
}

func texts(v url.Values) map[string]any {
	m := make(map[string]any, len(v))
	for k, list := range v {
		m[strings.ToValidUTF8(k, "\uFFFD")] = list
	}
	return m
}

// readBody reads a form as fields and files, and any other body as bytes.
func readBody(r *http.Request, m map[string]any) error {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	switch kind {
	case "multipart/form-data":
		err = readMultipart(r, m)
	case "application/x-www-form-urlencoded":
		if err = r.ParseForm(); err == nil {
			m["form"] = texts(r.PostForm)
		}
	default:
		var body []byte
		body, err = io.ReadAll(r.Body)
		m["body"] = body
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return fault.New(fault.TooLarge, "the body is over %d bytes", maxBody)
	case err != nil:
		return fault.Wrap(err, fault.BadRequest, "the body cannot be read")
	}
	return nil
}

// maxParts bounds the parts of a form.
const maxParts = 256

func readMultipart(r *http.Request, m map[string]any) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	form, files := url.Values{}, []any{}
	for n := 0; ; n++ {
		p, err := parts.NextPart()
		if err == io.EOF {
			m["form"], m["files"] = texts(form), files
			return nil
		}
		if err != nil {
			return err
		}
		if n == maxParts {
			return fault.New(fault.TooLarge, "the form has more than %d parts", maxParts)
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return err
		}
		if p.FileName() == "" {
			form.Add(p.FormName(), string(data))
			continue
		}
		files = append(files, map[string]any{"field": p.FormName(), "filename": p.FileName(), "type": p.Header.Get("Content-Type"), "data": data})
	}
}

// sentHeaders are those of an answer that a guest may set.
var sentHeaders = []string{"content-type", "content-language", "content-disposition", "cache-control", "etag", "last-modified", "expires", "retry-after"}

func writeHTTP(w http.ResponseWriter, r *http.Request, reply abi.Map) error {
	status := reply.Int("status")
	if status == 0 {
		status = http.StatusOK
	}
	body, isBytes := reply["body"].([]byte)
	if text, ok := reply["body"].(string); ok {
		body, isBytes = []byte(text), true
	}
	if reply == nil || status < 200 || status > 599 || !isBytes && reply["body"] != nil {
		return fault.New(fault.ExtensionFailed, "the route's answer has no status and body")
	}
	h := w.Header()
	for name, v := range reply.Map("headers") {
		s, ok := v.(string)
		if !ok || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return fault.New(fault.ExtensionFailed, "the route's header %q is no header", name)
		}
		if n := strings.ToLower(name); slices.Contains(sentHeaders, n) || strings.HasPrefix(n, "x-ext-") && token(n) {
			h.Set(n, s)
		}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/octet-stream")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(int(status))
	if r.Method == "HEAD" {
		return nil
	}
	if _, err := w.Write(body); err != nil && !errors.Is(r.Context().Err(), context.Canceled) {
		zerolog.Ctx(r.Context()).Debug().Err(err).Msg("extension route: the client went away")
	}
	return nil
}

func token(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	})
}
