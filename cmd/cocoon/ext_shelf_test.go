package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server"
	"github.com/cocoonhq/cocoon/wasmhost/install"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// packExample builds an example and packs it, with another manifest if change says so, signed by keys.
func packExample(t *testing.T, name string, change func(m *pack.Manifest), keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	from, dir := filepath.Join(examplesDir, "go", name), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if out, errText, err := cocoon(t, "", "ext", "build", "--output", filepath.Join(dir, "module.wasm"), from); err != nil {
		t.Fatal(err, out, errText)
	}
	m, files, err := pack.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(m)
	}
	var b bytes.Buffer
	if err := pack.Write(&b, *m, files, keys...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	k, err := pack.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// offered sends a package and gives what the server says of it.
func (g guest) offered(b []byte, query string) (o server.ExtensionOffer) {
	g.t.Helper()
	if err := json.Unmarshal([]byte(g.must("POST", "/cocoon/extensions"+query, string(b))), &o); err != nil {
		g.t.Fatal(err)
	}
	return o
}

// consents gives the body of a request that grants capabilities, all of them but those of some kinds.
func consents(o server.ExtensionOffer, but ...string) string {
	granted := []string{}
	for _, c := range o.Extension.Capabilities {
		if !slices.Contains(but, c.Kind) {
			granted = append(granted, c.ID)
		}
	}
	b, _ := json.Marshal(map[string]any{"offer": o.Offer, "granted": granted})
	return string(b)
}

// listed gives what somebody sees of an extension.
func (g guest) listed(id string) (e server.ExtensionInfo, ok bool) {
	g.t.Helper()
	var got struct{ Extensions []server.ExtensionInfo }
	if err := json.Unmarshal([]byte(g.must("GET", "/cocoon/extensions", "")), &got); err != nil {
		g.t.Fatal(err)
	}
	for _, e := range got.Extensions {
		if e.ID == id {
			return e, true
		}
	}
	return e, false
}

const pickerAt = "/cocoon/extensions/example.picker"

// shelfCase is what the steps of TestExtensionsOverHTTP share.
type shelfCase struct {
	alice, bob guest
	key        ed25519.PrivateKey
	old        []byte
	offer      server.ExtensionOffer // of old
}

// TestExtensionsOverHTTP installs, updates, stops and removes a real package, as the page does.
func TestExtensionsOverHTTP(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	h, key := newHouse(t, authFlags{}), newKey(t)
	x := &shelfCase{alice: h.guest("alice", tenant.User), bob: h.guest("bob", tenant.User), key: key, old: packExample(t, "picker", nil, key)}
	x.offer = x.alice.offered(x.old, "")
	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"an offer installs nothing", x.offers},
		{"less than it needs", x.needs},
		{"installed", x.installs},
		{"it is alice's alone", x.isOwn},
		{"others cannot update it", x.isPinned},
		{"an update keeps what was granted and marks what is new", x.updates},
		{"stopped, allowed again, removed", x.ends},
		{"junk", x.refusesJunk},
	} {
		t.Run(step.name, step.run)
	}
}

func (x *shelfCase) offers(t *testing.T) {
	alice, bob, o := x.alice, x.bob, x.offer
	if o.Extension.ID != "example.picker" || o.Extension.Trust != server.ExtensionSigned || o.Extension.Fingerprint == "" || o.Refused != "" || o.Installed != "" || !o.Extension.Page {
		t.Errorf("%+v", o)
	}
	if _, ok := alice.listed("example.picker"); ok {
		t.Error("it is installed already")
	}
	if status, b := bob.ask("POST", pickerAt+"/install", consents(o)); status != 404 {
		t.Errorf("bob takes alice's offer: %d %s", status, b)
	}
	if status, b := alice.ask("POST", "/cocoon/extensions/example.other/install", consents(o)); status != 400 {
		t.Errorf("under another id: %d %s", status, b)
	}
}

func (x *shelfCase) needs(t *testing.T) {
	alice, o := x.alice, x.offer
	if status, b := alice.ask("POST", pickerAt+"/install", consents(o, "kv")); status != 403 || !strings.Contains(b, "kv") {
		t.Errorf("%d %s", status, b)
	}
}

func (x *shelfCase) installs(t *testing.T) {
	alice, o := x.alice, x.offer
	alice.must("POST", pickerAt+"/install", consents(o, "ws"))
	e, _ := alice.listed("example.picker")
	if e.State != server.ExtensionLoaded || !e.Page || e.Shared || !e.Changeable || e.Stats == nil || e.Stats.Calls == 0 || e.Stats.Fuel == 0 || e.Stats.MemoryBytes == 0 || len(e.Events) != 0 {
		t.Errorf("%+v, %+v", e, e.Stats)
	}
	if d := cmp.Diff([]server.ExtensionNode{{Class: "PickImage", Name: "Pick Image"}}, e.Nodes); d != "" {
		t.Error(d)
	}
	for _, c := range e.Capabilities {
		if c.Granted != (c.Kind != "ws") || c.Text == "" {
			t.Errorf("%+v", c)
		}
	}
	if b := alice.must("GET", "/object_info/PickImage", ""); !strings.Contains(b, "Pick Image") {
		t.Errorf("its node is %s", b)
	}
	if b := alice.must("GET", pickerAt+"/page", ""); !strings.HasPrefix(b, "<!doctype html><script>") || !strings.Contains(b, "<h1>Pick a picture</h1>") {
		t.Errorf("its page is %.80q", b)
	}
}

func (x *shelfCase) isOwn(t *testing.T) {
	bob := x.bob
	if _, ok := bob.listed("example.picker"); ok {
		t.Error("bob has it")
	}
	if b := bob.must("GET", "/object_info/PickImage", ""); b != "{}" {
		t.Errorf("bob has its node: %s", b)
	}
	for _, x := range [][2]string{{"GET", "/log"}, {"GET", "/page"}, {"POST", "/revoke"}, {"DELETE", ""}} {
		if status, b := bob.ask(x[0], pickerAt+x[1], ""); status != 404 {
			t.Errorf("bob: %v: %d %s", x, status, b)
		}
	}
	if status, _ := bob.ask("GET", pickerPath+"/pictures", ""); status != 404 {
		t.Errorf("bob reaches its route: %d", status)
	}
}

func (x *shelfCase) isPinned(t *testing.T) {
	alice := x.alice
	for trust, b := range map[string][]byte{
		server.ExtensionUnsigned: packExample(t, "picker", bump),
		server.ExtensionSigned:   packExample(t, "picker", bump, newKey(t)),
	} {
		o := alice.offered(b, "")
		if o.Refused == "" || o.Extension.Trust != trust {
			t.Errorf("%s: %+v", trust, o)
		}
		if status, b := alice.ask("POST", pickerAt+"/install", consents(o)); status != 403 {
			t.Errorf("%s: installs it: %d %s", trust, status, b)
		}
	}
}

func (x *shelfCase) updates(t *testing.T) {
	alice, key, old := x.alice, x.key, x.old
	o := alice.offered(packExample(t, "picker", bump, key), "")
	if o.Installed != "1.0.0" || o.Extension.Trust != server.ExtensionKnown {
		t.Errorf("%+v", o)
	}
	for _, c := range o.Extension.Capabilities {
		if fresh := c.Kind == "real_clock" || c.Kind == "ws"; c.New != fresh || c.Granted == fresh {
			t.Errorf("%+v", c)
		}
	}
	alice.must("POST", pickerAt+"/install", consents(o))
	if e, _ := alice.listed("example.picker"); e.Version != "1.1.0" || e.State != server.ExtensionLoaded {
		t.Errorf("%+v", e)
	}
	if o := alice.offered(old, ""); len(o.Warnings) == 0 {
		t.Error("a downgrade is offered without a warning")
	}
}

func (x *shelfCase) ends(t *testing.T) {
	alice := x.alice
	e, _ := alice.listed("example.picker")
	alice.must("POST", pickerAt+"/revoke", "")
	if e, _ := alice.listed("example.picker"); e.State != server.ExtensionRevoked {
		t.Errorf("%+v", e)
	}
	if b := alice.must("GET", "/object_info/PickImage", ""); b != "{}" {
		t.Errorf("its node is still there: %s", b)
	}
	if status, _ := alice.ask("GET", pickerPath+"/pictures", ""); status != 404 {
		t.Errorf("its route is still there: %d", status)
	}
	alice.must("POST", pickerAt+"/grant", consents(server.ExtensionOffer{Extension: e}))
	if e, _ := alice.listed("example.picker"); e.State != server.ExtensionLoaded {
		t.Errorf("%+v", e)
	}
	alice.must("DELETE", pickerAt, "")
	if _, ok := alice.listed("example.picker"); ok {
		t.Error("it is still there")
	}
}

func (x *shelfCase) refusesJunk(t *testing.T) {
	alice, old := x.alice, x.old
	changed := bytes.Clone(old)
	changed[len(changed)/2] ^= 1
	for name, b := range map[string]string{"nothing": "", "text": "no zip", "cut": string(old[:len(old)/2]), "changed": string(changed)} {
		if status, b := alice.ask("POST", "/cocoon/extensions", b); status != 400 {
			t.Errorf("%s: %d %s", name, status, b)
		}
	}
}

// TestWaitingExtensions consents to a version that came by another way than the page and asks for more.
func TestWaitingExtensions(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	h, key := newHouse(t, authFlags{}), newKey(t)
	alice := h.guest("alice", tenant.User)
	o := alice.offered(packExample(t, "picker", nil, key), "")
	alice.must("POST", pickerAt+"/install", consents(o))
	if _, err := h.app.shelf.m.Install(t.Context(), "alice", packExample(t, "picker", bump, key), install.Consent{}); err != nil {
		t.Fatal(err)
	}
	e, _ := alice.listed("example.picker")
	if e.State != server.ExtensionWaiting || e.Version != "1.0.0" || !strings.Contains(e.Reason, "1.1.0") || len(e.Nodes) != 1 {
		t.Errorf("%+v", e)
	}
	for _, c := range e.Capabilities {
		if fresh := c.Kind == "real_clock"; c.New != fresh || c.Granted == fresh {
			t.Errorf("%+v", c)
		}
	}
	alice.must("POST", pickerAt+"/grant", consents(server.ExtensionOffer{Extension: e}))
	if e, _ := alice.listed("example.picker"); e.State != server.ExtensionLoaded || e.Version != "1.1.0" {
		t.Errorf("after consent: %+v", e)
	}
	chooser{alice, pickerPath}.post("message", "0", "node_id", "4")
	alice.must("DELETE", pickerAt+"?data=true", "")
	if _, ok := alice.listed("example.picker"); ok {
		t.Error("it is still there")
	}
}

// bump makes a newer version that asks for more.
func bump(m *pack.Manifest) {
	m.Version = "1.1.0"
	m.Capabilities.RealClock = true
}

func TestSharedExtensions(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	h := newHouse(t, authFlags{})
	root, bob := h.guest("root", tenant.Admin), h.guest("bob", tenant.User)
	b := packExample(t, "picker", nil, newKey(t))
	if status, text := bob.ask("POST", "/cocoon/extensions?shared=true", string(b)); status != 403 {
		t.Errorf("a user offers for all: %d %s", status, text)
	}
	o := root.offered(b, "?shared=true")
	if status, text := root.ask("POST", pickerAt+"/install", consents(o)); status != 404 {
		t.Errorf("what was offered for all is installed for one: %d %s", status, text)
	}
	root.must("POST", pickerAt+"/install?shared=true", consents(o))
	e, _ := bob.listed("example.picker")
	if e.State != server.ExtensionLoaded || !e.Shared || e.Changeable || e.Stats != nil {
		t.Errorf("bob sees %+v", e)
	}
	if b := bob.must("GET", pickerPath+"/pictures", ""); b != "[]" {
		t.Errorf("its route says %s", b)
	}
	for _, x := range [][3]string{{"GET", "/log", ""}, {"POST", "/grant", `{"granted":[]}`}, {"POST", "/revoke?shared=true", ""}, {"DELETE", "?shared=true", ""}} {
		if status, b := bob.ask(x[0], pickerAt+x[1], x[2]); status != 403 && status != 404 {
			t.Errorf("bob: %v: %d %s", x, status, b)
		}
	}
	if e, ok := bob.listed("example.picker"); !ok || e.State != server.ExtensionLoaded {
		t.Errorf("after that: %+v", e)
	}
	if e, _ := root.listed("example.picker"); !e.Changeable || e.Stats == nil {
		t.Errorf("root sees %+v", e)
	}
	root.must("GET", pickerAt+"/log", "")
	root.must("DELETE", pickerAt+"?shared=true", "")
	if _, ok := bob.listed("example.picker"); ok {
		t.Error("it is still there")
	}
}

// TestPagesOfRoutes shows the page that a route gives where a package has none.
func TestPagesOfRoutes(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	h := newHouse(t, authFlags{})
	alice := h.guest("alice", tenant.User)
	o := alice.offered(packExample(t, "notes", nil, newKey(t)), "")
	const at = "/cocoon/extensions/example.notes-go"
	alice.must("POST", at+"/install", consents(o))
	if b := alice.must("GET", at+"/page", ""); !strings.HasPrefix(b, "<!doctype html><script>") || !strings.Contains(b, "<h1>Notes</h1>") {
		t.Errorf("its page is %.80q", b)
	}
	e, _ := alice.listed("example.notes-go")
	granted := []string{}
	for _, c := range e.Capabilities {
		if c.ID != "routes:GET /page" {
			granted = append(granted, c.ID)
		}
	}
	b, _ := json.Marshal(map[string]any{"granted": granted})
	alice.must("POST", at+"/grant", string(b))
	if status, b := alice.ask("GET", at+"/page", ""); status != 404 {
		t.Errorf("without the route: %d %.80q", status, b)
	}
}

func TestPageWriter(t *testing.T) {
	w := pageWriter{header: http.Header{}}
	w.WriteHeader(404)
	for range maxPage / (1 << 20) {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if w.status != 404 || w.over || w.body.Len() != maxPage {
		t.Errorf("status %d, %d bytes", w.status, w.body.Len())
	}
	if _, err := w.Write([]byte{0}); err == nil || !w.over || w.body.Len() != maxPage {
		t.Errorf("one more byte: %v, %d bytes", err, w.body.Len())
	}
}

func TestPageThatBreaksOff(t *testing.T) {
	w := pageWriter{header: http.Header{}}
	w.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<h1>"))
		panic(http.ErrAbortHandler)
	}), nil)
	if !w.over {
		t.Error("half a page is taken for a whole one")
	}
}

func TestVisible(t *testing.T) {
	for given, want := range map[string]string{"Lens": "Lens", "Größe 画": "Größe 画", "safe\u202egnp.exe": "safegnp.exe", "a\u2066b\u2069\u200fc\u0007": "abc", "": ""} {
		if got := visible(given); got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
}
