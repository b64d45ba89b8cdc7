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

// packed is a text in a coding.
func packed(coding string, text []byte) []byte {
	var b bytes.Buffer
	var z io.WriteCloser = gzip.NewWriter(&b)
	if coding == "deflate" {
		z = zlib.NewWriter(&b)
	}
	_, _ = z.Write(text) // a bytes.Buffer takes all
	_ = z.Close()
	return b.Bytes()
}

// packer keeps a text until it is whole, and lets everything else through.
type packer struct {
	http.ResponseWriter
	coding string
	status int
	keep   bool
	body   bytes.Buffer
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
	if p.keep {
		return p.body.Write(b)
	}
	return p.ResponseWriter.Write(b)
}

// ReadFrom keeps the fast way for files.
func (p *packer) ReadFrom(r io.Reader) (int64, error) {
	if p.status == 0 {
		p.WriteHeader(http.StatusOK)
	}
	if p.keep {
		return p.body.ReadFrom(r)
	}
	return io.Copy(p.ResponseWriter, r)
}

// Unwrap gives the writer below.
func (p *packer) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *packer) finish(head bool) {
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
