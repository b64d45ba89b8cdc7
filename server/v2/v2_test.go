package v2

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lukechampine.com/blake3"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
	"github.com/cocoonhq/cocoon/internal/store/disk"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/testpack"
)

// shows is a node that tells the client of a file of the output folder.
type shows struct{ files *disk.Store }

func (shows) Schema() *node.Schema {
	return &node.Schema{ID: "Shows", Category: "test", OutputNode: true, Inputs: []node.Input{{Name: "text", Type: node.String}}}
}

func (s shows) Run(_ context.Context, a node.Args) (node.Reply, error) {
	err := s.files.Put("output", "sub/out.png", true, func(w io.Writer) error {
		_, err := fmt.Fprint(w, a["text"])
		return err
	})
	return node.Reply{UI: node.UI{"images": {node.File{Filename: "out.png", Subfolder: "sub", Type: "output"}}}}, err
}

// api is the API over a real engine.
type api struct {
	t    *testing.T
	url  string
	base string
}

func start(t *testing.T) *api {
	t.Helper()
	base := t.TempDir()
	dir := func(n string) string { return filepath.Join(base, n) }
	files, err := disk.Open(disk.Dirs{Input: dir("input"), Output: dir("output"), Temp: dir("temp"), User: dir("user")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir("secret.txt"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	reg, err := node.NewRegistry(append(testpack.Golden(), shows{files})...)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	feed := NewFeed()
	eng, err := engine.New(engine.Config{Registry: reg, Store: store, Bus: feed})
	if err != nil {
		t.Fatal(err)
	}
	if err := eng.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	h := New(Config{Engine: eng, Files: files, Feed: feed, MaxUpload: 1 << 20})
	asked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(tenant.With(r.Context(), tenant.ID(r.Header.Get("X-Tenant")))))
	})
	web := httptest.NewServer(Mount(asked, http.NotFoundHandler()))
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := eng.Close(ctx); err != nil {
			t.Error(err)
		}
		store.Close()
		files.Close()
	})
	return &api{t, web.URL, base}
}

// ask sends a request; header are pairs. The answer's JSON comes back, with the bytes under "" when there is none.
func (a *api) ask(method, path, body string, header ...string) (int, map[string]any) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	var got map[string]any
	if json.Unmarshal(b, &got) != nil {
		got = map[string]any{"": string(b)}
	}
	return res.StatusCode, got
}

// code is the error code of an answer.
func code(got map[string]any) string {
	e, _ := got["error"].(map[string]any)
	c, _ := e["code"].(string)
	return c
}

func (a *api) upload(text string, fields ...string) (int, map[string]any) {
	a.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		_ = form.WriteField(fields[i], fields[i+1]) // a buffer takes all
	}
	w, _ := form.CreateFormFile("file", "f")
	_, _ = io.WriteString(w, text)
	form.Close()
	return a.ask("POST", "/api/v2/assets", b.String(), "Content-Type", form.FormDataContentType())
}

func hashOf(text string) string {
	sum := blake3.Sum256([]byte(text))
	return "blake3:" + hex.EncodeToString(sum[:])
}

// submit queues a graph and gives the job.
func (a *api) submit(graph string, header ...string) map[string]any {
	a.t.Helper()
	status, got := a.ask("POST", "/api/v2/jobs", `{"workflow": `+graph+`}`, header...)
	if status != http.StatusCreated {
		a.t.Fatalf("got %d %v", status, got)
	}
	return got
}

// events follows a job to its end, and gives the frames as "event data".
func (a *api) events(job map[string]any) []string {
	a.t.Helper()
	res, err := http.Get(a.url + job["urls"].(map[string]any)["events"].(string))
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	var all []string
	name := ""
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		line := lines.Text()
		if n, ok := strings.CutPrefix(line, "event: "); ok {
			name = n
		} else if d, ok := strings.CutPrefix(line, "data: "); ok {
			all = append(all, name+" "+d)
		}
	}
	return all
}

const steps = `{"1": {"class_type": "GoldenSteps", "inputs": {"steps": %d, "delay": %v, "preview": "JPEG", "width": 64, "height": 32, "limit": 512}},
	"2": {"class_type": "GoldenEcho", "inputs": {"value": ["1", 0]}}}`

func TestAssets(t *testing.T) {
	a := start(t)
	status, got := a.upload("hello", "content_type", "text/plain", "file_path", "some/where/a.txt", "expected_hash", hashOf("hello"))
	if status != 201 || got["created_new"] != true || got["hash"] != hashOf("hello") || got["file_path"] != "a.txt" {
		t.Fatalf("got %d %v", status, got)
	}
	id := got["id"].(string)
	if status, got := a.upload("hello", "content_type", "text/plain", "file_path", "b.txt"); status != 200 || got["created_new"] != false {
		t.Errorf("the same bytes: got %d %v", status, got)
	}
	if status, got := a.ask("GET", "/api/v2/assets/"+id+"/content", "", "Range", "bytes=1-2"); status != 206 || got[""] != "el" {
		t.Errorf("a range: got %d %v", status, got)
	}
	if status, got := a.ask("POST", "/api/v2/assets/from-hash", `{"hash": "`+hashOf("hello")+`", "file_path": "c.txt"}`); status != 200 || got["file_path"] != "c.txt" {
		t.Errorf("from-hash: got %d %v", status, got)
	}
	for hash, want := range map[string]int{hashOf("hello"): 200, hashOf("other"): 404, "blake3:../..": 422, "md5:00": 422} {
		if status, _ := a.ask("HEAD", "/api/v2/assets/by-hash/"+strings.ReplaceAll(hash, "/", "%2F"), ""); status != want {
			t.Errorf("by-hash %s: got %d, want %d", hash, status, want)
		}
	}
	if status, _ := a.ask("DELETE", "/api/v2/assets/"+id, ""); status != 204 {
		t.Errorf("delete: got %d", status)
	}
	if status, got := a.ask("GET", "/api/v2/assets/"+id, ""); status != 404 || code(got) != "asset_not_found" {
		t.Errorf("deleted: got %d %v", status, got)
	}
}

func TestUploadRefuses(t *testing.T) {
	a := start(t)
	for _, tt := range []struct {
		name, text string
		fields     []string
		status     int
		code       string
	}{
		{"another hash", "x", []string{"file_path", "a", "expected_hash", hashOf("y")}, 409, "hash_mismatch"},
		{"no name", "x", nil, 422, "bad_request"},
		{"too large", strings.Repeat("x", 3<<20), []string{"file_path", "a"}, 413, "too_large"},
	} {
		if status, got := a.upload(tt.text, tt.fields...); status != tt.status || code(got) != tt.code {
			t.Errorf("%s: got %d %v, want %d %s", tt.name, status, got, tt.status, tt.code)
		}
	}
	if status, _ := a.ask("POST", "/api/v2/assets", "{}", "Content-Type", "application/json"); status != 422 {
		t.Errorf("no form: got %d", status)
	}
}

// TestPlaces asks for files outside of the folders by made-up ids.
func TestPlaces(t *testing.T) {
	a := start(t)
	for _, p := range []place{
		{Kind: "output", Name: "../secret.txt"}, {Kind: "input", Name: "/etc/passwd"}, {Kind: "output", Name: `..\secret.txt`},
		{Kind: "user", Name: "cocoon.db"}, {Kind: "output", Name: "."}, {Kind: "", Name: "x"}, {Kind: "text", Job: "x", At: -1}, {Kind: "input", Name: "a\x00"},
	} {
		for _, path := range []string{"", "/content"} {
			if status, got := a.ask("GET", "/api/v2/assets/"+p.id()+path, ""); status != 404 {
				t.Errorf("%+v%s: got %d %v, want 404", p, path, status, got)
			}
		}
		if status, _ := a.ask("DELETE", "/api/v2/assets/"+p.id(), ""); status != 404 {
			t.Errorf("delete %+v: got %d, want 404", p, status)
		}
		ref, _ := json.Marshal(p.id())
		graph := `{"1": {"class_type": "GoldenEcho", "inputs": {"value": {"__type": "core/ASSET", "info": {"id": ` + string(ref) + `}}}}}`
		if status, got := a.ask("POST", "/api/v2/jobs", `{"workflow": `+graph+`}`); status != 422 || code(got) != "missing_asset" {
			t.Errorf("a job with %+v: got %d %v", p, status, got)
		}
	}
	if _, err := os.Stat(filepath.Join(a.base, "secret.txt")); err != nil {
		t.Error("the secret is gone")
	}
}

func TestBaseName(t *testing.T) {
	for wish, want := range map[string]string{
		"a/b/photo.png": "photo.png", `c:\x\photo.png`: "photo.png", "..": "upload", "": "upload", ".hidden": "upload.hidden", "a\nb.png": "a_b.png",
		"x [output]": "x (output)", "a. . ": "a", strings.Repeat("é", 100) + ".png": strings.Repeat("é", 58) + ".png",
	} {
		if got := baseName(wish); got != want {
			t.Errorf("%q: got %q, want %q", wish, got, want)
		}
	}
}

func TestJob(t *testing.T) {
	a := start(t)
	job := a.submit(fmt.Sprintf(steps, 8, 0.05))
	told := a.events(job)
	text := strings.Join(told, "\n")
	for _, want := range []string{`status {"queue_position":null,"status":"running"}`, `"steps":8`, `preview {"content_type":"image/jpeg"`, `"type":"text"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if last := told[len(told)-1]; last != `status {"queue_position":null,"status":"succeeded"}` {
		t.Errorf("the last event is %s", last)
	}
	_, got := a.ask("GET", "/api/v2/jobs/"+job["id"].(string), "")
	outputs := got["outputs"].([]any)
	if got["status"] != "succeeded" || got["error"] != nil || len(outputs) == 0 {
		t.Fatalf("got %v", got)
	}
	out := outputs[0].(map[string]any)
	if status, content := a.ask("GET", "/api/v2/assets/"+out["id"].(string)+"/content", ""); status != 200 || content[""] == "" {
		t.Errorf("a text's content: got %d %v", status, content)
	}
	if _, w := a.ask("GET", "/api/v2/jobs/"+job["id"].(string)+"/workflow", ""); w["format"] != "api" || w["workflow"] == nil {
		t.Errorf("got %v", w)
	}
}

func TestJobFile(t *testing.T) {
	a := start(t)
	job := a.submit(`{"1": {"class_type": "Shows", "inputs": {"text": "bytes"}}}`)
	a.events(job)
	_, got := a.ask("GET", "/api/v2/jobs/"+job["id"].(string), "")
	out := got["outputs"].([]any)[0].(map[string]any)
	if out["name"] != "out.png" || out["type"] != "image" || out["content_type"] != "image/png" || out["size_bytes"] != 5.0 || out["job_id"] != job["id"] {
		t.Errorf("got %v", out)
	}
	if status, content := a.ask("GET", "/api/v2/assets/"+out["id"].(string)+"/content", ""); status != 200 || content[""] != "bytes" {
		t.Errorf("got %d %v", status, content)
	}
	again := a.submit(`{"1": {"class_type": "GoldenEcho", "inputs": {"value": {"__type": "core/ASSET", "info": {"id": "` + out["id"].(string) + `"}}}}}`)
	if _, w := a.ask("GET", "/api/v2/jobs/"+again["id"].(string)+"/workflow", ""); !strings.Contains(fmt.Sprint(w), "sub/out.png [output]") {
		t.Errorf("an output as a reference: got %v", w)
	}
}

func TestCancel(t *testing.T) {
	a := start(t)
	running := a.submit(fmt.Sprintf(steps, 100000, 0.01))
	waiting := a.submit(fmt.Sprintf(steps, 100001, 0.01))
	if waiting["status"] != "queued" {
		t.Errorf("got %v", waiting["status"])
	}
	for _, want := range []string{"canceled", "canceled"} { // again does no harm
		if status, got := a.ask("POST", "/api/v2/jobs/"+waiting["id"].(string)+"/cancel", ""); status != 200 || got["status"] != want {
			t.Errorf("a waiting job: got %d %v", status, got)
		}
	}
	if status, got := a.ask("POST", "/api/v2/jobs/"+running["id"].(string)+"/cancel", ""); status != 200 || got["status"] != "canceling" && got["status"] != "canceled" {
		t.Errorf("a running job: got %d %v", status, got)
	}
	told := a.events(running)
	if last := told[len(told)-1]; !strings.Contains(last, `"canceled"`) {
		t.Errorf("the last event is %s", last)
	}
}

func TestRefused(t *testing.T) {
	a := start(t)
	for _, tt := range []struct {
		name, body, code string
		status           int
	}{
		{"no JSON", `{`, "bad_request", 422},
		{"a list", `{"workflow": []}`, "invalid_workflow", 422},
		{"nothing", `{}`, "invalid_workflow", 422},
		{"an unknown class", `{"workflow": {"1": {"class_type": "Nope", "inputs": {}}}}`, "invalid_workflow", 422},
		{"a value too small", `{"workflow": ` + fmt.Sprintf(steps, -1, 0) + `}`, "invalid_workflow", 422},
		{"as the client saves it", `{"workflow": {"nodes": [], "links": [], "last_node_id": 1}}`, "workflow_format_ui", 422},
		{"a reference without an id", `{"workflow": {"1": {"class_type": "GoldenEcho", "inputs": {"value": {"__type": "core/ASSET"}}}}}`, "missing_asset", 422},
	} {
		if status, got := a.ask("POST", "/api/v2/jobs", tt.body); status != tt.status || code(got) != tt.code {
			t.Errorf("%s: got %d %v, want %d %s", tt.name, status, got, tt.status, tt.code)
		}
	}
	for _, path := range []string{"", "/workflow", "/events"} {
		if status, got := a.ask("GET", "/api/v2/jobs/00000000-0000-4000-8000-000000000000"+path, ""); status != 404 || code(got) != "job_not_found" {
			t.Errorf("%s: got %d %v", path, status, got)
		}
	}
	job := a.submit(`{"1": {"class_type": "GoldenError", "inputs": {"value": 1, "message": "no luck"}}}`)
	a.events(job)
	_, got := a.ask("GET", "/api/v2/jobs/"+job["id"].(string), "")
	e, _ := got["error"].(map[string]any)
	if got["status"] != "failed" || e["message"] != "no luck" || e["node_id"] != "1" || e["class_type"] != "GoldenError" {
		t.Errorf("a failing node: got %v", got)
	}
}

func TestIdempotencyKey(t *testing.T) {
	a := start(t)
	echo := `{"1": {"class_type": "GoldenEcho", "inputs": {"value": 1}}}`
	first := a.submit(echo, "Idempotency-Key", "k")
	a.events(first)
	if status, got := a.ask("POST", "/api/v2/jobs", `{"workflow": `+echo+`}`, "Idempotency-Key", "k"); status != 422 || code(got) != "idempotency_key_reuse" {
		t.Errorf("the key again: got %d %v", status, got)
	}
	if other := a.submit(echo, "Idempotency-Key", "k", "X-Tenant", "other"); other["id"] == first["id"] {
		t.Error("another tenant's key is the same")
	}
}

// TestTenants asks for a job of another tenant.
func TestTenants(t *testing.T) {
	a := start(t)
	job := a.submit(`{"1": {"class_type": "GoldenText", "inputs": {}}, "2": {"class_type": "GoldenEcho", "inputs": {"value": "mine"}}}`, "X-Tenant", "a")
	id := job["id"].(string)
	text := place{Kind: "text", Job: id, Node: "2", Key: "text"}.id()
	for _, path := range []string{"/jobs/" + id, "/jobs/" + id + "/workflow", "/jobs/" + id + "/events", "/assets/" + text, "/assets/" + text + "/content"} {
		if status, got := a.ask("GET", "/api/v2"+path, "", "X-Tenant", "b"); status != 404 {
			t.Errorf("%s: got %d %v, want 404", path, status, got)
		}
	}
	if status, _ := a.ask("POST", "/api/v2/jobs/"+id+"/cancel", "", "X-Tenant", "b"); status != 404 {
		t.Errorf("cancel: got %d, want 404", status)
	}
}

func FuzzPlace(f *testing.F) {
	f.Add(place{Kind: "output", Name: "a/b.png", Job: "j"}.id())
	f.Add("asset_")
	f.Fuzz(func(t *testing.T, id string) {
		p, err := placeOf(id)
		if err == nil && p.Kind != "text" && !filepath.IsLocal(filepath.FromSlash(p.Name)) {
			t.Errorf("%q leads out: %+v", id, p)
		}
	})
}
