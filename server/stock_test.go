package server

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// libraryOf keeps what extensions bring in memory, by tenant and id: files by their names, and classes by the name "classes".
type libraryOf struct {
	mu       sync.Mutex // guards the rest
	revision uint64
	content  map[tenant.ID]map[string]map[string]string
	reads    int
	asked    int
}

// set makes the content of an extension this; nil takes it away.
func (l *libraryOf) set(t tenant.ID, id string, files map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.content == nil {
		l.content = map[tenant.ID]map[string]map[string]string{}
	}
	if l.content[t] == nil {
		l.content[t] = map[string]map[string]string{}
	}
	l.content[t][id] = files
	if files == nil {
		delete(l.content[t], id)
	}
	l.revision++
}

func (l *libraryOf) ExtensionRevision() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revision
}

func (l *libraryOf) of(t tenant.ID, id string) (files map[string]string) {
	if files = l.content[t][id]; files == nil {
		files = l.content[""][id]
	}
	return files
}

func (l *libraryOf) ExtensionContents(ctx context.Context) (out []ExtensionContent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	t := tenant.Of(ctx)
	var ids []string
	for _, owner := range slices.Compact([]tenant.ID{t, ""}) {
		for _, id := range slices.Sorted(maps.Keys(l.content[owner])) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		files := l.of(t, id)
		c := ExtensionContent{ID: id, Sum: fmt.Sprint(files), Files: map[string]int64{}}
		for name, text := range files {
			if name == "classes" {
				c.Classes = strings.Fields(text)
				continue
			}
			c.Files[name] = int64(len(text))
		}
		c.Read = func(name string) ([]byte, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.reads++
			now := l.of(t, id)
			if fmt.Sprint(now) != c.Sum {
				return nil, fault.New(fault.NotFound, "another runs now")
			}
			return []byte(now[name]), nil
		}
		out = append(out, c)
	}
	return out
}

// Lookup, All and Replacements make it the source of its extensions' nodes.
func (l *libraryOf) Lookup(ctx context.Context, class string) (node.Node, bool) {
	for _, n := range l.All(ctx) {
		if n.Schema().ID == class {
			return n, true
		}
	}
	return nil, false
}

func (l *libraryOf) All(ctx context.Context) (out []node.Node) {
	for _, c := range l.ExtensionContents(ctx) {
		for _, class := range c.Classes {
			out = append(out, bare{&node.Schema{ID: class, Category: "shared/" + c.ID + "/" + class}})
		}
	}
	return out
}

func (l *libraryOf) Replacements(context.Context) []node.Replacement { return nil }

// bare is a node that is only described.
type bare struct{ s *node.Schema }

func (b bare) Schema() *node.Schema                               { return b.s }
func (b bare) Run(context.Context, node.Args) (node.Reply, error) { return node.Reply{}, nil }

// librarySite is a server with a library, a core node Core in the category "core/shared", and a pack p.
func librarySite(t *testing.T) (*Server, *libraryOf) {
	t.Helper()
	shelf := &shelfOf{have: map[tenant.ID]map[string]*ExtensionInfo{}}
	reg, err := node.NewRegistry(bare{&node.Schema{ID: "Core", Category: "core/shared"}}, bare{&node.Schema{ID: "Core_Two"}})
	if err != nil {
		t.Fatal(err)
	}
	reg.Extend(&shelf.libraryOf)
	return New(Config{Hub: NewHub(), Web: http.NotFoundHandler(), Shelf: shelf, Registry: reg, Packs: []Pack{{"p", fstest.MapFS{
		"locales/en/main.json": {Data: []byte(`{"greeting": "hi", "nodeDefs": {"ByPack": {"display_name": "Pack's"}}}`)}, "workflows/one.json": {Data: []byte("{}")},
		"subgraphs/blur.json": {Data: []byte("{}")}, "web/docs/Core.md": {Data: []byte("<b>own</b>")}}}}}), &shelf.libraryOf
}

func (s *Server) get(who tenant.ID, path string, header ...string) (int, string, http.Header) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if who != "" {
		r = r.WithContext(withIdentity(tenant.With(r.Context(), who), tenant.Identity{Tenant: who, Role: tenant.User}))
	}
	w := httptest.NewRecorder()
	s.inner.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

const aSubgraph = `{"nodes": [{"id": 1, "type": "u-1", "inputs": [], "outputs": []}], "definitions": {"subgraphs": [{"id": "u-1", "name": "Blur"}]}}`

func lens(version string) map[string]string {
	return map[string]string{
		"classes":                   "Lens",
		"locales/de/nodeDefs.json":  `{"Lens": {"display_name": "Linse ` + version + `", "inputs": {"image": {"name": "Bild", "tooltip": "Was gebeugt wird."}}, "outputs": {"0": {"name": "Bild"}}}}`,
		"locales/de/commands.json":  `{"acme_lens_open": {"label": "Linse öffnen"}}`,
		"locales/de/settings.json":  `{"acme_lens_size": {"name": "Größe", "options": {"small": "klein"}}}`,
		"locales/de/main.json":      `{"nodeCategories": {"acme.lens": "Linsen"}, "settingsCategories": {"acme_lens": "Linsen"}, "ext_acme_lens": {"hello": {"you": "Hallo"}}}`,
		"docs/Lens.md":              "# Lens " + version,
		"docs/Lens/de.md":           "# Linse " + version,
		"docs/pictures/lens.png":    "\x89PNG",
		"workflows/Bend light.json": `{"nodes": [], "version": "` + version + `"}`,
		"workflows/Bend light.png":  "\x89PNG" + version,
		"subgraphs/blur.json":       aSubgraph,
	}
}

// TestExtensionLibraryOfTenants shows each tenant what its own extensions and the shared ones bring, as long as they run.
func TestExtensionLibraryOfTenants(t *testing.T) {
	s, l := librarySite(t)
	paths := map[string]string{ // → what a tenant that has the extension finds there
		"/i18n": `"Linse %s"`, "/workflow_templates": `"acme.lens": ["Bend light"]`, "/api/workflow_templates": "acme.lens",
		"/api/workflow_templates/acme.lens/Bend%%20light.json": `"version": "%s"`, "/api/workflow_templates/acme.lens/Bend%%20light.jpg": "PNG%s",
		"/global_subgraphs": `"custom_nodes.acme.lens"`, "/extensions/acme.lens/docs/Lens.md": "# Lens %s", "/extensions/acme_lens/docs/Lens/de.md": "# Linse %s",
	}
	see := func(step string, who tenant.ID, version string) {
		t.Helper()
		for path, want := range paths {
			path = strings.ReplaceAll(path, "%%", "%")
			want = strings.ReplaceAll(want, "%s", version)
			status, body, _ := s.get(who, path)
			if version == "" {
				if strings.Contains(body, "Lin") || strings.Contains(body, "lens") || strings.Contains(body, "Lens") || strings.Contains(body, "PNG") {
					t.Errorf("%s: %q sees at %s: %d %s", step, who, path, status, body)
				}
				continue
			}
			if status != 200 || !strings.Contains(body, want) {
				t.Errorf("%s: %q sees at %s: %d %s; want %s", step, who, path, status, body, want)
			}
		}
	}
	see("nothing is installed", "alice", "")
	l.set("alice", "acme.lens", lens("1"))
	see("installed", "alice", "1")
	see("another's", "bob", "")
	see("another's", "", "")
	l.set("alice", "acme.lens", lens("2"))
	see("updated", "alice", "2")
	l.set("", "acme.lens", lens("0"))
	see("own before shared", "alice", "2")
	see("shared", "bob", "0")
	see("shared", "", "0")
	l.set("alice", "acme.lens", nil)
	see("own removed", "alice", "0")
	l.set("", "acme.lens", nil)
	for _, who := range []tenant.ID{"", "alice", "bob"} {
		see("all removed", who, "")
	}
}

// TestExtensionLibraryShapes compares what is sent to what clients want, word for word.
func TestExtensionLibraryShapes(t *testing.T) {
	s, l := librarySite(t)
	l.set("", "acme.lens", lens("1"))
	for _, x := range []struct{ path, want string }{
		{"/i18n", `{"en": {"greeting": "hi", "nodeDefs": {"ByPack": {"display_name": "Pack's"}}}, "de": {"nodeCategories": {"acme.lens": "Linsen"}, "settingsCategories": {"acme_lens": "Linsen"}, ` +
			`"ext_acme_lens": {"hello": {"you": "Hallo"}}, "nodeDefs": {"Lens": {"display_name": "Linse 1", "inputs": {"image": {"name": "Bild", "tooltip": "Was gebeugt wird."}}, "outputs": {"0": {"name": "Bild"}}}}, ` +
			`"commands": {"acme_lens_open": {"label": "Linse öffnen"}}, "settings": {"acme_lens_size": {"name": "Größe", "options": {"small": "klein"}}}}}`},
		{"/workflow_templates", `{"p": ["one"], "acme.lens": ["Bend light"]}`},
	} {
		status, body, h := s.get("", x.path)
		if d := cmp.Diff(x.want, body); d != "" || status != 200 {
			t.Errorf("%s: %d, -want +got\n%s", x.path, status, d)
		}
		if status, body, _ := s.get("", x.path, "If-None-Match", h.Get("ETag")); status != 304 || body != "" {
			t.Errorf("%s again: %d %s", x.path, status, body)
		}
	}
	_, list, _ := s.get("", "/global_subgraphs")
	g := newGraph("acme.lens", "subgraphs/blur.json", nil)
	if want := fmt.Sprintf(`%q: {"source": "custom_node", "name": "blur (acme.lens)", "info": {"node_pack": "custom_nodes.acme.lens"}}`, g.id); !strings.Contains(list, want) {
		t.Errorf("%s lacks %s", list, want)
	}
	if _, one, _ := s.get("", "/global_subgraphs/"+g.id); !strings.Contains(one, `"data": "{\"nodes\"`) {
		t.Error(one)
	}
}

// TestExtensionFilesAreInert looks at how files of extensions are sent, and which are.
func TestExtensionFilesAreInert(t *testing.T) {
	s, l := librarySite(t)
	files := lens("1")
	maps.Copy(files, map[string]string{
		"docs/evil.svg": "<svg><script>1</script></svg>", "docs/evil.html": "<script>1</script>", "docs/evil.js": "1", "docs/Lens.md": "<script>alert(1)</script>", "docs/Big.md": strings.Repeat("x", maxHelp+1),
		"workflows/deep.json": strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), "workflows/list.json": "[]", "workflows/markup.json": `{"nodes": [{"type": "\u003cimg src=x>"}]}`,
		"workflows/prompt.json": `{"nodes": [{"type": "A", "widgets_values": ["<lora:x:1>"]}]}`, "workflows/a#b.json": "{}", "web/page.html": "page", "module.wasm": "wasm",
	})
	l.set("", "acme.lens", files)
	l.set("", "all", map[string]string{"workflows/x.json": "{}"})
	l.set("", "p", map[string]string{"workflows/x.json": "{}", "docs/Core.md": "foreign", "subgraphs/x.json": aSubgraph})
	for _, x := range []struct {
		path   string
		status int
		kind   string
	}{
		{"/extensions/acme.lens/docs/Lens.md", 200, "text/markdown; charset=utf-8"},
		{"/extensions/acme_lens/docs/Lens/de.md", 200, "text/markdown; charset=utf-8"},
		{"/extensions/acme_lens/docs/Lens/de-AT.md", 200, "text/markdown; charset=utf-8"},
		{"/extensions/acme_lens/docs/Lens/ja.md", 200, "text/markdown; charset=utf-8"},
		{"/extensions/acme_lens/docs/pictures/lens.png", 200, "image/png"},
		{"/extensions/acme_lens/docs/evil.svg", 200, "image/svg+xml"},
		{"/extensions/acme_lens/docs/evil.html", 404, ""},
		{"/extensions/acme_lens/docs/evil.js", 404, ""},
		{"/extensions/acme_lens/docs/Big.md", 404, ""},
		{"/extensions/acme_lens/docs/..%2fmodule.wasm", 404, ""},
		{"/extensions/acme_lens/docs/../module.wasm", 404, ""},
		{"/extensions/acme_lens/web/page.html", 404, ""},
		{"/extensions/acme_lens/page.html", 404, ""},
		{"/extensions/acme/docs/Lens.md", 404, ""},
		{"/api/workflow_templates/acme.lens/prompt.json", 200, "application/json"},
		{"/api/workflow_templates/acme.lens/deep.json", 404, ""},
		{"/api/workflow_templates/acme.lens/list.json", 404, ""},
		{"/api/workflow_templates/acme.lens/markup.json", 404, ""},
		{"/api/workflow_templates/acme.lens/prompt.jpg", 404, ""},
		{"/api/workflow_templates/acme.lens/prompt.html", 404, ""},
		{"/api/workflow_templates/acme.lens/prompt", 404, ""},
		{"/api/workflow_templates/acme.lens/..%2fmodule.wasm", 404, ""},
		{"/api/workflow_templates/p/x.json", 404, ""},
		{"/api/workflow_templates/all/x.json", 404, ""},
	} {
		status, body, h := s.get("", x.path)
		if status != x.status || x.status == 200 && h.Get("Content-Type") != x.kind {
			t.Errorf("%s: %d %s %.80s", x.path, status, h.Get("Content-Type"), body)
		}
		if x.status == 200 && (h.Get("Content-Security-Policy") != inertPolicy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != "same-origin") {
			t.Errorf("%s: headers %v", x.path, h)
		}
	}
	if _, body, _ := s.get("", "/extensions/acme.lens/docs/Lens.md"); body != "&lt;script>alert(1)&lt;/script>" {
		t.Errorf("the page of help is %q", body)
	}
	if _, body, _ := s.get("", "/extensions/p/docs/Core.md"); body != "<b>own</b>" {
		t.Errorf("a pack's page is %q", body)
	}
	if _, body, _ := s.get("", "/workflow_templates"); body != `{"p": ["one"], "acme.lens": ["Bend light", "deep", "list", "markup", "prompt"]}` {
		t.Error(body)
	}
}

// TestExtensionLibraryCosts counts how often extensions are looked at and read.
func TestExtensionLibraryCosts(t *testing.T) {
	s, l := librarySite(t)
	all := func() {
		for _, path := range []string{"/i18n", "/workflow_templates", "/global_subgraphs", "/extensions/acme.lens/docs/Lens.md"} {
			s.get("alice", path)
		}
	}
	all()
	if l.asked != 0 {
		t.Errorf("a server without extensions was asked %d times", l.asked)
	}
	l.set("alice", "acme.lens", lens("1"))
	all()
	asked, reads := l.asked, l.reads
	all()
	if l.asked != asked || l.reads != reads+1 {
		t.Errorf("asked %d times more, read %d times more; want none but the page", l.asked-asked, l.reads-reads)
	}
	l.set("bob", "other", map[string]string{"docs/X.md": "x"})
	reads = l.reads
	all()
	if l.reads != reads+1 {
		t.Errorf("another tenant's install had %d files read anew", l.reads-reads-1)
	}
	for i := range 2 * maxTenants {
		s.get(tenant.ID(fmt.Sprint("t", i)), "/i18n")
	}
	if n := len(s.stocks.all); n > maxTenants {
		t.Errorf("%d tenants are kept", n)
	}
}

// TestExtensionLibraryRaces changes extensions while others ask.
func TestExtensionLibraryRaces(t *testing.T) {
	s, l := librarySite(t)
	var wg sync.WaitGroup
	for _, who := range []tenant.ID{"alice", "bob"} {
		for range 2 {
			wg.Go(func() {
				for i := range 50 {
					for _, path := range []string{"/i18n", "/workflow_templates", "/global_subgraphs", "/extensions/acme.lens/docs/Lens.md"} {
						if status, body, _ := s.get(who, path); status != 200 && status != 404 {
							t.Errorf("%d %s", status, body)
						}
					}
					if who == "alice" {
						l.set(who, "acme.lens", lens(fmt.Sprint(i%3)))
					}
				}
			})
		}
	}
	wg.Wait()
	l.set("alice", "acme.lens", lens("9"))
	if _, body, _ := s.get("alice", "/i18n"); !strings.Contains(body, "Linse 9") {
		t.Error(body)
	}
}
