package install

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// GrantKeys is Grant by the keys of what the package asks for (pack.Ask): exactly those are allowed.
func (m *Manager) GrantKeys(ctx context.Context, t tenant.ID, id string, keys []string) (Status, error) {
	g, err := m.selected(t, id, keys)
	if err != nil {
		return Status{}, err
	}
	return m.Grant(ctx, t, id, g)
}

// selected is the grant of those keys, of the version that waits for consent if there is one.
func (m *Manager) selected(t tenant.ID, id string, keys []string) (pack.Grant, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e, ok := m.lock.find(t, id)
	if !ok {
		return pack.Grant{}, notInstalled(id)
	}
	b := e.now()
	if e.Pending != nil {
		b = e.Pending
	}
	p, err := m.store.open(b.Package)
	if err != nil {
		return pack.Grant{}, err
	}
	defer func() { _ = p.Close() }()
	return p.Manifest.Capabilities.Select(keys), nil
}
