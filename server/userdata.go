package server

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/filetype"
	"github.com/cocoonhq/cocoon/server/reply"
)

// plainText is an answer of a status and a line of text.
type plainText struct {
	status int
	text   string
}

// Error gives the text.
func (e *plainText) Error() string { return e.text }

// unknownUser answers who names a user that is not known.
func unknownUser() error {
	return &plainText{http.StatusForbidden, "Invalid user specified in request"}
}

// userPath finds a user's file: user/file with file below the user's folder. ok is false when it would lead out.
// Compat: a name that still has a % after routing is unescaped once more.
func userPath(user, file string) (full string, ok bool) {
	if strings.Contains(file, "%") {
		if u, err := url.PathUnescape(file); err == nil {
			file = u
		}
	}
	clean := path.Clean(file)
	if path.IsAbs(file) || clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsAny(file, "\\\x00") {
		return "", false
	}
	return path.Join(user, clean), true
}

// userTarget is userPath for the file that a route names. Compat: the folder above it is made, also for reading.
func (s *Server) userTarget(r *http.Request, p params, name string) (user, full string, err error) {
	user, ok := s.user(r)
	if !ok {
		return "", "", unknownUser()
	}
	file := p.get(name)
	if file == "" {
		return "", "", plain(http.StatusBadRequest)
	}
	full, ok = userPath(user, file)
	if !ok {
		return "", "", plain(http.StatusForbidden)
	}
	if err := s.c.Files.MkdirAll("user", path.Dir(full)); err != nil && fault.CodeOf(err) == fault.DiskFull {
		return "", "", err
	}
	return user, full, nil
}

// userFile is GET /userdata/{file}. A file is never shown in place, so that none can run as a page of this server; only the
// style sheet user.css of the user's own folder is.
func (s *Server) userFile(w http.ResponseWriter, r *http.Request, p params) error {
	user, full, err := s.userTarget(r, p, "file")
	if err != nil {
		return err
	}
	h := w.Header()
	st, err := s.c.Files.Stat("user", full)
	if err != nil {
		return plain(http.StatusNotFound)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", "attachment")
	if st.IsDir() {
		return plain(http.StatusForbidden)
	}
	f, err := s.c.Files.Open("user", full)
	if err != nil {
		return plain(http.StatusNotFound)
	}
	defer f.Close()
	kind := filetype.Of(full)
	switch {
	case full == user+"/user.css":
		kind = "text/css"
		h.Set("Content-Disposition", "inline")
	case filetype.Dangerous(kind):
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", filetype.Sandbox)
	h.Set("ETag", etag(st, ""))
	sendContent(w, r, st.ModTime(), st.Size(), f)
	return nil
}

// putUserFile is POST /userdata/{file}.
func (s *Server) putUserFile(w http.ResponseWriter, r *http.Request, p params) error {
	user, full, err := s.userTarget(r, p, "file")
	if err != nil {
		return err
	}
	overwrite := queryOf(r).Get("overwrite") != "false"
	if st, err := s.c.Files.Stat("user", full); err == nil && st.IsDir() {
		if !overwrite {
			return s.written(w, r, user, full, fault.Conflict)
		}
		return plain(http.StatusBadRequest)
	}
	var body error
	err = s.c.Files.Put("user", full, overwrite, func(w io.Writer) error {
		_, body = io.Copy(w, r.Body)
		return body
	})
	if overwrite && errors.Is(err, fault.Conflict) {
		return plain(http.StatusBadRequest) // Compat: something above it is no folder
	}
	if body != nil && err != nil {
		return body // the request broke off, or was too large
	}
	return s.written(w, r, user, full, err)
}

// written answers who wrote a file.
func (s *Server) written(w http.ResponseWriter, r *http.Request, user, full string, err error) error {
	switch {
	case errors.Is(err, fault.Conflict):
		return &plainText{http.StatusConflict, "File already exists"}
	case errors.Is(err, fault.DiskFull):
		return err
	case err != nil:
		return plain(http.StatusBadRequest) // Compat: a name that the disk does not take
	}
	rel := strings.TrimPrefix(full, user+"/")
	if !strings.EqualFold(queryOf(r).Get("full_info"), "true") {
		reply.Doc(w, 200, rel)
		return nil
	}
	st, err := s.c.Files.Stat("user", full)
	if err != nil {
		return err
	}
	reply.Doc(w, 200, fileInfo(rel, st))
	return nil
}

// deleteUserFile is DELETE /userdata/{file}.
func (s *Server) deleteUserFile(w http.ResponseWriter, r *http.Request, p params) error {
	_, full, err := s.userTarget(r, p, "file")
	if err != nil {
		return err
	}
	st, err := s.c.Files.Stat("user", full)
	if err != nil {
		return plain(http.StatusNotFound)
	}
	if st.IsDir() {
		return fault.New(fault.BadRequest, "%q is a folder; only files are deleted", p.get("file"))
	}
	if err := s.c.Files.Remove("user", full); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// moveUserFile is POST /userdata/{file}/move/{dest}.
func (s *Server) moveUserFile(w http.ResponseWriter, r *http.Request, p params) error {
	user, from, err := s.userTarget(r, p, "file")
	if err != nil {
		return err
	}
	if _, err := s.c.Files.Stat("user", from); err != nil {
		return plain(http.StatusNotFound)
	}
	_, to, err := s.userTarget(r, p, "dest")
	if err != nil {
		return err
	}
	err = s.c.Files.Rename("user", from, to, queryOf(r).Get("overwrite") != "false")
	return s.written(w, r, user, to, err)
}

// fileInfo describes a file with its path. Times are Unix ms; systems tell no time of creation in one way, so that it is the
// time of the last change too.
func fileInfo(rel string, st fs.FileInfo) *doc.Object {
	at := st.ModTime().UnixMilli()
	return doc.Of("path", rel, "size", st.Size(), "modified", at, "created", at)
}
