package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/color"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/store/disk"
)

// rack is one model folder.
type rack struct{ dir string }

func (r rack) Folders() []string { return []string{"checkpoints", "configs"} }

func (r rack) List(folder string) ([]string, bool) {
	entries, err := os.ReadDir(r.dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err == nil && folder == "checkpoints"
}

func (r rack) Metadata(string, string) (map[string]string, bool) { return nil, false }
func (r rack) Describe(string) (any, error)                      { return nil, nil }
func (r rack) Roots(string) []string                             { return []string{r.dir} }
func (r rack) Extensions(string) []string                        { return []string{".safetensors"} }

// catalogued is a server with a catalogue of assets.
type catalogued struct {
	*Server
	t     *testing.T
	files *disk.Store
	rack  rack
}

func withAssets(t *testing.T) *catalogued {
	t.Helper()
	base := t.TempDir()
	dir := func(n string) string { return filepath.Join(base, n) }
	files, err := disk.Open(disk.Dirs{Input: dir("input"), Output: dir("output"), Temp: dir("temp"), User: dir("user")})
	if err != nil {
		t.Fatal(err)
	}
	c, err := assets.Open(t.Context(), filepath.Join(base, "assets.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := rack{dir("checkpoints")}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		files.Close()
	})
	s := New(Config{Files: files, Models: r, Assets: c, Hub: NewHub(), Web: http.NotFoundHandler(), MaxUpload: 64 << 10})
	return &catalogued{s, t, files, r}
}

// ask sends a request; the body is JSON.
func (c *catalogued) ask(method, path, body string) (*httptest.ResponseRecorder, map[string]any) {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	var got map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &got) // some answers are no JSON
	return w, got
}

// upload sends a form: pairs of fields, "@NAME" for a file.
func (c *catalogued) upload(pairs ...string) (int, map[string]any) {
	c.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := strings.CutPrefix(pairs[i], "@"); ok {
			part, _ := form.CreateFormFile("file", name)
			_, _ = io.WriteString(part, pairs[i+1])
		} else {
			_ = form.WriteField(pairs[i], pairs[i+1])
		}
	}
	form.Close()
	r := httptest.NewRequest("POST", "/api/assets", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		c.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Code, got
}

func code(got map[string]any) any { return within2(got, "error", "code") }

func within2(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

func TestAssetUpload(t *testing.T) {
	c := withAssets(t)
	picture := string(testPNG(t, 3, 2, color.NRGBA{1, 2, 3, 255}))
	status, a := c.upload("tags", `["input", "red"]`, "user_metadata", `{"b": 1, "a": 2}`, "@cat.png", picture)
	digest := strings.TrimPrefix(fmt.Sprint(a["hash"]), "blake3:")
	if status != 201 || a["created_new"] != true || len(digest) != 64 || a["hash"] != a["asset_hash"] || a["name"] != "cat.png" ||
		a["size"] != float64(len(picture)) || a["mime_type"] != "image/png" || a["loader_path"] != digest+".png" || a["display_name"] != digest+".png" ||
		a["preview_url"] != "/api/view?type=input&filename="+digest+".png" || within2(a, "metadata", "width") != 3.0 || within2(a, "user_metadata", "b") != 1.0 {
		t.Fatalf("upload: %d %v", status, a)
	}
	if got := fmt.Sprint(a["tags"]); got != "[input red uploaded]" {
		t.Errorf("tags %s", got)
	}
	if f, err := c.files.Open("input", digest+".png"); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
	status, again := c.upload("@other.png", picture, "tags", "anything")
	if status != 200 || again["created_new"] != false || again["id"] == a["id"] || again["hash"] != a["hash"] || again["loader_path"] != nil || fmt.Sprint(again["tags"]) != "[anything]" {
		t.Errorf("the same bytes: %d %v", status, again)
	}
	status, byHash := c.upload("hash", fmt.Sprint(a["hash"]), "name", "third.png", "@ignored.bin", "other bytes")
	if status != 200 || byHash["hash"] != a["hash"] || byHash["name"] != "third.png" {
		t.Errorf("by hash: %d %v", status, byHash)
	}
	if w, got := c.ask("POST", "/api/assets/from-hash", fmt.Sprintf(`{"hash": %q, "tags": "x, y"}`, a["hash"])); w.Code != 201 || got["created_new"] != false || got["name"] != digest || fmt.Sprint(got["tags"]) != "[x y]" {
		t.Errorf("from-hash: %d %v", w.Code, got)
	}
	left, _ := c.files.Files("temp")
	entries, _ := os.ReadDir(filepath.Join(c.files.Path("temp"), "uploads"))
	if len(left)+len(entries) > 0 {
		t.Errorf("%d files are left in the temporary folder", len(left)+len(entries))
	}
	if status, _ := c.upload("tags", "input", "@large.bin", strings.Repeat("x", 1<<20)); status != 201 {
		t.Errorf("a file over the body's limit: %d, want 201", status)
	}
}

func TestAssetModels(t *testing.T) {
	c := withAssets(t)
	status, a := c.upload("tags", "models,model_type:checkpoints", "@m.safetensors", "weights")
	if status != 201 || fmt.Sprint(a["tags"]) != "[model_type:checkpoints models uploaded]" || a["preview_url"] != nil || a["display_name"] != "checkpoints/"+fmt.Sprint(a["loader_path"]) {
		t.Fatalf("a model: %d %v", status, a)
	}
	if b, err := os.ReadFile(filepath.Join(c.rack.dir, fmt.Sprint(a["loader_path"]))); string(b) != "weights" {
		t.Errorf("the model file holds %q, %v", b, err)
	}
	if got := within2(a, "user_metadata", "filename"); got != a["loader_path"] {
		t.Errorf("filename %v, want the loader's path", got)
	}
	if status, odd := c.upload("tags", "models,model_type:checkpoints", "@a.svg", "x"); status != 201 || odd["loader_path"] != nil || odd["preview_url"] != nil {
		t.Errorf("a file that no loader takes: %d %v", status, odd)
	}
	if w, _ := c.ask("GET", "/api/assets/"+fmt.Sprint(a["id"])+"/content", ""); w.Body.String() != "weights" {
		t.Errorf("content %q", w.Body)
	}
}

func TestAssetUploadRefuses(t *testing.T) {
	c := withAssets(t)
	zero := "blake3:" + strings.Repeat("0", 64)
	for _, row := range []struct {
		name   string
		pairs  []string
		status int
		code   string
	}{
		{"no file", []string{"tags", "input"}, 400, "MISSING_FILE"},
		{"unknown hash and no file", []string{"hash", zero}, 400, "MISSING_FILE"},
		{"empty file", []string{"tags", "input", "@a.png", ""}, 400, "EMPTY_UPLOAD"},
		{"no hash", []string{"hash", "md5:1", "@a.png", "x"}, 400, "INVALID_HASH"},
		{"another hash", []string{"hash", zero, "tags", "input", "@a.png", "x"}, 400, "HASH_MISMATCH"},
		{"an id", []string{"id", "1", "@a.png", "x"}, 400, "UNSUPPORTED_FIELD"},
		{"no tags", []string{"@a.png", "x"}, 400, "INVALID_BODY"},
		{"no role", []string{"tags", "red", "@a.png", "x"}, 400, "INVALID_BODY"},
		{"two roles", []string{"tags", "input,output", "@a.png", "x"}, 400, "INVALID_BODY"},
		{"temp is no role", []string{"tags", "temp", "@a.png", "x"}, 400, "INVALID_BODY"},
		{"a model of no type", []string{"tags", "models", "@a.safetensors", "x"}, 400, "INVALID_BODY"},
		{"a model of an unknown type", []string{"tags", "models,model_type:../..", "@a.safetensors", "x"}, 400, "INVALID_BODY"},
		{"a node pack as a model", []string{"tags", "models,model_type:custom_nodes", "@a.py", "x"}, 400, "INVALID_BODY"},
		{"metadata that is no object", []string{"tags", "input", "user_metadata", "[1]", "@a.png", "x"}, 400, "INVALID_BODY"},
		{"a long name", []string{"tags", "input", "name", strings.Repeat("n", 513), "@a.png", "x"}, 400, "INVALID_BODY"},
		{"the server's tag", []string{"tags", "input,missing", "@a.png", "x"}, 400, "SYSTEM_TAG_FORBIDDEN"},
	} {
		if status, got := c.upload(row.pairs...); status != row.status || code(got) != row.code {
			t.Errorf("%s: %d %v, want %d %s", row.name, status, got, row.status, row.code)
		}
	}
	if w, got := c.ask("POST", "/api/assets", "{}"); w.Code != 415 || code(got) != "UNSUPPORTED_MEDIA_TYPE" {
		t.Errorf("no form: %d %v", w.Code, got)
	}
	for _, kind := range []string{"input", "output", "temp"} {
		if names, _ := c.files.Files(kind); len(names) > 0 {
			t.Errorf("%v are left in %s", names, kind)
		}
	}
	for _, name := range []string{"../../evil.png", `..\..\evil.png`, "a.png/..", "x.p/ng", strings.Repeat("x", 300) + ".png"} {
		if status, got := c.upload("tags", "input", "name", "n", "@"+name, "evil"+name); status != 201 {
			t.Errorf("a file called %.20q: %d %v", name, status, got)
		}
	}
	names, _ := c.files.Files("input")
	for _, n := range names {
		if len(strings.TrimSuffix(n, ".png")) != 64 {
			t.Errorf("a file %q in the input folder, want names of hashes", n)
		}
	}
}

func TestAssetRoutes(t *testing.T) {
	c := withAssets(t)
	_, a := c.upload("tags", "input,red", "@a.txt", "alpha")
	_, b := c.upload("tags", "output,red,blue", "@b.svg", "<svg/>")
	id := fmt.Sprint(a["id"])
	unknown := "/api/assets/00000000-0000-4000-8000-000000000001"
	for _, row := range []struct {
		method, path, body string
		status             int
		code               any
	}{
		{"GET", "/api/assets/" + id, "", 200, nil}, {"GET", "/api/assets/" + strings.ToUpper(id), "", 200, nil},
		{"GET", unknown, "", 404, "ASSET_NOT_FOUND"}, {"GET", unknown + "/content", "", 404, "ASSET_NOT_FOUND"},
		{"PUT", unknown, `{"name": "x"}`, 404, "ASSET_NOT_FOUND"}, {"DELETE", unknown, "", 404, "ASSET_NOT_FOUND"},
		{"POST", unknown + "/tags", `{"tags": ["x"]}`, 404, "ASSET_NOT_FOUND"}, {"DELETE", unknown + "/tags", `{"tags": ["x"]}`, 404, "ASSET_NOT_FOUND"},
		{"PUT", "/api/assets/" + id, `{}`, 400, "INVALID_BODY"}, {"PUT", "/api/assets/" + id, `{`, 400, "INVALID_JSON"},
		{"PUT", "/api/assets/" + id, `[]`, 400, "INVALID_BODY"}, {"PUT", "/api/assets/" + id, `{"name": 1}`, 400, "INVALID_BODY"},
		{"PUT", "/api/assets/" + id, `{"user_metadata": []}`, 400, "INVALID_BODY"}, {"PUT", "/api/assets/" + id, `{"name": ""}`, 400, "INVALID_BODY"},
		{"PUT", "/api/assets/" + id, `{"name": "x"}`, 200, nil}, {"PUT", "/api/assets/" + id, `{"preview_id": "` + unknown[12:] + `"}`, 404, "ASSET_NOT_FOUND"},
		{"POST", "/api/assets/" + id + "/tags", `{"tags": []}`, 400, "INVALID_BODY"}, {"POST", "/api/assets/" + id + "/tags", `{"tags": ["missing"]}`, 400, "SYSTEM_TAG_FORBIDDEN"},
		{"POST", "/api/assets/" + id + "/tags", `nope`, 400, "INVALID_JSON"}, {"POST", "/api/assets/" + id + "/tags", `{"tags": "x"}`, 400, "INVALID_BODY"},
		{"HEAD", "/api/assets/hash/" + fmt.Sprint(a["hash"]), "", 200, nil}, {"HEAD", "/api/assets/hash/blake3:" + strings.Repeat("0", 64), "", 404, nil},
		{"HEAD", "/api/assets/hash/x", "", 400, "INVALID_HASH"}, {"POST", "/api/assets/from-hash", `{"hash": "x"}`, 400, "INVALID_BODY"},
		{"POST", "/api/assets/from-hash", `{"hash": "blake3:` + strings.Repeat("0", 64) + `"}`, 404, "ASSET_NOT_FOUND"}, {"POST", "/api/assets/from-hash", `x`, 400, "INVALID_JSON"},
		{"GET", "/api/assets?limit=0", "", 400, "INVALID_QUERY"}, {"GET", "/api/assets?limit=501", "", 400, "INVALID_QUERY"}, {"GET", "/api/assets?limit=x", "", 400, "INVALID_QUERY"},
		{"GET", "/api/assets?sort=x", "", 400, "INVALID_QUERY"}, {"GET", "/api/assets?order=x", "", 400, "INVALID_QUERY"}, {"GET", "/api/assets?offset=-1", "", 400, "INVALID_QUERY"},
		{"GET", "/api/assets?hash=x", "", 400, "INVALID_QUERY"}, {"GET", "/api/assets?after=x", "", 400, "INVALID_CURSOR"}, {"GET", "/api/assets?metadata_filter=x", "", 400, "UNSUPPORTED_PARAM"},
		{"GET", "/api/assets?tags_all=a&tags_none=a", "", 400, "INVALID_TAG_FILTER"}, {"GET", "/api/assets?tags_all=a&include_tags=b", "", 400, "INVALID_TAG_FILTER"},
		{"GET", "/api/assets?include_tags=a&exclude_tags=a", "", 200, nil}, {"GET", "/api/assets?tags_any=" + strings.Repeat("a,", 3), "", 200, nil},
		{"GET", "/api/tags?limit=1001", "", 400, "INVALID_QUERY"}, {"GET", "/api/tags?order=x", "", 400, "INVALID_QUERY"}, {"GET", "/api/tags?include_zero=x", "", 400, "INVALID_QUERY"},
		{"GET", "/api/assets/tags/refine?limit=1001", "", 400, "INVALID_QUERY"}, {"POST", "/api/assets/seed", `{"roots": ["temp"]}`, 400, "INVALID_BODY"},
		{"GET", "/api/assets/tags/refine?include_tags=red", "", 200, nil}, {"GET", "/api/assets/seed/status", "", 200, nil},
	} {
		w, got := c.ask(row.method, row.path, row.body)
		if w.Code != row.status || row.method != "HEAD" && code(got) != row.code {
			t.Errorf("%s %s %s: %d %s, want %d %v", row.method, row.path, row.body, w.Code, w.Body, row.status, row.code)
		}
	}
	if w, got := c.ask("GET", "/api/assets?sort=name&order=asc&tags_all=red&limit=1", ""); got["total"] != 2.0 || got["has_more"] != true || len(got["assets"].([]any)) != 1 {
		t.Errorf("list: %s", w.Body)
	} else if w, got := c.ask("GET", "/api/assets?sort=name&order=asc&tags_all=red&limit=1&after="+fmt.Sprint(got["next_cursor"]), ""); got["has_more"] != false || got["next_cursor"] != nil {
		t.Errorf("next page: %s", w.Body)
	}
	if w, _ := c.ask("GET", "/api/assets/tags/refine?tags_all=red", ""); w.Body.String() != `{"tag_counts": {"red": 2, "uploaded": 2, "blue": 1, "input": 1, "output": 1}}` {
		t.Errorf("refine: %s", w.Body)
	}
	if w, _ := c.ask("GET", "/api/tags?order=name_asc&limit=1", ""); w.Body.String() != `{"tags": [{"name": "blue", "count": 1}], "total": 5, "has_more": true}` {
		t.Errorf("tags: %s", w.Body)
	}
	if w, _ := c.ask("DELETE", "/api/assets/"+id+"/tags", `{"tags": ["red", "input", "none"]}`); w.Body.String() != `{"removed": ["red"], "not_present": ["none"], "total_tags": ["input", "uploaded"], "protected": ["input"]}` {
		t.Errorf("remove tags: %s", w.Body)
	}
	if w, _ := c.ask("DELETE", "/api/assets/"+id, ""); w.Code != 204 {
		t.Errorf("delete: %d", w.Code)
	}
	if w, _ := c.ask("GET", "/api/assets/"+id, ""); w.Code != 404 {
		t.Errorf("a deleted asset: %d", w.Code)
	}
	if w, _ := c.ask("GET", "/features", ""); !strings.Contains(w.Body.String(), `"assets": true`) {
		t.Errorf("features: %s", w.Body)
	}
	_ = b
}

func TestAssetContent(t *testing.T) {
	c := withAssets(t)
	_, text := c.upload("tags", "input", "name", "näme \"x\"\r\nSet-Cookie: a=b.txt", "mime_type", "text/plain", "@a.txt", "alpha")
	_, svg := c.upload("tags", "input", "@b.svg", "<svg/>")
	_, lied := c.upload("tags", "input", "mime_type", "text/html; charset=x", "@c.png", "<script>")
	_, odd := c.upload("tags", "input", "mime_type", "image/png/x", "@d.png", "odd")
	for _, row := range []struct {
		name        string
		asset       map[string]any
		query, dest string
		kind, how   string
	}{
		{"text", text, "", "", "text/plain", "attachment"}, {"text, in place", text, "?disposition=inline", "", "text/plain", "inline"},
		{"another word", text, "?disposition=x", "", "text/plain", "attachment"},
		{"svg as a page", svg, "?disposition=inline", "document", "application/octet-stream", "attachment"},
		{"svg as a picture", svg, "?disposition=inline", "image", "image/svg+xml", "inline"},
		{"html under another name", lied, "?disposition=inline", "image", "application/octet-stream", "attachment"},
		{"no type", odd, "?disposition=inline", "image", "application/octet-stream", "attachment"},
	} {
		r := httptest.NewRequest("GET", "/api/assets/"+fmt.Sprint(row.asset["id"])+"/content"+row.query, nil)
		r.Header.Set("Sec-Fetch-Dest", row.dest)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		h := w.Header()
		how, name, _ := strings.Cut(h.Get("Content-Disposition"), "; ")
		if w.Code != 200 || h.Get("Content-Type") != row.kind || how != row.how || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %s, %s, want %s, %s", row.name, w.Code, h.Get("Content-Type"), how, row.kind, row.how)
		}
		if !strings.HasPrefix(name, "filename*=UTF-8''") || strings.ContainsAny(name, "\r\n\"; ") {
			t.Errorf("%s: the name is sent as %q", row.name, name)
		}
	}
	w, _ := c.ask("GET", "/view?filename="+fmt.Sprint(text["hash"]), "")
	if w.Code != 200 || w.Body.String() != "alpha" {
		t.Errorf("/view by hash: %d %q", w.Code, w.Body)
	}
	if w, _ := c.ask("GET", "/view?filename=blake3:"+strings.Repeat("0", 64), ""); w.Code != 404 {
		t.Errorf("/view by an unknown hash: %d", w.Code)
	}
}

func TestAssetSeed(t *testing.T) {
	c := withAssets(t)
	put(t, c.files, "output", "sub/a.png", testPNG(t, 4, 4, color.NRGBA{A: 255}))
	put(t, c.files, "input", "pasted/b.png", testPNG(t, 5, 4, color.NRGBA{A: 255}))
	put(t, c.files, "input", ".hidden.png", []byte("x"))
	if err := os.WriteFile(filepath.Join(c.rack.dir, "m.safetensors"), []byte("w"), 0o644); err != nil {
		t.Fatal(err)
	}
	if w, _ := c.ask("POST", "/api/assets/seed?wait=true", ""); w.Code != 200 || w.Body.String() != `{"status": "completed", "progress": {"scanned": 3, "total": 3, "created": 3, "skipped": 0}, "errors": []}` {
		t.Fatalf("seed: %d %s", w.Code, w.Body)
	}
	told, _, _, _ := c.c.Hub.since(0, clientKey{})
	var events []string
	for _, e := range told {
		var m struct{ Type string }
		if err := json.Unmarshal(e.text, &m); err != nil {
			t.Fatal(err)
		}
		events = append(events, strings.TrimPrefix(m.Type, "assets.seed."))
	}
	if got := strings.Join(events, " "); got != "started fast_complete started enrich_complete completed" {
		t.Errorf("events: %s", got)
	}
	if others, _, _, _ := c.c.Hub.since(0, clientKey{tenant: "bob"}); len(others) > 0 {
		t.Errorf("another tenant is told of the scan: %s", others[0].text)
	}
	if w, _ := c.ask("GET", "/api/assets/seed/status", ""); w.Body.String() != `{"state": "IDLE", "progress": {"scanned": 3, "total": 3, "created": 3, "skipped": 0}, "errors": []}` {
		t.Errorf("status: %s", w.Body)
	}
	if w, _ := c.ask("POST", "/api/assets/seed/cancel", ""); w.Body.String() != `{"status": "idle"}` {
		t.Errorf("cancel: %s", w.Body)
	}
	_, got := c.ask("GET", "/api/assets?sort=name&order=asc", "")
	var seen []string
	for _, v := range got["assets"].([]any) {
		seen = append(seen, fmt.Sprintln(within2(v, "name"), within2(v, "display_name"), within2(v, "loader_path"), within2(v, "tags"), within2(v, "preview_url"), within2(v, "metadata", "width")))
	}
	want := []string{
		"a.png sub/a.png sub/a.png [output] /api/view?type=output&filename=a.png&subfolder=sub 4",
		"b.png pasted/b.png pasted/b.png [input pasted] /api/view?type=input&filename=b.png&subfolder=pasted 5",
		"m.safetensors checkpoints/m.safetensors m.safetensors [model_type:checkpoints models] <nil> <nil>",
	}
	for i := range seen {
		seen[i] = strings.Join(strings.Fields(seen[i]), " ")
	}
	if !slices.Equal(seen, want) {
		t.Errorf("assets:\n%s\nwant\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
	if err := c.files.Remove("output", "sub/a.png"); err != nil {
		t.Fatal(err)
	}
	if w, _ := c.ask("POST", "/api/assets/prune", ""); w.Body.String() != `{"status": "completed", "marked": 1}` {
		t.Errorf("prune: %s", w.Body)
	}
}
