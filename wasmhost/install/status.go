package install

import (
	"slices"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// State says how an extension is.
type State string

// The states.
const (
	Installed State = "installed" // in a process without a Loader, as far as no server has said that it does not load
	Running   State = "running"
	Failed    State = "failed"   // it does not load, or not in its new version; Status.Reason says why
	Waiting   State = "waiting"  // nothing of it runs until somebody consents to what it asks for
	Revoked   State = "revoked"  // or its publisher is not on the operator's list
	Starting  State = "starting" // about to be loaded
)

// Ask is one thing that a package asks for, and what became of it.
type Ask struct {
	pack.Ask
	Granted bool `json:"granted"`
	New     bool `json:"new"` // the version before did not have it
}

// Status is an installed extension.
type Status struct {
	Tenant      tenant.ID       `json:"tenant"` // whose it is; what "" has is shared by all
	ID          string          `json:"id"`
	Version     string          `json:"version"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Author      string          `json:"author,omitempty"`
	License     string          `json:"license,omitempty"`
	Homepage    string          `json:"homepage,omitempty"`
	Hash        string          `json:"hash"` // SHA-256 of the package
	Bytes       int64           `json:"bytes"`
	Publisher   string          `json:"publisher"` // "" for an unsigned package
	Signers     []string        `json:"signers,omitempty"`
	Dev         bool            `json:"dev"` // it is what "cocoon ext dev" runs
	State       State           `json:"state"`
	Reason      string          `json:"reason,omitempty"`
	Asks        []Ask           `json:"asks"`
	Granted     pack.Grant      `json:"granted"`   // in force
	Installed   time.Time       `json:"installed"` // when this version was
	Nodes       []string        `json:"nodes"`     // classes, when it runs here
	Stats       *wasmhost.Stats `json:"stats"`     // when it runs here
	Pending     *Pending        `json:"pending"`   // a version that waits for consent
	Web         string          `json:"web"`       // what pages it may show: "", "sandboxed" or "trusted"
	Files       []string        `json:"files"`     // of the package, sorted
	Limits      pack.LimitsWish `json:"limits"`    // of a node's run, in force
}

// Pending is a version that waits for consent.
type Pending struct {
	Version   string    `json:"version"`
	Hash      string    `json:"hash"`
	Publisher string    `json:"publisher"`
	Since     time.Time `json:"since"`
	Asks      []Ask     `json:"asks"`
}

// status tells of an entry; mu is held.
func (m *Manager) status(t tenant.ID, id string, e *entry) Status {
	b := e.now()
	s := Status{Tenant: t, ID: id, Version: b.Version, Name: id, Hash: b.Package, Publisher: b.Publisher, Dev: e.Dev != nil, Installed: b.At, State: Installed}
	k := key{t, id}
	r := m.running[k]
	s.State, s.Reason = m.state(k, e, r)
	if b.Package != "" {
		m.describe(&s, e, b, r)
	}
	if e.Pending != nil {
		s.Pending = m.pendingOf(e)
	}
	if b.Package == "" && e.Pending != nil {
		s.Version, s.Hash, s.Publisher, s.Asks = e.Pending.Version, e.Pending.Package, e.Pending.Publisher, s.Pending.Asks
	}
	return s
}

func (m *Manager) state(k key, e *entry, r *running) (State, string) {
	b := e.now()
	if why, barred := m.barred(k.id, b, e.Dev != nil); barred && b.Package != "" {
		return Revoked, why
	}
	if b.Package == "" {
		if e.Pending != nil {
			if why, barred := m.barred(k.id, e.Pending, false); barred {
				return Revoked, why
			}
		}
		return Waiting, "it asks for things that nobody has consented to yet"
	}
	if m.c.Loader == nil {
		if why := m.said(k, b.Package); why != "" {
			return Failed, why
		}
		return Installed, ""
	}
	if f, ok := m.failed[k]; ok {
		return Failed, f.reason
	}
	if r == nil || r.hash != b.Package {
		return Starting, ""
	}
	return Running, ""
}

// describe adds what the package itself says.
func (m *Manager) describe(s *Status, e *entry, b *build, r *running) {
	p, err := m.about(b.Package)
	if err != nil {
		return
	}
	man := p.man
	s.Name, s.Description, s.Author, s.License, s.Homepage, s.Bytes = man.Title(), man.Description, man.Author, man.License, man.Homepage, p.size
	s.Signers, s.Files = p.signers, p.files
	s.Granted = m.effective(man, p.signers, e)
	s.Web = s.Granted.Web
	s.Asks = asksOf(man, s.Granted, nil)
	l := m.limits(man).Execute
	s.Limits = pack.LimitsWish{MemoryMiB: l.MemoryPages / 16, FuelPerExecute: pack.Count(l.Fuel), WallMS: int(l.Wall / time.Millisecond)}
	if r != nil && r.hash == b.Package {
		stats := r.ext.Stats()
		s.Stats = &stats
		for _, n := range r.ext.Nodes() {
			s.Nodes = append(s.Nodes, n.Schema().ID)
		}
	}
}

func (m *Manager) pendingOf(e *entry) *Pending {
	b := e.Pending
	out := &Pending{Version: b.Version, Hash: b.Package, Publisher: b.Publisher, Since: b.At}
	if p, err := m.about(b.Package); err == nil {
		out.Asks = asksOf(p.man, e.Grant, &e.Grant)
	}
	return out
}

// effective is what a package gets: what was granted and it asks for, and pages with the user's rights only where an operator
// signed for them. What is in development gets all it asks for.
func (m *Manager) effective(man *pack.Manifest, signers []string, e *entry) pack.Grant {
	asked := man.Capabilities.All()
	if e.Dev != nil {
		return asked
	}
	g := e.Grant.Within(asked)
	if g.Web == pack.WebTrusted && !m.trust.web(signers) {
		g.Web = pack.WebSandboxed
	}
	return g
}

// asksOf lists what a package asks for; before is what the version before had, nil for no such version.
func asksOf(man *pack.Manifest, granted pack.Grant, before *pack.Grant) []Ask {
	c := &man.Capabilities
	out := []Ask{}
	for _, a := range c.Asks() {
		out = append(out, Ask{a, granted.Allows(c, a), before != nil && !before.Allows(c, a)})
	}
	return out
}

// missing are the asks that a grant does not cover and that the package cannot do without.
func missing(c *pack.Capabilities, g pack.Grant) []pack.Ask {
	return slices.DeleteFunc(c.Asks(), func(a pack.Ask) bool { return a.Optional || g.Allows(c, a) })
}
