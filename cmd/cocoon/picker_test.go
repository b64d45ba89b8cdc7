package main

import (
	"encoding/json"
	"image/png"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// picking is a prompt that lets somebody choose between a black and a white picture by a node of a class; node 4 waits.
func picking(class string) string {
	return `{"client_id": "tab", "prompt": {
	"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 32, "batch_size": 1, "color": 0}},
	"2": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 32, "batch_size": 1, "color": 16777215}},
	"3": {"class_type": "ImageBatch", "inputs": {"image1": ["1", 0], "image2": ["2", 0]}},
	"4": {"class_type": "` + class + `", "inputs": {"images": ["3", 0], "seconds": 600}},
	"5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "picked"}}}}`
}

const pickerPath = "/ext/example.picker"

// chooser is somebody who chooses, with the extension in one of the languages.
type chooser struct {
	guest
	path string
}

// post posts a choice as curl -F does.
func (g chooser) post(fields ...string) (int, string) {
	g.t.Helper()
	return g.form(g.path+"/choose", "ignored.png", nil, fields...)
}

// until asks again and again until something is so.
func (g guest) until(what string, is func() bool) {
	g.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			g.t.Fatal("it never came that " + what)
		}
	}
}

func (g chooser) waits() {
	g.t.Helper()
	g.until("the node waits", func() bool {
		return strings.Contains(g.must("GET", g.path+"/pictures", ""), `"node":"4","count":2`)
	})
}

// over is the entry of a prompt that is over.
func (g guest) over(id string) string {
	g.t.Helper()
	entry := ""
	g.until("the prompt ends", func() bool { entry = g.must("GET", "/history/"+id, ""); return entry != "{}" })
	return entry
}

// white reports whether the picture that a prompt saved is the white one.
func (g guest) white(entry string) bool {
	g.t.Helper()
	var got map[string]struct {
		Outputs map[string]struct {
			Images []struct{ Filename, Subfolder string }
		}
	}
	if err := json.Unmarshal([]byte(entry), &got); err != nil {
		g.t.Fatal(err)
	}
	for _, e := range got {
		images := e.Outputs["5"].Images
		if len(images) == 0 {
			continue
		}
		f := images[0]
		q := url.Values{"filename": {f.Filename}, "subfolder": {f.Subfolder}, "type": {"output"}}
		m, err := png.Decode(strings.NewReader(g.must("GET", "/view?"+q.Encode(), "")))
		if err != nil {
			g.t.Fatal(err)
		}
		r, _, _, _ := m.At(3, 3).RGBA()
		return r > 0x8000
	}
	g.t.Fatalf("the prompt saved nothing: %s", entry)
	return false
}

// TestPicker lets people choose while a workflow runs, over HTTP, as the documentation tells.
func TestPicker(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	for _, x := range []struct{ lang, path, class, file string }{
		{"go", pickerPath, "PickImage", "\xff\xd8\xff"}, {"c", pickerPath + "-c", "PickImageC", "BM"},
		{"rust", pickerPath + "-rust", "PickImageRust", "BM"}, {"as", pickerPath + "-as", "PickImageAS", "BM"},
	} {
		t.Run(x.lang, func(t *testing.T) {
			inLanguage(t, x.lang)
			h := newHouse(t, authFlags{})
			loadExample(t, h.app.sandbox, filepath.Join(examplesDir, x.lang, "picker")) // for all tenants
			alice, bob := chooser{h.guest("alice", tenant.User), x.path}, chooser{h.guest("bob", tenant.User), x.path}
			choices(t, alice, picking(x.class))
			refusals(t, alice, bob, picking(x.class))
			bounds(t, alice)
			pictures(t, alice, picking(x.class), x.file)
		})
	}
}

func pictures(t *testing.T, alice chooser, picking, file string) {
	t.Run("pictures", func(t *testing.T) {
		id := alice.submit(picking)
		alice.waits()
		if b := alice.must("GET", alice.path+"/pictures/4/1", ""); !strings.HasPrefix(b, file) {
			t.Errorf("the picture is %.20q", b)
		}
		if status, b := alice.ask("GET", alice.path+"/pictures/4/2", ""); status != 404 {
			t.Errorf("there is a third picture: %d %s", status, b)
		}
		alice.post("message", "0", "node_id", "4")
		alice.over(id)
	})
}

func choices(t *testing.T, alice chooser, picking string) {
	t.Run("a choice by a form", func(t *testing.T) {
		id := alice.submit(picking)
		alice.waits()
		if status, b := alice.post("message", "1", "node_id", "4"); status != 200 || b != `{"index":1,"taken":true}` {
			t.Fatalf("%d %s", status, b)
		}
		if !alice.white(alice.over(id)) {
			t.Error("the other picture was saved")
		}
		if b := alice.must("GET", alice.path+"/pictures", ""); b != "[]" {
			t.Errorf("still waiting: %s", b)
		}
	})
	t.Run("sent before the node waits", func(t *testing.T) {
		if status, b := alice.post("message", "0", "node_id", "4"); status != 200 || b != `{"index":0,"taken":false}` {
			t.Fatalf("%d %s", status, b)
		}
		if _, entry := alice.finish(picking); alice.white(entry) {
			t.Error("the other picture was saved")
		}
	})
	t.Run("for one prompt", func(t *testing.T) {
		id := alice.submit(picking)
		alice.waits()
		if status, b := alice.post("message", "0", "node_id", "4", "prompt_id", "another"); status != 200 || !strings.Contains(b, `"taken":false`) {
			t.Errorf("another prompt's: %d %s", status, b)
		}
		if status, b := alice.post("message", "1", "node_id", "4", "prompt_id", id); status != 200 || !strings.Contains(b, `"taken":true`) {
			t.Errorf("%d %s", status, b)
		}
		if !alice.white(alice.over(id)) {
			t.Error("the other picture was saved")
		}
	})
}

// refusals are what must not choose.
func refusals(t *testing.T, alice, bob chooser, picking string) {
	t.Run("another tenant's does not reach it", func(t *testing.T) {
		id := alice.submit(picking)
		alice.waits()
		if b := bob.must("GET", alice.path+"/pictures", ""); b != "[]" {
			t.Errorf("bob sees %s", b)
		}
		if status, b := bob.ask("GET", bob.path+"/pictures/4/0", ""); status != 404 {
			t.Errorf("bob sees a picture: %d %.20q", status, b)
		}
		for _, prompt := range []string{"", id} {
			if status, b := bob.post("message", "0", "node_id", "4", "prompt_id", prompt); status != 200 || !strings.Contains(b, `"taken":false`) {
				t.Errorf("bob's choice: %d %s", status, b)
			}
		}
		alice.post("message", "1", "node_id", "4")
		if !alice.white(alice.over(id)) {
			t.Error("bob chose")
		}
	})
	t.Run("cancelled while it waits", func(t *testing.T) {
		id := alice.submit(picking)
		alice.waits()
		alice.must("POST", "/interrupt", `{"prompt_id": "`+id+`"}`)
		if entry := alice.over(id); !strings.Contains(entry, "execution_interrupted") || strings.Contains(entry, "execution_error") {
			t.Errorf("it ends as %s", entry)
		}
		// What was sent for it is gone with it; the next one waits anew.
		id = alice.submit(picking)
		alice.waits()
		alice.post("message", "1", "node_id", "4")
		if !alice.white(alice.over(id)) {
			t.Error("the other picture was saved")
		}
	})
}

// bounds are of what is no choice, or one too many.
func bounds(t *testing.T, alice chooser) {
	t.Run("what is no choice", func(t *testing.T) {
		for _, fields := range [][]string{{"message", "1"}, {"node_id", "9"}, {"message", "one", "node_id", "9"}, {"message", "-1", "node_id", "9"}, {"message", "", "node_id", "9"}} {
			if status, b := alice.post(fields...); status != 400 {
				t.Errorf("%v: %d %s", fields, status, b)
			}
		}
	})
	t.Run("too many for a node that never waits", func(t *testing.T) {
		status := 200
		for range 40 {
			if status, _ = alice.post("message", "0", "node_id", "77"); status != 200 {
				break
			}
		}
		if status != 429 {
			t.Errorf("%d, want 429", status)
		}
	})
}
