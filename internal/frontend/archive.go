package frontend

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Bounds on what is installed. The published packages stay below a tenth of each.
const (
	maxArchive = 1 << 30   // bytes of an archive
	maxEntries = 100_000   // files in an archive or folder
	maxFile    = 256 << 20 // bytes of one unpacked file
	maxTotal   = 2 << 30   // bytes of all unpacked files
)

// entry is a file of an archive or a folder.
type entry struct {
	name string // slash path, checked
	size int64
	open func() (io.ReadCloser, error)
}

// zipEntries lists the files of an archive after it has checked every name, kind and size; nothing is unpacked yet.
// Errors: bad_file, too_large.
func zipEntries(z *zip.Reader) ([]entry, error) {
	if len(z.File) > maxEntries {
		return nil, fault.New(fault.TooLarge, "the archive has %d files; up to %d are unpacked", len(z.File), maxEntries)
	}
	var all []entry
	var total int64
	for _, f := range z.File {
		name := f.Name
		if strings.HasSuffix(name, "/") {
			if err := checkName(strings.TrimSuffix(name, "/")); err != nil {
				return nil, err
			}
			continue
		}
		if err := checkName(name); err != nil {
			return nil, err
		}
		if mode := f.Mode(); !mode.IsRegular() {
			return nil, fault.New(fault.BadFile, "the archive holds %q, which is no plain file (%v)", name, mode)
		}
		if f.UncompressedSize64 > maxFile {
			return nil, fault.New(fault.TooLarge, "the archive's file %q has %d bytes; up to %d are unpacked", name, f.UncompressedSize64, maxFile)
		}
		if total += int64(f.UncompressedSize64); total > maxTotal {
			return nil, fault.New(fault.TooLarge, "the archive's files have over %d bytes together", int64(maxTotal))
		}
		all = append(all, entry{name, int64(f.UncompressedSize64), f.Open})
	}
	return all, unique(all)
}

// folderEntries lists the files below a folder by the same rules. Links are refused, as in archives.
func folderEntries(ctx context.Context, root *os.Root) ([]entry, error) {
	var all []entry
	var total int64
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		if err := checkName(name); err != nil {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case !st.Mode().IsRegular():
			return fault.New(fault.BadFile, "the folder holds %q, which is no plain file (%v)", name, st.Mode())
		case len(all) >= maxEntries:
			return fault.New(fault.TooLarge, "the folder has over %d files", maxEntries)
		case st.Size() > maxFile:
			return fault.New(fault.TooLarge, "the file %q has %d bytes; up to %d are taken", name, st.Size(), maxFile)
		}
		if total += st.Size(); total > maxTotal {
			return fault.New(fault.TooLarge, "the folder's files have over %d bytes together", int64(maxTotal))
		}
		all = append(all, entry{name, st.Size(), func() (io.ReadCloser, error) { return root.Open(filepath.FromSlash(name)) }})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, unique(all)
}

// checkName refuses names that leave the folder or mean something else on another system.
func checkName(name string) error {
	bad := len(name) > 400 || !fs.ValidPath(name) || strings.ContainsAny(name, "\\:*?\"<>|\x00") || !filepath.IsLocal(filepath.FromSlash(name))
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || len(part) > 200 || device(part) || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") ||
			strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f })
	}
	if bad {
		return fault.New(fault.BadFile, "the archive holds a file with the unsafe name %q", name)
	}
	return nil
}

// device reports whether a name means a device on Windows, whatever its ending.
func device(part string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(part), ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) && stem[3] >= '0' && stem[3] <= '9'
}

// unique refuses names that come twice, also when only case tells them apart, and files that are folders of others.
func unique(all []entry) error {
	files, dirs := map[string]bool{}, map[string]bool{}
	for _, e := range all {
		low := strings.ToLower(e.name)
		if files[low] {
			return fault.New(fault.BadFile, "the name %q comes twice", e.name)
		}
		files[low] = true
		for dir := path.Dir(low); dir != "." && !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
	}
	for _, e := range all {
		if dirs[strings.ToLower(e.name)] {
			return fault.New(fault.BadFile, "%q is a file and a folder", e.name)
		}
	}
	return nil
}

// unpack writes the entries below prefix into root, without the prefix.
func unpack(ctx context.Context, root *os.Root, all []entry, prefix string) (files int, bytes int64, err error) {
	for _, e := range all {
		name, ok := strings.CutPrefix(e.name, prefix)
		if !ok {
			continue
		}
		if err := ctx.Err(); err != nil {
			return files, bytes, err
		}
		if dir := path.Dir(name); dir != "." {
			if err := root.MkdirAll(filepath.FromSlash(dir), 0o755); err != nil {
				return files, bytes, err
			}
		}
		if err := e.writeTo(root, name); err != nil {
			return files, bytes, err
		}
		files, bytes = files+1, bytes+e.size
	}
	return files, bytes, nil
}

// writeTo writes a file. The size that was told is the size that is taken: a longer file is an error.
func (e entry) writeTo(root *os.Root, name string) (err error) {
	in, err := e.open()
	if err != nil {
		return fault.Wrap(err, fault.BadFile, "the file %q cannot be read", e.name)
	}
	defer in.Close()
	out, err := root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err := io.Copy(out, io.LimitReader(in, e.size+1))
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fault.Wrap(err, fault.DiskFull, "the disk is full")
	case err != nil:
		return fault.Wrap(err, fault.BadFile, "the file %q cannot be unpacked", e.name)
	case n != e.size:
		return fault.New(fault.BadFile, "the file %q has another size than the archive says", e.name)
	}
	return nil
}
