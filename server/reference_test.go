package server

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Requests whose answers were seen of the reference, beside those of the recorded scenarios.
func TestAnswersOfTheReference(t *testing.T) {
	s := whole(t, nil)
	put(t, s.files, "output", "a.txt", []byte("hello"))
	put(t, s.files, "output", "empty.txt", nil)
	put(t, s.files, "user", "default/dir/a.txt", []byte("a"))
	const id = "00000000-0000-4000-8000-000000000009"
	prompt := func(more string) string {
		return `{"prompt":{"1":{"class_type":"GoldenEcho","inputs":{"value":"x"}}}` + more + `}`
	}
	for _, c := range []struct {
		name, request, body string
		status              int
		header, has         string // "Name: value" of the answer, and a part of its body
	}{
		{"escaped letters", "GET /%70rompt", "", 200, "", `"queue_remaining"`},
		{"escaped letters of the alias", "GET /%61pi/%6Aobs", "", 200, "", `"jobs"`},
		{"escaped dots lead nowhere", "GET /x/%2e%2e/prompt", "", 404, "", ""},
		{"an escape in a parameter", "GET /object_info/Golden%45cho", "", 200, "", `"GoldenEcho"`},
		{"an escaped escape", "GET /%2570rompt", "", 404, "", ""},
		{"methods of one job", "PUT /api/jobs/" + id, "", 405, "Allow: GET,HEAD", ""},
		{"methods of cancelling", "PUT /api/jobs/cancel", "", 405, "Allow: GET,HEAD,POST", ""},
		{"methods of one job, twice api", "POST /api/api/jobs/" + id, "", 405, "Allow: GET,HEAD", ""},
		{"methods of an asset", "PATCH /api/assets/" + id, "", 405, "Allow: DELETE,GET,HEAD,PUT", ""},
		{"methods of the scan", "PATCH /api/assets/seed", "", 405, "Allow: GET,HEAD,POST", ""},
		{"methods of no asset", "PATCH /api/assets/x", "", 405, "Allow: GET,HEAD", ""},
		{"nothing at internal", "GET /internal", "", 404, "", "404: Not Found"},
		{"nothing to post at internal", "POST /internal", "", 404, "", "404: Not Found"},
		{"a limit beyond int", "GET /api/jobs?limit=99999999999999999999", "", 200, "", `"jobs": []`},
		{"an offset beyond int", "GET /api/jobs?offset=99999999999999999999&limit=99999999999999999999", "", 200, "", `"jobs": []`},
		{"underscores in a number", "GET /api/jobs?limit=1_0", "", 200, "", `"limit": 10`},
		{"two underscores in a number", "GET /api/jobs?limit=1__0", "", 400, "", "limit must be an integer"},
		{"an underscore before a number", "GET /api/jobs?limit=_1", "", 400, "", "limit must be an integer"},
		{"a window beyond int", "GET /history?max_items=-99999999999999999999&offset=99999999999999999999", "", 200, "", "{}"},
		{"a history from beyond int", "GET /history?max_items=-99999999999999999999", "", 200, "", "{}"},
		{"ids that are none", "POST /queue", `{"delete":["x",1,null,{},[]]}`, 200, "", ""},
		{"no list of ids", "POST /queue", `{"delete":{"a":1}}`, 400, "", "delete is no list"},
		{"ids that are none, of the history", "POST /history", `{"delete":[1,null]}`, 200, "", ""},
		{"a number that is none", "POST /prompt", prompt(`,"number":"nan"`), 400, "", `"node_errors": {}`},
		{"an endless number", "POST /prompt", prompt(`,"number":"-inf"`), 400, "", `"node_errors": {}`},
		{"a number beyond float", "POST /prompt", prompt(`,"number":1e999`), 400, "", `"node_errors": {}`},
		{"a hexadecimal number", "POST /prompt", prompt(`,"number":"0x10"`), 400, "", `"node_errors": {}`},
		{"true for a number", "POST /prompt", prompt(`,"number":true`), 200, "", `"number": 1.0`},
		{"false for a number", "POST /prompt", prompt(`,"number":false`), 200, "", `"number": 0.0`},
		{"a number's text", "POST /prompt", prompt(`,"number":" 1_0.5 "`), 200, "", `"number": 10.5`},
		{"no JSON", "POST /prompt", "{", 400, "", `"node_errors": {}`},
		{"targets that are no ids", "POST /prompt", prompt(`,"partial_execution_targets":[1,null]`), 400, "", "prompt_no_outputs"},
		{"one target that is an id", "POST /prompt", prompt(`,"partial_execution_targets":[1,"1"]`), 200, "", ""},
		{"no list of targets", "POST /prompt", prompt(`,"partial_execution_targets":"1"`), 400, "", `"node_errors": {}`},
		{"a name that ends in a slash", "GET /view?filename=a.txt/", "", 404, "", ""},
		{"the name of the folder itself", "GET /view?filename=./", "", 404, "", ""},
		{"a folder above a name is dropped", "GET /view?filename=zz/a.txt", "", 200, "", "hello"},
		{"a setting that is no text", "POST /settings/%ff", "7", 200, "", ""},
		{"a setting that is no text, read", "GET /settings/%ff", "", 200, "", "7"},
		{"a folder is in the way", "POST /userdata/dir?overwrite=false", "b", 409, "", "File already exists"},
		{"a file is in the place of a folder", "POST /userdata/dir%2Fa.txt%2Fb.txt", "b", 400, "", ""},
		{"a folder is not overwritten", "POST /userdata/dir", "b", 400, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			method, path, _ := strings.Cut(c.request, " ")
			res, got := s.ask(t, method, path, c.body)
			if res.StatusCode != c.status || !strings.Contains(got, c.has) {
				t.Errorf("%s: %d %.300s, want %d with %q", c.request, res.StatusCode, got, c.status, c.has)
			}
			if name, want, ok := strings.Cut(c.header, ": "); ok && res.Header.Get(name) != want {
				t.Errorf("%s: %s: %q, want %q", c.request, name, res.Header.Get(name), want)
			}
		})
	}
}

// A range that names no byte is refused, never answered with one that ends before it begins.
func TestRangesThatNameNothing(t *testing.T) {
	s, files := filesOnly(t)
	put(t, files, "output", "a.txt", []byte("hello"))
	put(t, files, "output", "empty.txt", nil)
	for _, c := range []struct {
		file, ranges string
		status       int
		told         string
	}{
		{"a.txt", "bytes=0-1", 206, "bytes 0-1/5"},
		{"a.txt", "bytes=-2", 206, "bytes 3-4/5"},
		{"a.txt", "bytes=-99", 206, "bytes 0-4/5"},
		{"a.txt", "bytes=3-", 206, "bytes 3-4/5"},
		{"a.txt", "bytes=0-99", 206, "bytes 0-4/5"},
		{"a.txt", "bytes=9-", 416, "bytes */5"},
		{"a.txt", "bytes=4-1", 416, "bytes */5"},
		{"a.txt", "bytes=-0", 416, "bytes */5"},
		{"a.txt", "bytes=-", 416, "bytes */5"},
		{"a.txt", "bytes=0-0,2-3", 416, "bytes */5"},
		{"empty.txt", "", 200, ""},
		{"empty.txt", "bytes=0-1", 416, "bytes */0"},
		{"empty.txt", "bytes=-2", 416, "bytes */0"},
		{"empty.txt", "bytes=5-", 416, "bytes */0"},
	} {
		res := get(s, "/view?filename="+c.file, "Range", c.ranges)
		if res.Code != c.status || res.Header().Get("Content-Range") != c.told {
			t.Errorf("%s of %s: %d %q, want %d %q", c.ranges, c.file, res.Code, res.Header().Get("Content-Range"), c.status, c.told)
		}
	}
}

// part is one of a form; a header replaces what says that it is a file.
type part struct{ name, file, coding, text string }

func formOf(t *testing.T, parts ...part) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q`, p.name)}}
		if p.file != "" {
			h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, p.name, p.file))
		}
		if p.coding != "" {
			h.Set("Content-Transfer-Encoding", p.coding)
		}
		w, err := form.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(p.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), form.FormDataContentType()
}

// What a form may say of a file, beside its bytes.
func TestFormsOfTheReference(t *testing.T) {
	s := whole(t, nil)
	mask := string(testPNG(t, 2, 2, color.NRGBA{9, 9, 9, 9}))
	for _, c := range []struct {
		name, path string
		parts      []part
		status     int
		has        string
	}{
		{"base64", "/upload/image", []part{{"image", "b.txt", "Base64", "aGVs\r\nbG8="}}, 200, `"name": "b.txt"`},
		{"no base64", "/upload/image", []part{{"image", "c.txt", "base64", "a*b"}}, 400, ""},
		{"binary", "/upload/image", []part{{"image", "d.txt", "binary", "aGVsbG8="}}, 200, `"name": "d.txt"`},
		{"a plain name", "/upload/image", []part{{"image", "e.txt", "", "e"}}, 200, `"name": "e.txt"`},
		{"another file of the name", "/upload/image", []part{{"image", "e.txt", "", "f"}}, 200, `"name": "e (1).txt"`},
		{"a mask without its original", "/upload/mask", []part{{"image", "e.txt", "", mask}, {"original_ref", "", "", `{"filename":"nope.png"}`}}, 200, `"name": "e (2).txt"`},
		{"a mask of a file outside", "/upload/mask", []part{{"image", "e.txt", "", mask}, {"original_ref", "", "", `{"filename":"../x.png"}`}}, 200, `"name": "e (2).txt"`},
		{"a mask over a file", "/upload/mask", []part{{"image", "e.txt", "", mask}, {"overwrite", "", "", "true"}, {"original_ref", "", "", `{"filename":"nope.png"}`}}, 200, `"name": "e.txt"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, kind := formOf(t, c.parts...)
			res, got := s.ask(t, "POST", c.path, body, "Content-Type", kind)
			if res.StatusCode != c.status || !strings.Contains(got, c.has) {
				t.Errorf("%d %s, want %d with %s", res.StatusCode, got, c.status, c.has)
			}
		})
	}
	for name, want := range map[string]string{"b.txt": "hello", "d.txt": "aGVsbG8=", "e.txt": "e"} {
		if _, got := s.ask(t, "GET", "/view?type=input&filename="+name, ""); got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if res, _ := s.ask(t, "GET", "/view?type=input&filename=e%20(2).txt", ""); res.StatusCode != 404 {
		t.Errorf("a mask without an original left a file: %d", res.StatusCode)
	}
}

// The workflow's id may be of any type; only a text selects.
func TestWorkflowIDsOfOtherTypes(t *testing.T) {
	for _, c := range []struct {
		extra, shown, selects string
	}{
		{`{"extra_pnginfo":{"workflow":{"id":"w"}}}`, `"w"`, "w"},
		{`{"extra_pnginfo":{"workflow":{"id":5}}}`, `5`, ""},
		{`{"extra_pnginfo":{"workflow":{"id":null}}}`, `null`, ""},
		{`{"extra_pnginfo":[]}`, `null`, ""},
	} {
		j := queuedJob(&engine.Item{Extra: []byte(c.extra)}, "pending")
		shown, _ := j.view.Get("workflow_id")
		if got := pythonText(shown); j.workflow != c.selects || !slices.Contains([]string{c.shown, strings.Trim(c.shown, `"`), "None"}, got) {
			t.Errorf("%s: shown %s, selected by %q", c.extra, got, j.workflow)
		}
		if j.view.Has("workflow_id") != (c.shown != "null") {
			t.Errorf("%s: workflow_id is there: %v", c.extra, j.view.Has("workflow_id"))
		}
	}
}

// A submission's place must be finite, whoever asks.
func TestPlacesAreFinite(t *testing.T) {
	s := whole(t, nil)
	for _, text := range []string{`"nan"`, `"inf"`, `1e400`} {
		if n, err := numberOf([]byte(text)); err == nil {
			t.Errorf("%s is %v", text, *n)
		}
	}
	_, err := s.c.Engine.Submit(tenant.With(t.Context(), ""), engine.Submission{Number: endless(), Prompt: []byte("{}")})
	if err == nil {
		t.Error("an endless place was taken")
	}
}

func endless() *float64 {
	n := math.Inf(1)
	return &n
}
