package wasmhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

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
		say(w, http.StatusNotFound)
		return
	}
	x, params, allow := e.routes.find(r.Method, "/"+rest)
	switch {
	case x != nil:
		e.answer(w, r, x, params)
	case len(allow) > 0:
		w.Header().Set("Allow", strings.Join(allow, ","))
		say(w, http.StatusMethodNotAllowed)
	default:
		say(w, http.StatusNotFound)
	}
}

// say answers with a status and its words. Compat: as the server does for paths of its own.
func say(w http.ResponseWriter, status int) {
	text := fmt.Sprintf("%d: %s", status, http.StatusText(status))
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// answer has a route answer a request. An answer that broke off is cut off, so that no client takes it for a whole one.
func (e *Extension) answer(w http.ResponseWriter, r *http.Request, x *route, params map[string]string) {
	ex := &exchange{w: w, r: r, limit: e.grant.BodyBytes()}
	err := e.serve(ex, x, params)
	if err == nil {
		return
	}
	if r.Context().Err() == nil {
		zerolog.Ctx(r.Context()).Warn().Err(err).Str("extension", e.Manifest.ID).Str("route", x.pattern).Msg("extension route")
	}
	e.journal.add(zerolog.WarnLevel, x.pattern+": "+err.Error())
	if ex.began {
		panic(http.ErrAbortHandler)
	}
	refuseRequest(w, err)
}

func refuseRequest(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	var said *Failure
	switch {
	case errors.Is(err, fault.TooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, fault.BadRequest):
		status = http.StatusBadRequest
	case errors.Is(err, fault.TooMany):
		w.Header().Set("Retry-After", "1")
		status = http.StatusServiceUnavailable
	case errors.Is(err, fault.LimitExceeded):
		status = http.StatusServiceUnavailable
	case errors.As(err, &said):
		status = http.StatusInternalServerError
	}
	say(w, status)
}

// serve makes the call and sends what it replies, when its slot is free again.
func (e *Extension) serve(ex *exchange, x *route, params map[string]string) error {
	req, err := readHTTP(ex.r, x, params)
	if err != nil {
		return err
	}
	c := e.newCall(ex.r.Context(), e.limits.Route)
	c.tenant, c.exchange = tenant.Of(ex.r.Context()), ex
	req["tenant"] = string(c.tenant)
	in := &incoming{}
	defer in.close()
	var out *outgoing
	err = c.do(abi.OpRoute, func() (any, error) {
		var err error
		c.park(func(context.Context) { err = in.read(ex.r, req, ex.limit, e.host.c.Dir) })
		if err != nil {
			return nil, err
		}
		return req, in.put(c, req)
	}, func(c *call, v any) (err error) {
		if !ex.began {
			out, err = c.outgoing(abi.AsMap(v))
		}
		return err
	})
	if err = errors.Join(err, ex.end()); err != nil || out == nil {
		return err
	}
	defer out.close()
	if err := out.send(ex.w, ex.r); err != nil && !errors.Is(ex.r.Context().Err(), context.Canceled) {
		zerolog.Ctx(ex.r.Context()).Debug().Err(err).Msg("extension route: the client went away")
	}
	return nil
}
