package install

import (
	"context"
	"fmt"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// Standing says who stands behind a package.
type Standing string

// The standings.
const (
	Pinned   Standing = "pinned"   // the publisher of the version before, or of a former installation
	Listed   Standing = "listed"   // on the operator's list
	New      Standing = "new"      // a key that was not seen here for this extension
	Unsigned Standing = "unsigned" // nobody
	PassedOn Standing = "passed"   // a new key, and the one before it signed too
	Changed  Standing = "changed"  // another than the publisher before: refused
	Unknown  Standing = "unknown"  // not on the operator's list: refused
)

// Verdict says what installing a package would do.
type Verdict string

// The verdicts.
const (
	Install   Verdict = "install"
	Update    Verdict = "update"
	Reinstall Verdict = "reinstall" // the very package that is installed
	Downgrade Verdict = "downgrade" // only when forced
	Rewrite   Verdict = "rewrite"   // another package of the same version: only when forced
	Refuse    Verdict = "refuse"    // Offer.Reason says why
)

// Offer is what a package is, who stands behind it, what it asks for, and what installing it would do.
type Offer struct {
	ID          string          `json:"id"`
	Version     string          `json:"version"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Author      string          `json:"author,omitempty"`
	License     string          `json:"license,omitempty"`
	Homepage    string          `json:"homepage,omitempty"`
	Hash        string          `json:"hash"`
	Bytes       int64           `json:"bytes"`
	Files       []string        `json:"files"`
	Publisher   string          `json:"publisher"`
	Signers     []string        `json:"signers,omitempty"`
	Standing    Standing        `json:"standing"`
	Verdict     Verdict         `json:"verdict"`
	Reason      string          `json:"reason,omitempty"`
	Installed   string          `json:"installed,omitempty"` // the version that is
	Asks        []Ask           `json:"asks"`                // Granted: it has it already; New: the version before did not
	Consent     []string        `json:"consent"`             // what Install needs besides: "grant", "key", "unsigned", "force"
	Limits      pack.LimitsWish `json:"limits"`              // it would get
	Manifest    *pack.Manifest  `json:"-"`
}

// Inspect says what a package is and what installing it for a tenant would do. Nothing of it runs, and nothing changes.
func (m *Manager) Inspect(ctx context.Context, t tenant.ID, b []byte) (*Offer, error) {
	p, err := pack.Parse(b)
	if err != nil {
		return nil, err
	}
	if err := m.read(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.offer(m.lock, t, p), ctx.Err()
}

// offer judges a package against what is installed; mu is held.
func (m *Manager) offer(l *lockfile, t tenant.ID, p *pack.Package) *Offer {
	man := p.Manifest
	limits := m.limits(man).Execute
	o := &Offer{ID: man.ID, Version: man.Version, Name: man.Title(), Description: man.Description, Author: man.Author, License: man.License, Homepage: man.Homepage,
		Hash: p.Hash, Bytes: p.Size, Files: p.Names(), Publisher: man.Publisher, Manifest: man, Consent: []string{},
		Limits: pack.LimitsWish{MemoryMiB: limits.MemoryPages / 16, FuelPerExecute: pack.Count(limits.Fuel), WallMS: int(limits.Wall.Milliseconds())}}
	o.Signers = signersOf(p)
	e, there := l.find(t, man.ID)
	there = there && e.Package != ""
	var before *pack.Grant
	var granted pack.Grant
	if there {
		before, granted, o.Installed = &e.Grant, e.Grant, e.Version
	}
	o.Asks = asksOf(man, granted, before)
	o.Verdict, o.Reason = verdict(e, there, p)
	o.stand(m, l, t, p)
	if len(missing(&man.Capabilities, granted)) > 0 {
		o.Consent = append(o.Consent, "grant")
	}
	if o.Verdict == Downgrade || o.Verdict == Rewrite {
		o.Consent = append(o.Consent, "force")
	}
	if why, revoked := m.revoked.of(man.ID, buildOf(p)); revoked {
		o.refuse("%s", why)
	}
	return o
}

func verdict(e *entry, there bool, p *pack.Package) (Verdict, string) {
	if !there {
		return Install, ""
	}
	switch d := pack.CompareVersions(p.Manifest.Version, e.Version); {
	case e.Package == p.Hash:
		return Reinstall, ""
	case d > 0:
		return Update, ""
	case d < 0:
		return Downgrade, fmt.Sprintf("version %s is installed, which is newer: what it put right may be wrong again", e.Version)
	}
	return Rewrite, fmt.Sprintf("another package of version %s is installed: a changed package should have a new version", e.Version)
}

// stand finds who stands behind the package, and refuses it when nobody may.
func (o *Offer) stand(m *Manager, l *lockfile, t tenant.ID, p *pack.Package) {
	pin, pinned := l.pin(t, o.ID)
	key := o.Publisher
	switch {
	case m.trust != nil && !m.trust.allows(key, o.ID):
		o.Standing = Unknown
		o.refuse("%s", notListed(key))
	case pinned && pin != "" && key == "":
		o.Standing = Changed
		o.refuse("%s was installed from %s; this package is signed by nobody", o.ID, pin)
	case key == "":
		o.Standing = Unsigned
		if !m.c.AllowUnsigned {
			o.refuse("the package is signed by nobody, and this server takes no such packages (--allow-unsigned)")
			return
		}
		o.Consent = append(o.Consent, "unsigned")
	case pinned && pin == key:
		o.Standing = Pinned
	case pinned && pin != "" && p.SignedBy(pin):
		o.Standing = PassedOn
	case pinned && pin != "":
		o.Standing = Changed
		o.refuse("%s was installed from %s; this package is of another publisher, %s. If you trust it all the same, remove %s with its data first", o.ID, pin, key, o.ID)
	case m.trust != nil:
		o.Standing = Listed
	default:
		o.Standing = New
		o.Consent = append(o.Consent, "key")
	}
}

// notListed says why a key's package is not taken where there is a list.
func notListed(key string) string {
	if key == "" {
		return "it is signed by nobody, and this server takes packages only of the keys on its list"
	}
	return "it is of " + key + ", who is not on this server's list of trusted keys"
}

func (o *Offer) refuse(format string, args ...any) {
	o.Verdict, o.Reason = Refuse, fmt.Sprintf(format, args...)
}

// Consent is what somebody agreed to who saw an Offer.
type Consent struct {
	Grant     *pack.Grant // exactly what it may do; nil: what it was granted before, and if that is not enough, it waits
	AcceptKey string      // the publisher's key, when the Offer wants consent to "key"
	Unsigned  bool        // nobody signed it
	Force     bool        // an older version, or other contents under the same version
}

// agrees looks whether a consent covers what the offer needs, except for grants.
func (o *Offer) agrees(c Consent) error {
	if o.Verdict == Refuse {
		return fault.New(fault.Forbidden, "%s", o.Reason)
	}
	need := func(what string) bool { return slices.Contains(o.Consent, what) }
	switch {
	case need("unsigned") && !c.Unsigned:
		return fault.New(fault.Forbidden, "the package is signed by nobody; installing it needs consent to that")
	case need("key") && c.AcceptKey != o.Publisher:
		return fault.New(fault.Forbidden, "the package is of %s, who is new here; installing it needs consent to that key", o.Publisher)
	case need("force") && !c.Force:
		return fault.New(fault.Conflict, "%s", o.Reason)
	}
	if c.Grant == nil {
		return nil
	}
	for _, a := range missing(&o.Manifest.Capabilities, *c.Grant) {
		if !c.Grant.Has(a.Capability) && len(wholes(a.Capability)) > 0 {
			return fault.New(fault.Forbidden, "%s cannot do without %q: %s", o.ID, a.Capability, a.Words)
		}
	}
	return nil
}

// wholes are the capabilities that a module imports: without one of them that it needs, it does not load.
func wholes(capability string) []string {
	return slices.DeleteFunc([]string{"tensor", "node", "kv", "http", "asset", "ws", "msg"}, func(s string) bool { return s != capability })
}

func buildOf(p *pack.Package) *build {
	return &build{Version: p.Manifest.Version, Package: p.Hash, Publisher: p.Manifest.Publisher}
}
