package install

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// Loader runs extensions: *wasmhost.Host is one.
type Loader interface {
	Load(ctx context.Context, s wasmhost.Source) (*wasmhost.Extension, error)
	Remove(ctx context.Context, t tenant.ID, id string) error
}

// Config is what a Manager needs. Only Dir is required.
type Config struct {
	// Dir is the folder of extensions.json and the packages; it is made when something is installed.
	Dir string
	// Loader runs what is installed; nil for a process that only changes what is.
	Loader Loader
	// TrustFile lists the publishers whose packages may be installed and run (see ParseTrust); "" pins whoever is accepted first.
	TrustFile string
	// RevocationFiles list keys, sums and versions that must not run, beside the folder's own revoked.txt.
	RevocationFiles []string
	// AllowUnsigned lets packages without a signature be installed by whoever consents to it.
	AllowUnsigned bool
	// Most are the limits that a package's wishes stay within; the zero value is MostLimits.
	Most wasmhost.LimitSet
	// SelfTest runs a package's test vectors before it is installed; nil runs none. An error refuses the package.
	SelfTest func(ctx context.Context, p *pack.Package) error
	// Erase deletes what an extension kept (kv.Erase). For the tenant "" that is everybody's but that of the tenants
	// in keep, who have one of their own. nil refuses to.
	Erase func(ctx context.Context, t tenant.ID, id string, keep []tenant.ID) error
	// Changed is called after extensions began or ceased to run; nil is not.
	Changed func(ctx context.Context)
}

// Manager installs extensions and keeps what is installed running. Its methods may be called from any goroutine; those that
// change something wait for one another, and for other processes that change the same folder.
type Manager struct {
	c     Config
	store store
	turn  chan struct{} // held by what changes anything, here or in the Loader
	known sync.Map      // *about by the package's sum

	reading sync.Mutex // held from the first look at the files until what they say is taken in; taken before mu

	mu      sync.RWMutex
	lock    *lockfile // as last read; never changed, only replaced
	trust   *Trust
	revoked revocations
	running map[key]*running
	failed  map[key]failure
	moved   bool   // what runs has changed, and nobody was told
	changes uint64 // of what runs
	ended   uint64 // how often something that ran has ended
	seen    []stamp
}

// key names a tenant's extension.
type key struct {
	tenant tenant.ID
	id     string
}

// Open reads what is installed. It loads nothing yet: see Reconcile and Follow. Close it.
func Open(ctx context.Context, c Config) (*Manager, error) {
	if c.Most == (wasmhost.LimitSet{}) {
		c.Most = MostLimits()
	}
	m := &Manager{c: c, store: store{filepath.Join(c.Dir, "packages")}, turn: make(chan struct{}, 1), running: map[key]*running{}, failed: map[key]failure{}}
	if err := m.read(); err != nil {
		return nil, err
	}
	return m, ctx.Err()
}

// read takes in what the files say.
func (m *Manager) read() error {
	m.reading.Lock() // else one who read before a change could take in what was after one who read behind it
	defer m.reading.Unlock()
	seen := m.stamps()
	l, err := readLock(m.c.Dir)
	if err != nil {
		return err
	}
	t, err := m.readTrust()
	if err != nil {
		return err
	}
	r, err := m.readRevocations()
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lock, m.trust, m.revoked, m.seen = l, t, r, seen
	m.forget(l.packages())
	return nil
}

// take waits for the turn to change things.
func (m *Manager) take(ctx context.Context) (release func(), err error) {
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close closes the packages that are open. What runs goes on: the Loader ends it.
func (m *Manager) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var err error
	for k, r := range m.running {
		if e := r.pkg.Close(); err == nil {
			err = e
		}
		delete(m.running, k)
	}
	return err
}

// List gives a tenant's extensions, and those that are shared with it of which it has none of that id; by id.
func (m *Manager) List(t tenant.ID) []Status {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := map[string]Status{}
	for _, owner := range []tenant.ID{"", t} {
		if s := m.lock.Tenants[owner]; s != nil {
			for id, e := range s.Extensions {
				all[id] = m.status(owner, id, e)
			}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b Status) int { return strings.Compare(a.ID, b.ID) })
}

// Get gives one of the extensions that List gives; fault.NotFound when it has none of that id.
func (m *Manager) Get(t tenant.ID, id string) (Status, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, owner := range []tenant.ID{t, ""} {
		if e, ok := m.lock.find(owner, id); ok {
			return m.status(owner, id, e), nil
		}
	}
	return Status{}, notInstalled(id)
}

func notInstalled(id string) error {
	return fault.New(fault.NotFound, "no extension %.80q is installed", id)
}

// Log gives the last lines that a running extension wrote; nil when it does not run here.
func (m *Manager) Log(t tenant.ID, id string) []wasmhost.Line {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if r := m.runs(t, id); r != nil {
		return r.ext.Log()
	}
	return nil
}

// runs finds what runs for a tenant; mu is held.
func (m *Manager) runs(t tenant.ID, id string) *running {
	if r := m.running[key{t, id}]; r != nil {
		return r
	}
	return m.running[key{"", id}]
}

// File gives a file of the package that runs for a tenant (in a process without a Loader: that is installed), such as
// "web/index.html", and the package's sum, which changes when the file may have. Errors: fault.NotFound.
func (m *Manager) File(t tenant.ID, id, name string) (b []byte, sum string, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if r := m.runs(t, id); r != nil {
		b, err = r.pkg.File(name)
		return b, r.pkg.Hash, err
	}
	if m.c.Loader != nil {
		return nil, "", fault.New(fault.NotFound, "the extension %.80q does not run", id)
	}
	for _, owner := range []tenant.ID{t, ""} {
		if e, ok := m.lock.find(owner, id); ok {
			return m.fileOf(e.now(), name)
		}
	}
	return nil, "", notInstalled(id)
}

func (m *Manager) fileOf(b *build, name string) ([]byte, string, error) {
	p, err := m.store.open(b.Package)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = p.Close() }()
	out, err := p.File(name)
	return out, p.Hash, err
}

// now is the package that is to run: that of "cocoon ext dev", if there is one.
func (e *entry) now() *build {
	if e.Dev != nil {
		return e.Dev
	}
	return &e.build
}

// MostLimits are the limits that a package's wishes stay within unless an operator says otherwise.
func MostLimits() wasmhost.LimitSet {
	l := wasmhost.DefaultLimitSet()
	l.Execute.MemoryPages = 1 << 14 // 1 GiB
	l.Execute.Fuel = 50e9
	l.Execute.Wall = 10 * time.Minute
	return l
}

// limits are those of a package: what it wishes, within the operator's most.
func (m *Manager) limits(p *pack.Manifest) wasmhost.LimitSet {
	l, most := wasmhost.DefaultLimitSet(), m.c.Most.Execute
	if w := p.Limits; w != nil {
		if w.MemoryMiB > 0 {
			l.Execute.MemoryPages = min(w.MemoryMiB, 1<<12) * 16
		}
		if w.FuelPerExecute > 0 {
			l.Execute.Fuel = int64(w.FuelPerExecute)
		}
		if w.WallMS > 0 {
			l.Execute.Wall = min(time.Duration(w.WallMS), 1<<40) * time.Millisecond
		}
	}
	l.Execute.MemoryPages = min(l.Execute.MemoryPages, most.MemoryPages)
	l.Execute.Fuel = min(l.Execute.Fuel, most.Fuel)
	l.Execute.Wall = min(l.Execute.Wall, most.Wall)
	return l
}
