// Package demo is the checkpoint that comes with the program, so that a fresh machine draws a picture from words with nothing
// downloaded. README.md is its model card.
package demo

import (
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Name is the file's name in the folder of checkpoints.
const Name = "papercut.safetensors"

// Checkpoint is the whole file. It lies in the program's image and costs no memory until it is read.
//
//go:embed papercut.safetensors
var Checkpoint string

// pattern names files that are being written; stale is how old one must be to be a leftover of a run that was cut off.
const (
	pattern = ".papercut-*.part"
	stale   = time.Hour
)

// Install writes the checkpoint into dir, the folder of checkpoints, unless there is a checkpoint of any name in it or below it.
// The directory is made if need be. The file appears whole or not at all: it is written under another name, synced and renamed.
// installed is false when nothing was written; path is then empty. Errors: DiskFull, ReadOnly, Forbidden or Conflict, naming
// the directory.
func Install(dir string) (path string, installed bool, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", false, cannotWrite(dir, err)
	}
	sweep(dir)
	if hasCheckpoint(dir) {
		return "", false, nil
	}
	path = filepath.Join(dir, Name)
	if err := write(dir, path); err != nil {
		return "", false, cannotWrite(dir, err)
	}
	return path, true, nil
}

// write makes the file at path by way of a temporary one in dir.
func write(dir, path string) (err error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // the error that brought us here counts
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.WriteString(Checkpoint); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // not every system can; the file itself is safe
		_ = d.Close()
	}
	return nil
}

// hasCheckpoint reports whether a file below dir has a name that checkpoints have. Links count: people keep models elsewhere.
func hasCheckpoint(dir string) bool {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // the walk does not enter a link
	}
	found := errors.New("found")
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read has no checkpoints for us
		}
		if e.Type()&fs.ModeSymlink != 0 {
			if st, err := os.Stat(path); err == nil && (st.IsDir() || named(path)) {
				return found
			}
			return nil
		}
		if e.Type().IsRegular() && named(path) {
			return found
		}
		return nil
	})
	return errors.Is(err, found)
}

func named(path string) bool {
	return slices.Contains([]string{".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl"}, strings.ToLower(filepath.Ext(path)))
}

// sweep removes what a run that was cut off left behind.
func sweep(dir string) {
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return
	}
	for _, path := range paths {
		if st, err := os.Lstat(path); err == nil && st.Mode().IsRegular() && time.Since(st.ModTime()) > stale {
			_ = os.Remove(path) // the next start tries again
		}
	}
}

// cannotWrite says what kept the checkpoint from being written and what to do.
func cannotWrite(dir string, err error) error {
	const size = "47 MB"
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(err, fault.DiskFull, "the demo checkpoint does not fit into %s; free %s there or put a checkpoint of yours elsewhere", dir, size)
	case errors.Is(err, syscall.EROFS):
		return fault.Wrap(err, fault.ReadOnly, "the demo checkpoint cannot be written: %s is on a read-only disk; choose another --base-directory", dir)
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(err, fault.Forbidden, "the demo checkpoint cannot be written: no permission for %s; choose another --base-directory", dir)
	}
	return fault.Wrap(err, fault.Conflict, "the demo checkpoint cannot be written into %s", dir)
}
