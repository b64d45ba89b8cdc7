// Package web is the embedded page: plain HTML, CSS and ES modules, and the handler that serves them.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed *.html *.css *.js *.json *.svg form/*.js graph/*.js shelf/*.js shelf/*.css
var files embed.FS

// policy lets the page run its own files and nothing else: no inline code, no foreign origin, no blob: or data:.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; " +
	"connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// types gives the MIME type of every extension that is embedded.
var types = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Handler serves the page: "/" is index.html, other paths are its files, anything else is 404 with an empty body, as
// the reference answers for an unknown path. It takes the path as it is; mount it with http.StripPrefix below another.
func Handler() http.Handler {
	return &handler{load: sync.OnceValue(load)}
}

type handler struct {
	load func() map[string]*asset // by path without the leading slash; read and packed on the first request
}

// asset is a file with what is needed to answer for it.
type asset struct {
	body, packed []byte // packed is the gzip form, nil where it is not smaller
	mime, etag   string
}

func load() map[string]*asset {
	assets := map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		sum := sha256.Sum256(body)
		assets[name] = &asset{body: body, packed: pack(body), mime: types[path.Ext(name)], etag: hex.EncodeToString(sum[:12])}
		return err
	})
	if err != nil {
		panic("web: the embedded files cannot be read: " + err.Error())
	}
	return assets
}

func pack(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = w.Write(body)                                  // a bytes.Buffer takes all
	_ = w.Close()
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET,HEAD")
		http.Error(w, "405: Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	a, ok := h.load()[name]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	a.serve(w, r)
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	head, body, tag := w.Header(), a.body, `"`+a.etag+`"`
	head.Set("Content-Type", a.mime)
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	if head.Get("Cache-Control") == "" { // a server may have its own rule for the page
		head.Set("Cache-Control", "no-cache")
	}
	if a.packed != nil {
		head.Set("Vary", "Accept-Encoding")
		if accepts(r.Header.Get("Accept-Encoding"), "gzip") {
			body, tag = a.packed, `"`+a.etag+`-gzip"`
			head.Set("Content-Encoding", "gzip")
		}
	}
	head.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), a.etag) {
		head.Del("Content-Type")
		head.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the client is gone if this fails
	}
}

// matches tells whether an If-None-Match header names the etag, in either coding, weak or strong.
func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		tag := strings.Trim(strings.TrimPrefix(strings.TrimSpace(part), "W/"), `"`)
		if tag == "*" || tag == etag || tag == etag+"-gzip" {
			return true
		}
	}
	return false
}

// accepts tells whether an Accept-Encoding header allows coding, by name or by "*", with a weight above zero.
func accepts(header, coding string) bool {
	named, star := -1.0, -1.0
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			q, _ = strconv.ParseFloat(strings.TrimSpace(v), 64) // an unreadable weight is 0
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case coding:
			named = q
		case "*":
			star = q
		}
	}
	if named >= 0 {
		return named > 0
	}
	return star > 0
}
