package server

import (
	"image/color"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// nasty are values that no route expects.
var nasty = []string{"", ".", "..", "%00", "%2e%2e%2f", "%252e%252e", "%ff%fe", "a%0d%0ab", "%5c..%5c", "nul", "-1", "999999999999999999999", "%F0%9F%8E%A8",
	"a;b", "%22%27%3c", strings.Repeat("x", 5000), strings.Repeat("%2f..", 300)}

// bodies are bodies that no route expects.
var bodies = []string{"", "null", "[]", "{}", "5", `"x"`, "{bad", `{"prompt":null}`, `{"prompt":{"":{}}}`, `{"delete":"x"}`, `{"delete":[null]}`, `{"clear":[]}`,
	`{"username":[]}`, `{"job_ids":[[]]}`, `{"clientId":5,"enabled":"x"}`, "\xff\x00", `{"prompt":{"1":{"class_type":"GoldenEcho","inputs":{"value":["1",0]}}},"number":"nan","front":{},"client_id":{},"extra_data":5}`}

// queryNames are the names that any route reads from the query.
var queryNames = []string{"filename", "type", "subfolder", "dir", "path", "max_items", "offset", "limit", "status", "sort_by", "wait", "name",
	"preview", "channel", "res", "clientId"}

// No request of a client, however odd, is answered with a failure of the server.
func TestNoRouteBreaks(t *testing.T) {
	s := whole(t, nil)
	put(t, s.files, "output", "a.png", testPNG(t, 4, 4, color.NRGBA{1, 2, 3, 4}))
	n := 0
	for _, row := range s.rows {
		if row.do == nil || strings.HasPrefix(row.path, "/ws") || row.path == "/cocoon/events" {
			continue
		}
		for i, bad := range nasty {
			body := bodies[i%len(bodies)]
			path, _ := braces(row.shownPath())
			for strings.Contains(path, "{") {
				from, to := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
				path = path[:from] + bad + path[to+1:]
			}
			for k, name := range queryNames {
				if k%len(nasty) == i || strings.HasPrefix(row.path, "/view") {
					n += s.tolerates(t, row.method, path, name+"="+bad, body)
				}
			}
			all := strings.Join(queryNames, "="+bad+"&") + "=" + bad
			for _, prefix := range []string{"", "/api"} {
				n += s.tolerates(t, row.method, prefix+path, all, body)
			}
		}
	}
	if n < 1000 {
		t.Errorf("%d requests only", n)
	}
}

func (s *site) tolerates(t *testing.T, method, path, query, body string) int {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return 0 // the library refuses it before us
	}
	u.RawQuery = query
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.URL, r.RequestURI = u, path
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
		t.Errorf("%s %.200s?%.100s with %q: %d %.200s", method, path, query, body, w.Code, w.Body)
	}
	for k, values := range w.Header() {
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n") {
				t.Errorf("%s %.200s: header %s has a line break", method, path, k)
			}
		}
	}
	return 1
}
