package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// statuses maps fault codes to HTTP; what is missing here is a 500.
var statuses = map[fault.Code]int{
	fault.NotFound: 404, fault.BadRequest: 400, fault.InvalidPrompt: 400, fault.Forbidden: 403, fault.Conflict: 409,
	fault.TooLarge: 413, fault.BadFile: 400, fault.WrongModel: 400, fault.Unsupported: 400, fault.DiskFull: 507,
	fault.ReadOnly: 507, fault.OutOfMemory: 503, fault.ValueTooBig: 400, fault.ValueTooSmall: 400, fault.BadTensor: 400,
}

// plain is an answer of a status and nothing else.
type plain int

// Error gives the status's text.
func (p plain) Error() string { return http.StatusText(int(p)) }

// fail answers with what went wrong: prompts in the protocol's form, the rest as {"error": {type, message, details}}.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var (
		prompt *engine.PromptError
		status plain
		large  *http.MaxBytesError
		f      *fault.Error
	)
	switch {
	case errors.As(err, &prompt):
		code := 400
		if prompt.Code == fault.Conflict {
			code = 409
		}
		writeJSON(w, code, prompt)
	case errors.As(err, &status):
		empty(w, int(status))
	case errors.As(err, &large):
		writeJSON(w, 413, problem{"too_large", "The request is larger than the server takes.", "Start the server with a larger --max-upload-size."}.body())
	case errors.As(err, &f):
		code, ok := statuses[f.Code]
		if !ok {
			code = 500
			zerolog.Ctx(r.Context()).Error().Err(err).Str("path", r.URL.Path).Msg("request failed")
		}
		writeJSON(w, code, problem{string(f.Code), f.Detail, ""}.body())
	default:
		zerolog.Ctx(r.Context()).Error().Err(err).Str("path", r.URL.Path).Msg("request failed")
		writeJSON(w, 500, problem{string(fault.Internal), "The server failed; its log says why.", ""}.body())
	}
}

type problem struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Details string `json:"details"`
}

func (p problem) body() any { return map[string]any{"error": p} }

// writeJSON answers with v. The status is final before the first byte, so an encoding that fails becomes a 500.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		text(w, 500, "500 Internal Server Error")
		return
	}
	rawJSON(w, status, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

func rawJSON(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that went away is no fault of ours
}

func text(w http.ResponseWriter, status int, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, s)
}

func empty(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

// body reads a JSON object of a request, field by field. An empty body is an error like any other text that is no object.
func body(r *http.Request) (map[string]json.RawMessage, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil || fields == nil {
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
