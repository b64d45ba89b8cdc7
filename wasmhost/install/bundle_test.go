package install

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// withPage makes a package with a page of help.
func withPage(t *testing.T, id, version string, module []byte, page string) []byte {
	t.Helper()
	var b bytes.Buffer
	m := pack.Manifest{ABI: "cocoon1", ID: id, Version: version, Entry: pack.ModuleFile}
	if err := pack.Write(&b, m, map[string][]byte{pack.ModuleFile: module, "docs/One.md": []byte(page)}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBundles lists what runs for a tenant, and reads from what runs only.
func TestBundles(t *testing.T) {
	m, _, _ := server(t, func(c *Config) { c.AllowUnsigned = true })
	put := func(who tenant.ID, id, version, page string) {
		t.Helper()
		c := Consent{Grant: &pack.Grant{}, Unsigned: true}
		if _, err := m.Install(t.Context(), who, withPage(t, id, version, guest(t, "One"), page), c); err != nil {
			t.Fatal(err)
		}
	}
	type seen struct {
		Owner   tenant.ID
		ID      string
		Classes []string
		Page    string
	}
	see := func(who tenant.ID) (out []seen) {
		t.Helper()
		for _, b := range m.Bundles(who) {
			page, err := m.BundleFile(who, b.ID, b.Hash, "docs/One.md")
			if err != nil || int64(len(page)) != b.Files["docs/One.md"] {
				t.Error(err, b.Files)
			}
			out = append(out, seen{b.Owner, b.ID, b.Classes, string(page)})
		}
		return out
	}
	want := func(who tenant.ID, want ...seen) {
		t.Helper()
		if d := cmp.Diff(want, see(who)); d != "" {
			t.Errorf("%q: -want +got\n%s", who, d)
		}
	}
	one := []string{"One"}
	if m.Revision() != 0 || len(m.Bundles("a")) != 0 {
		t.Error("something runs at first")
	}
	put("a", "test.one", "1.0.0", "first")
	want("a", seen{"a", "test.one", one, "first"})
	want("b")
	want("")
	old, revision := m.Bundles("a")[0], m.Revision()
	put("a", "test.one", "1.0.1", "second")
	want("a", seen{"a", "test.one", one, "second"})
	if m.Revision() == revision {
		t.Error("an update has no revision of its own")
	}
	if _, err := m.BundleFile("a", "test.one", old.Hash, "docs/One.md"); !errors.Is(err, fault.NotFound) {
		t.Errorf("the version before still gives files: %v", err)
	}
	if _, err := m.BundleFile("b", "test.one", m.Bundles("a")[0].Hash, "docs/One.md"); !errors.Is(err, fault.NotFound) {
		t.Errorf("another tenant gets files: %v", err)
	}
	put("", "test.one", "0.9.0", "shared")
	want("a", seen{"a", "test.one", one, "second"})
	want("b", seen{"", "test.one", one, "shared"})
	if err := m.Remove(t.Context(), "a", "test.one", false); err != nil {
		t.Fatal(err)
	}
	want("a", seen{"", "test.one", one, "shared"})
	if err := m.Remove(t.Context(), "", "test.one", false); err != nil {
		t.Fatal(err)
	}
	want("a")
	want("b")
}
