package route

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Answer is a route's answer on its way: bytes, or a file. Close it.
type Answer struct {
	Status  int
	Headers http.Header
	Body    []byte
	File    File
	Etag    string // of what the host made or opened; a guest's own goes first
	At      time.Time
}

// File is what an answer may be instead of bytes.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Close lets go of the file.
func (o *Answer) Close() {
	if o.File != nil {
		_ = o.File.Close()
	}
}

// Send answers. What is a file or a picture answers to If-None-Match and Range too.
func (o *Answer) Send(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	for k, v := range o.Headers {
		h[k] = v
	}
	whole := o.Status == http.StatusOK && (r.Method == http.MethodGet || r.Method == http.MethodHead)
	if o.Etag != "" && h.Get("Etag") == "" && o.Status == http.StatusOK {
		h.Set("Etag", o.Etag)
	}
	switch {
	case o.File != nil && whole:
		http.ServeContent(w, r, "", o.At, io.NewSectionReader(o.File, 0, o.File.Size()))
		return r.Context().Err()
	case o.File != nil:
		h.Set("Content-Length", strconv.FormatInt(o.File.Size(), 10))
		w.WriteHeader(o.Status)
		if r.Method == http.MethodHead {
			return nil
		}
		_, err := io.Copy(w, io.NewSectionReader(o.File, 0, o.File.Size()))
		return err
	case whole && h.Get("Etag") != "":
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(o.Body))
		return r.Context().Err()
	}
	h.Set("Content-Length", strconv.Itoa(len(o.Body)))
	w.WriteHeader(o.Status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(o.Body)
	return err
}
