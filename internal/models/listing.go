package models

import (
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Bounds on a listing, against directories that contain themselves.
const (
	maxListDepth = 24
	maxListFiles = 1 << 18
)

// settled is how old a directory's time of change must be for its listing to be trusted: file systems keep times coarsely.
const settled = 2 * time.Second

// listing is the files of some roots and the directories they were found in.
type listing struct {
	names []string
	dirs  map[string]time.Time // time of change by path; zero for a root that is not there
	done  bool
}

// fresh reports whether no directory has changed since the listing was made.
func (l *listing) fresh(roots []string) bool {
	if !l.done {
		return false
	}
	for dir, was := range l.dirs {
		if now := changed(dir); !now.Equal(was) {
			return false
		}
	}
	return !slices.ContainsFunc(roots, func(r string) bool { _, known := l.dirs[r]; return !known })
}

// changed is when a directory changed last; zero when there is none.
func changed(dir string) time.Time {
	st, err := os.Stat(dir)
	if err != nil || !st.IsDir() {
		return time.Time{}
	}
	return st.ModTime()
}

// scan lists the regular files below roots whose names pass keep.
//
// Compat: links to directories are followed and .git is passed over, as the reference's recursive search.
func scan(roots []string, keep func(name string) bool) listing {
	s := scanner{keep: keep, began: time.Now(), list: listing{dirs: map[string]time.Time{}, done: true}}
	for _, root := range roots {
		s.root = root
		s.walk("", 0)
	}
	slices.Sort(s.list.names)
	s.list.names = slices.Compact(s.list.names)
	return s.list
}

type scanner struct {
	root  string
	keep  func(string) bool
	began time.Time
	above []os.FileInfo // directories on the way down
	list  listing
}

// walk adds the files of one directory below the root, then those of its subdirectories.
func (s *scanner) walk(rel string, depth int) {
	dir := filepath.Join(s.root, rel)
	st, err := os.Stat(dir)
	if err != nil || !st.IsDir() {
		if rel == "" {
			s.list.dirs[dir] = time.Time{}
		}
		return
	}
	if depth > maxListDepth || slices.ContainsFunc(s.above, func(up os.FileInfo) bool { return os.SameFile(up, st) }) {
		return
	}
	s.list.dirs[dir] = st.ModTime()
	if s.began.Sub(st.ModTime()) < settled {
		s.list.done = false // it may change again within the same tick
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	s.above = append(s.above, st)
	defer func() { s.above = s.above[:len(s.above)-1] }()
	for _, e := range entries {
		if len(s.list.names) >= maxListFiles {
			return
		}
		s.entry(e, filepath.Join(rel, e.Name()), depth)
	}
}

func (s *scanner) entry(e os.DirEntry, name string, depth int) {
	mode := e.Type()
	if mode&os.ModeSymlink != 0 {
		st, err := os.Stat(filepath.Join(s.root, name))
		if err != nil {
			return // a link that leads nowhere
		}
		mode = st.Mode().Type()
	}
	switch {
	case mode.IsDir() && e.Name() != ".git":
		s.walk(name, depth+1)
	case mode.IsRegular() && s.keep(name):
		s.list.names = append(s.list.names, name)
	}
}
