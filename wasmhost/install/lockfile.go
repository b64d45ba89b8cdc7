package install

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

const (
	lockName   = "extensions.json"
	lockSchema = 1
	maxLock    = 32 << 20 // bytes of extensions.json
	// Bounds of one tenant's part of it, so that none fills it up, nor the folder of packages, for the others.
	maxOfTenant = 128
	maxPins     = 1024
	maxShelf    = 2 << 20 // bytes
)

// lockfile is extensions.json.
type lockfile struct {
	Schema  int                  `json:"schema"`
	Tenants map[tenant.ID]*shelf `json:"tenants,omitempty"`
}

// shelf is what one tenant has; that of "" is shared by all.
type shelf struct {
	Extensions map[string]*entry `json:"extensions,omitempty"` // by id
	Pins       map[string]string `json:"pins,omitempty"`       // id → publisher; they outlive a removal that keeps the data
}

// entry is an installed extension.
type entry struct {
	build
	Grant   pack.Grant `json:"grant"`
	Pending *build     `json:"pending,omitempty"` // an update, or the first version, that waits for consent
	Dev     *build     `json:"dev,omitempty"`     // what "cocoon ext dev" runs in its place
}

// build is one package.
type build struct {
	Version   string    `json:"version,omitempty"`
	Package   string    `json:"package,omitempty"` // SHA-256; "" for none
	Publisher string    `json:"publisher,omitempty"`
	At        time.Time `json:"at,omitzero"`
}

func (l *lockfile) find(t tenant.ID, id string) (*entry, bool) {
	if s := l.Tenants[t]; s != nil {
		e, ok := s.Extensions[id]
		return e, ok
	}
	return nil, false
}

func (l *lockfile) pin(t tenant.ID, id string) (string, bool) {
	if s := l.Tenants[t]; s != nil {
		p, ok := s.Pins[id]
		return p, ok
	}
	return "", false
}

// shelf is a tenant's, made when it has none.
func (l *lockfile) shelf(t tenant.ID) *shelf {
	if l.Tenants == nil {
		l.Tenants = map[tenant.ID]*shelf{}
	}
	s := l.Tenants[t]
	if s == nil {
		s = &shelf{}
		l.Tenants[t] = s
	}
	if s.Extensions == nil {
		s.Extensions = map[string]*entry{}
	}
	if s.Pins == nil {
		s.Pins = map[string]string{}
	}
	return s
}

// packages are those that something refers to.
func (l *lockfile) packages() map[string]bool {
	used := map[string]bool{}
	for _, s := range l.Tenants {
		for _, e := range s.Extensions {
			for _, b := range []*build{&e.build, e.Pending, e.Dev} {
				if b != nil && b.Package != "" {
					used[b.Package] = true
				}
			}
		}
	}
	return used
}

// readLock reads extensions.json; a folder without one has nothing installed.
func readLock(dir string) (*lockfile, error) {
	name := filepath.Join(dir, lockName)
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &lockfile{Schema: lockSchema}, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxLock {
		return nil, fault.New(fault.TooLarge, "%s has %d bytes", name, info.Size())
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	l, err := parseLock(b)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s cannot be read", name)
	}
	return l, nil
}

func parseLock(b []byte) (*lockfile, error) {
	var l lockfile
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return nil, err
	}
	if l.Schema != lockSchema {
		return nil, fault.New(fault.Unsupported, "it has schema %d; this program knows %d", l.Schema, lockSchema)
	}
	for t, s := range l.Tenants {
		if s == nil {
			return nil, fault.New(fault.BadFile, "tenant %q has nothing", t)
		}
		for id, e := range s.Extensions {
			if e == nil {
				return nil, fault.New(fault.BadFile, "extension %q has nothing", id)
			}
			for _, p := range []*build{&e.build, e.Pending, e.Dev} {
				if p != nil && p.Package != "" && !hashForm.MatchString(p.Package) {
					return nil, fault.New(fault.BadFile, "extension %q has the package %.80q", id, p.Package)
				}
			}
		}
	}
	return &l, nil
}

// outgrown refuses a tenant's shelf that is over a bound and has more than before: what is over it already may go on, and be taken away.
// Errors: fault.LimitExceeded.
func outgrown(before, after *lockfile) error {
	for t, s := range after.Tenants {
		old := before.Tenants[t]
		if old == nil {
			old = &shelf{}
		}
		switch {
		case len(s.Extensions) > maxOfTenant && len(s.Extensions) > len(old.Extensions):
			return fault.New(fault.LimitExceeded, "there are %d extensions installed, and no more than %d may be: remove some first", len(old.Extensions), maxOfTenant)
		case len(s.Pins) > maxPins && len(s.Pins) > len(old.Pins):
			return fault.New(fault.LimitExceeded, "the publishers of %d extensions are remembered, and no more than %d can be: remove some with their data", len(old.Pins), maxPins)
		}
		if n := s.bytes(); n > maxShelf && n > old.bytes() {
			return fault.New(fault.LimitExceeded, "what the extensions that are installed may do takes %d bytes to write down, more than %d: remove some first", n, maxShelf)
		}
	}
	return nil
}

// bytes is what a shelf takes in the file, or about that.
func (s *shelf) bytes() int {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return maxLock
	}
	return len(b)
}

// writeLock replaces extensions.json: whoever reads it finds the old one or the new one.
func writeLock(dir string, l *lockfile) error {
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	if len(b) >= maxLock { // nobody could read it
		return fault.New(fault.LimitExceeded, "%s would have %d bytes, more than %d", lockName, len(b), maxLock)
	}
	return replaceFile(filepath.Join(dir, lockName), append(b, '\n'))
}

// replaceFile writes a file so that it is there whole, or as it was, whatever happens meanwhile.
func replaceFile(name string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return fault.Wrap(err, fault.ReadOnly, "the extensions' folder cannot be written")
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fault.Wrap(err, fault.DiskFull, "%s cannot be written", filepath.Base(name))
	}
	if d, err := os.Open(filepath.Dir(name)); err == nil {
		_ = d.Sync() // not every file system syncs folders; the file itself is safe
		_ = d.Close()
	}
	return nil
}

// hold waits for the lock on a folder that one process at a time may have, and gives it back with release.
func hold(ctx context.Context, dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "the extensions' folder cannot be made")
	}
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "the extensions' folder cannot be written")
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !tryLock(f) {
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, fault.Wrap(ctx.Err(), fault.Conflict, "another process is changing the extensions")
		case <-tick.C:
		}
	}
	return func() { _ = f.Close() }, nil // which gives the lock back
}
