package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/keys"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server"
	v2 "github.com/cocoonhq/cocoon/server/v2"
	"github.com/cocoonhq/cocoon/server/web"
)

// house is the whole program with --auth, over HTTP.
type house struct {
	t    *testing.T
	app  *app
	url  string
	keys *keys.Store
	held chan struct{} // told when a Hold node runs
}

func newHouse(t *testing.T, flags authFlags, change ...func(*options)) *house {
	t.Helper()
	o := &options{base: t.TempDir(), previewMethod: "none", previewSize: 512, verbose: "CRITICAL", auth: flags}
	o.auth.on, o.assets.on = true, true
	for _, f := range change {
		f(o)
	}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	if err := ensureDir(o.user); err != nil {
		t.Fatal(err)
	}
	hub, feed := server.NewHub(), v2.NewFeed()
	a, err := newApp(t.Context(), o, buses{hub, feed}, filepath.Join(o.user, "cocoon.db"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, app: a, held: make(chan struct{}, 1)}
	if err := a.registry.Add(h.hold()); err != nil {
		t.Fatal(err)
	}
	c := server.Config{Engine: a.engine, Registry: a.registry, Hub: hub, Feed: feed, Assets: a.assets, Files: a.files, Models: shelf{a.folders}, Web: web.Handler(),
		Logs: &server.Logs{}, Memory: func() (total, free uint64) { return 2, 1 }, Device: func() (name, kind string) { return "cpu", "cpu" },
		Argv: []string{"cocoon", "--operators-own"}}
	c.Extensions, c.Shelf = a.sandbox, a.shelf
	a.shelf.notify(hub.ExtensionsChanged)
	done, err := o.auth.put(t.Context(), o, a.files, &c)
	if err != nil {
		t.Fatal(err)
	}
	h.keys = c.Auth.Keys.(*keys.Store)
	srv := httptest.NewServer(server.New(c))
	h.url = srv.URL
	t.Cleanup(func() {
		hub.Close()
		srv.Close()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// hold is an output node that runs until it is interrupted.
func (h *house) hold() node.Node {
	return node.Def[struct{}, struct{}]{
		ID: "Hold", Category: "test", OutputNode: true,
		Ports: func(*node.Ports, *struct{}, *struct{}) {},
		Do: func(ctx context.Context, _ struct{}) (struct{}, error) {
			h.held <- struct{}{}
			<-ctx.Done()
			return struct{}{}, ctx.Err()
		},
	}.Node()
}

// guest is somebody with a key.
type guest struct {
	*house
	id    tenant.ID
	token string
	key   tenant.Key
}

func (h *house) guest(id tenant.ID, role tenant.Role) guest {
	h.t.Helper()
	token, key, err := h.keys.New(h.t.Context(), id, role, "", time.Time{})
	if err != nil {
		h.t.Fatal(err)
	}
	return guest{h, id, token, key}
}

// ask sends a request and gives its status and body.
func (g guest) ask(method, path, body string, header ...string) (int, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+g.token)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// must is ask for what has to work.
func (g guest) must(method, path, body string, header ...string) string {
	g.t.Helper()
	status, b := g.ask(method, path, body, header...)
	if status >= 300 {
		g.t.Fatalf("%s %s %s: %d %s", g.id, method, path, status, b)
	}
	return b
}

// form sends a multipart form with a picture.
func (g guest) form(path, name string, picture []byte, fields ...string) (int, string) {
	g.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	part, _ := w.CreateFormFile("image", name)
	_, _ = part.Write(picture)
	w.Close()
	return g.ask("POST", path, b.String(), "Content-Type", w.FormDataContentType())
}

func picture(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const secret = "a1icessecret" // a word in everything that is alice's

func saving(input string) string {
	return fmt.Sprintf(`{"client_id": "tab", "prompt": {"1": {"class_type": "LoadImage", "inputs": {"image": %q}},
		"2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": %q}}}}`, input, secret)
}

const holding = `{"client_id": "tab", "prompt": {"` + secret + `": {"class_type": "Hold", "inputs": {}}}}`

// submit queues a prompt and gives its id.
func (g guest) submit(prompt string) string {
	g.t.Helper()
	var got struct {
		PromptID string `json:"prompt_id"`
	}
	if err := json.Unmarshal([]byte(g.must("POST", "/prompt", prompt)), &got); err != nil {
		g.t.Fatal(err)
	}
	return got.PromptID
}

// finish queues a prompt and waits until it is in the history.
func (g guest) finish(prompt string) (id, entry string) {
	g.t.Helper()
	var got struct {
		PromptID string `json:"prompt_id"`
	}
	b := g.must("POST", "/prompt?wait=60", prompt)
	if err := json.Unmarshal([]byte(b), &got); err != nil {
		g.t.Fatal(err)
	}
	return got.PromptID, g.must("GET", "/history/"+got.PromptID, "")
}

// estate is what alice has when bob comes.
type estate struct {
	alice, bob             guest
	done, running, pending string // prompts
	input                  string
}

// shown reports whether a text tells of anything that is alice's.
func (e *estate) shown(b string) bool {
	return strings.Contains(b, secret) || strings.Contains(b, e.done) || strings.Contains(b, e.running) || strings.Contains(b, e.pending)
}

func settle(t *testing.T) estate {
	h := newHouse(t, authFlags{})
	e := estate{alice: h.guest("alice", tenant.User), bob: h.guest("bob", tenant.User), input: secret + "-in.png"}
	a := e.alice
	if status, b := a.form("/upload/image", e.input, picture(t, 8)); status != 200 {
		t.Fatalf("upload: %d %s", status, b)
	}
	a.must("POST", "/settings/"+secret, `"`+secret+`"`)
	a.must("POST", "/userdata/workflows%2F"+secret+".json", `{"x": "`+secret+`"}`)
	e.done, _ = a.finish(saving(e.input))
	e.running = a.submit(holding)
	<-h.held
	e.pending = a.submit(holding)
	return e
}

// TestTenantsSeeNothingOfEachOther asks as bob for everything that is alice's. Each question is put to alice too, who must
// get the answer: a question that shows nothing to anybody proves nothing.
func TestTenantsSeeNothingOfEachOther(t *testing.T) {
	e := settle(t)
	out := secret + "_00001_.png"
	for _, row := range []struct{ method, path, body string }{
		{"GET", "/queue", ""}, {"GET", "/api/queue", ""}, {"GET", "/history", ""}, {"GET", "/history/" + e.done, ""},
		{"GET", "/api/jobs", ""}, {"GET", "/api/jobs/" + e.done, ""}, {"GET", "/api/jobs/" + e.running, ""}, {"GET", "/api/jobs/" + e.pending, ""},
		{"GET", "/api/jobs?status=pending", ""}, {"GET", "/object_info/LoadImage", ""}, {"GET", "/object_info", ""},
		{"GET", "/internal/files/output", ""}, {"GET", "/internal/files/input", ""},
		{"GET", "/settings", ""}, {"GET", "/settings/" + secret, ""}, {"GET", "/userdata?dir=.&recurse=true", ""},
		{"GET", "/userdata?dir=workflows&full_info=true", ""}, {"GET", "/v2/userdata?path=workflows", ""},
		{"GET", "/userdata/workflows%2F" + secret + ".json", ""},
	} {
		if _, b := e.alice.ask(row.method, row.path, row.body); !e.shown(b) {
			t.Errorf("%s %s shows alice nothing of hers: %.300s", row.method, row.path, b)
		}
		if _, b := e.bob.ask(row.method, row.path, row.body); e.shown(b) {
			t.Errorf("%s %s shows bob what is alice's: %.300s", row.method, row.path, b)
		}
	}
	for _, path := range []string{"/view?filename=" + out, "/api/view?type=output&filename=" + out, "/view?type=input&filename=" + e.input,
		"/view?channel=rgb&filename=" + out, "/view?preview=webp&filename=" + out, "/view?filename=" + e.input + "%20[input]"} {
		if status, _ := e.alice.ask("GET", path, ""); status != 200 {
			t.Errorf("%s answers alice with %d", path, status)
		}
		if status, _ := e.bob.ask("GET", path, ""); status == 200 {
			t.Errorf("%s gives bob alice's picture", path)
		}
	}
	for _, path := range []string{"/view?subfolder=../alice&filename=" + out, "/view?subfolder=..%2F..%2Ftenants%2Falice&filename=" + out,
		"/view?subfolder=tenants/alice&filename=" + out, "/view?filename=../alice/" + out,
		"/userdata/..%2F..%2Falice%2Fdefault%2Fworkflows%2F" + secret + ".json", "/userdata/%2e%2e%2f%2e%2e%2falice%2fdefault%2fcomfy.settings.json",
		"/v2/userdata?path=../../alice/default", "/userdata?dir=../../alice"} {
		if status, b := e.bob.ask("GET", path, ""); status == 200 && b != "[]" || strings.Contains(b, secret) {
			t.Errorf("%s answers bob with %d %.100s", path, status, b)
		}
	}
	if b := e.bob.must("GET", "/prompt", ""); !strings.Contains(b, `"queue_remaining": 0`) {
		t.Errorf("GET /prompt tells bob of alice's prompts: %s", b)
	}
}

// TestTenantsChangeNothingOfEachOther tries as bob to stop, delete and overwrite what is alice's.
func TestTenantsChangeNothingOfEachOther(t *testing.T) {
	e := settle(t)
	ref := func(kind, name string) string {
		return fmt.Sprintf(`{"filename": %q, "type": %q, "subfolder": ""}`, name, kind)
	}
	all := fmt.Sprintf(`[%q, %q, %q]`, e.done, e.running, e.pending)
	for _, row := range []struct{ method, path, body string }{
		{"POST", "/interrupt", ""}, {"POST", "/interrupt", `{"prompt_id": "` + e.running + `"}`},
		{"POST", "/queue", `{"clear": true}`}, {"POST", "/queue", `{"delete": ` + all + `}`},
		{"POST", "/history", `{"clear": true}`}, {"POST", "/history", `{"delete": ` + all + `}`},
		{"POST", "/api/jobs/" + e.running + "/cancel", ""}, {"POST", "/api/jobs/" + e.pending + "/cancel", ""},
		{"POST", "/api/jobs/cancel", `{"job_ids": ` + all + `}`},
		{"DELETE", "/userdata/workflows%2F" + secret + ".json", ""},
		{"DELETE", "/userdata/..%2F..%2Falice%2Fdefault%2Fworkflows%2F" + secret + ".json", ""},
		{"POST", "/userdata/..%2F..%2Falice%2Fdefault%2Fworkflows%2F" + secret + ".json", "bob's"},
		{"POST", "/userdata/workflows%2F" + secret + ".json/move/mine.json", ""},
		{"POST", "/settings/" + secret, `"bob's"`}, {"POST", "/free", `{"unload_models": true, "free_memory": true}`},
		{"POST", "/prompt", saving(e.input)}, {"POST", "/prompt", saving("../alice/" + e.input)}, {"POST", "/prompt", saving(secret + "_00001_.png [output]")},
	} {
		status, b := e.bob.ask(row.method, row.path, row.body)
		if row.path == "/prompt" && status != 400 {
			t.Errorf("bob's prompt with alice's picture: %d %s, want 400", status, b)
		}
		if row.path == "/free" && status != 403 {
			t.Errorf("POST /free: %d, want 403: models are everybody's", status)
		}
	}
	e.bob.form("/upload/mask", "m.png", picture(t, 8), "original_ref", ref("input", e.input))
	if status, _ := e.bob.ask("GET", "/view?type=input&filename=m.png", ""); status == 200 {
		t.Error("bob's mask is laid over alice's picture")
	}
	if status, b := e.bob.form("/upload/image", e.input, picture(t, 4), "overwrite", "true"); status != 200 {
		t.Errorf("bob's own upload: %d %s", status, b)
	}
	b := e.alice.must("GET", "/queue", "")
	if !strings.Contains(b, e.running) || !strings.Contains(b, e.pending) {
		t.Errorf("alice's prompts are gone: %s", b)
	}
	if b := e.alice.must("GET", "/history", ""); !strings.Contains(b, e.done) {
		t.Errorf("alice's history is gone: %s", b)
	}
	if b := e.alice.must("GET", "/userdata/workflows%2F"+secret+".json", ""); b != `{"x": "`+secret+`"}` {
		t.Errorf("alice's file is now %s", b)
	}
	if b := e.alice.must("GET", "/settings/"+secret, ""); !strings.Contains(b, secret) {
		t.Errorf("alice's setting is now %s", b)
	}
	if b := e.alice.must("GET", "/view?type=input&filename="+e.input, ""); b != string(picture(t, 8)) {
		t.Error("alice's picture is another now")
	}
	e.alice.must("POST", "/interrupt", "") // and her own interrupt works
	<-e.alice.held
}

// TestTenantsHearNothingOfEachOther listens as bob, under alice's client id, by WebSocket and by event stream.
func TestTenantsHearNothingOfEachOther(t *testing.T) {
	h := newHouse(t, authFlags{})
	alice, bob := h.guest("alice", tenant.User), h.guest("bob", tenant.User)
	listen := func(g guest) *websocket.Conn {
		c, _, err := websocket.Dial(t.Context(), strings.Replace(h.url, "http", "ws", 1)+"/ws?clientId=tab&token="+g.token, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		return c
	}
	hers, his := listen(alice), listen(bob)
	if status, b := alice.form("/upload/image", secret+".png", picture(t, 8)); status != 200 {
		t.Fatal(status, b)
	}
	var aliceDone string
	for range 8 {
		aliceDone, _ = alice.finish(saving(secret + ".png"))
	}
	if status, b := bob.form("/upload/image", "mine.png", picture(t, 8)); status != 200 {
		t.Fatal(status, b)
	}
	bobDone, _ := bob.finish(strings.Replace(saving("mine.png"), secret, "bobs", 1))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	until := func(c *websocket.Conn, id string) string {
		c.SetReadLimit(1 << 20)
		var all strings.Builder
		for {
			_, b, err := c.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
			if strings.Contains(string(b), `"node":null`) && strings.Contains(string(b), id) {
				return all.String()
			}
		}
	}
	if got := until(hers, aliceDone); !strings.Contains(got, secret) {
		t.Errorf("alice does not hear of her own: %s", got)
	}
	got := until(his, bobDone)
	if strings.Contains(got, secret) || strings.Contains(got, aliceDone) {
		t.Errorf("bob hears of alice: %s", got)
	}
	if n := strings.Count(got, "queue_remaining"); n > 6 { // when he connects, and a few for his one prompt
		t.Errorf("bob is told %d times how much waits; alice's prompts are among that", n)
	}
	r, _ := http.NewRequestWithContext(ctx, "GET", h.url+"/cocoon/events?clientId=tab", nil)
	r.Header.Set("X-API-Key", bob.token)
	r.Header.Set("Last-Event-ID", "0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var all []byte
	for b := make([]byte, 4096); !bytes.Contains(all, []byte(bobDone)) || !bytes.Contains(all, []byte(`"node":null`)); {
		n, err := resp.Body.Read(b)
		if all = append(all, b[:n]...); err != nil {
			t.Fatalf("the stream ends with %v: %s", err, all)
		}
	}
	if bytes.Contains(all, []byte(secret)) || bytes.Contains(all, []byte(aliceDone)) {
		t.Errorf("the stream replays alice's events to bob: %s", all)
	}
}

// TestTenantsShareNoResults runs the same prompt over the same bytes for both: bob's must not be served from alice's cache.
func TestTenantsShareNoResults(t *testing.T) {
	h := newHouse(t, authFlags{})
	cached := func(g guest) bool {
		if status, b := g.form("/upload/image", "same.png", picture(t, 8), "overwrite", "true"); status != 200 {
			t.Fatal(status, b)
		}
		_, entry := g.finish(saving("same.png"))
		i := strings.Index(entry, "execution_cached")
		if i < 0 {
			t.Fatalf("no execution_cached in %s", entry)
		}
		return strings.Contains(entry[i:i+60], `"1"`)
	}
	alice, bob := h.guest("alice", tenant.User), h.guest("bob", tenant.User)
	for _, row := range []struct {
		name string
		who  guest
		want bool
	}{{"alice, first", alice, false}, {"alice, again", alice, true}, {"bob, first", bob, false}, {"bob, again", bob, true}} {
		if got := cached(row.who); got != row.want {
			t.Errorf("%s: from the cache %v, want %v", row.name, got, row.want)
		}
	}
}
