package install

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// runs gives what the extension's node gives, or 0 when there is none.
func runs(t testing.TB, h *wasmhost.Host, who tenant.ID, class string) int64 {
	t.Helper()
	ctx := tenant.With(t.Context(), who)
	n, ok := h.Lookup(ctx, class)
	if !ok {
		return 0
	}
	r, err := n.Run(node.WithRun(ctx, node.Run{PromptID: "p", NodeID: "1"}.CountGraphs()), node.Args{})
	if err != nil {
		t.Error(err)
		return -1
	}
	v, _ := r.Outputs[0].(int64)
	return v
}

func must(t testing.TB) func(s Status, err error) Status {
	return func(s Status, err error) Status {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestInstallUpdateRemove(t *testing.T) {
	told := 0
	m, h, dir := server(t, func(c *Config) { c.Changed = func(context.Context) { told++ } })
	one := packed(t, "1.0.0", asksKV, guest(t, "One", kvGet()), 1)
	offer, err := m.Inspect(t.Context(), "a", one)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"key", "grant"}, offer.Consent); d != "" || offer.Standing != New || offer.Verdict != Install {
		t.Errorf("%s %+v", d, offer)
	}
	if len(m.List("a")) != 0 || told != 0 {
		t.Error("looking at a package installs it")
	}
	if _, err := m.Install(t.Context(), "a", one, Consent{Grant: all(*offer.Manifest)}); !errors.Is(err, fault.Forbidden) {
		t.Errorf("without consent to the key: %v", err)
	}
	s := must(t)(m.Install(t.Context(), "a", one, Consent{Grant: all(*offer.Manifest), AcceptKey: keyOf(1)}))
	if s.State != Running || s.Version != "1.0.0" || s.Publisher != keyOf(1) || !slices.Equal(s.Nodes, []string{"One"}) || s.Stats == nil || told != 1 {
		t.Errorf("%+v, told %d times", s, told)
	}
	if runs(t, h, "a", "One") != 7 || runs(t, h, "b", "One") != 0 {
		t.Error("a has the node, b has not")
	}
	two := packed(t, "1.1.0", asksKV, guest(t, "Two", kvGet()), 1)
	s = must(t)(m.Install(t.Context(), "a", two, Consent{}))
	if s.Version != "1.1.0" || s.State != Running || runs(t, h, "a", "One") != 0 || runs(t, h, "a", "Two") != 7 {
		t.Errorf("an update that asks for no more: %+v", s)
	}
	if files, err := os.ReadDir(filepath.Join(dir, "packages")); err != nil || len(files) != 1 {
		t.Errorf("%d packages are kept, %v", len(files), err)
	}
	if err := m.Remove(t.Context(), "a", "test.one", true); err != nil {
		t.Fatal(err)
	}
	if len(m.List("a")) != 0 || runs(t, h, "a", "Two") != 0 {
		t.Error("it is still there")
	}
	if err := m.Remove(t.Context(), "a", "test.one", false); !errors.Is(err, fault.NotFound) {
		t.Errorf("a second time: %v", err)
	}
}

// TestGrantsAreNotWidened lets an update ask for more.
func TestGrantsAreNotWidened(t *testing.T) {
	m, h, _ := server(t, nil)
	one := packed(t, "1.0.0", nil, guest(t, "One"), 1)
	must(t)(m.Install(t.Context(), "", one, Consent{AcceptKey: keyOf(1)}))
	more := func(man *pack.Manifest) {
		asksKV(man)
		man.Capabilities.Msg = &struct{}{}
		man.Capabilities.Optional = []string{"msg"}
	}
	two := packed(t, "2.0.0", more, guest(t, "Two", kvGet(), [3]string{"cocoon1_msg", "msg_wait", "iiiii:l"}), 1)
	s := must(t)(m.Install(t.Context(), "", two, Consent{}))
	if s.State != Running || s.Version != "1.0.0" || s.Pending == nil || s.Pending.Version != "2.0.0" || runs(t, h, "x", "One") != 7 {
		t.Errorf("it did not wait: %+v", s)
	}
	var fresh []string
	for _, a := range s.Pending.Asks {
		if a.New && !a.Granted {
			fresh = append(fresh, a.Key)
		}
	}
	if d := cmp.Diff([]string{"kv", "msg"}, fresh); d != "" {
		t.Error(d)
	}
	if _, err := m.GrantKeys(t.Context(), "", "test.one", []string{"msg"}); !errors.Is(err, fault.Forbidden) {
		t.Errorf("without what it needs: %v", err)
	}
	s = must(t)(m.GrantKeys(t.Context(), "", "test.one", []string{"kv"}))
	if s.State != Running || s.Version != "2.0.0" || s.Pending != nil || runs(t, h, "x", "Two") != 7 {
		t.Errorf("it did not go on: %+v", s)
	}
	if d := cmp.Diff([]string{"kv"}, s.Granted.Keys(&pack.Capabilities{KV: &pack.KVCap{}, Msg: &struct{}{}})); d != "" {
		t.Error(d)
	}
	// taking back what it needs stops it, although it does not load without
	s = must(t)(m.GrantKeys(t.Context(), "", "test.one", nil))
	if s.State != Failed || runs(t, h, "x", "Two") != 0 {
		t.Errorf("it goes on without a grant: %+v", s)
	}
	must(t)(m.GrantKeys(t.Context(), "", "test.one", []string{"kv"}))
	if runs(t, h, "x", "Two") != 7 {
		t.Error("granted again, it does not run")
	}
}

func TestFirstInstallWaits(t *testing.T) {
	m, h, _ := server(t, nil)
	b := packed(t, "1.0.0", asksKV, guest(t, "One", kvGet()), 1)
	s := must(t)(m.Install(t.Context(), "a", b, Consent{AcceptKey: keyOf(1)}))
	if s.State != Waiting || s.Version != "1.0.0" || len(s.Asks) != 1 || runs(t, h, "a", "One") != 0 {
		t.Errorf("%+v", s)
	}
	if err := m.Dismiss(t.Context(), "a", "test.one"); err != nil || len(m.List("a")) != 0 {
		t.Errorf("%v, %v", err, m.List("a"))
	}
}

// TestPublishers installs 1.0.0 of key 1, then something else.
func TestPublishers(t *testing.T) {
	module := guest(t, "One")
	for _, row := range []struct {
		name     string
		b        []byte
		c        Consent
		want     error
		standing Standing
	}{
		{"the same publisher", packed(t, "1.0.1", nil, module, 1), Consent{}, nil, Pinned},
		{"another", packed(t, "1.0.1", nil, module, 2), Consent{AcceptKey: keyOf(2), Force: true}, fault.Forbidden, Changed},
		{"nobody", packed(t, "1.0.1", nil, module), Consent{Unsigned: true, Force: true}, fault.Forbidden, Changed},
		{"another, whom the first vouches for", packed(t, "1.0.1", nil, module, 2, 1), Consent{}, nil, PassedOn},
		{"an older version", packed(t, "0.9.0", nil, module, 1), Consent{}, fault.Conflict, Pinned},
		{"an older version, forced", packed(t, "0.9.0", nil, module, 1), Consent{Force: true}, nil, Pinned},
		{"the version again, changed", packed(t, "1.0.0", nil, guest(t, "Other"), 1), Consent{}, fault.Conflict, Pinned},
		{"the very package", packed(t, "1.0.0", nil, module, 1), Consent{}, nil, Pinned},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := open(t, Config{Dir: t.TempDir(), AllowUnsigned: true})
			must(t)(m.Install(t.Context(), "", packed(t, "1.0.0", nil, module, 1), Consent{AcceptKey: keyOf(1)}))
			o, err := m.Inspect(t.Context(), "", row.b)
			if err != nil || o.Standing != row.standing {
				t.Errorf("%v %+v", err, o)
			}
			if _, err := m.Install(t.Context(), "", row.b, row.c); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

// TestPinsOutliveRemoval: the data that another publisher's extension would find is still there.
func TestPinsOutliveRemoval(t *testing.T) {
	dir := t.TempDir()
	m := open(t, Config{Dir: dir, Erase: func(ctx context.Context, who tenant.ID, id string, keep []tenant.ID) error {
		return kv.Erase(ctx, dir, who, id, keep)
	}})
	evil := packed(t, "2.0.0", nil, guest(t, "One"), 2)
	install := func() {
		t.Helper()
		must(t)(m.Install(t.Context(), "", packed(t, "1.0.0", nil, guest(t, "One"), 1), Consent{AcceptKey: keyOf(1)}))
	}
	install()
	if err := m.Remove(t.Context(), "", "test.one", false); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Install(t.Context(), "", evil, Consent{AcceptKey: keyOf(2)}); !errors.Is(err, fault.Forbidden) {
		t.Errorf("another publisher gets the data: %v", err)
	}
	install()
	if err := m.Remove(t.Context(), "", "test.one", true); err != nil {
		t.Fatal(err)
	}
	must(t)(m.Install(t.Context(), "", evil, Consent{AcceptKey: keyOf(2)}))
}

func TestUnsigned(t *testing.T) {
	b := packed(t, "1.0.0", nil, guest(t, "One"))
	strict := open(t, Config{Dir: t.TempDir()})
	if _, err := strict.Install(t.Context(), "", b, Consent{Unsigned: true}); !errors.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), "--allow-unsigned") {
		t.Errorf("where none are taken: %v", err)
	}
	m := open(t, Config{Dir: t.TempDir(), AllowUnsigned: true})
	if _, err := m.Install(t.Context(), "", b, Consent{}); !errors.Is(err, fault.Forbidden) {
		t.Errorf("without consent: %v", err)
	}
	must(t)(m.Install(t.Context(), "", b, Consent{Unsigned: true}))
	o, err := m.Inspect(t.Context(), "", packed(t, "1.0.1", nil, guest(t, "One"), 1))
	if err != nil || o.Standing != New || !slices.Contains(o.Consent, "key") {
		t.Errorf("signed for the first time: %+v, %v", o, err)
	}
}

func TestTrustList(t *testing.T) {
	list := write(t, filepath.Join(t.TempDir(), "trust"), "# ours\n"+keyOf(1)+" test.*\n"+keyOf(3)+" web other\n")
	m := open(t, Config{Dir: t.TempDir(), TrustFile: list, AllowUnsigned: true})
	module := guest(t, "One")
	for _, row := range []struct {
		name     string
		keys     []byte
		standing Standing
		verdict  Verdict
	}{
		{"listed", []byte{1}, Listed, Install}, {"not listed", []byte{2}, Unknown, Refuse}, {"unsigned", nil, Unknown, Refuse}, {"listed for another id", []byte{3}, Unknown, Refuse},
	} {
		o, err := m.Inspect(t.Context(), "", packed(t, "1.0.0", nil, module, row.keys...))
		if err != nil || o.Standing != row.standing || o.Verdict != row.verdict {
			t.Errorf("%s: %+v, %v", row.name, o, err)
		}
	}
	must(t)(m.Install(t.Context(), "", packed(t, "1.0.0", nil, module, 1), Consent{}))
	for _, bad := range []string{"nonsense", "ed25519:AAAA", keyOf(1) + " [x"} {
		if _, err := ParseTrust([]byte(bad)); !errors.Is(err, fault.BadFile) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestTrustedPages: scripts with the user's rights need an operator's signature, whatever is granted.
func TestTrustedPages(t *testing.T) {
	list := write(t, filepath.Join(t.TempDir(), "trust"), keyOf(1)+"\n"+keyOf(9)+" web\n")
	web := func(m *pack.Manifest) { m.Capabilities.Web = pack.WebTrusted }
	for _, row := range []struct {
		name string
		keys []byte
		want string
	}{{"the publisher alone", []byte{1}, pack.WebSandboxed}, {"and the operator", []byte{1, 9}, pack.WebTrusted}} {
		m, _, _ := server(t, func(c *Config) { c.TrustFile = list })
		b := packed(t, "1.0.0", web, guest(t, "One"), row.keys...)
		s := must(t)(m.Install(t.Context(), "", b, Consent{Grant: &pack.Grant{Web: pack.WebTrusted}}))
		if s.Web != row.want || s.Granted.Web != row.want {
			t.Errorf("%s: %q", row.name, s.Web)
		}
		page, _, err := m.File("a", "test.one", "web/page.html")
		if err != nil || string(page) != "<p>1.0.0" {
			t.Errorf("%q, %v", page, err)
		}
	}
}

func TestWhatDoesNotLoadIsNotInstalled(t *testing.T) {
	m, h, _ := server(t, nil)
	must(t)(m.Install(t.Context(), "", packed(t, "1.0.0", nil, guest(t, "One"), 1), Consent{AcceptKey: keyOf(1)}))
	for name, module := range map[string][]byte{"no module": []byte("hello"), "unknown import": guest(t, "Two", [3]string{"env", "system", "i:i"}),
		"a capability it does not ask for": guest(t, "Two", kvGet())} {
		if _, err := m.Install(t.Context(), "", packed(t, "1.0.1", nil, module, 1), Consent{}); err == nil {
			t.Errorf("%s is installed", name)
		}
		if s, err := m.Get("", "test.one"); err != nil || s.Version != "1.0.0" || s.State != Running || runs(t, h, "", "One") != 7 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func TestSelfTestRefuses(t *testing.T) {
	m := open(t, Config{Dir: t.TempDir(), SelfTest: func(context.Context, *pack.Package) error {
		return fault.New(fault.ExtensionFailed, "not the same")
	}})
	if _, err := m.Install(t.Context(), "", packed(t, "1.0.0", nil, guest(t, "One"), 1), Consent{AcceptKey: keyOf(1)}); !errors.Is(err, fault.ExtensionFailed) {
		t.Error(err)
	}
}

// TestWhatWaitsIsNotPinned: a key that nobody let run counts for nothing.
func TestWhatWaitsIsNotPinned(t *testing.T) {
	m := open(t, Config{Dir: t.TempDir()})
	must(t)(m.Install(t.Context(), "", packed(t, "1.0.0", nil, guest(t, "One"), 1), Consent{AcceptKey: keyOf(1)}))
	s := must(t)(m.Install(t.Context(), "", packed(t, "2.0.0", asksKV, guest(t, "One", kvGet()), 2, 1), Consent{}))
	if s.Pending == nil || s.Pending.Publisher != keyOf(2) {
		t.Errorf("%+v", s)
	}
	if err := m.Dismiss(t.Context(), "", "test.one"); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[byte]Standing{1: Pinned, 2: Changed} {
		if o, err := m.Inspect(t.Context(), "", packed(t, "3.0.0", nil, guest(t, "One"), key)); err != nil || o.Standing != want {
			t.Errorf("key %d: %+v, %v", key, o, err)
		}
	}
	must(t)(m.Install(t.Context(), "", packed(t, "2.0.0", asksKV, guest(t, "One", kvGet()), 2, 1), Consent{}))
	must(t)(m.GrantKeys(t.Context(), "", "test.one", []string{"kv"}))
	if o, err := m.Inspect(t.Context(), "", packed(t, "3.0.0", nil, guest(t, "One"), 2)); err != nil || o.Standing != Pinned {
		t.Errorf("the new key: %+v, %v", o, err)
	}
}

func TestReplacementsOfAPackage(t *testing.T) {
	m, h, _ := server(t, nil)
	b := packed(t, "1.0.0", func(m *pack.Manifest) { m.Description = "replaces" }, guest(t, "One"), 1)
	must(t)(m.Install(t.Context(), "a", b, Consent{AcceptKey: keyOf(1)}))
	want := []node.Replacement{{Old: "Former", New: "One", Inputs: []node.InputMove{{New: "x", Value: int64(3)}, {New: "y", Old: "z"}}, Outputs: map[int]int{2: 0}}}
	if d := cmp.Diff(want, h.Replacements(tenant.With(t.Context(), "a"))); d != "" {
		t.Error(d)
	}
	if got := h.Replacements(tenant.With(t.Context(), "b")); len(got) != 0 {
		t.Errorf("another tenant has %v", got)
	}
}
