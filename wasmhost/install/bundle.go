package install

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Bundle is a package that runs for a tenant, as far as clients are concerned.
type Bundle struct {
	Owner   tenant.ID // "" for a shared one
	ID      string
	Hash    string           // SHA-256 of the package
	Classes []string         // of its nodes
	Files   map[string]int64 // name → bytes; must not be changed
}

// Revision is another number whenever Bundles may give something else.
func (m *Manager) Revision() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.changes
}

// Bundles lists what runs for a tenant: its own by id, then the shared ones of which none of that id runs as its own. That is
// the order in which a class that two of them have is taken.
func (m *Manager) Bundles(t tenant.ID) []Bundle {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := []Bundle{}
	for k, r := range m.running {
		if k.tenant != t && k.tenant != "" || r != m.runs(t, k.id) {
			continue
		}
		b := Bundle{Owner: k.tenant, ID: k.id, Hash: r.hash, Files: r.files}
		for _, n := range r.ext.Nodes() {
			b.Classes = append(b.Classes, n.Schema().ID)
		}
		out = append(out, b)
	}
	shared := func(b Bundle) int { return min(len(b.Owner), 1) }
	slices.SortFunc(out, func(a, b Bundle) int {
		return cmp.Or(shared(b)-shared(a), strings.Compare(a.ID, b.ID))
	})
	return out
}

// BundleFile gives a file of a package that still runs for a tenant. Errors: fault.NotFound, also when another package of
// that id runs now.
func (m *Manager) BundleFile(t tenant.ID, id, hash, name string) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := m.runs(t, id)
	if r == nil || r.hash != hash {
		return nil, fault.New(fault.NotFound, "the package %s of %.80q does not run", hash, id)
	}
	return r.pkg.File(name)
}
