package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/engine"
)

// The routes of the protocol, by method and path.
var protocol = `GET /ws;GET /;GET /embeddings;GET /models;GET /models/{};GET /extensions;POST /upload/image;POST /upload/mask;GET /view;
GET /view_metadata/{};GET /system_stats;GET /features;GET /prompt;GET /object_info;GET /object_info/{};GET /api/jobs;GET /api/jobs/{};
POST /api/jobs/{}/cancel;POST /api/jobs/cancel;GET /history;GET /history/{};GET /queue;POST /prompt;POST /queue;POST /interrupt;POST /free;
POST /history;GET /settings;GET /settings/{};POST /settings;POST /settings/{};GET /users;POST /users;GET /userdata;GET /v2/userdata;
GET /userdata/{};POST /userdata/{};DELETE /userdata/{};POST /userdata/{}/move/{};GET /experiment/models;GET /experiment/models/{};
GET /experiment/models/preview/{}/{}/{};GET /workflow_templates;GET /api/workflow_templates/{}/{};GET /i18n;GET /global_subgraphs;
GET /global_subgraphs/{};GET /node_replacements;GET /internal/logs;GET /internal/logs/raw;PATCH /internal/logs/subscribe;
GET /internal/folder_paths;GET /internal/files/{};HEAD /api/assets/hash/{};GET /api/assets;POST /api/assets;GET /api/assets/{};PUT /api/assets/{};
DELETE /api/assets/{};GET /api/assets/{}/content;POST /api/assets/from-hash;POST /api/assets/{}/tags;DELETE /api/assets/{}/tags;GET /api/tags;
GET /api/assets/tags/refine;POST /api/assets/seed;GET /api/assets/seed/status;POST /api/assets/seed/cancel;POST /api/assets/prune;
GET /extensions/{}/{};GET /templates/{};GET /docs/{}`

func TestEveryRouteOfTheProtocol(t *testing.T) {
	have := map[string]bool{}
	for _, l := range Lines() {
		have[l.Method+" "+regexp.MustCompile(`\{\w+\}`).ReplaceAllString(l.Path, "{}")] = true
	}
	n := 0
	for want := range strings.SplitSeq(strings.ReplaceAll(protocol, "\n", ""), ";") {
		if n++; !have[want] {
			t.Errorf("there is no %s", want)
		}
	}
	if n != 72 { // the 73rd is the web root, which takes every other path
		t.Errorf("%d routes in the list, want 72", n)
	}
}

func TestOpenAPI(t *testing.T) {
	s := whole(t, nil)
	_, body := s.ask(t, "GET", "/openapi.json", "")
	var d struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal([]byte(body), &d); err != nil || d.OpenAPI != "3.1.0" {
		t.Fatalf("%v, version %q", err, d.OpenAPI)
	}
	ids := map[string]bool{}
	for p, methods := range d.Paths {
		for m, op := range methods {
			if ids[op.OperationID] {
				t.Errorf("%s %s: the id %s comes twice", m, p, op.OperationID)
			}
			ids[op.OperationID] = true
			got := 0
			for _, one := range op.Parameters {
				if one.In == "path" {
					got++
				}
			}
			if want := strings.Count(p, "{"); got != want || strings.ContainsAny(p, ":*") {
				t.Errorf("%s %s: %d parameters of the path, want %d", m, p, got, want)
			}
		}
	}
}

// A server with keys says in which ways they come, and what each route needs.
func TestOpenAPIWithKeys(t *testing.T) {
	s := build(Config{Auth: &Auth{}}.withDefaults())
	var d struct {
		Components struct {
			SecuritySchemes map[string]struct{ Type, Scheme, In, Name string }
		}
		Security []map[string][]string
		Paths    map[string]map[string]struct {
			Security *[]any
			Needs    string `json:"x-needs"`
		}
	}
	if err := json.Unmarshal(s.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	ways := d.Components.SecuritySchemes
	if ways["bearer"].Scheme != "bearer" || ways["header"].Name != "X-API-Key" || ways["socket"].In != "query" || len(d.Security) != len(ways) {
		t.Errorf("schemes %+v, security %v", ways, d.Security)
	}
	for path, want := range map[string]string{"/queue": "read", "/metrics": "operate"} {
		if op := d.Paths[path]["get"]; op.Needs != want || op.Security != nil {
			t.Errorf("%s: %+v, want %s", path, op, want)
		}
	}
	if op := d.Paths["/healthz"]["get"]; op.Security == nil || len(*op.Security) != 0 {
		t.Errorf("/healthz needs %v", op.Security)
	}
	if d.Paths["/prompt"]["post"].Needs != "write" {
		t.Errorf("POST /prompt: %+v", d.Paths["/prompt"]["post"])
	}
}

const echo = `{"prompt":{"1":{"class_type":"GoldenEcho","inputs":{"value":%q}}},"client_id":"c"}`

func TestWait(t *testing.T) {
	s := whole(t, nil)
	long := `{"prompt":{"1":{"class_type":"GoldenSteps","inputs":{"steps":60000,"delay":0.01,"preview":"none","width":64,"height":32,"limit":512}},
		"2":{"class_type":"GoldenEcho","inputs":{"value":["1",0]}}}}`
	for _, row := range []struct {
		name, query, body string
		status            int
		want              string
	}{
		{"done", "wait=30", fmt.Sprintf(echo, "a"), 200, `"outputs": {"1": {"text": ["{\"value\": \"a\"}"]}}`},
		{"done again", "wait=30", fmt.Sprintf(echo, "a"), 200, `"status_str": "success"`},
		{"refused", "wait=30", `{"prompt":{}}`, 400, "prompt_no_outputs"},
		{"no number", "wait=x", fmt.Sprintf(echo, "a"), 400, "wait is"},
		{"too long", "wait=601", fmt.Sprintf(echo, "a"), 400, "wait is"},
		{"not a number", "wait=NaN", fmt.Sprintf(echo, "a"), 400, "wait is"},
		{"not done in time", "wait=0.01", long, 202, `"node_errors": {}`},
	} {
		res, body := s.ask(t, "POST", "/prompt?"+row.query, row.body)
		if res.StatusCode != row.status || !strings.Contains(body, row.want) {
			t.Errorf("%s: %d %s, want %d with %s", row.name, res.StatusCode, body, row.status, row.want)
		}
	}
	s.ask(t, "POST", "/interrupt", "")
}

// listener reads a stream of events: lines "id" and "data" of each.
func listener(ctx context.Context, t *testing.T, s *site, last string) func() (id, data string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/cocoon/events?clientId=c", nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); res.StatusCode != 200 || !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("%d %s", res.StatusCode, got)
	}
	lines := bufio.NewScanner(res.Body)
	t.Cleanup(func() { res.Body.Close() })
	return func() (id, data string) {
		for lines.Scan() {
			if v, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = v
			}
			if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return id, v
			}
		}
		return "", ""
	}
}

// A client that comes back gets what it missed, in order and once.
func TestEventsAreReplayed(t *testing.T) {
	s := whole(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	next := listener(ctx, t, s, "")
	at, greeting := next()
	if !strings.Contains(greeting, `"sid":"c"`) {
		t.Fatalf("greeting %s", greeting)
	}
	s.ask(t, "POST", "/prompt?wait=30", fmt.Sprintf(echo, "a"))
	var live []string
	for !slices.ContainsFunc(live, func(e string) bool { return strings.Contains(e, `"node":null`) }) {
		_, e := next()
		if e == "" {
			t.Fatalf("the stream ended after %v", live)
		}
		live = append(live, e)
	}
	cancel()
	again := listener(t.Context(), t, s, at)
	again() // the greeting
	for i, want := range live {
		if _, got := again(); got != want {
			t.Fatalf("event %d after coming back: %s, want %s", i, got, want)
		}
	}
	other := s.c.Hub
	other.Publish(t.Context(), engine.Event{ClientID: "somebody else", Type: "executing", Data: []byte(`{}`)})
	other.Publish(t.Context(), engine.Event{Type: "mark", Data: []byte(`{}`)})
	if _, got := again(); got != `{"type":"mark","data":{}}` {
		t.Errorf("after another client's event: %s, want the mark", got)
	}
}

func TestPast(t *testing.T) {
	var p past
	a, b, all := clientKey{"", "a"}, clientKey{"", "b"}, clientKey{"", ""}
	for i := range 10 {
		p.add([]clientKey{a, b, all}[i%3], []byte{byte('0' + i)})
	}
	for _, row := range []struct {
		since uint64
		key   clientKey
		want  string
		whole bool
	}{{0, a, "0235689", true}, {3, a, "35689", true}, {10, a, "", true}, {0, b, "124578", true}, {4, clientKey{"t", "a"}, "", true}, {99, a, "0235689", false}} {
		list, last, whole := p.since(row.since, row.key)
		got := ""
		for _, e := range list {
			got += string(e.text)
		}
		if got != row.want || whole != row.whole || last != 10 {
			t.Errorf("since(%d, %v) = %q, %d, %v, want %q, 10, %v", row.since, row.key, got, last, whole, row.want, row.whole)
		}
	}
	for range 2 * maxPast {
		p.add(all, make([]byte, 10))
	}
	if list, _, whole := p.since(1, a); whole || len(list) != maxPast {
		t.Errorf("%d events, whole %v, want %d of many", len(list), whole, maxPast)
	}
	p.add(all, make([]byte, 2*maxPastBytes))
	if len(p.events) != 1 {
		t.Errorf("%d events after a large one, want it alone", len(p.events))
	}
}

func TestMetrics(t *testing.T) {
	s := whole(t, nil)
	s.ask(t, "GET", "/queue", "")
	s.ask(t, "GET", "/nothing/at/all", "")
	_, body := s.ask(t, "GET", "/metrics", "")
	for _, want := range []string{"cocoon_prompts_remaining 0\n", `cocoon_prompts_total{outcome="completed"} 0`, "process_start_time_seconds ", `cocoon_requests_total{route="GET /queue",class="2xx"} 1`, `cocoon_requests_total{route="other",class="4xx"} 1`,
		`cocoon_request_seconds_bucket{route="GET /queue",le="+Inf"} 1`, "# TYPE cocoon_request_seconds histogram"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	line := regexp.MustCompile(`^(#.*|[a-z_]+(\{[^}]*\})? [0-9.e+-]+)$`)
	for l := range strings.Lines(body) {
		if l = strings.TrimSpace(l); !line.MatchString(l) {
			t.Errorf("%q is no line of the format", l)
		}
	}
}

func TestLogSubscription(t *testing.T) {
	s := whole(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, s.url+"/ws?clientId=c", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if _, _, err := c.Read(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range maxFollowers { // who have gone since
		s.logs.subscribe(clientKey{client: fmt.Sprint("gone ", i)}, true)
	}
	fmt.Fprintln(s.logs, "before")
	if res, _ := s.ask(t, "PATCH", "/internal/logs/subscribe", `{"clientId":"c","enabled":true}`); res.StatusCode != 200 {
		t.Fatalf("subscribe: %d", res.StatusCode)
	}
	fmt.Fprintln(s.logs, "hello")
	for {
		_, b, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), `"type":"logs"`) && strings.Contains(string(b), `hello\n`) {
			break
		}
	}
	for i := range 2 * maxLogEntries {
		fmt.Fprintln(s.logs, i)
	}
	if n := len(s.logs.last()); n != maxLogEntries {
		t.Errorf("%d lines are kept, want %d", n, maxLogEntries)
	}
	fmt.Fprint(s.logs, "10%")
	fmt.Fprint(s.logs, "\r20%")
	if last := s.logs.last(); last[len(last)-1].text != "\r20%" || last[len(last)-2].text == "10%" {
		t.Error("a progress bar makes two lines")
	}
}

func TestObjectInfoTag(t *testing.T) {
	s := whole(t, nil)
	first, body := s.ask(t, "GET", "/object_info", "")
	again, text := s.ask(t, "GET", "/api/object_info", "", "If-None-Match", first.Header.Get("ETag"))
	if again.StatusCode != 304 || text != "" || !json.Valid([]byte(body)) {
		t.Errorf("%d with %d bytes, want 304", again.StatusCode, len(text))
	}
	s.c.Registry.Remove("GoldenEcho")
	other, less := s.ask(t, "GET", "/object_info", "", "If-None-Match", first.Header.Get("ETag"))
	if other.StatusCode != 200 || strings.Contains(less, `"GoldenEcho":`) || !json.Valid([]byte(less)) {
		t.Errorf("after a node was removed: %d, %v", other.StatusCode, strings.Contains(less, `"GoldenEcho":`))
	}
}

// docs/api.md names every route.
func TestAPIPageIsTrue(t *testing.T) {
	page, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range Lines() {
		if l.Method != "" && !strings.Contains(string(page), "| "+l.Method+" | `"+l.Path+"` |") {
			t.Errorf("docs/api.md lacks %s %s: run make generate", l.Method, l.Path)
		}
	}
}
