package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// TestTrustedScripts runs scripts of extensions in the client where the operator signed for them, and nowhere else.
func TestTrustedScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	operator, other := newKey(t), newKey(t)
	name := func(k ed25519.PrivateKey) string { return pack.KeyID(k.Public().(ed25519.PublicKey)) }
	list := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(list, []byte(name(operator)+" web\n"+name(other)+" example.*\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, authFlags{}, func(o *options) { o.publishers = list })
	alice, bob := h.guest("alice", tenant.User), h.guest("bob", tenant.User)
	for _, x := range []struct {
		id   string
		key  ed25519.PrivateKey
		runs bool
	}{{"example.trusted", operator, true}, {"example.hopeful", other, false}} {
		t.Run(x.id, func(t *testing.T) {
			o := alice.offered(withScript(t, x.id, x.key), "")
			at, script := "/cocoon/extensions/"+x.id, "/extensions/"+x.id+"/lens.js"
			if o.Extension.Trust != server.ExtensionTrusted || !slices.ContainsFunc(o.Extension.Capabilities, func(c server.ExtensionCapability) bool { return c.Kind == "web" && c.Risk == "high" }) {
				t.Errorf("offered as %+v", o)
			}
			alice.must("POST", at+"/install", consents(o))
			if listed := strings.Contains(alice.must("GET", "/extensions", ""), script); listed != x.runs {
				t.Errorf("listed: %v, want %v", listed, x.runs)
			}
			if status, b := alice.ask("GET", script, ""); (status == 200 && b == "export {}") != x.runs {
				t.Errorf("its script: %d %q, want it %v", status, b, x.runs)
			}
			if status, _ := alice.ask("GET", "/extensions/"+x.id+"/page.html", ""); status == 200 {
				t.Error("its sandboxed page is also served outside of the sandbox")
			}
			if strings.Contains(bob.must("GET", "/extensions", ""), script) {
				t.Error("bob's client loads it")
			}
			alice.must("DELETE", at, "")
			if strings.Contains(alice.must("GET", "/extensions", ""), script) {
				t.Error("it is loaded after it was removed")
			}
		})
	}
	if o := alice.offered(packExample(t, "picker", nil, newKey(t)), ""); o.Refused == "" {
		t.Errorf("a key that is not on the list: %+v", o)
	}
}

// withScript is a package with a script for the client.
func withScript(t *testing.T, id string, k ed25519.PrivateKey) []byte {
	t.Helper()
	p, err := pack.Parse(packExample(t, "picker", nil))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"web/lens.js": []byte("export {}")}
	for _, n := range p.Names() {
		if files[n], err = p.File(n); err != nil {
			t.Fatal(err)
		}
	}
	m := *p.Manifest
	m.ID, m.Capabilities.Web = id, pack.WebTrusted
	var b bytes.Buffer
	if err := pack.Write(&b, m, files, k); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOffersAreBounded(t *testing.T) {
	dir := t.TempDir()
	o := &offers{under: dir}
	dead := filepath.Join(dir, "offers-dead")
	if err := errors.Join(o.close(), os.Mkdir(dead, 0o700), os.Chtimes(dead, time.Time{}, time.Now().Add(-48*time.Hour))); err != nil {
		t.Fatal(err)
	}
	files := func() int {
		names, err := os.ReadDir(o.dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	for _, hash := range []string{"a", "b", "b", "c", "d", "e"} {
		if err := o.keep("alice", hash, []byte(hash)); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.keep("bob", "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		who  tenant.ID
		hash string
		want string // "" for none
	}{{"alice", "a", ""}, {"alice", "b", "b"}, {"alice", "e", "e"}, {"bob", "a", "x"}, {"bob", "b", ""}, {"", "a", ""}} {
		if b, err := o.take(x.who, x.hash); string(b) != x.want || (err == nil) != (x.want != "") {
			t.Errorf("%s's %s: %q %v", x.who, x.hash, b, err)
		}
	}
	if n := files(); n != tenantOffers+1 {
		t.Errorf("%d files, want %d", n, tenantOffers+1)
	}
	o.drop("alice", "b")
	if _, err := o.take("alice", "b"); err == nil || files() != tenantOffers || o.size != tenantOffers {
		t.Errorf("after that: %v, %d files, %d bytes", err, files(), o.size)
	}
	if err := o.close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v: %v", left, err)
	}
}
