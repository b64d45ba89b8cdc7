package server

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// compress packs texts that were made in memory, for clients that offer gzip. Files go as they are. Compat: a client that
// offers deflate too gets that, and weights are not read.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		coding := codingFor(r)
		if coding == "" || r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		p := &packer{ResponseWriter: w, coding: coding}
		next.ServeHTTP(p, r)
		p.finish(r.Method == http.MethodHead)
	})
}

// codingFor is how an answer is to be packed: "gzip", "deflate", or "" for not at all.
func codingFor(r *http.Request) string {
	switch offer := r.Header.Get("Accept-Encoding"); {
	case !strings.Contains(offer, "gzip"):
		return ""
	case strings.Contains(offer, "deflate"):
		return "deflate"
	}
	return "gzip"
}

// coder is a writer that packs.
type coder interface {
	io.WriteCloser
	Flush() error
}

func newCoder(w io.Writer, coding string, level int) (z coder) {
	if coding == "deflate" {
		z, _ = zlib.NewWriterLevel(w, level) // the levels are ours
		return z
	}
	z, _ = gzip.NewWriterLevel(w, level)
	return z
}

// packed is a text in a coding.
func packed(coding string, text []byte) []byte {
	var b bytes.Buffer
	z := newCoder(&b, coding, gzip.DefaultCompression)
	_, _ = z.Write(text) // a bytes.Buffer takes all
	_ = z.Close()
	return b.Bytes()
}

// packer keeps a text until it is whole or flushed, and lets everything else through. After a first Flush the text goes out as it
// comes, packed on the way.
type packer struct {
	http.ResponseWriter
	coding string
	status int
	keep   bool
	body   bytes.Buffer
	z      coder // once flushed
}

// WriteHeader decides by the headers whether the answer is kept.
func (p *packer) WriteHeader(status int) {
	if p.status != 0 {
		return
	}
	p.status = status
	h := p.Header()
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	p.keep = (kind == "application/json" || kind == "text/plain") && h.Get("Accept-Ranges") == "" && h.Get("Content-Encoding") == ""
	if !p.keep {
		p.ResponseWriter.WriteHeader(status)
	}
}

// Write keeps or passes on.
func (p *packer) Write(b []byte) (int, error) {
	if p.status == 0 {
		p.WriteHeader(http.StatusOK)
	}
	switch {
	case p.keep:
		return p.body.Write(b)
	case p.z != nil:
		return p.z.Write(b)
	}
	return p.ResponseWriter.Write(b)
}

// FlushError sends what has come. It is what http.ResponseController calls.
func (p *packer) FlushError() error {
	if p.status == 0 {
		p.WriteHeader(http.StatusOK)
	}
	if p.keep {
		p.keep = false
		h := p.Header()
		h.Set("Content-Encoding", p.coding)
		h.Add("Vary", "Accept-Encoding")
		h.Del("Content-Length")
		p.ResponseWriter.WriteHeader(p.status)
		p.z = newCoder(p.ResponseWriter, p.coding, gzip.BestSpeed)
		if _, err := p.z.Write(p.body.Bytes()); err != nil {
			return err
		}
		p.body = bytes.Buffer{}
	}
	if p.z != nil {
		if err := p.z.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(p.ResponseWriter).Flush()
}

// ReadFrom keeps the fast way for files.
func (p *packer) ReadFrom(r io.Reader) (int64, error) {
	if p.status == 0 {
		p.WriteHeader(http.StatusOK)
	}
	switch {
	case p.keep:
		return p.body.ReadFrom(r)
	case p.z != nil:
		return io.Copy(p.z, r)
	}
	return io.Copy(p.ResponseWriter, r)
}

// Unwrap gives the writer below.
func (p *packer) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *packer) finish(head bool) {
	if p.z != nil {
		_ = p.z.Close() // a client that went away is no fault of ours
	}
	if !p.keep {
		return
	}
	out := p.body.Bytes()
	if len(out) > 0 && !head {
		out = packed(p.coding, out)
		p.Header().Set("Content-Encoding", p.coding)
		p.Header().Add("Vary", "Accept-Encoding")
		p.Header().Set("Content-Length", strconv.Itoa(len(out)))
	}
	p.ResponseWriter.WriteHeader(p.status)
	_, _ = p.ResponseWriter.Write(out) // a client that went away is no fault of ours
}
