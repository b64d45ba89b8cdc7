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
		writeJSON(w, code, prompt)
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		raise(w, http.StatusRequestTimeout)
	case errors.As(err, &line):
		text(w, line.status, line.text)
	case errors.As(err, &simple):
		body := object("error", simple.text)
		for k, v := range simple.more {
			body.Set(k, v)
		}
		writeDoc(w, simple.status, body)
	case errors.As(err, &status):
		empty(w, int(status))
	case errors.As(err, &large):
		if a := inner(w); a != nil {
			a.raised = true
		}
		text(w, 413, "Maximum request body size "+strconv.FormatInt(large.Limit, 10)+" exceeded.")
	case errors.As(err, &packed):
		writeJSON(w, 400, problem{string(fault.BadRequest), "the body is not packed as its Content-Encoding says", ""}.body())
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
	rawJSON(w, status, spaced(bytes.TrimSuffix(b.Bytes(), []byte("\n"))))
}

// writeDoc answers with a value of package doc.
func writeDoc(w http.ResponseWriter, status int, v any) { rawJSON(w, status, spaced(doc.Encode(v))) }

// spaced puts a space after the commas and colons of JSON, and none elsewhere. Compat: clients see the lengths of answers by HEAD.
func spaced(compact []byte) []byte {
	return appendSpaced(make([]byte, 0, len(compact)+len(compact)/8), compact)
}

// appendSpaced is spaced into a slice that is there.
func appendSpaced(out, compact []byte) []byte {
	inString := false
	for i := 0; i < len(compact); i++ {
		c := compact[i]
		if !inString && (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			continue // what a guest made may have blanks
		}
		out = append(out, c)
		switch {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
			out = append(out, compact[i])
		case !inString && (c == ',' || c == ':'):
			out = append(out, ' ')
		}
	}
	return out
}

func rawJSON(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that went away is no fault of ours
}

func text(w http.ResponseWriter, status int, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(s)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, s)
}

func empty(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Length", "0")
	w.Header().Set("Content-Type", "application/octet-stream")
	w.WriteHeader(status)
}

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

// jsonOf reads a request's JSON. Errors: bad_request, too_large.
func jsonOf(r *http.Request) (any, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return doc.Parse(b, doc.DefaultLimits())
}

// truthy reads a JSON value as Python would test it. Compat: flags in bodies are tested so.
func truthy(raw json.RawMessage) bool {
	switch t := string(bytes.TrimSpace(raw)); t {
	case "", "null", "false", "0", "0.0", "-0", "-0.0", `""`, "[]", "{}":
		return false
	}
	return true
}
