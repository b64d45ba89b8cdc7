package server

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/server/filetype"
)

// Pages of other sites reach no route and no socket.
func TestForeignPages(t *testing.T) {
	s := whole(t, nil)
	for _, row := range []struct {
		name, method, path string
		header             []string
	}{
		{"other origin", "POST", "/prompt", []string{"Origin", "https://evil.example"}},
		{"null origin", "POST", "/interrupt", []string{"Origin", "null"}},
		{"cross-site", "GET", "/view?filename=a.png", []string{"Sec-Fetch-Site", "cross-site"}},
		{"rebinding", "GET", "/history", []string{"Host", "evil.example:80"}},
		{"rebinding, own origin", "GET", "/queue", []string{"Host", "evil.example", "Origin", "http://evil.example"}},
		{"preflight", "OPTIONS", "/prompt", []string{"Origin", "https://evil.example"}},
		{"internal", "GET", "/internal/logs", []string{"Origin", "https://evil.example"}},
		{"metrics", "GET", "/metrics", []string{"Sec-Fetch-Site", "cross-site"}},
		{"events", "GET", "/cocoon/events", []string{"Origin", "null"}},
		{"static", "GET", "/extensions/p/a.js", []string{"Sec-Fetch-Site", "cross-site"}},
		{"no route", "GET", "/nothing", []string{"Origin", "https://evil.example"}},
	} {
		res, body := s.ask(t, row.method, row.path, "{}", row.header...)
		if res.StatusCode != 403 || body != "" || res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %q %v, want an empty 403", row.name, res.StatusCode, body, res.Header)
		}
	}
	for _, header := range []http.Header{{"Origin": {"https://evil.example"}}, {"Origin": {"null"}}, {"Sec-Fetch-Site": {"cross-site"}}} {
		_, res, err := websocket.Dial(t.Context(), s.url+"/ws", &websocket.DialOptions{HTTPHeader: header})
		if err == nil || res == nil || res.StatusCode != 403 {
			t.Errorf("socket with %v: %v, want 403", header, err)
		}
	}
	_, res, err := websocket.Dial(t.Context(), s.url+"/ws", &websocket.DialOptions{Host: "evil.example"})
	if err == nil || res == nil || res.StatusCode != 403 {
		t.Errorf("socket by a foreign name: %v, want 403", err)
	}
}

func TestAllowedHosts(t *testing.T) {
	s := whole(t, func(c *Config) { c.Hosts = []string{"pictures.example"} })
	for host, want := range map[string]int{"pictures.example": 200, "Pictures.Example:443": 200, "other.example": 403} {
		if res, _ := s.ask(t, "GET", "/queue", "", "Host", host); res.StatusCode != want {
			t.Errorf("Host %s: %d, want %d", host, res.StatusCode, want)
		}
	}
}

// No name of a client leads out of its folder.
func TestNamesStayInside(t *testing.T) {
	s := whole(t, nil)
	for _, link := range []string{"output/link.txt", "input/link.txt", "user/default/link.txt"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(s.base, link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(s.base, "secret.txt"), filepath.Join(s.base, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(s.base, filepath.Join(s.base, "output", "up")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(s.base, "secret.txt"), filepath.Join(s.base, "models", "m.png")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/view?filename=secret.txt&subfolder=..", "/view?filename=secret.txt&subfolder=%2e%2e", "/view?filename=..%2fsecret.txt",
		"/view?filename=..%5csecret.txt", "/view?filename=secret.txt&subfolder=..%5c", "/view?filename=secret.txt&subfolder=sub%2f..%2f..",
		"/view?filename=secret.txt&subfolder=/", "/view?filename=secret.txt%00.png", "/view?filename=secret.txt&subfolder=.%00./",
		"/view?filename=..%2fsecret.txt%20%5binput%5d", "/view?filename=secret.txt%20%5buser%5d", "/view?filename=link.txt",
		"/view?filename=link.txt&type=input", "/view?filename=secret.txt&subfolder=up", "/view?filename=link.txt%20%5binput%5d",
		"/view?filename=..%252fsecret.txt", "/view?filename=cocoon.db&type=user", "/view?filename=CON", "/view?filename=secret.txt::$DATA",
		"/userdata/..%2f..%2fsecret.txt", "/userdata/%2e%2e%2f%2e%2e%2fsecret.txt", "/userdata/%252e%252e%252f%252e%252e%252fsecret.txt",
		"/userdata/..%5c..%5csecret.txt", "/userdata/%2fetc%2fpasswd", "/userdata/link.txt", "/userdata/x%00y", "/userdata/..%2fusers.json",
		"/userdata?dir=..", "/userdata?dir=/etc", "/userdata?dir=..%5c", "/v2/userdata?path=..", "/v2/userdata?path=%252e%252e",
		"/v2/userdata?path=/etc", "/internal/files/user", "/internal/files/..%2foutput",
		"/extensions/p/..%2f..%2fsecret.txt", "/extensions/p/../../secret.txt", "/extensions/p/%2e%2e/secret.txt", "/extensions/..%2f/secret.txt",
		"/api/workflow_templates/p/..%2f..%2fsecret.json", "/templates/..%2fsecret.txt", "/docs/..%2fsecret.txt",
		"/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/..%5csecret.txt", "//secret.txt",
		"/experiment/models/preview/checkpoints/0/..%2fsecret.txt", "/experiment/models/preview/checkpoints/0/../secret.txt",
		"/experiment/models/preview/checkpoints/0/m.safetensors", "/experiment/models/preview/checkpoints/0/..%5csecret.txt",
	} {
		res, body := s.ask(t, "GET", path, "")
		if res.StatusCode < 400 || res.StatusCode >= 500 || strings.Contains(body, "secret\n") || body == "secret" || strings.Contains(body, s.base) {
			t.Errorf("%s: %d %q, want a 4xx that tells nothing", path, res.StatusCode, body)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(s.base, "secret.txt")); string(b) != "secret" {
		t.Errorf("the secret reads %q", b)
	}
}

// Writing and moving stay inside too.
func TestWritesStayInside(t *testing.T) {
	s := whole(t, nil)
	if err := os.Symlink(s.base, filepath.Join(s.base, "user", "up")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.base, "user", "default"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(s.base, filepath.Join(s.base, "user", "default", "out")); err != nil {
		t.Fatal(err)
	}
	s.ask(t, "POST", "/userdata/a.json", "1")
	for _, path := range []string{"/userdata/..%2fx", "/userdata/..%2f..%2fx", "/userdata/%252e%252e%252fx", "/userdata/..%5cx", "/userdata/%2ftmp%2fx",
		"/userdata/out%2fx", "/userdata/x%00", "/userdata/a.json/move/..%2fx", "/userdata/..%2f..%2fsecret.txt/move/x", "/userdata/a.json/move/out%2fx"} {
		if res, body := s.ask(t, "POST", path, "bad"); res.StatusCode < 400 {
			t.Errorf("POST %s: %d %s, want an error", path, res.StatusCode, body)
		}
	}
	for _, name := range []string{"../x", "x/../../x", "/tmp/x", `..\x`, "x\x00y"} {
		for _, field := range []string{"subfolder", "name"} {
			fields, file := []string{"subfolder", name}, "x.png"
			if field == "name" {
				fields, file = nil, name
			}
			if w := post(t, s.Server, "/upload/image", file, []byte("bad"), fields...); w.Code < 400 {
				t.Errorf("upload with %s %q: %d, want an error", field, name, w.Code)
			}
		}
	}
	for _, p := range []string{"x", "user/x", "../x"} {
		if _, err := os.Stat(filepath.Join(s.base, p)); err == nil {
			t.Errorf("%s was written", p)
		}
	}
	if res, _ := s.ask(t, "DELETE", "/userdata/..%2f..%2fsecret.txt", ""); res.StatusCode != 403 {
		t.Errorf("DELETE out of the folder: %d, want 403", res.StatusCode)
	}
}

// What clients stored is never a page of this server.
func TestStoredPagesDoNotRun(t *testing.T) {
	s := whole(t, nil)
	page := `<script>fetch("/queue")</script>`
	for _, name := range []string{"a.html", "a.HTM", "a.xhtml", "a.svg", "a.xml", "a.js", "a.mjs", "a.css", "a.mht", "a.eml", "a.rss", "a.atom", "a.xsl", "a.rdf", "a.unknown", "noext", "a.html.png", "a.txt"} {
		put(t, s.files, "output", name, []byte(page))
		put(t, s.files, "user", "default/"+name, []byte(page))
		for _, path := range []string{"/view?filename=" + name, "/userdata/" + name, "/api/view?filename=" + name + "&channel=x"} {
			res, _ := s.ask(t, "GET", path, "", "Sec-Fetch-Dest", "document", "Accept", "text/html")
			h := res.Header
			kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
			runs := filetype.Dangerous(kind)
			if res.StatusCode != 200 || runs || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: %d %q %q, want no type that runs, and nosniff", path, res.StatusCode, kind, h.Get("X-Content-Type-Options"))
			}
			if kind == "application/octet-stream" && name != "noext" && name != "a.unknown" && (!strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("Content-Security-Policy") != filetype.Sandbox) {
				t.Errorf("%s: %q, %q, want a download in a sandbox", path, h.Get("Content-Disposition"), h.Get("Content-Security-Policy"))
			}
		}
	}
	if res, _ := s.ask(t, "GET", "/view?filename=a.svg", "", "Sec-Fetch-Dest", "image"); res.Header.Get("Content-Security-Policy") != filetype.Sandbox {
		t.Error("an SVG in a page has no sandbox")
	}
}

// Names of files cannot add headers.
func TestNamesStayInHeaders(t *testing.T) {
	s := whole(t, nil)
	for _, name := range []string{"a\r\nX-Evil: 1\r\n\r\n<b>.txt", "a\nX-Evil: 1.txt", `a"; filename="evil.html`, "a\x7fb\x01.txt"} {
		if err := os.WriteFile(filepath.Join(s.base, "output", name), []byte("1"), 0o644); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/view", nil)
		r.URL.RawQuery = "filename=" + escape(name)
		res, _ := s.ask(t, "GET", "/view?filename="+escape(name), "")
		d := res.Header.Get("Content-Disposition")
		if res.Header.Get("X-Evil") != "" || strings.ContainsAny(d, "\r\n\x00\x01\x7f") || strings.Contains(d, `"; filename="evil`) {
			t.Errorf("%q: %v", name, res.Header)
		}
	}
}

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func TestBodyLimit(t *testing.T) {
	s := whole(t, func(c *Config) { c.MaxUpload = 1000 })
	big := strings.Repeat(" ", 1001)
	for _, row := range []struct{ method, path string }{
		{"POST", "/prompt"}, {"POST", "/queue"}, {"POST", "/history"}, {"POST", "/interrupt"}, {"POST", "/free"}, {"POST", "/settings"},
		{"POST", "/settings/a"}, {"POST", "/users"}, {"POST", "/userdata/a"}, {"POST", "/api/jobs/cancel"}, {"PATCH", "/internal/logs/subscribe"},
		{"POST", "/cocoon/workflow"},
	} {
		res, body := s.ask(t, row.method, row.path, big)
		if res.StatusCode != 413 || body != "Maximum request body size 1000 exceeded." {
			t.Errorf("%s %s: %d %q, want 413", row.method, row.path, res.StatusCode, body)
		}
	}
	if _, err := os.Stat(filepath.Join(s.base, "user", "default", "a")); err == nil {
		t.Error("a body that was too large left a file")
	}
	if w := post(t, s.Server, "/upload/image", "a.png", make([]byte, 2000)); w.Code != 413 {
		t.Errorf("upload: %d, want 413", w.Code)
	}
}

// Deep and odd JSON is refused, and nothing breaks.
func TestHostileJSON(t *testing.T) {
	s := whole(t, nil)
	deep := strings.Repeat("[", 200_000)
	closed := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	objects := strings.Repeat(`{"a":`, 50_000) + "1" + strings.Repeat("}", 50_000)
	for _, text := range []string{deep, closed, `{"prompt":` + objects + `}`, `{"a":` + closed + `}`, `{"prompt":{"1":{"class_type":"GoldenEcho","inputs":{"value":` + closed + `}}}}`,
		"\xff\xfe", `{"a":1e999999}`, `{"a":` + strings.Repeat("9", 100_000) + `}`, "\x00", `{"":`, `"\ud800"`} {
		for _, path := range []string{"/prompt", "/queue", "/history", "/free", "/settings", "/settings/x", "/users", "/api/jobs/cancel"} {
			res, body := s.ask(t, "POST", path, text)
			if res.StatusCode >= 500 {
				t.Errorf("POST %s with %.20q…: %d %.100s, want no 5xx", path, text, res.StatusCode, body)
			}
		}
	}
	if res, _ := s.ask(t, "GET", "/settings", ""); res.StatusCode != 200 {
		t.Errorf("settings read %d after all that", res.StatusCode)
	}
}

// A picture's pixels are bounded before they are decoded, wherever one is.
func TestPixelBombs(t *testing.T) {
	s := whole(t, nil)
	bomb := bombPNG(60_000, 60_000)
	put(t, s.files, "output", "bomb.png", bomb)
	put(t, s.files, "input", "bomb.png", bomb)
	if err := os.WriteFile(filepath.Join(s.base, "models", "m.png"), bomb, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/view?filename=bomb.png&preview=webp": 400, "/view?filename=bomb.png&channel=rgb": 400, "/view?filename=bomb.png&channel=a": 400,
		"/view?filename=bomb.png&res=64": 200, "/experiment/models/preview/checkpoints/0/m.safetensors": 404,
	} {
		if res, _ := s.ask(t, "GET", path, ""); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
	for _, ref := range []string{`{"filename":"bomb.png","type":"input"}`, `{"filename":"bomb.png"}`} {
		if w := post(t, s.Server, "/upload/mask", "m.png", bomb, "original_ref", ref); w.Code != 400 {
			t.Errorf("mask of a bomb: %d, want 400", w.Code)
		}
	}
}

// bombPNG is a small file that claims many pixels.
func bombPNG(w, h uint32) []byte {
	b := bytes.NewBufferString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		be := func(n uint32) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }
		b.Write(be(uint32(len(data))))
		b.WriteString(kind)
		b.Write(data)
		b.Write(be(crc32.ChecksumIEEE(append([]byte(kind), data...))))
	}
	chunk("IHDR", []byte{byte(w >> 24), byte(w >> 16), byte(w >> 8), byte(w), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h), 8, 6, 0, 0, 0})
	chunk("IDAT", []byte{0x78, 0x9c, 0x03, 0, 0, 0, 0, 1})
	chunk("IEND", nil)
	return b.Bytes()
}

// A client that sends its body too slowly is cut off.
func TestSlowBody(t *testing.T) {
	s := whole(t, func(c *Config) { c.BodyGrace = 50 * time.Millisecond })
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /prompt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
	res, err := http.ReadResponse(bufio.NewReader(c), nil) // the rest never comes
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 408 || !res.Close {
		t.Errorf("%d, close %v, want 408 and the end of the connection", res.StatusCode, res.Close)
	}
}

func TestSocketBounds(t *testing.T) {
	s := whole(t, func(c *Config) { c.MaxSockets = 3 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var open []*websocket.Conn
	for range 3 {
		c, _, err := websocket.Dial(ctx, s.url+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		open = append(open, c)
	}
	if _, res, err := websocket.Dial(ctx, s.url+"/ws", nil); err == nil || res == nil || res.StatusCode != 429 {
		t.Errorf("a socket too many: %v, want 429", err)
	}
	if res, _ := s.ask(t, "GET", "/cocoon/events", ""); res.StatusCode != 429 {
		t.Errorf("a stream too many: %d, want 429", res.StatusCode)
	}
	// A message too large ends its socket and no other.
	open[0].SetReadLimit(1 << 20)
	if _, _, err := open[0].Read(ctx); err != nil { // the greeting
		t.Fatal(err)
	}
	_ = open[0].Write(ctx, websocket.MessageText, bytes.Repeat([]byte{'x'}, maxIncoming+1))
	if _, _, err := open[0].Read(ctx); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("after a message too large: %v, want its own status", err)
	}
	if _, _, err := open[1].Read(ctx); err != nil {
		t.Errorf("another socket: %v", err)
	}
	if _, res, err := websocket.Dial(ctx, s.url+"/ws?clientId="+strings.Repeat("x", maxClientID+1), nil); err == nil || res == nil || res.StatusCode != 400 {
		t.Errorf("a client id too long: %v, want 400", err)
	}
}

func TestPeersAreBounded(t *testing.T) {
	h := NewHub()
	h.maxSockets, h.maxPerPeer = 5, 2
	for i, row := range []struct {
		peer  string
		local bool
		want  bool
	}{{"a", false, true}, {"a", false, true}, {"a", false, false}, {"127.0.0.1", true, true}, {"127.0.0.1", true, true}, {"127.0.0.1", true, true}, {"b", false, false}} {
		if got := h.reserve(row.peer, row.local); got != row.want {
			t.Errorf("%d: reserve(%s) = %v, want %v", i, row.peer, got, row.want)
		}
	}
	h.release("a")
	if !h.reserve("b", false) {
		t.Error("no room after one left")
	}
}

// Secrets of a prompt are in no answer, no log and no event.
func TestSecretsAreNotTold(t *testing.T) {
	s := whole(t, nil)
	const secret = "sk-do-not-tell"
	body := `{"prompt":{"1":{"class_type":"GoldenEcho","inputs":{"value":1}}},"client_id":"a",
		"extra_data":{"api_key_comfy_org":"` + secret + `","auth_token_comfy_org":"` + secret + `"}}`
	res, text := s.ask(t, "POST", "/prompt?wait=30&token="+secret, body)
	if res.StatusCode != 200 || !strings.Contains(text, `"status_str"`) {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	all := text
	for _, path := range []string{"/queue", "/history", "/api/jobs", "/internal/logs", "/metrics", "/system_stats"} {
		_, text := s.ask(t, "GET", path, "")
		all += text
	}
	for _, e := range s.c.Hub.past.events {
		all += string(e.text)
	}
	if strings.Contains(all, secret) {
		t.Errorf("the secret is told: …%s…", around(all, secret))
	}
}

func around(all, what string) string {
	i := strings.Index(all, what)
	return all[max(0, i-100):min(len(all), i+100)]
}

// Handlers that break answer 500 without details, and the server lives on.
func TestInternalErrorsTellNothing(t *testing.T) {
	s := whole(t, nil)
	s.files.Close()
	res, body := s.ask(t, "GET", "/internal/files/output", "")
	if res.StatusCode < 500 || strings.Contains(body, s.base) {
		t.Errorf("%d %s, want a 5xx without the folder's place", res.StatusCode, body)
	}
	if res, _ := s.ask(t, "GET", "/healthz", ""); res.StatusCode != 200 {
		t.Errorf("healthz: %d", res.StatusCode)
	}
	if res, _ := s.ask(t, "GET", "/readyz", ""); res.StatusCode != 503 {
		t.Errorf("readyz: %d, want 503", res.StatusCode)
	}
	s.c.Memory = nil // a slip of ours
	if res, body := s.ask(t, "GET", "/system_stats", ""); res.StatusCode != 500 || strings.Contains(body, "nil pointer") {
		t.Errorf("a handler that breaks: %d %s, want 500 without details", res.StatusCode, body)
	}
}
