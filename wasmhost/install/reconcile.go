package install

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/describe"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// running is an extension that the Loader has.
type running struct {
	hash  string
	what  string // the fingerprint of its entry
	grant pack.Grant
	pkg   *pack.Package
	ext   *wasmhost.Extension
	files map[string]int64 // name → bytes; never changed
}

// failure is why something does not run, and what it was; it is tried again when that changes, or when something has ended that may
// have stood in its way.
type failure struct {
	what, reason string
	ended        uint64 // how often something had ended before
}

// stamp tells whether a file has changed; nil is one that is not there.
type stamp struct{ info os.FileInfo }

func (s stamp) same(o stamp) bool {
	if s.info == nil || o.info == nil {
		return s.info == o.info
	}
	return os.SameFile(s.info, o.info) && s.info.Size() == o.info.Size() && s.info.ModTime().Equal(o.info.ModTime())
}

func (m *Manager) stamps() []stamp {
	files := append(m.revocationFiles(), filepath.Join(m.c.Dir, lockName))
	if m.c.TrustFile != "" {
		files = append(files, m.c.TrustFile)
	}
	out := make([]stamp, len(files))
	for i, f := range files {
		if info, err := os.Stat(f); err == nil {
			out[i].info = info
		}
	}
	return out
}

// followEvery is how often Follow looks for changes.
const followEvery = 200 * time.Millisecond

// Follow loads what is installed, and from then on what other processes change, until ctx ends. What does not load is logged
// and has State Failed; nothing of it stops a server.
func (m *Manager) Follow(ctx context.Context) {
	log := zerolog.Ctx(ctx)
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for changed := true; ; changed = m.changed() {
		if changed {
			if err := m.Reconcile(ctx); err != nil && ctx.Err() == nil {
				log.Warn().Err(err).Msg("the list of extensions cannot be followed; what ran goes on")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (m *Manager) changed() bool {
	now := m.stamps()
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.EqualFunc(now, m.seen, stamp.same) {
		return false
	}
	m.seen = now // also when it cannot be read: it is tried again when it changes again
	return true
}

// Reconcile reads what is installed and makes what runs follow. Extensions that do not load are no error: they have State
// Failed.
func (m *Manager) Reconcile(ctx context.Context) error {
	release, err := m.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := m.read(); err != nil {
		return err
	}
	return m.reconcile(ctx)
}

// reconcile starts and ends what the Loader has; the turn is held.
func (m *Manager) reconcile(ctx context.Context) error {
	if m.c.Loader == nil {
		return nil
	}
	want := m.wanted()
	for _, k := range m.superfluous(want) {
		m.end(ctx, k)
	}
	for _, k := range m.inOrder(want) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := m.start(ctx, k, want[k]); err != nil && ctx.Err() == nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("extension", k.id).Str("tenant", string(k.tenant)).Msg("extension does not load")
		}
	}
	if err := m.tell(); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("the command line is not told which extensions do not load")
	}
	if m.settled() && m.c.Changed != nil {
		m.c.Changed(ctx)
	}
	return nil
}

// settled reports whether what runs has changed since it was asked last.
func (m *Manager) settled() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	moved := m.moved
	m.moved = false
	return moved
}

// wanted are the entries that are to run.
func (m *Manager) wanted() map[key]*entry {
	m.mu.RLock()
	defer m.mu.RUnlock()
	want := map[key]*entry{}
	for t, s := range m.lock.Tenants {
		for id, e := range s.Extensions {
			if _, barred := m.barred(id, e.now(), e.Dev != nil); e.now().Package != "" && !barred {
				want[key{t, id}] = e
			}
		}
	}
	return want
}

// superfluous are those that run and must not.
func (m *Manager) superfluous(want map[key]*entry) []key {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.failed {
		if want[k] == nil {
			delete(m.failed, k)
		}
	}
	var out []key
	for k := range m.running {
		if want[k] == nil {
			out = append(out, k)
		}
	}
	return out
}

func (m *Manager) end(ctx context.Context, k key) {
	err := m.c.Loader.Remove(ctx, k.tenant, k.id)
	if err != nil && !errors.Is(err, fault.NotFound) {
		zerolog.Ctx(ctx).Warn().Err(err).Str("extension", k.id).Msg("extension does not end well")
	}
	zerolog.Ctx(ctx).Info().Str("extension", k.id).Str("tenant", string(k.tenant)).Msg("extension ended")
	m.put(k, nil)
}

// put notes what runs now, and closes what did.
func (m *Manager) put(k key, r *running) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moved = true
	m.changes++
	if old := m.running[k]; old != nil {
		m.ended++
		_ = old.pkg.Close()
	}
	if r == nil {
		delete(m.running, k)
		return
	}
	m.running[k] = r
	delete(m.failed, k)
}

// start loads an entry unless it runs as it should. The version before goes on when the new one does not load, unless it may
// do what is not granted any more.
func (m *Manager) start(ctx context.Context, k key, e *entry) error {
	what := m.fingerprint(e)
	m.mu.RLock()
	r, f, ended := m.running[k], m.failed[k], m.ended
	m.mu.RUnlock()
	if f.what == what && f.ended == ended || r != nil && r.what == what {
		return nil
	}
	err := m.try(ctx, k, e)
	if err == nil || ctx.Err() != nil {
		return err
	}
	m.mu.Lock()
	m.failed[k] = failure{what, err.Error(), m.ended}
	m.mu.Unlock()
	if r != nil && e.Dev == nil && !covers(e.Grant, r.grant) {
		m.end(ctx, k)
	}
	return err
}

// covers reports whether a grant holds all of another.
func covers(g, other pack.Grant) bool {
	a, errA := json.Marshal(other.Within(other))
	b, errB := json.Marshal(other.Within(g))
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

func compareKeys(a, b key) int {
	if d := strings.Compare(string(a.tenant), string(b.tenant)); d != 0 {
		return d
	}
	return strings.Compare(a.id, b.id)
}

// try loads an entry; the turn is held.
func (m *Manager) try(ctx context.Context, k key, e *entry) error {
	if m.c.Loader == nil {
		return nil
	}
	p, err := m.store.open(e.now().Package)
	if err != nil {
		return err
	}
	r := &running{hash: p.Hash, what: m.fingerprint(e), pkg: p, files: map[string]int64{}}
	for name := range p.Manifest.Files {
		r.files[name] = p.Bytes(name)
	}
	m.mu.RLock()
	r.grant = m.effective(p.Manifest, signersOf(p), e)
	why, barred := m.barred(k.id, buildOf(p), e.Dev != nil) // what the package says counts, not what the list does
	m.mu.RUnlock()
	var module []byte
	var replacements []node.Replacement
	switch {
	case barred:
		err = fault.New(fault.Forbidden, "%s", why)
	case p.Manifest.ID != k.id:
		err = fault.New(fault.BadFile, "the package is of %s", p.Manifest.ID)
	default:
		module, err = p.Module()
	}
	if err == nil {
		replacements, err = replacementsOf(p)
	}
	if err == nil {
		r.ext, err = m.c.Loader.Load(ctx, wasmhost.Source{Tenant: k.tenant, Manifest: p.Manifest, Module: module, Grant: r.grant, Limits: m.limits(p.Manifest),
			Replacements: replacements})
	}
	if err != nil {
		return errors.Join(err, p.Close())
	}
	m.put(k, r)
	zerolog.Ctx(ctx).Info().Str("extension", k.id).Str("version", p.Manifest.Version).Str("tenant", string(k.tenant)).Msg("extension runs")
	return nil
}

func replacementsOf(p *pack.Package) ([]node.Replacement, error) {
	if !p.Has(pack.ReplaceFile) {
		return nil, nil
	}
	b, err := p.File(pack.ReplaceFile)
	if err != nil {
		return nil, err
	}
	return describe.ParseReplacements(b)
}

// fingerprint tells whether an entry runs as it should: its package and what that may do.
func (m *Manager) fingerprint(e *entry) string {
	if e.Dev != nil {
		return e.Dev.Package + " dev"
	}
	g, err := json.Marshal(e.Grant)
	if err != nil {
		return ""
	}
	out := e.Package + " " + string(g)
	if e.Grant.Web == pack.WebTrusted { // which holds only for who is on the list
		m.mu.RLock()
		defer m.mu.RUnlock()
		out += m.trust.webKeys()
	}
	return out
}
