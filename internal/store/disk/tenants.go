package disk

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"sync"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// tenantsDir holds a folder a tenant, in each of the store's folders.
const tenantsDir = "tenants"

// tenants are the stores of those who have been here.
type tenants struct {
	mu   sync.Mutex // guards the rest
	open map[tenant.ID]*Store
}

// Tenant is the store of a tenant: folders below this store's own, out of which no name and no link leads. Its files
// together take no more than limit bytes, 0 for no bound; the limit of the first call counts. It is closed with this store.
func (s *Store) Tenant(id tenant.ID, limit int64) (*Store, error) {
	if err := tenant.CheckID(id); err != nil {
		return nil, err
	}
	s.tenants.mu.Lock()
	defer s.tenants.mu.Unlock()
	if t := s.tenants.open[id]; t != nil {
		return t, nil
	}
	t := &Store{folders: map[Kind]*folder{}, prefix: path.Join(tenantsDir, string(id))}
	if limit > 0 {
		t.quota = &quota{limit: limit, measure: t.size}
	}
	for kind, f := range s.folders {
		sub, err := f.below(t.prefix, t.quota)
		if err != nil {
			t.closeFolders()
			return nil, wrap(err, "open the %s folder of a tenant", kind)
		}
		t.folders[kind] = sub
	}
	if s.tenants.open == nil {
		s.tenants.open = map[tenant.ID]*Store{}
	}
	s.tenants.open[id] = t
	return t, nil
}

func (f *folder) below(dir string, q *quota) (*folder, error) {
	name := filepath.FromSlash(dir)
	if err := f.root.MkdirAll(name, 0o755); err != nil {
		return nil, err
	}
	root, err := f.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &folder{path: filepath.Join(f.path, name), root: root, stage: &stage{root: root, quota: q}}, nil
}

func (s *Store) closeFolders() error {
	var errs []error
	for _, f := range s.folders {
		errs = append(errs, f.stage.close(), f.root.Close())
	}
	return errors.Join(errs...)
}

func (s *Store) closeTenants() error {
	s.tenants.mu.Lock()
	defer s.tenants.mu.Unlock()
	var errs []error
	for _, t := range s.tenants.open {
		errs = append(errs, t.closeFolders())
	}
	s.tenants.open = nil
	return errors.Join(errs...)
}

// size measures what the store's files and folders take, as its quota counts it.
func (s *Store) size() int64 {
	var total int64
	for _, f := range s.folders {
		_ = fs.WalkDir(f.root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || p == ".":
				return nil // what cannot be read takes nothing
			case d.Name() == stageDir:
				return fs.SkipDir // what is being written is counted as it comes
			}
			total += perEntry
			if st, err := d.Info(); err == nil && st.Mode().IsRegular() {
				total += st.Size()
			}
			return nil
		})
	}
	return total
}

// sizeOf is what a file that is there takes, 0 for none.
func (f *folder) sizeOf(name string) int64 {
	st, err := f.root.Lstat(name)
	if err != nil {
		return 0
	}
	if st.Mode().IsRegular() {
		return st.Size() + perEntry
	}
	return perEntry
}

// missing is what the folders take that are to be made for dir to be there.
func (f *folder) missing(dir string) int64 {
	var n int64
	for dir != "." && dir != "/" {
		if _, err := f.root.Stat(filepath.FromSlash(dir)); err == nil {
			break
		}
		n += perEntry
		dir = path.Dir(dir)
	}
	return n
}

// Remaining is how many bytes more the store may take; ok is false when nothing bounds it.
func (s *Store) Remaining() (n int64, ok bool) { return s.quota.remaining() }
