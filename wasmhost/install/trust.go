package install

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// Trust is an operator's list of the publishers whose packages may be installed.
type Trust struct{ keys []trustedKey }

type trustedKey struct {
	id  string
	web bool     // its signature lets pages be trusted
	ids []string // patterns of the extensions it may publish; nil for all
}

// maxLists bounds the files of trusted and of revoked things.
const maxLists = 4 << 20 // bytes

// ParseTrust reads a list: a line a key, then words: "web" for a key whose signature makes pages trusted, and the ids that it
// may publish, with * for any part ("acme.*"); without ids it may publish all. # starts a remark.
func ParseTrust(b []byte) (*Trust, error) {
	var t Trust
	err := lines(b, func(words []string) error {
		if _, err := pack.ParseKeyID(words[0]); err != nil {
			return err
		}
		k := trustedKey{id: words[0]}
		for _, w := range words[1:] {
			if w == "web" {
				k.web = true
				continue
			}
			if _, err := path.Match(w, ""); err != nil {
				return fault.New(fault.BadFile, "%q is no pattern of ids", w)
			}
			k.ids = append(k.ids, w)
		}
		t.keys = append(t.keys, k)
		return nil
	})
	return &t, err
}

// allows reports whether a key may publish an extension.
func (t *Trust) allows(key, id string) bool {
	return slices.ContainsFunc(t.keys, func(k trustedKey) bool {
		return k.id == key && (k.ids == nil || slices.ContainsFunc(k.ids, func(p string) bool { ok, _ := path.Match(p, id); return ok }))
	})
}

// web reports whether an operator's key is among those that signed a package.
func (t *Trust) web(signers []string) bool {
	return t != nil && slices.ContainsFunc(t.keys, func(k trustedKey) bool { return k.web && slices.Contains(signers, k.id) })
}

// webKeys are the keys whose signatures make pages trusted, in a text to compare.
func (t *Trust) webKeys() string {
	out := ""
	if t != nil {
		for _, k := range t.keys {
			if k.web {
				out += " " + k.id
			}
		}
	}
	return out
}

// lines calls f with the words of each line that has some.
func lines(b []byte, f func(words []string) error) error {
	s := bufio.NewScanner(strings.NewReader(string(b)))
	for n := 1; s.Scan(); n++ {
		text, _, _ := strings.Cut(s.Text(), "#")
		if words := strings.Fields(text); len(words) > 0 {
			if err := f(words); err != nil {
				return fault.Wrap(err, fault.BadFile, "line %d", n)
			}
		}
	}
	return s.Err()
}

// readList reads a file of lines; one that is not there is empty and gives no error when it may be absent.
func readList(name string, absent bool) ([]byte, error) {
	info, err := os.Stat(name)
	if absent && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxLists {
		return nil, fault.New(fault.TooLarge, "%s has %d bytes", name, info.Size())
	}
	return os.ReadFile(name)
}

// revokedName is the list that "cocoon ext revoke" writes, in the extensions' folder.
const revokedName = "revoked.txt"

// revocations are keys, sums of packages ("sha256-…") and versions ("id@1.2.3") that must not run, each with the reason.
type revocations map[string]string

func parseRevocations(b []byte) (revocations, error) {
	r := revocations{}
	err := lines(b, func(words []string) error {
		if err := CheckRevocation(words[0]); err != nil {
			return err
		}
		r[words[0]] = strings.Join(words[1:], " ")
		return nil
	})
	return r, err
}

// CheckRevocation looks whether a text names something that can be revoked.
func CheckRevocation(what string) error {
	if _, err := pack.ParseKeyID(what); err == nil {
		return nil
	}
	if hash, ok := strings.CutPrefix(what, "sha256-"); ok && hashForm.MatchString(hash) {
		return nil
	}
	if id, version, ok := strings.Cut(what, "@"); ok && (version == "*" || (&pack.Manifest{ABI: "cocoon1", ID: id, Version: version}).Check() == nil) {
		return nil
	}
	return fault.New(fault.BadRequest, "%.100q is neither a key (ed25519:…), the sum of a package (sha256-…) nor a version (id@1.2.3, id@*)", what)
}

// of says why a package must not run.
func (r revocations) of(id string, b *build) (reason string, revoked bool) {
	for _, what := range []string{b.Publisher, "sha256-" + b.Package, id + "@" + b.Version, id + "@*"} {
		if why, ok := r[what]; ok && what != "" {
			if why == "" {
				why = "no reason is given"
			}
			return what + " is revoked: " + why, true
		}
	}
	return "", false
}

// barred says why a package must not run: it is revoked, or its publisher is not on the operator's list. What is in
// development has no publisher. mu is held.
func (m *Manager) barred(id string, b *build, dev bool) (reason string, barred bool) {
	if why, revoked := m.revoked.of(id, b); revoked {
		return why, true
	}
	if m.trust != nil && !dev && !m.trust.allows(b.Publisher, id) {
		return notListed(b.Publisher), true
	}
	return "", false
}

func (m *Manager) readTrust() (*Trust, error) {
	if m.c.TrustFile == "" {
		return nil, nil
	}
	b, err := readList(m.c.TrustFile, false)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the list of trusted keys cannot be read")
	}
	t, err := ParseTrust(b)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s", m.c.TrustFile)
	}
	return t, nil
}

func (m *Manager) readRevocations() (revocations, error) {
	all := revocations{}
	for i, name := range m.revocationFiles() {
		b, err := readList(name, i == 0)
		if err != nil {
			return nil, fault.Wrap(err, fault.NotFound, "a list of what is revoked cannot be read")
		}
		r, err := parseRevocations(b)
		if err != nil {
			return nil, fault.Wrap(err, fault.BadFile, "%s", name)
		}
		for k, v := range r {
			all[k] = v
		}
	}
	return all, nil
}

// revocationFiles are the folder's own list, which may be absent, and the operator's.
func (m *Manager) revocationFiles() []string {
	return append([]string{filepath.Join(m.c.Dir, revokedName)}, m.c.RevocationFiles...)
}
