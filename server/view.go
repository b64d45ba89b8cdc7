package server

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/filetype"
	"github.com/cocoonhq/cocoon/server/reply"
)

// kinds are the folders that clients may name.
var kinds = []string{"output", "input", "temp"}

// location is a file as clients name it.
type location struct{ kind, subfolder, name string }

func (l location) path() string { return path.Join(l.subfolder, l.name) }

// locate reads a file's name with its annotation, kind and subfolder. Compat: the reference's order of checks.
func locate(filename, kind, subfolder string) (location, error) {
	name := filename
	for _, k := range kinds {
		if rest, ok := strings.CutSuffix(filename, "["+k+"]"); ok {
			name, kind = rest[:max(len(rest)-1, 0)], k
			break
		}
	}
	if name == "" || strings.HasPrefix(name, "/") || strings.Contains(name, "..") || !slices.Contains(kinds, kind) {
		return location{}, plain(http.StatusBadRequest)
	}
	if !inside(subfolder) {
		return location{}, plain(http.StatusForbidden)
	}
	_, base := path.Split(name) // "" for one that ends in a slash, which names no file
	return location{kind, path.Clean("./" + subfolder), base}, nil
}

// inside reports whether a slash path stays in its folder.
func inside(sub string) bool {
	clean := path.Clean("./" + sub)
	return !path.IsAbs(sub) && clean != ".." && !strings.HasPrefix(clean, "../") && !strings.ContainsAny(sub, "\\\x00")
}

// view is GET /view: a picture or other file, whole, by channel, or made smaller.
func (s *Server) view(w http.ResponseWriter, r *http.Request, _ params) error {
	q := queryOf(r)
	if !q.Has("filename") {
		return plain(http.StatusNotFound)
	}
	if name := q.Get("filename"); strings.HasPrefix(name, "blake3:") {
		return s.viewAsset(w, r, name)
	}
	kind := q.Get("type")
	if !q.Has("type") {
		kind = "output"
	}
	at, err := locate(q.Get("filename"), kind, q.Get("subfolder"))
	if err != nil {
		return err
	}
	f, err := s.c.Files.Open(at.kind, at.path())
	if err != nil {
		return plain(http.StatusNotFound)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	v := variantOf(q)
	if v.original() {
		serveFile(w, r, f, st, at.name, true)
		return nil
	}
	w.Header().Set("Cache-Control", "no-cache")
	tag := etag(st, v.String())
	w.Header().Set("ETag", tag)
	if match := r.Header.Get("If-None-Match"); match != "" && (match == "*" || strings.Contains(match, tag)) {
		reply.Empty(w, http.StatusNotModified)
		return nil
	}
	b, contentType, err := s.render(r.Context(), f, st.Size(), v)
	if err != nil {
		return err
	}
	if b == nil { // not a picture that can be made smaller: as it is
		serveFile(w, r, f, st, at.name, true)
		return nil
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", disposition("", at.name))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b)
	return nil
}

// serveFile sends a file with ranges and validators. Types that a browser would run are sent as a download, in a sandbox.
func serveFile(w http.ResponseWriter, r *http.Request, f *os.File, st fs.FileInfo, name string, inline bool) {
	h := w.Header()
	contentType := filetype.Of(name)
	h.Set("X-Content-Type-Options", "nosniff")
	how := ""
	if filetype.Dangerous(contentType) {
		h.Set("Vary", "Sec-Fetch-Dest")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", filetype.Sandbox)
		if base, _, _ := strings.Cut(contentType, ";"); base != "image/svg+xml" || r.Header.Get("Sec-Fetch-Dest") != "image" {
			contentType, how = "application/octet-stream", "attachment"
		}
	}
	if !inline {
		how = "attachment"
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", disposition(how, name))
	h.Set("ETag", etag(st, ""))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	sendContent(w, r, st.ModTime(), st.Size(), f)
}

func etag(st fs.FileInfo, variant string) string {
	tag := fmt.Sprintf("%x-%x", st.ModTime().UnixNano(), st.Size())
	if variant != "" {
		tag += "-" + variant
	}
	return `"` + tag + `"`
}

// disposition names the file. Names come from clients: quotes, backslashes and control characters cannot leave the header.
func disposition(how, name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
	v := `filename="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(clean) + `"`
	if how != "" {
		return how + "; " + v
	}
	return v
}

// newestFirst lists a folder's files by the time of their last change.
func (s *Server) newestFirst(kind string) ([]string, error) {
	names, err := s.c.Files.Files(kind)
	if err != nil {
		return nil, err
	}
	type entry struct {
		name string
		at   int64
	}
	entries := make([]entry, 0, len(names))
	for _, n := range names {
		if st, err := s.c.Files.Stat(kind, n); err == nil {
			entries = append(entries, entry{n, st.ModTime().UnixNano()})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return int(min(max(b.at-a.at, -1), 1)) })
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.name
	}
	return out, nil
}

func badPicture(err error) error {
	return fault.Wrap(err, fault.BadFile, "the file is no picture that can be read")
}
