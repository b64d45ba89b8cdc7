package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// What a server cannot load, and why, is known to a process that loads nothing.
func TestTold(t *testing.T) {
	srv, _, dir := server(t, func(c *Config) { c.AllowUnsigned = true })
	cli := open(t, Config{Dir: dir, AllowUnsigned: true})
	install := func(id string, b []byte) {
		t.Helper()
		if _, err := cli.Install(t.Context(), "", b, Consent{Unsigned: true, Grant: &pack.Grant{}}); err != nil {
			t.Fatal(id, err)
		}
		if err := srv.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	state := func(id string) (State, string) {
		t.Helper()
		s, err := cli.Get("", id)
		if err != nil {
			t.Fatal(err)
		}
		return s.State, s.Reason
	}
	install("test.one", packed(t, "1.0.0", nil, guest(t, "One")))
	if st, why := state("test.one"); st != Installed || why != "" {
		t.Errorf("%s %s", st, why)
	}
	install("test.two", packed(t, "1.0.0", func(m *pack.Manifest) { m.ID = "test.two" }, guest(t, "One")))
	if st, why := state("test.two"); st != Failed || !strings.Contains(why, "which is also one of test.one") {
		t.Errorf("%s %s", st, why)
	}
	if st, _ := state("test.one"); st != Installed {
		t.Errorf("the other one is %s", st)
	}
	for name, text := range map[string]string{"no JSON": "{", "of another package": `{"": {"test.two": {"package": "x", "reason": "y"}}}`} {
		write(t, filepath.Join(dir, toldName), text)
		if st, why := state("test.two"); st != Installed {
			t.Errorf("%s: %s %s", name, st, why)
		}
	}
	if err := srv.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, _ := state("test.two"); st != Failed {
		t.Errorf("it is not told again: %s", st)
	}
	if err := cli.Remove(t.Context(), "", "test.two", false); err != nil {
		t.Fatal(err)
	}
	if err := srv.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, toldName)); !os.IsNotExist(err) {
		t.Errorf("the file stays: %v", err)
	}
}

// Of two extensions with one class, the one that ran goes on, also when the server starts again; the other one follows when it ends.
func TestNewcomersWait(t *testing.T) {
	srv, _, dir := server(t, func(c *Config) { c.AllowUnsigned = true })
	for _, id := range []string{"test.one", "test.all"} { // the newcomer comes first in the alphabet
		b := packed(t, "1.0.0", func(m *pack.Manifest) { m.ID = id }, guest(t, "One"))
		if _, err := srv.Install(t.Context(), "", b, Consent{Unsigned: true, Grant: &pack.Grant{}}); err != nil && id == "test.one" {
			t.Fatal(err)
		}
	}
	// Where the newcomer has been installed all the same, by a process that runs nothing.
	cli := open(t, Config{Dir: dir, AllowUnsigned: true})
	b := packed(t, "1.0.0", func(m *pack.Manifest) { m.ID = "test.all" }, guest(t, "One"))
	if _, err := cli.Install(t.Context(), "", b, Consent{Unsigned: true, Grant: &pack.Grant{}}); err != nil {
		t.Fatal(err)
	}
	states := func(m *Manager) string {
		t.Helper()
		if err := m.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, s := range m.List("") {
			out = append(out, s.ID+" "+string(s.State))
		}
		return strings.Join(out, ", ")
	}
	if got := states(srv); got != "test.all failed, test.one running" {
		t.Error(got)
	}
	again := open(t, Config{Dir: dir, AllowUnsigned: true, Loader: newHost(t, filepath.Join(t.TempDir(), "other"))})
	if got := states(again); got != "test.all failed, test.one running" {
		t.Error("after a start:", got)
	}
	if err := cli.Remove(t.Context(), "", "test.one", true); err == nil {
		t.Error("data is deleted where nobody can")
	}
	if err := cli.Remove(t.Context(), "", "test.one", false); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Manager{srv, again} {
		if got := states(m); got != "test.all running" {
			t.Error(got)
		}
	}
	if got := states(cli); got != "test.all installed" {
		t.Error(got)
	}
}
