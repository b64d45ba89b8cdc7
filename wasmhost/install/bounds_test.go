package install

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// shelfWith is a shelf of extensions that were granted so many bytes of routes each.
func shelfWith(extensions, pins, bytes int) *shelf {
	s := &shelf{Extensions: map[string]*entry{}, Pins: map[string]string{}}
	for i := range extensions {
		s.Extensions[fmt.Sprintf("x%d", i)] = &entry{Grant: pack.Grant{Routes: []string{strings.Repeat("r", bytes)}}}
	}
	for i := range pins {
		s.Pins[fmt.Sprintf("x%d", i)] = "ed25519:x"
	}
	return s
}

// TestNoTenantFillsTheFile: what one tenant has installed is bounded, so that the file of all can be read; what is over its bound may
// stay and become less.
func TestNoTenantFillsTheFile(t *testing.T) {
	of := func(s *shelf) *lockfile {
		return &lockfile{Schema: lockSchema, Tenants: map[tenant.ID]*shelf{"a": s, "": shelfWith(1, 1, 1)}}
	}
	for _, x := range []struct {
		name          string
		before, after *lockfile
		ok            bool
	}{
		{"the first", &lockfile{}, of(shelfWith(1, 1, 100)), true},
		{"the last", of(shelfWith(maxOfTenant-1, 1, 1)), of(shelfWith(maxOfTenant, 1, 1)), true},
		{"one more", of(shelfWith(maxOfTenant, 1, 1)), of(shelfWith(maxOfTenant+1, 1, 1)), false},
		{"many from nothing", &lockfile{}, of(shelfWith(maxOfTenant+1, 1, 1)), false},
		{"less of too many", of(shelfWith(maxOfTenant+9, 1, 1)), of(shelfWith(maxOfTenant+8, 1, 1)), true},
		{"as many as before", of(shelfWith(maxOfTenant+9, 1, 1)), of(shelfWith(maxOfTenant+9, 1, 1)), true},
		{"pins of what is gone", of(shelfWith(1, maxPins, 1)), of(shelfWith(1, maxPins+1, 1)), false},
		{"large grants", of(shelfWith(1, 1, 1)), of(shelfWith(10, 1, maxShelf/10)), false},
		{"large grants that become less", of(shelfWith(12, 1, maxShelf/10)), of(shelfWith(11, 1, maxShelf/10)), true},
	} {
		if err := outgrown(x.before, x.after); (err == nil) != x.ok || !x.ok && !errors.Is(err, fault.LimitExceeded) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	dir := t.TempDir()
	many := &lockfile{Schema: lockSchema, Tenants: map[tenant.ID]*shelf{}}
	for i := range 17 {
		many.Tenants[tenant.ID(fmt.Sprint(i))] = shelfWith(1, 1, maxShelf)
	}
	if err := writeLock(dir, of(shelfWith(1, 1, 1))); err != nil {
		t.Fatal(err)
	}
	if err := writeLock(dir, many); !errors.Is(err, fault.LimitExceeded) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	if l, err := readLock(dir); err != nil || len(l.Tenants) != 2 {
		t.Errorf("the one before is gone: %v", err)
	}
}
