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
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

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
	x, params, allow := e.routes.Find(r.Method, "/"+rest)
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
func (e *Extension) answer(w http.ResponseWriter, r *http.Request, x *route.Route, params map[string]string) {
	ex := &route.Exchange{W: w, R: r, Limit: e.grant.BodyBytes()}
	err := e.serve(ex, x, params)
	if err == nil {
		return
	}
	if r.Context().Err() == nil {
		zerolog.Ctx(r.Context()).Warn().Err(err).Str("extension", e.Manifest.ID).Str("route", x.Pattern).Msg("extension route")
	}
	e.journal.add(zerolog.WarnLevel, x.Pattern+": "+err.Error())
	if ex.Began() {
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
func (e *Extension) serve(ex *route.Exchange, x *route.Route, params map[string]string) error {
	req, err := route.Message(ex.R, x, params)
	if err != nil {
		return err
	}
	c := e.newCall(ex.R.Context(), e.limits.Route)
	c.tenant, c.exchange = tenant.Of(ex.R.Context()), ex
	req["tenant"] = string(c.tenant)
	in := &route.Incoming{}
	defer in.Close()
	var out *route.Answer
	err = c.do(abi.OpRoute, func() (any, error) {
		var err error
		c.parkOn(nil, func(context.Context) { err = in.Read(ex.R, req, ex.Limit, e.host.c.Dir) })
		if err != nil {
			return nil, err
		}
		return req, c.putStreams(in)
	}, func(c *call, v any) (err error) {
		if !ex.Began() {
			out, err = c.outgoing(abi.AsMap(v))
		}
		return err
	})
	if err = errors.Join(err, ex.End()); err != nil || out == nil {
		return err
	}
	defer out.Close()
	if err := out.Send(ex.W, ex.R); err != nil && !errors.Is(ex.R.Context().Err(), context.Canceled) {
		zerolog.Ctx(ex.R.Context()).Debug().Err(err).Msg("extension route: the client went away")
	}
	return nil
}

// putStreams gives what does not come with a request handles of the call's.
func (c *call) putStreams(in *route.Incoming) error {
	for _, s := range in.Streams {
		h := c.put(abi.KindBody, s.Body)
		if h < 0 {
			return fault.New(fault.TooLarge, "the form has more files than the route has handles")
		}
		s.Into["stream"] = abi.Handle{Kind: abi.KindBody, ID: uint64(h)}
	}
	return nil
}
