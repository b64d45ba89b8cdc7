// Package frontend keeps the official web client, its workflow templates and its pages about nodes on this machine, each version
// beside the others, and opens what is kept. The program itself contains none of them: its user installs them.
package frontend

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Kind says what a package is for.
type Kind string

// Kinds of packages.
const (
	Client    Kind = "client"    // the web client, served at /
	Templates Kind = "templates" // workflows with pictures, served at /templates/
	Docs      Kind = "docs"      // pages about nodes, served at /docs/
)

// Package is one installed version.
type Package struct {
	Name    string `json:"name"` // as published, with underscores
	Version string `json:"version"`
	Kind    Kind   `json:"kind"`
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"`
	Source  string `json:"source"` // where it was installed from
	SHA256  string `json:"sha256"` // of the archive; "" for a folder

	dir string // of its files
}

// Shelf is a folder of packages: NAME/VERSION/files and NAME/VERSION/package.json.
type Shelf struct{ dir string }

// NewShelf names the folder. It is made by the first installation.
func NewShelf(dir string) Shelf { return Shelf{dir} }

const (
	filesDir = "files"
	cardFile = "package.json"
	maxCard  = 1 << 20 // bytes
)

// List gives what is installed: by kind, then name, newest first. Folders that are no packages are left out.
func (s Shelf) List() ([]Package, error) {
	names, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Forbidden, "the folder %s cannot be read", s.dir)
	}
	var all []Package
	for _, n := range names {
		versions, err := os.ReadDir(filepath.Join(s.dir, n.Name()))
		if err != nil {
			continue // no folder
		}
		for _, v := range versions {
			if p, ok := readCard(filepath.Join(s.dir, n.Name(), v.Name())); ok {
				all = append(all, p)
			}
		}
	}
	rank := []Kind{Client, Templates, Docs}
	slices.SortStableFunc(all, func(a, b Package) int {
		if a.Kind != b.Kind {
			return slices.Index(rank, a.Kind) - slices.Index(rank, b.Kind)
		}
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return compareVersions(b.Version, a.Version)
	})
	return all, nil
}

func readCard(dir string) (Package, bool) {
	f, err := os.Open(filepath.Join(dir, cardFile))
	if err != nil {
		return Package{}, false
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || st.Size() > maxCard {
		return Package{}, false
	}
	var p Package
	if json.NewDecoder(f).Decode(&p) != nil || !plainName(p.Name) || !plainName(p.Version) {
		return Package{}, false
	}
	switch p.Kind {
	case Client, Templates, Docs:
	default:
		return Package{}, false
	}
	p.dir = filepath.Join(dir, filesDir)
	return p, true
}

// plainName reports whether a name or version can be a folder's name everywhere.
func plainName(s string) bool {
	if s == "" || len(s) > 100 || s[0] == '.' || strings.HasSuffix(s, ".") || !filepath.IsLocal(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("._+-", r)
	})
}

// Open opens a package's files for reading. Close gives the folder back.
func (p Package) Open() (*os.Root, error) {
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "%s %s cannot be opened; install it again", p.Name, p.Version)
	}
	return root, nil
}

// put makes a package of what fill writes: whole or not at all. The card gets the counts of what was written. fresh is false
// when exactly that version is there already; it is then left alone.
func (s Shelf) put(p Package, fill func(root *os.Root) (files int, bytes int64, err error)) (_ Package, fresh bool, err error) {
	at := filepath.Join(s.dir, p.Name, p.Version)
	if old, ok := readCard(at); ok && (old.SHA256 == p.SHA256 || p.SHA256 == "") {
		return old, false, nil
	} else if ok {
		return old, false, fault.New(fault.Conflict, "%s %s is installed from another file; remove %s first", p.Name, p.Version, at)
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return p, false, fault.Wrap(err, fault.ReadOnly, "the folder %s cannot be made", filepath.Dir(at))
	}
	tmp, err := os.MkdirTemp(s.dir, ".new-*")
	if err != nil {
		return p, false, fault.Wrap(err, fault.ReadOnly, "the folder %s cannot be written", s.dir)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return p, false, err
	}
	if err := os.Mkdir(filepath.Join(tmp, filesDir), 0o755); err != nil {
		return p, false, err
	}
	root, err := os.OpenRoot(filepath.Join(tmp, filesDir))
	if err != nil {
		return p, false, err
	}
	p.Files, p.Bytes, err = fill(root)
	if err := errors.Join(err, root.Close()); err != nil {
		return p, false, err
	}
	card, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return p, false, err
	}
	if err := os.WriteFile(filepath.Join(tmp, cardFile), append(card, '\n'), 0o644); err != nil {
		return p, false, fault.Wrap(err, fault.DiskFull, "%s cannot be written", at)
	}
	_ = os.RemoveAll(at) // what has no card is a leftover
	if err := os.Rename(tmp, at); err != nil {
		return p, false, fault.Wrap(err, fault.Conflict, "%s cannot be put into its place", at)
	}
	p.dir = filepath.Join(at, filesDir)
	return p, true, nil
}
