package install

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// change lets f change what is installed, with nobody else changing it, and then makes what runs follow.
func (m *Manager) change(ctx context.Context, f func(l *lockfile) error) error {
	release, err := m.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := m.commit(ctx, f); err != nil {
		_ = m.reconcile(context.WithoutCancel(ctx)) // f may have loaded what is now not to run
		return err
	}
	return m.reconcile(ctx)
}

// commit changes the file.
func (m *Manager) commit(ctx context.Context, f func(l *lockfile) error) error {
	unlock, err := hold(ctx, m.c.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := m.read(); err != nil {
		return err
	}
	m.mu.RLock()
	l, err := copyOf(m.lock)
	m.mu.RUnlock()
	if err != nil {
		return err
	}
	if err := f(l); err != nil {
		return err
	}
	m.mu.RLock()
	err = outgrown(m.lock, l)
	m.mu.RUnlock()
	if err != nil {
		return err
	}
	if err := writeLock(m.c.Dir, l); err != nil {
		return err
	}
	m.store.sweep(l.packages())
	return m.read()
}

// copyOf is a lockfile that may be changed.
func copyOf(l *lockfile) (*lockfile, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	return parseLock(b)
}

// Install installs a package for a tenant, or updates it. When it asks for more than was granted and the consent grants
// nothing, it waits: State Waiting, or Pending beside the version before, which goes on. A package that does not load is
// refused, and what was there stays. Errors: fault.BadFile and fault.TooLarge of a bad package, fault.Forbidden of a refusal or
// a lack of consent, fault.Conflict of a downgrade, and whatever loading gives.
func (m *Manager) Install(ctx context.Context, t tenant.ID, b []byte, c Consent) (Status, error) {
	p, err := pack.Parse(b)
	if err != nil {
		return Status{}, err
	}
	if err := m.allowed(t, p, c); err != nil { // before its code runs for the first time
		return Status{}, err
	}
	if m.c.SelfTest != nil {
		if err := m.c.SelfTest(ctx, p); err != nil {
			return Status{}, err
		}
	}
	id := p.Manifest.ID
	err = m.change(ctx, func(l *lockfile) error {
		if err := m.allowedIn(l, t, p, c); err != nil {
			return err
		}
		if err := m.store.put(p.Hash, b); err != nil {
			return err
		}
		s := l.shelf(t)
		e := s.Extensions[id]
		if e == nil {
			e = &entry{}
			s.Extensions[id] = e
		}
		e.take(p, c)
		return m.settle(ctx, l, key{t, id}, p)
	})
	if err != nil {
		return Status{}, err
	}
	return m.Get(t, id)
}

// take makes a package the entry's, or lets it wait.
func (e *entry) take(p *pack.Package, c Consent) {
	asked := &p.Manifest.Capabilities
	next := buildOf(p)
	next.At = time.Now().UTC().Truncate(time.Second)
	switch {
	case c.Grant != nil:
		e.build, e.Pending, e.Grant = *next, nil, c.Grant.Within(asked.All())
	case len(missing(asked, e.Grant)) == 0:
		e.build, e.Pending, e.Grant = *next, nil, e.Grant.Within(asked.All())
	default:
		e.Pending = next
	}
}

func (m *Manager) allowed(t tenant.ID, p *pack.Package, c Consent) error {
	if err := m.read(); err != nil {
		return err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.offer(m.lock, t, p).agrees(c)
}

// allowedIn judges against a lockfile that is about to be written.
func (m *Manager) allowedIn(l *lockfile, t tenant.ID, p *pack.Package, c Consent) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.offer(l, t, p).agrees(c)
}

// Grant sets what an extension may do: exactly that, as far as it asks for it. A version that waits is taken on with it;
// without one, the grant is of the version that is installed, and less than before counts from the next call on.
func (m *Manager) Grant(ctx context.Context, t tenant.ID, id string, g pack.Grant) (Status, error) {
	err := m.change(ctx, func(l *lockfile) error {
		e, ok := l.find(t, id)
		if !ok {
			return notInstalled(id)
		}
		b := &e.build
		if e.Pending != nil {
			b = e.Pending
		}
		if b.Package == "" {
			return fault.New(fault.Conflict, "%s is in development, and may do all it asks for until cocoon ext dev ends", id)
		}
		p, err := m.store.open(b.Package)
		if err != nil {
			return err
		}
		defer func() { _ = p.Close() }()
		if err := m.allowedIn(l, t, p, Consent{Grant: &g, AcceptKey: b.Publisher, Unsigned: true, Force: true}); err != nil && e.Pending != nil {
			return err
		}
		before := *e
		e.take(p, Consent{Grant: &g})
		if e.Package == before.Package {
			e.At = before.At
		}
		if before.Pending == nil {
			return nil
		}
		return m.settle(ctx, l, key{t, id}, p)
	})
	if err != nil {
		return Status{}, err
	}
	return m.Get(t, id)
}

// settle pins the publisher of a package that an entry has taken on, and sees that it loads.
func (m *Manager) settle(ctx context.Context, l *lockfile, k key, p *pack.Package) error {
	s := l.shelf(k.tenant)
	e := s.Extensions[k.id]
	if e.Package != p.Hash {
		return nil // it waits
	}
	s.Pins[k.id] = p.Manifest.Publisher
	if e.Dev != nil {
		return nil
	}
	return m.try(ctx, k, e)
}

// Dismiss drops a version that waits for consent. One that never ran is gone then.
func (m *Manager) Dismiss(ctx context.Context, t tenant.ID, id string) error {
	return m.change(ctx, func(l *lockfile) error {
		e, ok := l.find(t, id)
		if !ok || e.Pending == nil {
			return fault.New(fault.NotFound, "no version of %.80q waits for consent", id)
		}
		if e.Pending = nil; e.Package == "" && e.Dev == nil {
			delete(l.shelf(t).Extensions, id)
		}
		return nil
	})
}

// Remove takes a tenant's extension away; calls that run go on to their end. With data, what it kept goes too, and with it the
// pin on its publisher.
func (m *Manager) Remove(ctx context.Context, t tenant.ID, id string, data bool) error {
	if data && m.c.Erase == nil {
		return fault.New(fault.Unsupported, "this process cannot delete what extensions kept")
	}
	var keep []tenant.ID
	err := m.change(ctx, func(l *lockfile) error {
		if _, ok := l.find(t, id); !ok {
			return notInstalled(id)
		}
		s := l.shelf(t)
		delete(s.Extensions, id)
		if data {
			delete(s.Pins, id)
		}
		for other := range l.Tenants {
			if _, own := l.find(other, id); own && other != t {
				keep = append(keep, other)
			}
		}
		return nil
	})
	if err != nil || !data {
		return err
	}
	return m.c.Erase(ctx, t, id, keep)
}

// Dev runs a package in place of what is installed, with all that it asks for, until EndDev. It is for whoever may write the
// extensions' folder anyway; nothing is checked but the package's form.
func (m *Manager) Dev(ctx context.Context, t tenant.ID, b []byte) (Status, error) {
	p, err := pack.Parse(b)
	if err != nil {
		return Status{}, err
	}
	err = m.change(ctx, func(l *lockfile) error {
		if err := m.store.put(p.Hash, b); err != nil {
			return err
		}
		s := l.shelf(t)
		e := s.Extensions[p.Manifest.ID]
		if e == nil {
			e = &entry{}
			s.Extensions[p.Manifest.ID] = e
		}
		e.Dev = buildOf(p)
		e.Dev.At = time.Now().UTC()
		return nil
	})
	if err != nil {
		return Status{}, err
	}
	return m.Get(t, p.Manifest.ID)
}

// EndDev lets what is installed run again.
func (m *Manager) EndDev(ctx context.Context, t tenant.ID, id string) error {
	return m.change(ctx, func(l *lockfile) error {
		e, ok := l.find(t, id)
		if !ok || e.Dev == nil {
			return nil
		}
		if e.Dev = nil; e.Package == "" && e.Pending == nil {
			delete(l.shelf(t).Extensions, id)
		}
		return nil
	})
}

// Revoke adds a key, the sum of a package ("sha256-…") or a version ("id@1.2.3", "id@*") to the folder's list of what must not
// run; it stops at once.
func (m *Manager) Revoke(ctx context.Context, what, reason string) error {
	if err := CheckRevocation(what); err != nil {
		return err
	}
	return m.relist(ctx, func(r revocations) { r[what] = strings.Join(strings.Fields(strings.ReplaceAll(reason, "#", "")), " ") })
}

// Unrevoke takes something off the folder's list. fault.NotFound when it is not on it; an operator's other lists are not
// changed.
func (m *Manager) Unrevoke(ctx context.Context, what string) error {
	found := false
	err := m.relist(ctx, func(r revocations) {
		_, found = r[what]
		delete(r, what)
	})
	if err == nil && !found {
		return fault.New(fault.NotFound, "%.100q is not on the list of what is revoked", what)
	}
	return err
}

func (m *Manager) relist(ctx context.Context, f func(r revocations)) error {
	return m.change(ctx, func(*lockfile) error {
		name := filepath.Join(m.c.Dir, revokedName)
		b, err := readList(name, true)
		if err != nil {
			return err
		}
		r, err := parseRevocations(b)
		if err != nil {
			return fault.Wrap(err, fault.BadFile, "%s", name)
		}
		f(r)
		var out bytes.Buffer
		out.WriteString("# What must not run: a key, sha256-SUM or id@version, and why.\n")
		for _, what := range slices.Sorted(maps.Keys(r)) {
			fmt.Fprintln(&out, strings.TrimSpace(what+" "+r[what]))
		}
		return replaceFile(name, out.Bytes())
	})
}

// Revocations lists what must not run, with the reasons, by name.
func (m *Manager) Revocations() map[string]string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return maps.Clone(m.revoked)
}
