package pack

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Folder gathers what of a project goes into its package: the manifest, the module, and the files and folders that packages
// have. The rest of the project, its sources above all, stays where it is, as do files whose names start with a dot.
func Folder(dir string) (*Manifest, map[string][]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fault.New(fault.NotFound, "%s has no %s: it is no extension; cocoon ext new makes one", dir, ManifestFile)
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := ParseManifest(text)
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.BadFile, "%s", filepath.Join(dir, ManifestFile))
	}
	g := gathering{dir: dir, files: map[string][]byte{}}
	for _, name := range append(looseFiles(), ModuleFile) {
		if err := g.file(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
	}
	if _, ok := g.files[ModuleFile]; !ok {
		return nil, nil, fault.New(fault.NotFound, "%s has no %s yet; cocoon ext build makes it", dir, ModuleFile)
	}
	for _, name := range folders() {
		if err := g.folder(name); err != nil {
			return nil, nil, err
		}
	}
	return m, g.files, nil
}

type gathering struct {
	dir   string
	files map[string][]byte
	bytes int64
}

func (g *gathering) folder(name string) error {
	root := filepath.Join(g.dir, name)
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == root {
			return nil
		}
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(g.dir, p)
		if err != nil {
			return err
		}
		return g.file(path.Clean(filepath.ToSlash(rel)))
	})
}

func (g *gathering) file(name string) error {
	p := filepath.Join(g.dir, filepath.FromSlash(name))
	info, err := os.Lstat(p)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fault.New(fault.BadFile, "%s is a link or something else that is no file; packages have files only", p)
	}
	if err := CheckName(name); err != nil {
		return err
	}
	if g.bytes += info.Size(); g.bytes > MaxBytes || len(g.files) >= MaxEntries {
		return fault.New(fault.TooLarge, "the package would have more than %d files or %d MiB", MaxEntries, MaxBytes>>20)
	}
	b, err := os.ReadFile(p)
	if err != nil {
		return err
	}
	g.files[name] = b
	return nil
}
