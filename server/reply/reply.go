// Package reply writes answers as clients of the reference know them: JSON with its blanks, plain texts and bare statuses, each with
// its length.
package reply

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// JSON answers with v. The status is final before the first byte, so an encoding that fails becomes a 500.
func JSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		Text(w, 500, "500 Internal Server Error")
		return
	}
	Raw(w, status, Spaced(bytes.TrimSuffix(b.Bytes(), []byte("\n"))))
}

// Doc answers with a value of package doc.
func Doc(w http.ResponseWriter, status int, v any) { Raw(w, status, Spaced(doc.Encode(v))) }

// Spaced puts a space after the commas and colons of JSON, and none elsewhere. Compat: clients see the lengths of answers by HEAD.
func Spaced(compact []byte) []byte {
	return AppendSpaced(make([]byte, 0, len(compact)+len(compact)/8), compact)
}

// AppendSpaced is Spaced into a slice that is there.
func AppendSpaced(out, compact []byte) []byte {
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

// Raw answers with JSON as it is.
func Raw(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that went away is no fault of ours
}

// Text answers with a plain text, which no browser takes for another kind.
func Text(w http.ResponseWriter, status int, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(s)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, s)
}

// Empty answers with a status and nothing else.
func Empty(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Length", "0")
	w.Header().Set("Content-Type", "application/octet-stream")
	w.WriteHeader(status)
}
