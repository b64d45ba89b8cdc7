package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// status asks without any key but the headers given.
func (h *house) status(method, path string, header ...string) (int, http.Header) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode, resp.Header
}

func TestAuthAsksEverybody(t *testing.T) {
	h := newHouse(t, authFlags{})
	g := h.guest("alice", tenant.User)
	expiring, _, err := h.keys.New(t.Context(), "alice", tenant.User, "", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/api/queue", "/queue", "/view?filename=a.png", "/ws", "/cocoon/events", "/object_info", "/metrics",
		"/internal/logs", "/openapi.json", "/nothing", "/Healthz", "/%68ealthz", "/healthz/", "//healthz", "/healthz/../queue", "/api/assets"} {
		if status, head := h.status("GET", path); status != 401 || head.Get("WWW-Authenticate") == "" {
			t.Errorf("GET %s without a key: %d, want 401", path, status)
		}
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+g.token))
	for _, row := range []struct {
		name   string
		path   string
		header []string
		want   int
	}{
		{"bearer", "/queue", []string{"Authorization", "Bearer " + g.token}, 200},
		{"bearer in another case", "/queue", []string{"Authorization", "bearer " + g.token}, 200},
		{"two, of which the first is wrong", "/queue", []string{"Authorization", "Bearer x", "X-API-Key", g.token}, 401},
		{"header", "/queue", []string{"X-API-Key", g.token}, 200},
		{"a browser's password", "/queue", []string{"Authorization", basic}, 200},
		{"a browser's password from another site", "/queue", []string{"Authorization", basic, "Origin", "http://evil.example"}, 403},
		{"in the query", "/queue?token=" + g.token, nil, 401},
		{"in the query of what is no socket", "/queue?token=" + g.token, []string{"Upgrade", "h2c"}, 401},
		{"wrong secret", "/queue", []string{"X-API-Key", g.token[:len(g.token)-2] + "xx"}, 401},
		{"no token at all", "/queue", []string{"X-API-Key", strings.Repeat("a", 10_000)}, 401},
		{"not expired", "/queue", []string{"X-API-Key", expiring}, 200},
		{"open to all", "/healthz", nil, 200},
		{"ready", "/readyz", nil, 200},
	} {
		if status, _ := h.status("GET", row.path, row.header...); status != row.want {
			t.Errorf("%s: %d, want %d", row.name, status, row.want)
		}
	}
}

func TestRolesOverHTTP(t *testing.T) {
	h := newHouse(t, authFlags{})
	read, user, admin := h.guest("alice", tenant.Read), h.guest("alice", tenant.User), h.guest("alice", tenant.Admin)
	for _, row := range []struct {
		method, path, body string
		read, user, admin  int
	}{
		{"GET", "/queue", "", 200, 200, 200}, {"HEAD", "/queue", "", 200, 200, 200}, {"GET", "/object_info/LoadImage", "", 200, 200, 200},
		{"POST", "/queue", `{"clear": true}`, 403, 200, 200}, {"POST", "/interrupt", "", 403, 200, 200},
		{"POST", "/prompt", "{}", 403, 400, 400}, {"POST", "/api/prompt", "{}", 403, 400, 400},
		{"POST", "/settings/a", "1", 403, 200, 200}, {"POST", "/userdata/a.txt", "x", 403, 200, 200}, {"DELETE", "/userdata/a.txt", "", 403, 204, 404},
		{"GET", "/metrics", "", 403, 403, 200}, {"GET", "/internal/logs", "", 403, 403, 200}, {"GET", "/internal/logs/raw", "", 403, 403, 200},
		{"HEAD", "/internal/logs/raw", "", 403, 403, 200},
		{"PATCH", "/internal/logs/subscribe", `{"clientId": "a", "enabled": true}`, 403, 403, 200},
		{"GET", "/internal/folder_paths", "", 403, 403, 200}, {"POST", "/free", "{}", 403, 403, 200}, {"POST", "/api/free", "{}", 403, 403, 200},
	} {
		for _, who := range []struct {
			guest
			want int
		}{{read, row.read}, {user, row.user}, {admin, row.admin}} {
			if status, b := who.ask(row.method, row.path, row.body); status != who.want {
				t.Errorf("%s %s with the role %s: %d %.100s, want %d", row.method, row.path, who.key.Role, status, b, who.want)
			}
		}
	}
	if b := user.must("GET", "/system_stats", ""); strings.Contains(b, "operators-own") {
		t.Errorf("/system_stats shows tenants the operator's command line: %s", b)
	}
}

func TestRevokedAtOnce(t *testing.T) {
	h := newHouse(t, authFlags{})
	g, other := h.guest("alice", tenant.User), h.guest("alice", tenant.User)
	dial := func(token string) *websocket.Conn {
		c, _, err := websocket.Dial(t.Context(), strings.Replace(h.url, "http", "ws", 1)+"/ws?token="+token, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		if _, b, err := c.Read(t.Context()); err != nil || strings.Contains(string(b), token) {
			t.Fatalf("greeting %s, %v", b, err)
		}
		return c
	}
	his, others := dial(g.token), dial(other.token)
	if err := h.keys.Revoke(t.Context(), g.key.ID); err != nil {
		t.Fatal(err)
	}
	if status, _ := g.ask("GET", "/queue", ""); status != 401 {
		t.Errorf("a request with the revoked key: %d, want 401", status)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, _, err := his.Read(ctx); err == nil || ctx.Err() != nil {
		t.Error("the socket of the revoked key goes on")
	}
	other.must("POST", "/queue", `{"clear": true}`) // tells how much waits
	if _, _, err := others.Read(ctx); err != nil {
		t.Errorf("the socket of another key of the tenant: %v", err)
	}
}

func TestFailuresAreBounded(t *testing.T) {
	h := newHouse(t, authFlags{})
	g := h.guest("alice", tenant.User)
	wrong := g.token[:len(g.token)-1] + "~"
	limited := 0
	for range 40 {
		if status, head := h.status("GET", "/queue", "X-API-Key", wrong); status == 429 && head.Get("Retry-After") != "" {
			limited++
		} else if status != 401 {
			t.Fatalf("a wrong key: %d", status)
		}
	}
	if limited != 20 {
		t.Errorf("%d of 40 wrong keys were not looked at, want 20", limited)
	}
	if other := h.guest("bob", tenant.User); other.must("GET", "/queue", "") == "" {
		t.Error("another key from the same address is not heard")
	}
}

func TestTenantLimits(t *testing.T) {
	h := newHouse(t, authFlags{diskGB: 100e-6, sockets: 2, pending: 2})
	alice, bob := h.guest("alice", tenant.User), h.guest("bob", tenant.User)
	if status, b := alice.ask("POST", "/userdata/big.bin", strings.Repeat("x", 80_000)); status != 200 {
		t.Fatal(status, b)
	}
	if status, b := alice.ask("POST", "/userdata/more.bin", strings.Repeat("x", 80_000)); status != 507 || !strings.Contains(b, "disk_full") {
		t.Errorf("a file too many: %d %s, want 507", status, b)
	}
	if status, b := alice.form("/upload/image", "a.png", make([]byte, 80_000)); status != 507 {
		t.Errorf("an upload too many: %d %s, want 507", status, b)
	}
	if status, b := bob.ask("POST", "/userdata/big.bin", strings.Repeat("x", 80_000)); status != 200 {
		t.Errorf("another tenant's file: %d %s", status, b)
	}
	alice.submit(holding)
	<-h.held
	alice.submit(holding)
	if status, b := alice.ask("POST", "/prompt", holding); status != 429 || !strings.Contains(b, "too_many") {
		t.Errorf("a prompt too many: %d %s, want 429", status, b)
	}
	bob.submit(holding)
	url := strings.Replace(h.url, "http", "ws", 1) + "/ws?token="
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i, row := range []struct {
		g    guest
		want bool
	}{{alice, true}, {alice, true}, {alice, false}, {bob, true}} {
		c, resp, err := websocket.Dial(ctx, url+row.g.token, nil)
		if (err == nil) != row.want || err != nil && (resp == nil || resp.StatusCode != 429) {
			t.Errorf("socket %d of %s: %v, want it open %v", i, row.g.id, err, row.want)
		}
		if err == nil {
			defer c.CloseNow()
		}
	}
}

func TestKeyCommand(t *testing.T) {
	base := t.TempDir()
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := keyCommand(t.Context(), append([]string{"--base-directory", base}, args...), streams{&out, &out})
		return out.String(), err
	}
	made, err := run("new", "--tenant", "alice", "--expires", "24h", "--name", "a laptop")
	token, _, _ := strings.Cut(made, "\n")
	id, hidden, ok := tenant.Split(token)
	if err != nil || !ok {
		t.Fatalf("key new: %q, %v", made, err)
	}
	list, err := run("list")
	if err != nil || !strings.Contains(list, id) || !strings.Contains(list, "a laptop") || strings.Contains(list, hidden) {
		t.Errorf("key list: %s, %v", list, err)
	}
	if _, err := run("revoke", id); err != nil {
		t.Error(err)
	}
	if list, _ := run("list"); !strings.Contains(list, "revoked") {
		t.Errorf("key list after key revoke: %s", list)
	}
	for _, bad := range [][]string{{"new"}, {"new", "--tenant", "../x"}, {"new", "--tenant", "a", "--role", "root"}, {"revoke"}, {"revoke", "x"}, {"what"}, {}} {
		if out, err := run(bad...); err == nil {
			t.Errorf("cocoon key %v: %s, want an error", bad, out)
		}
	}
}
