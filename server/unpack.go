package server

import (
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// unpack replaces a request's body that came packed by what it holds, of which most bytes are read. Compat: clients may pack
// with gzip or deflate; what is packed in another way is not stored as if it was the content. Errors: plain 415.
func unpack(w http.ResponseWriter, r *http.Request, most int64) error {
	coding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	switch coding {
	case "", "identity":
		return nil
	case "gzip", "deflate":
	default:
		return plain(http.StatusUnsupportedMediaType)
	}
	if r.Body == nil {
		return nil
	}
	r.Body = http.MaxBytesReader(w, &packedBody{ReadCloser: r.Body, coding: coding}, most)
	r.Header = r.Header.Clone()
	r.Header.Del("Content-Encoding")
	r.ContentLength = -1
	return nil
}

// packedBody is what a packed body holds.
type packedBody struct {
	io.ReadCloser
	coding string
	from   io.Reader // nil before the first read
}

// Read unpacks.
func (b *packedBody) Read(p []byte) (n int, err error) {
	if b.from == nil {
		if b.coding == "gzip" {
			b.from, err = gzip.NewReader(b.ReadCloser)
		} else {
			b.from, err = zlib.NewReader(b.ReadCloser)
		}
		if err == io.EOF { // a body of nothing is one that breaks off
			err = io.ErrUnexpectedEOF
		}
	}
	if err == nil {
		n, err = b.from.Read(p)
	}
	if err != nil && err != io.EOF {
		err = &unpackError{b.coding, err}
	}
	return n, err
}

// unpackError is a body that is not packed as it says, or whose reading went wrong.
type unpackError struct {
	coding string
	cause  error
}

// Error tells the coding and the cause.
func (e *unpackError) Error() string { return fmt.Sprintf("unpack the %s body: %v", e.coding, e.cause) }

// Unwrap gives the cause.
func (e *unpackError) Unwrap() error { return e.cause }
