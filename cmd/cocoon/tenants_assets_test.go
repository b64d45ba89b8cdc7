package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// asset uploads bytes and gives the answer.
func (g guest) asset(path, name, content string, fields ...string) (int, map[string]any) {
	g.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	if name != "" {
		part, _ := w.CreateFormFile("file", name)
		_, _ = part.Write([]byte(content))
	}
	w.Close()
	status, text := g.ask("POST", path, b.String(), "Content-Type", w.FormDataContentType())
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		g.t.Fatalf("%d %s", status, text)
	}
	return status, got
}

// TestTenantsShareNoAssets asks as bob for what is in alice's catalogue: by id, by hash, by tag, by preview.
func TestTenantsShareNoAssets(t *testing.T) {
	h := newHouse(t, authFlags{})
	alice, bob := h.guest("alice", tenant.User), h.guest("bob", tenant.User)
	status, a := alice.asset("/api/assets", secret+".png", string(picture(t, 8)), "tags", "input,"+secret, "user_metadata", `{"x": "`+secret+`"}`)
	if status != 201 {
		t.Fatal(status, a)
	}
	id, hash := fmt.Sprint(a["id"]), fmt.Sprint(a["hash"])
	for _, path := range []string{"/api/assets", "/api/assets?hash=" + hash, "/api/assets?tags_all=" + secret, "/api/tags", "/api/assets/tags/refine", "/api/assets/" + id} {
		if b := alice.must("GET", path, ""); !strings.Contains(b, secret) {
			t.Errorf("%s shows alice nothing: %s", path, b)
		}
		if _, b := bob.ask("GET", path, ""); strings.Contains(b, secret) {
			t.Errorf("%s shows bob what is alice's: %s", path, b)
		}
	}
	for _, row := range []struct {
		method, path, body string
		alice              int
	}{
		{"GET", "/api/assets/" + id + "/content", "", 200}, {"GET", "/view?filename=" + hash, "", 200}, {"HEAD", "/api/assets/hash/" + hash, "", 200},
		{"POST", "/api/assets/from-hash", `{"hash": "` + hash + `"}`, 201}, {"PUT", "/api/assets/" + id, `{"name": "n"}`, 200},
		{"POST", "/api/assets/" + id + "/tags", `{"tags": ["t"]}`, 200}, {"DELETE", "/api/assets/" + id + "/tags", `{"tags": ["t"]}`, 200},
		{"DELETE", "/api/assets/" + id, "", 204},
	} {
		if status, b := bob.ask(row.method, row.path, row.body); status != 404 {
			t.Errorf("%s %s: %d %s for bob, want 404", row.method, row.path, status, b)
		}
		if status, b := alice.ask(row.method, row.path, row.body); status != row.alice {
			t.Errorf("%s %s: %d %s for alice, want %d", row.method, row.path, status, b, row.alice)
		}
	}
	if status, got := bob.asset("/api/assets", "", "", "hash", hash, "tags", "input"); status != 400 {
		t.Errorf("bob uploads by alice's hash alone: %d %v", status, got)
	}
	if status, got := bob.asset("/api/assets", "mine.png", string(picture(t, 8)), "tags", "input"); status != 201 || got["created_new"] != true {
		t.Errorf("bob uploads the same bytes: %d %v, want a file of his own", status, got)
	}
	for name, g := range map[string]guest{"user": bob, "admin": h.guest("carol", tenant.Admin)} {
		want := map[string]int{"user": 403, "admin": 201}[name]
		if status, got := g.asset("/api/assets", "m.safetensors", name, "tags", "models,model_type:checkpoints"); status != want {
			t.Errorf("a model from a key of the role %s: %d %v, want %d", name, status, got, want)
		}
	}
	if b := bob.must("GET", "/api/assets?tags_all=models", ""); !strings.Contains(b, `"total": 1`) || !strings.Contains(b, `"is_immutable": true`) {
		t.Errorf("the operator's model: %s, want it to be seen by all and changed by none", b)
	}
}

// TestOutputsAreAssets runs a prompt: the files that clients see have ids of assets, of the one whose prompt it was.
func TestOutputsAreAssets(t *testing.T) {
	h := newHouse(t, authFlags{})
	alice, bob := h.guest("alice", tenant.User), h.guest("bob", tenant.User)
	status, up := alice.form("/upload/image", "in.png", picture(t, 8), "subfolder", "pasted")
	if status != 200 || !strings.Contains(up, `"asset_hash": "blake3:`) || !strings.Contains(up, `"tags": ["input", "pasted", "uploaded"]`) {
		t.Errorf("upload: %d %s", status, up)
	}
	outputs := map[string]bool{}
	for i := range 2 {
		job, entry := alice.finish(saving("pasted/in.png"))
		var got map[string]struct {
			Outputs map[string]struct {
				Images []struct{ ID, Filename string }
			}
		}
		if err := json.Unmarshal([]byte(entry), &got); err != nil {
			t.Fatal(err)
		}
		if len(got[job].Outputs["2"].Images) != 1 {
			t.Fatalf("prompt %d: %s", i, entry)
		}
		id := got[job].Outputs["2"].Images[0].ID
		outputs[id] = true
		if b := alice.must("GET", "/api/assets/"+id, ""); !strings.Contains(b, `"job_id": "`+job+`"`) || !strings.Contains(b, `"hash": "blake3:`) || !strings.Contains(b, "output") {
			t.Errorf("prompt %d, asset %s: %s", i, id, b)
		}
		if status, _ := bob.ask("GET", "/api/assets/"+id, ""); status != 404 {
			t.Errorf("alice's output answers bob with %d", status)
		}
	}
}

// TestTenantsVersion2 asks as bob for alice's jobs and assets by version 2 of the API.
func TestTenantsVersion2(t *testing.T) {
	h := newHouse(t, authFlags{})
	alice, bob, reader := h.guest("alice", tenant.User), h.guest("bob", tenant.User), h.guest("alice", tenant.Read)
	status, a := alice.asset("/api/v2/assets", secret+".png", string(picture(t, 8)), "content_type", "image/png", "file_path", secret+".png")
	if status != 201 {
		t.Fatal(status, a)
	}
	id, hash := fmt.Sprint(a["id"]), fmt.Sprint(a["hash"])
	job := func(g guest) (int, string) {
		return g.ask("POST", "/api/v2/jobs", `{"workflow": {"1": {"class_type": "Hold", "inputs": {}}}}`, "Idempotency-Key", "same", "Content-Type", "application/json")
	}
	status, b := job(alice)
	if status >= 300 {
		t.Fatal(status, b)
	}
	<-h.held
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(b), &made); err != nil {
		t.Fatal(err)
	}
	if status, _ := job(reader); status != 403 {
		t.Errorf("a job from a key that may read: %d, want 403", status)
	}
	guess := "asset_" + base64.RawURLEncoding.EncodeToString([]byte(`{"k":"input","n":"../alice/v2/`+strings.TrimPrefix(hash, "blake3:")+"/"+secret+`.png"}`))
	for _, row := range []struct{ method, path string }{
		{"GET", "/api/v2/assets/" + id}, {"GET", "/api/v2/assets/" + id + "/content"}, {"GET", "/api/v2/assets/" + guess + "/content"},
		{"HEAD", "/api/v2/assets/by-hash/" + hash}, {"DELETE", "/api/v2/assets/" + id}, {"GET", "/api/v2/jobs/" + made.ID},
		{"GET", "/api/v2/jobs/" + made.ID + "/workflow"}, {"GET", "/api/v2/jobs/" + made.ID + "/events"}, {"POST", "/api/v2/jobs/" + made.ID + "/cancel"},
	} {
		if status, b := bob.ask(row.method, row.path, ""); status < 400 {
			t.Errorf("%s %s: %d %.200s for bob, want it not found", row.method, row.path, status, b)
		}
	}
	for _, path := range []string{"/api/v2/assets/" + id + "/content", "/api/v2/jobs/" + made.ID} {
		alice.must("GET", path, "")
	}
	if status, b := job(bob); status >= 300 || strings.Contains(b, made.ID) {
		t.Errorf("bob's job of the same key: %d %s, want one of his own", status, b)
	}
}
