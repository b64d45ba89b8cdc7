// Package disk keeps inputs, outputs, temporary files and user data in folders of the local disk.
//
// Every name is looked up inside its folder through os.Root, so that no name leads out of it, by "..", by an absolute path or
// by a link. What is written appears whole or not at all: it is written under a temporary name, synced and renamed.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Kind names one of the store's folders.
type Kind = string

// The kinds.
const (
	Input  Kind = "input"
	Output Kind = "output"
	Temp   Kind = "temp"
	User   Kind = "user"
)

// Dirs are the folders on disk. All are made when they are missing.
type Dirs struct{ Input, Output, Temp, User string }

// Store is a set of folders. Its methods may be called from any goroutine.
type Store struct {
	folders map[Kind]*folder
	prefix  string // of a tenant's store, below the one that all share
	quota   *quota // nil for none
	tenants tenants

	names sync.Mutex // held while a file of a name goes, so that the quota is told of each once
}

type folder struct {
	path  string
	root  *os.Root
	stage *stage
}

// Open makes the folders and clears what an earlier process left half-written, and all of the temporary folder.
func Open(d Dirs) (*Store, error) {
	if err := os.RemoveAll(d.Temp); err != nil {
		return nil, wrap(err, "clear the temporary folder %q", d.Temp)
	}
	s := &Store{folders: map[Kind]*folder{}}
	for kind, dir := range map[Kind]string{Input: d.Input, Output: d.Output, Temp: d.Temp, User: d.User} {
		f, err := openFolder(dir)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.folders[kind] = f
	}
	return s, nil
}

func openFolder(dir string) (*folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, wrap(err, "find %q", dir)
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return nil, wrap(err, "make the folder %q", abs)
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, wrap(err, "open the folder %q", abs)
	}
	f := &folder{path: abs, root: root, stage: &stage{root: root}}
	if _, err := root.Stat(stageDir); err == nil {
		_ = f.stage.open() // clears what a killed process left; where nothing can be written, nothing can be cleared
	}
	return f, nil
}

// Close gives the folders back and removes the temporary one's files.
func (s *Store) Close() error {
	errs := []error{s.closeTenants()}
	for kind, f := range s.folders {
		errs = append(errs, f.stage.close(), f.root.Close())
		if kind == Temp {
			errs = append(errs, os.RemoveAll(f.path))
		}
	}
	return errors.Join(errs...)
}

// Path is where a folder lies, for people and for links; files are opened through the Store.
func (s *Store) Path(k Kind) string {
	if f, ok := s.folders[k]; ok {
		return f.path
	}
	return ""
}

// Open opens a file for reading. name is a slash path inside the folder. Errors: fault.NotFound, also for names that would
// lead out of the folder and for folders.
func (s *Store) Open(k Kind, name string) (*os.File, error) {
	f, err := s.at(k, name)
	if err != nil {
		return nil, err
	}
	file, err := f.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, wrap(err, "open %q in the %s folder", name, k)
	}
	if st, err := file.Stat(); err != nil || !st.Mode().IsRegular() {
		file.Close()
		return nil, fault.New(fault.NotFound, "%q in the %s folder is no file", name, k)
	}
	return file, nil
}

// Stat describes a file or folder. name "" or "." is the folder itself.
func (s *Store) Stat(k Kind, name string) (fs.FileInfo, error) {
	f, err := s.at(k, name)
	if err != nil {
		return nil, err
	}
	st, err := f.root.Stat(filepath.FromSlash(path.Clean(name)))
	return st, wrapIf(err, "find %q in the %s folder", name, k)
}

// FS is a folder as a file system for walking.
func (s *Store) FS(k Kind) fs.FS { return s.folders[k].root.FS() }

// Remove deletes a file or an empty folder.
func (s *Store) Remove(k Kind, name string) error {
	f, err := s.at(k, name)
	if err != nil {
		return err
	}
	s.names.Lock()
	defer s.names.Unlock()
	size := f.sizeOf(filepath.FromSlash(name))
	if err := f.root.Remove(filepath.FromSlash(name)); err != nil {
		return wrap(err, "remove %q from the %s folder", name, k)
	}
	s.quota.give(size)
	return nil
}

// MkdirAll makes a folder and those above it.
func (s *Store) MkdirAll(k Kind, dir string) error {
	f, err := s.at(k, dir)
	if err != nil {
		return err
	}
	if path.Clean(dir) == "." {
		return nil
	}
	if s.quota != nil {
		if err := s.quota.take(f.missing(path.Clean(dir))); err != nil {
			return err
		}
	}
	return wrapIf(f.root.MkdirAll(filepath.FromSlash(path.Clean(dir)), 0o755), "make %q in the %s folder", dir, k)
}

// Files lists the names of the regular files directly in a folder, sorted, without those that start with a dot.
func (s *Store) Files(k Kind) ([]string, error) {
	entries, err := fs.ReadDir(s.FS(k), ".")
	if err != nil {
		return nil, wrap(err, "list the %s folder", k)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if st, err := s.Stat(k, e.Name()); err == nil && st.Mode().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (s *Store) at(k Kind, name string) (*folder, error) {
	f, ok := s.folders[k]
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no folder of kind %q; it is input, output or temp", k)
	}
	if strings.ContainsAny(name, "\x00\\") {
		return nil, fault.New(fault.NotFound, "%q is no name of a file", name)
	}
	return f, nil
}

// wrap turns an error of the disk into a fault whose code says what can be done.
func wrap(err error, format string, args ...any) error {
	code := fault.Internal
	hint := ""
	switch {
	case errors.Is(err, fault.DiskFull):
		code = fault.DiskFull
		var full *fault.Error
		if errors.As(err, &full) {
			hint = ": " + full.Detail // it tells the user what to do
		}
	case errors.Is(err, fs.ErrNotExist), strings.Contains(err.Error(), "path escapes"), strings.Contains(err.Error(), "empty path"):
		code = fault.NotFound
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		code, hint = fault.DiskFull, ": the disk is full; free some space"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		code, hint = fault.ReadOnly, ": the folder cannot be written; choose another or change its permissions"
	case errors.Is(err, fs.ErrExist):
		code = fault.Conflict
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, fs.ErrInvalid):
		code = fault.NotFound
	}
	return fault.Wrap(err, code, "cannot %s%s", fmt.Sprintf(format, args...), hint)
}

func wrapIf(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return wrap(err, format, args...)
}
