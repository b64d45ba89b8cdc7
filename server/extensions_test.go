package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// shelfOf keeps extensions in memory, by tenant and id; a package is its id.
type shelfOf struct {
	mu   sync.Mutex // guards the rest
	have map[tenant.ID]map[string]*ExtensionInfo

	libraryOf
}

func (k *shelfOf) Extensions(ctx context.Context) (out []ExtensionInfo, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	own := tenant.Of(ctx)
	for _, e := range k.have[own] {
		out = append(out, *e)
	}
	for _, e := range k.have[""] {
		if c := *e; own != "" {
			c.Shared = true
			out = append(out, c)
		}
	}
	return out, nil
}

func (k *shelfOf) ExtensionLog(context.Context, string) ([]ExtensionLine, error) {
	return []ExtensionLine{{Level: "info", Text: "<b>line</b>"}}, nil
}

func (k *shelfOf) ExtensionPage(_ context.Context, id string) ([]byte, error) {
	if id != "paged" {
		return nil, fault.New(fault.NotFound, "it has no page")
	}
	return []byte("<!DOCTYPE html>\n<title>x</title><script>1</script>"), nil
}

func (k *shelfOf) ExtensionScripts(ctx context.Context) []Pack {
	if tenant.Of(ctx) != "alice" {
		return nil
	}
	return []Pack{{"acme.lens", fstest.MapFS{"web/lens.js": {Data: []byte("2")}}}, {"p", fstest.MapFS{"web/evil.js": {Data: []byte("3")}}}}
}

func (k *shelfOf) OfferExtension(_ context.Context, file io.Reader) (ExtensionOffer, error) {
	b, err := io.ReadAll(file)
	if err != nil {
		return ExtensionOffer{}, err
	}
	if bytes.HasPrefix(b, []byte("junk")) {
		return ExtensionOffer{}, fault.New(fault.BadFile, "this is no package")
	}
	return ExtensionOffer{Offer: "offer", Bytes: int64(len(b)), Extension: ExtensionInfo{ID: string(b)}}, nil
}

func (k *shelfOf) InstallExtension(ctx context.Context, id, offer string, granted []string) error {
	if offer != "offer" {
		return fault.New(fault.NotFound, "there is no such offer")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.have[tenant.Of(ctx)] == nil {
		k.have[tenant.Of(ctx)] = map[string]*ExtensionInfo{}
	}
	e := &ExtensionInfo{ID: id, Stats: &ExtensionStats{Calls: 1}}
	k.have[tenant.Of(ctx)][id] = e
	k.set(e, granted)
	return nil
}

func (k *shelfOf) set(e *ExtensionInfo, granted []string) {
	e.Capabilities = nil
	for _, g := range granted {
		e.Capabilities = append(e.Capabilities, ExtensionCapability{ID: g, Granted: true})
	}
}

func (k *shelfOf) GrantExtension(ctx context.Context, id string, granted []string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.have[tenant.Of(ctx)][id]
	if e == nil {
		return fault.New(fault.NotFound, "there is no extension %q", id)
	}
	k.set(e, granted)
	return nil
}

func (k *shelfOf) RemoveExtension(ctx context.Context, id string, _ bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.have[tenant.Of(ctx)][id] == nil {
		return fault.New(fault.NotFound, "there is no extension %q", id)
	}
	delete(k.have[tenant.Of(ctx)], id)
	return nil
}

// askExtensions sends a request in somebody's name: "" is a server without keys.
func askExtensions(s *Server, who tenant.ID, role tenant.Role, method, path, body string) (int, string, http.Header) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if who != "" {
		r = r.WithContext(withIdentity(tenant.With(r.Context(), who), tenant.Identity{Tenant: who, Role: role}))
	}
	w := httptest.NewRecorder()
	s.inner.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func extensionServer(t *testing.T) *Server {
	t.Helper()
	return New(Config{Hub: NewHub(), Web: http.NotFoundHandler(), Shelf: &shelfOf{have: map[tenant.ID]map[string]*ExtensionInfo{}},
		Packs: []Pack{{"p", fstest.MapFS{"web/a.js": {Data: []byte("1")}}}}})
}

func TestExtensionsOfTenants(t *testing.T) {
	s := extensionServer(t)
	for _, x := range []struct {
		name               string
		who                tenant.ID
		role               tenant.Role
		method, path, body string
		status             int
		want               string // in the answer
	}{
		{"nothing", "alice", tenant.User, "GET", "/cocoon/extensions", "", 200, `"extensions": []`},
		{"offer", "alice", tenant.User, "POST", "/cocoon/extensions", "lens", 200, `"offer": "offer"`},
		{"offer by a reader", "alice", tenant.Read, "POST", "/cocoon/extensions", "lens", 403, "role read"},
		{"junk", "alice", tenant.User, "POST", "/cocoon/extensions", "junk", 400, "this is no package"},
		{"install", "alice", tenant.User, "POST", "/cocoon/extensions/lens/install", `{"offer":"offer","granted":["kv"]}`, 200, `"changeable": true`},
		{"hers", "alice", tenant.User, "GET", "/cocoon/extensions", "", 200, `"id": "lens"`},
		{"not his", "bob", tenant.User, "GET", "/cocoon/extensions", "", 200, `"extensions": []`},
		{"his grant", "bob", tenant.User, "POST", "/cocoon/extensions/lens/grant", `{"granted":[]}`, 404, "no extension"},
		{"his removal", "bob", tenant.User, "DELETE", "/cocoon/extensions/lens", "", 404, "no extension"},
		{"his look at the log", "bob", tenant.User, "GET", "/cocoon/extensions/lens/log", "", 404, "no extension"},
		{"her log", "alice", tenant.Read, "GET", "/cocoon/extensions/lens/log", "", 200, "<b>line</b>"},
		{"no offer", "alice", tenant.User, "POST", "/cocoon/extensions/lens/install", `{"granted":[]}`, 400, "upload the package"},
		{"no grant", "alice", tenant.User, "POST", "/cocoon/extensions/lens/install", `{"offer":"offer"}`, 400, "granted"},
		{"another's offer", "alice", tenant.User, "POST", "/cocoon/extensions/lens/install", `{"offer":"x","granted":[]}`, 404, "no such offer"},
		{"no json", "alice", tenant.User, "POST", "/cocoon/extensions/lens/grant", `nope`, 400, "no JSON"},
		{"a wrong type", "alice", tenant.User, "POST", "/cocoon/extensions/lens/grant", `{"granted":"kv"}`, 400, "no JSON"},
		{"too many", "alice", tenant.User, "POST", "/cocoon/extensions/lens/grant", `{"granted":["` + strings.Repeat(`","`, 2000) + `"]}`, 429, "capabilities"},
		{"for all, by a user", "alice", tenant.User, "POST", "/cocoon/extensions/all/install?shared=true", `{"offer":"offer","granted":[]}`, 403, "role user"},
		{"for all", "root", tenant.Admin, "POST", "/cocoon/extensions/all/install?shared=true", `{"offer":"offer","granted":[]}`, 200, `"shared": true`},
		{"seen by others", "bob", tenant.User, "GET", "/cocoon/extensions", "", 200, `"changeable": false`},
		{"without its numbers", "bob", tenant.User, "GET", "/cocoon/extensions", "", 200, `"stats": null`},
		{"its log is the operator's", "bob", tenant.User, "GET", "/cocoon/extensions/all/log", "", 403, "operators"},
		{"the operator's look", "root", tenant.Admin, "GET", "/cocoon/extensions/all/log", "", 200, "lines"},
		{"shared is a word", "root", tenant.Admin, "POST", "/cocoon/extensions/all/grant?shared=1", `{"granted":[]}`, 400, "true or false"},
		{"revoke", "alice", tenant.User, "POST", "/cocoon/extensions/lens/revoke", "", 200, `"capabilities": []`},
		{"bad removal", "alice", tenant.User, "DELETE", "/cocoon/extensions/lens?data=yes", "", 400, "true or false"},
		{"removal", "alice", tenant.User, "DELETE", "/cocoon/extensions/lens?data=true", "", 200, `"extension": null`},
		{"twice", "alice", tenant.User, "DELETE", "/cocoon/extensions/lens", "", 404, "no extension"},
		{"a bad id", "alice", tenant.User, "POST", "/cocoon/extensions/..%2Fx/grant", `{"granted":[]}`, 404, "no such extension"},
		{"capitals", "alice", tenant.User, "POST", "/cocoon/extensions/Lens/grant", `{"granted":[]}`, 404, "no such extension"},
		{"an endless id", "alice", tenant.User, "GET", "/cocoon/extensions/" + strings.Repeat("x", 65) + "/frame", "", 404, "no such extension"},
		{"no page", "alice", tenant.User, "GET", "/cocoon/extensions/lens/page", "", 404, "no page"},
	} {
		t.Run(x.name, func(t *testing.T) {
			status, body, _ := askExtensions(s, x.who, x.role, x.method, x.path, x.body)
			if status != x.status || !strings.Contains(body, x.want) {
				t.Errorf("%d %s, want %d with %q", status, body, x.status, x.want)
			}
		})
	}
}

func TestExtensionsWithoutKeys(t *testing.T) {
	s := extensionServer(t)
	status, body, _ := askExtensions(s, "", "", "POST", "/cocoon/extensions/lens/install", `{"offer":"offer","granted":["kv"]}`)
	if status != 200 || !strings.Contains(body, `"shared": false`) || !strings.Contains(body, `"changeable": true`) {
		t.Errorf("install: %d %s", status, body)
	}
	_, body, h := askExtensions(s, "", "", "GET", "/cocoon/extensions", "")
	var got struct {
		Enabled, Operator bool
		Extensions        []ExtensionInfo
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || !got.Enabled || got.Operator || len(got.Extensions) != 1 || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%v: %s", err, body)
	}
	none := New(Config{Hub: NewHub(), Web: http.NotFoundHandler()})
	for path, want := range map[string]int{"/cocoon/extensions": 200, "/cocoon/extensions/x/log": 404, "/cocoon/extensions/x/page": 404, "/cocoon/extensions/x/frame": 404, "/extensions/cocoon/bridge.js": 404} {
		if status, body, _ := askExtensions(none, "", "", "GET", path, ""); status != want || want == 200 && !strings.Contains(body, `"enabled": false`) {
			t.Errorf("a server without extensions: %s gives %d %s", path, status, body)
		}
	}
	if status, _, _ := askExtensions(none, "", "", "POST", "/cocoon/extensions", "x"); status != 404 {
		t.Errorf("a server without extensions takes a package: %d", status)
	}
}

func TestPackagesAreBounded(t *testing.T) {
	s := New(Config{Hub: NewHub(), Web: http.NotFoundHandler(), MaxUpload: 1 << 40, Shelf: &shelfOf{have: map[tenant.ID]map[string]*ExtensionInfo{}}})
	r := httptest.NewRequest("POST", "/cocoon/extensions", io.LimitReader(zeros{}, maxPackage+1))
	w := httptest.NewRecorder()
	s.inner.ServeHTTP(w, r)
	if w.Code != 413 {
		t.Errorf("%d %s, want 413", w.Code, w.Body)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestGuardOfExtensions(t *testing.T) {
	s := extensionServer(t)
	for name, header := range map[string][2]string{"another site": {"Origin", "https://evil.example"}, "a sandboxed page": {"Origin", "null"}, "a frame that wandered": {"Sec-Fetch-Site", "cross-site"}} {
		r := httptest.NewRequest("POST", "/cocoon/extensions/lens/install", strings.NewReader(`{"offer":"offer","granted":[]}`))
		r.Header.Set(header[0], header[1])
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("%s: %d, want 403", name, w.Code)
		}
	}
}

func TestExtensionPages(t *testing.T) {
	s := extensionServer(t)
	_, page, h := askExtensions(s, "", "", "GET", "/cocoon/extensions/paged/page", "")
	if !strings.HasPrefix(page, "<!DOCTYPE html><script>") || !strings.HasSuffix(page, "</script>\n<title>x</title><script>1</script>") || !strings.Contains(page, "window.cocoon") {
		t.Errorf("page %.80q", page)
	}
	csp := h.Get("Content-Security-Policy")
	for _, want := range []string{"sandbox allow-scripts allow-forms;", "default-src 'none'", "form-action 'none'", "frame-ancestors 'self'"} {
		if !strings.Contains(csp, want) || strings.Contains(csp, "allow-same-origin") {
			t.Errorf("policy %q, want %q", csp, want)
		}
	}
	if h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", h)
	}
	for query, want := range map[string]string{"": "light dark;", "?theme=dark": "color-scheme: dark;", "?theme=light": "color-scheme: light;", "?theme=%3Cscript%3E": "light dark;"} {
		status, frame, h := askExtensions(s, "", "", "GET", "/cocoon/extensions/paged/frame"+query, "")
		if status != 200 || !strings.Contains(frame, want) || strings.Contains(frame, "<script") {
			t.Errorf("frame%s: %d %s", query, status, frame)
		}
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-src 'self'") || strings.Contains(csp, "script-src") {
			t.Errorf("policy of the frame %q", csp)
		}
	}
}

func TestWithHelper(t *testing.T) {
	const tag = "<script>H</script>"
	helper := "<script>" + pageHelper + "</script>"
	for _, x := range []struct{ name, page, want string }{
		{"doctype", "<!doctype html><p>", "<!doctype html>" + tag + "<p>"},
		{"mark and spaces first", "\ufeff \n<!DOCTYPE HTML><p>", "<!DOCTYPE HTML>" + tag + "<p>"},
		{"none", "<p>", tag + "<p>"},
		{"empty", "", tag},
		{"without an end", "<!doctype html", tag + "<!doctype html"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if d := cmp.Diff(x.want, strings.Replace(string(withHelper([]byte(x.page))), helper, tag, 1)); d != "" {
				t.Error(d)
			}
		})
	}
	if strings.Contains(strings.ToLower(pageHelper), "</script") {
		t.Error("the helper ends its own element")
	}
}

// FuzzWithHelper takes any page: nothing of it is lost but what stands before the doctype, and the helper comes before its scripts.
func FuzzWithHelper(f *testing.F) {
	for _, page := range []string{"<!doctype html><p>", "\ufeff<!DOCTYPE html SYSTEM 'x>y'><script>1</script>", "<script>1</script>", "<!doctype", ""} {
		f.Add([]byte(page))
	}
	helper := []byte("<script>" + pageHelper + "</script>")
	f.Fuzz(func(t *testing.T, page []byte) {
		before, after, found := bytes.Cut(withHelper(page), helper)
		if !found || !bytes.HasSuffix(page, after) || !bytes.HasSuffix(page, append(bytes.Clone(before), after...)) {
			t.Fatalf("%q becomes %q and %q", page, before, after)
		}
		if bytes.Contains(bytes.ToLower(before), []byte("<script")) && !bytes.HasPrefix(bytes.ToLower(before), []byte("<!doctype")) {
			t.Fatalf("%q stands before the helper", before)
		}
	})
}

func TestScriptsOfExtensions(t *testing.T) {
	s := extensionServer(t)
	for who, want := range map[tenant.ID]string{
		"":      `["/extensions/p/a.js", "/extensions/cocoon/bridge.js"]`,
		"alice": `["/extensions/p/a.js", "/extensions/cocoon/bridge.js", "/extensions/acme.lens/lens.js", "/extensions/p/evil.js"]`,
		"bob":   `["/extensions/p/a.js", "/extensions/cocoon/bridge.js"]`,
	} {
		if _, body, _ := askExtensions(s, who, tenant.User, "GET", "/extensions", ""); body != want {
			t.Errorf("%q gets %s, want %s", who, body, want)
		}
	}
	for _, x := range []struct {
		who    tenant.ID
		path   string
		status int
		body   string
	}{
		{"alice", "/extensions/acme.lens/lens.js", 200, "2"},
		{"bob", "/extensions/acme.lens/lens.js", 404, ""},
		{"alice", "/extensions/p/a.js", 200, "1"},
		{"alice", "/extensions/p/evil.js", 404, ""}, // the server's own pack of that name goes first
	} {
		if status, body, _ := askExtensions(s, x.who, tenant.User, "GET", x.path, ""); status != x.status || x.status == 200 && body != x.body {
			t.Errorf("%s gets %s: %d %q", x.who, x.path, status, body)
		}
	}
	status, body, h := askExtensions(s, "", "", "GET", "/extensions/cocoon/bridge.js", "")
	if status != 200 || !strings.Contains(body, "export function openPage") || !strings.Contains(h.Get("Content-Type"), "javascript") {
		t.Errorf("the bridge: %d %v", status, h)
	}
}
