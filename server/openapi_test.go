package server

import (
	"encoding/json"
	"image/color"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/server/spec"
	v2 "github.com/cocoonhq/cocoon/server/v2"
)

// Every route has its operation and every operation its route, and all shapes are there and are used.
func TestOperationsAreThoseOfTheRoutes(t *testing.T) {
	have := map[string]bool{}
	for _, l := range Lines() {
		if l.Method == "" {
			continue
		}
		have[l.Method+" "+l.Path] = true
		if operations[l.Method+" "+l.Path].Answers == "" {
			t.Errorf("server/operations.go lacks %s %s", l.Method, l.Path)
		}
	}
	for name := range operations {
		if !have[name] {
			t.Errorf("server/operations.go tells of %s, which is no route", name)
		}
	}
	all := string((&Server{c: Config{Feed: &v2.Feed{}}}).OpenAPI())
	for _, part := range strings.Split(all, `"#/components/schemas/`)[1:] {
		if name, _, _ := strings.Cut(part, `"`); shapes[name] == "" {
			t.Errorf("there is no shape %s", name)
		}
	}
	for name := range shapes {
		if !strings.Contains(all, `"#/components/schemas/`+name+`"`) {
			t.Errorf("nothing uses the shape %s", name)
		}
	}
}

// isDescribed checks that an answer has a status that its operation tells of, and a body of the shape that stands there.
func isDescribed(t *testing.T, all, named *doc.Object, operation string, status int, kind, body string) {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	get := func(o *doc.Object, key string) *doc.Object {
		v, _ := o.Get(key)
		next, ok := v.(*doc.Object)
		if !ok {
			t.Errorf("%s: %d: there is no %q in its description; the answer is %s %.200s", operation, status, key, kind, body)
			return &doc.Object{}
		}
		return next
	}
	answer := get(get(get(get(get(all, "paths"), path), strings.ToLower(method)), "responses"), strconv.Itoa(status))
	if kind, _, _ = strings.Cut(kind, ";"); kind != "application/json" {
		return
	}
	schema := get(get(get(answer, "content"), "application/json"), "schema")
	shapes := map[string]*doc.Object{}
	for i := range named.Len() {
		name, s := named.At(i)
		shapes[name] = s.(*doc.Object)
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Errorf("%s: %v", operation, err)
	}
	if err := (spec.Checker{Named: shapes}).Check(schema, v, "answer"); err != nil {
		t.Errorf("%s: %d %.300s: %v", operation, status, body, err)
	}
}

const form = "--X\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.txt\"\r\n\r\na\r\n--X--\r\n"

// What /openapi.json tells of answers is true of answers.
func TestOpenAPIIsTrue(t *testing.T) {
	s := whole(t, func(c *Config) {
		var err error
		if c.Assets, err = assets.Open(t.Context(), filepath.Join(t.TempDir(), "assets.db")); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Assets.Close() })
		c.Feed = v2.NewFeed()
	})
	put(t, s.files, "output", "a.png", testPNG(t, 4, 4, color.NRGBA{1, 2, 3, 255}))
	put(t, s.files, "user", "default/dir/a.json", []byte("{}"))
	all, err := doc.ParseObject(s.OpenAPI(), doc.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	v, _ := all.Get("components")
	v, _ = v.(*doc.Object).Get("schemas")
	named := v.(*doc.Object)
	const id = "00000000-0000-4000-8000-000000000001"
	graph := `{"1":{"class_type":"GoldenUI","inputs":{"ui":"{\"images\":[{\"filename\":\"a.png\",\"subfolder\":\"\",\"type\":\"output\"}]}"}}}`
	s.ask(t, "POST", "/api/assets/seed?wait=true", "{}")
	_, listed := s.ask(t, "GET", "/api/assets", "")
	asset := between(listed, `"id": "`, `"`)
	for _, row := range []struct{ operation, path, body string }{ // path: "" for the operation's own
		{"POST /prompt", "", `{"prompt":{}}`},
		{"POST /prompt", "", "{"},
		{"POST /prompt", "", `{"prompt":{"1":{"class_type":"GoldenTypes","inputs":{}}}}`},
		{"POST /prompt", "/prompt?wait=30", `{"prompt_id":"` + id + `","extra_data":{"extra_pnginfo":{"workflow":{"id":"w"}}},"prompt":` + graph + `}`},
		{"POST /prompt", "", `{"prompt":` + graph + `}`},
		{"POST /prompt", "/prompt?wait=30", `{"prompt":{"1":{"class_type":"GoldenError","inputs":{"value":1,"message":"no"}}}}`},
		{"GET /prompt", "", ""}, {"GET /queue", "", ""}, {"POST /queue", "", "x"}, {"POST /queue", "", `{"delete":[]}`},
		{"POST /interrupt", "", "{}"}, {"POST /free", "", "x"}, {"POST /free", "", "{}"},
		{"GET /history", "", ""}, {"GET /history", "/history?offset=x", ""}, {"GET /history/{prompt_id}", "/history/" + id, ""},
		{"GET /api/jobs", "", ""}, {"GET /api/jobs", "/api/jobs?limit=x", ""}, {"GET /api/jobs/{job_id}", "/api/jobs/" + id, ""},
		{"GET /api/jobs/{job_id}", "/api/jobs/x", ""}, {"POST /api/jobs/cancel", "", `{"job_ids":["x"]}`}, {"POST /api/jobs/cancel", "", `{"job_ids":["` + id + `"]}`},
		{"POST /api/jobs/cancel", "", `x`}, {"POST /api/jobs/{job_id}/cancel", "/api/jobs/x/cancel", ""},
		{"GET /ws", "", ""}, {"GET /object_info", "", ""}, {"GET /object_info/{class}", "/object_info/GoldenTypes", ""}, {"GET /object_info/{class}", "/object_info/GoldenV3", ""},
		{"GET /node_replacements", "", ""}, {"GET /embeddings", "", ""}, {"GET /models", "", ""}, {"GET /models/{folder}", "/models/checkpoints", ""},
		{"GET /models/{folder}", "/models/x", ""}, {"GET /experiment/models", "", ""}, {"GET /experiment/models/{folder}", "/experiment/models/checkpoints", ""},
		{"GET /view_metadata/{folder}", "/view_metadata/checkpoints", ""},
		{"GET /view", "", ""}, {"GET /view", "/view?filename=a.png", ""}, {"GET /view", "/view?filename=a.png&channel=a", ""}, {"GET /view", "/view?filename=..", ""},
		{"POST /upload/image", "", form}, {"POST /upload/image", "", ""}, {"POST /upload/mask", "", form}, {"POST /upload/mask", "", ""},
		{"GET /users", "", ""}, {"POST /users", "", `{"username":"a"}`}, {"POST /users", "", `{"username":"a"}`}, {"POST /users", "", `{}`},
		{"GET /settings", "", ""}, {"POST /settings", "", `{"a":1}`}, {"POST /settings", "", "x"}, {"GET /settings/{id}", "/settings/a", ""}, {"POST /settings/{id}", "/settings/a", "[]"},
		{"GET /userdata", "", ""}, {"GET /userdata", "/userdata?dir=dir", ""}, {"GET /userdata", "/userdata?dir=dir&split=true", ""}, {"GET /userdata", "/userdata?dir=dir&full_info=true", ""},
		{"GET /userdata", "/userdata?dir=..", ""}, {"GET /userdata", "/userdata?dir=x", ""}, {"GET /v2/userdata", "", ""}, {"GET /v2/userdata", "/v2/userdata?path=x", ""},
		{"GET /v2/userdata", "/v2/userdata?path=..", ""},
		{"POST /userdata/{file}", "/userdata/b", "x"}, {"POST /userdata/{file}", "/userdata/b?full_info=true", "x"}, {"POST /userdata/{file}", "/userdata/b?overwrite=false", "x"},
		{"POST /userdata/{file}/move/{dest}", "/userdata/b/move/c", ""}, {"POST /userdata/{file}/move/{dest}", "/userdata/b/move/c", ""},
		{"GET /userdata/{file}", "/userdata/c", ""}, {"DELETE /userdata/{file}", "/userdata/c", ""}, {"DELETE /userdata/{file}", "/userdata/c", ""}, {"DELETE /userdata/{file}", "/userdata/dir", ""},
		{"GET /extensions", "", ""}, {"GET /workflow_templates", "", ""}, {"GET /i18n", "", ""}, {"GET /global_subgraphs", "", ""}, {"GET /global_subgraphs/{id}", "/global_subgraphs/x", ""},
		{"GET /cocoon/extensions", "", ""}, {"POST /cocoon/extensions", "", "x"}, {"GET /cocoon/extensions/{id}/log", "/cocoon/extensions/x/log", ""},
		{"GET /system_stats", "", ""}, {"GET /features", "", ""}, {"GET /internal/logs", "", ""}, {"GET /internal/logs/raw", "", ""}, {"PATCH /internal/logs/subscribe", "", "{}"},
		{"GET /internal/folder_paths", "", ""}, {"GET /internal/files/{kind}", "/internal/files/output", ""}, {"GET /internal/files/{kind}", "/internal/files/x", ""},
		{"GET /healthz", "", ""}, {"GET /readyz", "", ""}, {"GET /metrics", "", ""}, {"GET /openapi.json", "", ""}, {"GET /cocoon/info", "", ""}, {"POST /cocoon/workflow", "", graph}, {"POST /cocoon/workflow", "", "x"},
		{"GET /api/assets", "", ""}, {"GET /api/assets", "/api/assets?limit=0", ""}, {"POST /api/assets", "", ""}, {"GET /api/tags", "", ""}, {"GET /api/tags", "/api/tags?limit=0", ""},
		{"GET /api/assets/{uuid}", "/api/assets/" + asset, ""}, {"GET /api/assets/{uuid}", "/api/assets/" + id, ""}, {"GET /api/assets/{uuid}/content", "/api/assets/" + asset + "/content", ""},
		{"PUT /api/assets/{uuid}", "/api/assets/" + asset, `{"name":"b"}`}, {"PUT /api/assets/{uuid}", "/api/assets/" + asset, `{}`},
		{"POST /api/assets/{uuid}/tags", "/api/assets/" + asset + "/tags", `{"tags":["a"]}`}, {"DELETE /api/assets/{uuid}/tags", "/api/assets/" + asset + "/tags", `{"tags":["a"]}`},
		{"GET /api/assets/tags/refine", "", ""}, {"GET /api/assets/seed/status", "", ""}, {"POST /api/assets/seed", "/api/assets/seed?wait=true", "{}"}, {"POST /api/assets/seed/cancel", "", ""},
		{"POST /api/assets/prune", "", ""}, {"POST /api/assets/from-hash", "", "{}"}, {"DELETE /api/assets/{uuid}", "/api/assets/" + asset, ""},
		{"POST /api/v2/assets", "", form}, {"POST /api/v2/jobs", "", `{"workflow":` + graph + `}`}, {"POST /api/v2/jobs", "", `{"workflow":5}`}, {"GET /api/v2/jobs/{id}", "/api/v2/jobs/" + id, ""},
		{"GET /api/v2/jobs/{id}", "/api/v2/jobs/x", ""}, {"GET /api/v2/jobs/{id}/workflow", "/api/v2/jobs/" + id + "/workflow", ""}, {"POST /api/v2/jobs/{id}/cancel", "/api/v2/jobs/" + id + "/cancel", ""},
		{"GET /api/v2/assets/{id}", "/api/v2/assets/x", ""}, {"POST /history", "", `{"clear":true}`},
	} {
		method, path, _ := strings.Cut(row.operation, " ")
		if row.path != "" {
			path = row.path
		}
		kind := "application/json"
		if row.body == form {
			kind = "multipart/form-data; boundary=X"
		}
		res, body := s.ask(t, method, path, row.body, "Content-Type", kind)
		isDescribed(t, all, named, row.operation, res.StatusCode, res.Header.Get("Content-Type"), body)
	}
}

// between is the text after the first a, up to b.
func between(text, a, b string) string {
	_, rest, _ := strings.Cut(text, a)
	found, _, _ := strings.Cut(rest, b)
	return found
}
