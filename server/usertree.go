package server

import (
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/reply"
)

// maxListed bounds how many entries a listing of user files has.
const maxListed = 100_000

// errEnough ends a walk.
const errEnough = fault.TooLarge

// userFiles is GET /userdata.
func (s *Server) userFiles(w http.ResponseWriter, r *http.Request, _ params) error {
	q := queryOf(r)
	user, ok := s.user(r)
	if !ok {
		return unknownUser()
	}
	if q.Get("dir") == "" {
		return &plainText{http.StatusBadRequest, "Directory not provided"}
	}
	dir, ok := userPath(user, q.Get("dir"))
	if !ok {
		return &plainText{http.StatusForbidden, "Invalid directory"}
	}
	st, err := s.c.Files.Stat("user", dir)
	if err != nil {
		return &plainText{http.StatusNotFound, "Directory not found"}
	}
	flag := func(name string) bool { return strings.EqualFold(q.Get(name), "true") }
	list := []any{}
	if st.IsDir() {
		s.walkUser(dir, flag("recurse"), false, func(rel string, st fs.FileInfo) {
			switch {
			case st.IsDir():
			case flag("full_info"):
				list = append(list, fileInfo(rel, st))
			case flag("split"):
				parts := []any{rel}
				for part := range strings.SplitSeq(rel, "/") {
					parts = append(parts, part)
				}
				list = append(list, parts)
			default:
				list = append(list, rel)
			}
		})
	}
	reply.Doc(w, 200, list)
	return nil
}

// walkUser goes through what lies below a folder, by name, with paths relative to it.
func (s *Server) walkUser(dir string, deep, hidden bool, do func(rel string, st fs.FileInfo)) {
	n := 0
	_ = fs.WalkDir(s.c.Files.FS("user"), dir, func(p string, d fs.DirEntry, err error) error {
		if p == dir {
			return err
		}
		if err != nil {
			return nil // what cannot be read is left out
		}
		if !hidden && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if n++; n > maxListed {
			return errEnough
		}
		if st, err := d.Info(); err == nil && (st.IsDir() || st.Mode().IsRegular()) {
			do(strings.TrimPrefix(p, dir+"/"), st)
		}
		if d.IsDir() && !deep {
			return fs.SkipDir
		}
		return nil
	})
}

// userTree is GET /v2/userdata.
func (s *Server) userTree(w http.ResponseWriter, r *http.Request, _ params) error {
	user, ok := s.user(r)
	if !ok {
		return unknownUser()
	}
	asked := queryOf(r).Get("path")
	if u, err := url.PathUnescape(asked); err == nil {
		asked = u
	}
	dir, ok := userPath(user, path.Clean("./"+asked))
	if !ok || path.IsAbs(asked) {
		return &plainText{http.StatusBadRequest, "Invalid path requested"}
	}
	st, err := s.c.Files.Stat("user", dir)
	switch {
	case err != nil && dir == user:
		reply.Doc(w, 200, []any{})
		return nil
	case err != nil:
		return &plainText{http.StatusNotFound, "Requested path not found"}
	case !st.IsDir():
		return &plainText{http.StatusBadRequest, "Requested path is not a directory"}
	}
	type entry struct {
		name string
		dir  bool
		view any
	}
	var all []entry
	s.walkUser(dir, true, true, func(rel string, st fs.FileInfo) {
		full := strings.TrimPrefix(path.Join(dir, rel), user+"/")
		if st.IsDir() {
			all = append(all, entry{st.Name(), true, doc.Of("name", st.Name(), "path", full, "type", "directory")})
			return
		}
		at := float64(st.ModTime().UnixNano()) / 1e9
		all = append(all, entry{st.Name(), false,
			doc.Of("name", st.Name(), "path", full, "type", "file", "size", st.Size(), "modified", at)})
	})
	slices.SortStableFunc(all, func(a, b entry) int {
		if a.dir != b.dir {
			if a.dir {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	list := make([]any, len(all))
	for i := range all {
		list[i] = all[i].view
	}
	reply.Doc(w, 200, list)
	return nil
}
