package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// store is the folder of packages, each under its sum.
type store struct{ dir string }

func (s store) path(hash string) string { return filepath.Join(s.dir, hash+pack.Suffix) }

func (s store) put(hash string, b []byte) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fault.Wrap(err, fault.ReadOnly, "the extensions' folder cannot be written")
	}
	if info, err := os.Stat(s.path(hash)); err == nil && info.Size() == int64(len(b)) {
		if p, err := s.open(hash); err == nil { // it is there, and whole
			return p.Close()
		}
	}
	return replaceFile(s.path(hash), b)
}

// open opens a package and holds it against its sum.
func (s store) open(hash string) (*pack.Package, error) {
	p, err := pack.Open(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "the package %s is gone from %s; install it again", hash, s.dir)
	}
	if err != nil {
		return nil, err
	}
	if p.Hash != hash {
		return nil, errors.Join(fault.New(fault.BadFile, "the package %s was changed on the disk; install it again", hash), p.Close())
	}
	return p, nil
}

// sweep deletes the packages that nothing refers to. Those that a server has open stay readable to it.
func (s store) sweep(used map[string]bool) {
	list, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, f := range list {
		hash, ours := strings.CutSuffix(f.Name(), pack.Suffix)
		if ours && hashForm.MatchString(hash) && !used[hash] {
			_ = os.Remove(filepath.Join(s.dir, f.Name())) // some systems keep what is open; the next sweep gets it
		}
	}
}

// about is what a package says of itself. Packages do not change, so it is read once.
type about struct {
	man     *pack.Manifest
	size    int64
	signers []string
	files   []string
}

// about reads what a package says, or gives what was read.
func (m *Manager) about(hash string) (*about, error) {
	if a, ok := m.known.Load(hash); ok {
		return a.(*about), nil
	}
	p, err := m.store.open(hash)
	if err != nil {
		return nil, err
	}
	a := &about{p.Manifest, p.Size, signersOf(p), p.Names()}
	m.known.Store(hash, a)
	return a, p.Close()
}

// forget drops what is known of packages that nothing refers to.
func (m *Manager) forget(used map[string]bool) {
	m.known.Range(func(hash, _ any) bool {
		if !used[hash.(string)] {
			m.known.Delete(hash)
		}
		return true
	})
}

func signersOf(p *pack.Package) []string {
	var out []string
	for _, s := range p.Signatures {
		out = append(out, s.Key)
	}
	return out
}
