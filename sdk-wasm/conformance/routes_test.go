package conformance

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"image/png"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// routeCase is a case of steps that a route does: what only routes may ask of the host.
type routeCase struct {
	Name          string
	Body          int  // bytes of the request
	UnknownLength bool `json:"unknown length"`
	Steps         [][]any
	Status        int
	Type          string
	Before        any // what the steps write of a streamed answer
	Want          []any
}

func readRoutes(t testing.TB) []routeCase {
	t.Helper()
	b, err := caseFiles.ReadFile("cases/routes.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []routeCase
	decodeJSON(t, b, &all)
	return all
}

// TestRouteSteps runs the cases of routes in every language.
func TestRouteSteps(t *testing.T) {
	c := readContract(t)
	cases := readRoutes(t)
	each(t, func(t *testing.T, g *guest) {
		b := newNodeBench(t, c, g.module(t))
		for i := range cases {
			t.Run(cases[i].Name, func(t *testing.T) { b.route(t, &cases[i]) })
		}
	})
}

func (b *nodeBench) route(t *testing.T, x *routeCase) {
	var steps []any
	for _, s := range x.Steps {
		steps = append(steps, b.n.step(s))
	}
	query, err := abi.Append(nil, steps)
	if err != nil {
		t.Fatal(err)
	}
	var body io.Reader = strings.NewReader(strings.Repeat("b", x.Body))
	if x.UnknownLength {
		body = io.MultiReader(body)
	}
	r := httptest.NewRequest("POST", "/ext/cocoon.kit/steps?s="+hex.EncodeToString(query), body)
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r.WithContext(tenant.With(r.Context(), tenantOf(""))))
	status, kind := x.Status, x.Type
	if status == 0 {
		status, kind = 200, "application/cbor"
	}
	want, err := abi.Append(nil, b.n.value(x.Want))
	if err != nil {
		t.Fatal(err)
	}
	before := ""
	if x.Before != nil {
		before = b.n.value(x.Before).(string)
	}
	if w.Code != status || w.Header().Get("Content-Type") != kind {
		t.Errorf("answers %d %s, want %d %s", w.Code, w.Header().Get("Content-Type"), status, kind)
	}
	got, ok := strings.CutPrefix(w.Body.String(), before)
	if !ok || !bytes.Equal([]byte(got), want) {
		t.Errorf("gives %s behind %.40q, want %s", show([]byte(got)), before, show(want))
	}
}

// serve sends a request to the guest's routes.
func (b *nodeBench) serve(method, path, contentType, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/ext/cocoon.kit"+path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r.WithContext(tenant.With(r.Context(), tenantOf(""))))
	return w
}

func (b *nodeBench) post(t *testing.T, nodeID, message string) string {
	t.Helper()
	form := url.Values{"node": {nodeID}, "message": {message}}
	w := b.serve("POST", "/go", "application/x-www-form-urlencoded", form.Encode())
	if w.Code != 200 {
		t.Fatalf("POST /go: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// TestRoutes holds the kit's routes of every language to one meaning.
func TestRoutes(t *testing.T) {
	c := readContract(t)
	each(t, func(t *testing.T, g *guest) {
		b := newNodeBench(t, c, g.module(t))
		for _, x := range []struct {
			method, path, kind, body, want string
			status                         int
		}{
			{"GET", "/echo/you?q=1&q=2", "", "", "text/plain; charset=utf-8|yes|you|1|text/x-kit|kit", 203},
			{"GET", "/echo/gr%C3%B6%C3%9Fe%2F?q=%20", "", "", "text/plain; charset=utf-8|yes|größe/| |text/x-kit|kit", 203},
			{"GET", "/echo/x", "", "", "text/plain; charset=utf-8|yes|x||text/x-kit|kit", 203},
			{"POST", "/body", "application/x-any", "\x00\xff body", "application/x-kit||\x00\xff body", 200},
			{"POST", "/body", "application/x-any", "", "application/x-kit||", 200},
			{"GET", "/file/hello.txt", "", "", "text/plain||hello", 200},
			{"POST", "/events", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/x-a\r\n\r\nhello\r\n--B--\r\n",
				"text/event-stream||event: tick tock\nid: 1\ndata: one\ndata: two\ndata: three\ndata: four\n\ndata: POST f a.txt text/x-a hello\n\n", 200},
			{"POST", "/go", "application/x-www-form-urlencoded", "node=none&message=x", "text/plain; charset=utf-8||kept", 200},
		} {
			w := b.serve(x.method, x.path, x.kind, x.body, "Accept", "text/x-kit")
			body, _ := io.ReadAll(w.Body)
			got := fmt.Sprintf("%s|%s|%s", w.Header().Get("Content-Type"), w.Header().Get("X-Ext-Kit"), body)
			if w.Code != x.status || got != x.want {
				t.Errorf("%s %s: %d %q, want %d %q", x.method, x.path, w.Code, got, x.status, x.want)
			}
		}
	})
}

// TestPictureOfARoute: a route answers with a picture that the host writes.
func TestPictureOfARoute(t *testing.T) {
	c := readContract(t)
	var first []byte
	each(t, func(t *testing.T, g *guest) {
		w := newNodeBench(t, c, g.module(t)).serve("GET", "/picture/two.png", "", "")
		got, err := png.DecodeConfig(bytes.NewReader(w.Body.Bytes()))
		if err != nil || got.Width != 2 || got.Height != 1 || w.Header().Get("Content-Type") != "image/png" {
			t.Fatalf("answers %d %s with %v, %v", w.Code, w.Header().Get("Content-Type"), got, err)
		}
		if first == nil {
			first = w.Body.Bytes()
		}
		if !bytes.Equal(first, w.Body.Bytes()) {
			t.Error("another picture than that of the first language")
		}
	})
}
