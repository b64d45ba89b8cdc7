package install

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

const (
	// toldName is where a server says what of the extensions it cannot load, for processes that have no Loader.
	toldName = "failed.json"
	maxTold  = 4 << 20 // bytes
)

// told is failed.json: what does not load, by tenant and id.
type told map[tenant.ID]map[string]toldFailure

// toldFailure is why a package does not load.
type toldFailure struct {
	Package string `json:"package"` // its sum: of another one this says nothing
	Reason  string `json:"reason"`
}

// tell writes what does not load, if that has changed. The turn is held.
func (m *Manager) tell() error {
	all := told{}
	m.mu.RLock()
	for k, f := range m.failed {
		e, ok := m.lock.find(k.tenant, k.id)
		if !ok {
			continue
		}
		if all[k.tenant] == nil {
			all[k.tenant] = map[string]toldFailure{}
		}
		all[k.tenant][k.id] = toldFailure{e.now().Package, f.reason}
	}
	m.mu.RUnlock()
	name := filepath.Join(m.c.Dir, toldName)
	before, err := os.ReadFile(name)
	if len(all) == 0 {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return os.Remove(name)
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil || bytes.Equal(before, append(b, '\n')) {
		return err
	}
	return replaceFile(name, append(b, '\n'))
}

// readTold reads what a server said last; nothing when it said nothing.
func readTold(dir string) (told, error) {
	name := filepath.Join(dir, toldName)
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxTold {
		return nil, fault.New(fault.TooLarge, "%s has %d bytes", name, info.Size())
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all told
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s cannot be read", name)
	}
	return all, nil
}

// said is why a server could not load a package of an entry; "" when it did not say so.
func (m *Manager) said(k key, hash string) string {
	all, err := readTold(m.c.Dir)
	if f := all[k.tenant][k.id]; err == nil && f.Package == hash { // a file that cannot be read says nothing
		return f.Reason
	}
	return ""
}

// inOrder gives the entries in the order in which they are to start: the shared ones first, then tenant by tenant. Of two that cannot both run, the one that ran before does, else
// the one that was installed first: a newcomer takes nobody's place, neither now nor when the server starts again.
func (m *Manager) inOrder(want map[key]*entry) []key {
	before, err := readTold(m.c.Dir)
	if err != nil {
		before = nil // it cannot be read: the order of installation is what is left
	}
	late := func(k key) int {
		if _, failed := before[k.tenant][k.id]; failed { // an update of it may run; it waits its turn all the same
			return 1
		}
		return 0
	}
	return slices.SortedFunc(maps.Keys(want), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), late(a)-late(b), want[a].now().At.Compare(want[b].now().At), compareKeys(a, b))
	})
}
