package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/reply"
)

// statuses maps fault codes to HTTP; what is missing here is a 500.
var statuses = map[fault.Code]int{
	fault.NotFound: 404, fault.BadRequest: 400, fault.InvalidPrompt: 400, fault.Forbidden: 403, fault.Conflict: 409,
	fault.TooLarge: 413, fault.TooMany: 429, fault.BadFile: 400, fault.WrongModel: 400, fault.Unsupported: 400, fault.DiskFull: 507,
	fault.ReadOnly: 507, fault.OutOfMemory: 503, fault.ValueTooBig: 400, fault.ValueTooSmall: 400, fault.BadTensor: 400,
}

// plain is an answer of a status and nothing else.
type plain int

// Error gives the status's text.
func (p plain) Error() string { return http.StatusText(int(p)) }

// fail answers with what went wrong: prompts in the protocol's form, the rest as {"error": {type, message, details}}.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var (
		simple *simpleError
		line   *plainText
		prompt *engine.PromptError
		status plain
		large  *http.MaxBytesError
		packed *unpackError
		f      *fault.Error
	)
	switch {
	case errors.As(err, &prompt):
		code := 400
		if prompt.Code == fault.Conflict {
			code = 409
		}
		reply.JSON(w, code, prompt)
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		raise(w, http.StatusRequestTimeout)
	case errors.As(err, &line):
		reply.Text(w, line.status, line.text)
	case errors.As(err, &simple):
		body := doc.Of("error", simple.text)
		for k, v := range simple.more {
			body.Set(k, v)
		}
		reply.Doc(w, simple.status, body)
	case errors.As(err, &status):
		reply.Empty(w, int(status))
	case errors.As(err, &large):
		if a := inner(w); a != nil {
			a.raised = true
		}
		reply.Text(w, 413, "Maximum request body size "+strconv.FormatInt(large.Limit, 10)+" exceeded.")
	case errors.As(err, &packed):
		reply.JSON(w, 400, problem{string(fault.BadRequest), "the body is not packed as its Content-Encoding says", ""}.body())
	case errors.As(err, &f):
		code, ok := statuses[f.Code]
		if !ok {
			code = 500
			zerolog.Ctx(r.Context()).Error().Err(err).Str("path", r.URL.Path).Msg("request failed")
		}
		reply.JSON(w, code, problem{string(f.Code), f.Detail, ""}.body())
	default:
		zerolog.Ctx(r.Context()).Error().Err(err).Str("path", r.URL.Path).Msg("request failed")
		reply.JSON(w, 500, problem{string(fault.Internal), "The server failed; its log says why.", ""}.body())
	}
}

type problem struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Details string `json:"details"`
}

func (p problem) body() any { return map[string]any{"error": p} }

// body reads a JSON object of a request, field by field. An empty body is an error like any other text that is no object.
func body(r *http.Request) (map[string]json.RawMessage, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	// Compat: a list has no fields, and is no error.
	if t := bytes.TrimSpace(b); len(t) > 0 && t[0] == '[' && json.Valid(t) {
		return map[string]json.RawMessage{}, nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(b, &fields) == nil && fields != nil {
		return fields, nil
	}
	if json.Unmarshal(textedNumbers(b), &fields) != nil || fields == nil {
		return nil, fault.New(fault.BadRequest, "the body is no JSON object")
	}
	return fields, nil
}

// truthy reads a JSON value as Python would test it. Compat: flags in bodies are tested so.
func truthy(raw json.RawMessage) bool {
	switch t := string(bytes.TrimSpace(raw)); t {
	case "", "null", "false", "0", "0.0", "-0", "-0.0", `""`, "[]", "{}":
		return false
	}
	return true
}
