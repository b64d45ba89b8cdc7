package wasmhost

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/wasmhost/wasmtest"
)

func basic(t testing.TB) Source {
	t.Helper()
	b, err := os.ReadFile("../sdk-wasm/examples/basic/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseManifest(b)
	if err != nil {
		t.Fatal(err)
	}
	return Source{Manifest: m, Module: module(t), Grant: m.Capabilities.All()}
}

var built struct {
	once sync.Once
	b    []byte
}

func module(t testing.TB) []byte {
	built.once.Do(func() { built.b = wasmtest.Go(t, "github.com/cocoonhq/cocoon/sdk-wasm/examples/basic") })
	if built.b == nil {
		t.Fatal("the example did not build")
	}
	return built.b
}

func newHost(t testing.TB, c Config) *Host {
	t.Helper()
	b := cpu.New(cpu.Options{})
	c.Backend = b
	if c.Dir == "" {
		c.CodeDir = codeDir
	}
	h, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		b.Close()
	})
	return h
}

func load(t testing.TB, h *Host, s Source) *Extension {
	t.Helper()
	e, err := h.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func find(t testing.TB, h *Host, class string) node.Node {
	t.Helper()
	for _, n := range h.All(t.Context()) {
		if n.Schema().ID == class {
			return n
		}
	}
	t.Fatalf("there is no node %s", class)
	return nil
}

func ramp(shape ...int) value.Image {
	t := tensor.New(tensor.F32, shape...)
	for i := range t.F32() {
		t.F32()[i] = float32(i%256) / 255
	}
	return value.Image{Tensor: t}
}

func tenantCtx(ctx context.Context, id string) context.Context {
	return tenant.With(ctx, tenant.ID(id))
}

func runCtx(t testing.TB, tenantID tenant.ID, id string) context.Context {
	return node.WithRun(tenant.With(t.Context(), tenantID), node.Run{PromptID: "p1", NodeID: id}.CountGraphs())
}

func TestNodesOfAnExtension(t *testing.T) { everyLevel(t, seeNodesOfAnExtension) }

func seeNodesOfAnExtension(t *testing.T, h *Host) {
	load(t, h, basic(t))
	img := ramp(2, 8, 8, 3)
	ctx := runCtx(t, "a", "7")

	r, err := find(t, h, "BasicNegative").Run(ctx, node.Args{"image": img, "strength": 1.0})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range r.Outputs[0].(value.Image).F32() {
		if want := 1 - img.F32()[i]; math.Abs(float64(v-want)) > 1e-6 {
			t.Fatalf("negative of %v is %v", img.F32()[i], v)
		}
	}
	r, err = find(t, h, "BasicPosterize").Run(ctx, node.Args{"image": img, "levels": int64(2)})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range r.Outputs[0].(value.Image).F32() {
		if want := float32(math.Floor(float64(img.F32()[i]) + 0.5)); v != want {
			t.Fatalf("posterized %v is %v", img.F32()[i], v)
		}
	}
}

func TestNodeAbilities(t *testing.T) { everyLevel(t, seeNodeAbilities) }

func seeNodeAbilities(t *testing.T, h *Host) {
	load(t, h, basic(t))
	ctx := runCtx(t, "a", "7")
	pick := find(t, h, "BasicPick")
	names, err := pick.(node.Needer).Need(ctx, node.Args{"second": true})
	if err != nil || !cmp.Equal(names, []string{"b"}) {
		t.Errorf("need %v, %v", names, err)
	}
	repeat := find(t, h, "BasicRepeat")
	var no *node.Refusal
	if err := repeat.(node.Checker).Check(ctx, node.Args{"times": int64(13)}); !errors.As(err, &no) || !strings.Contains(no.Reason, "unlucky") {
		t.Errorf("check: %v", err)
	}
	r, err := repeat.Run(ctx, node.Args{"image": ramp(1, 2, 2, 3), "times": int64(3)})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Expand.Nodes) != 3 || !cmp.Equal(r.Outputs[0], any(node.Socket{Node: r.Expand.Nodes[2].ID})) {
		t.Errorf("expansion %+v, outputs %+v", r.Expand, r.Outputs)
	}
	count := find(t, h, "BasicCount")
	if f, err := count.(node.Fingerprinter).Fingerprint(ctx, node.Args{"key": "x"}); err != nil || f == f {
		t.Errorf("fingerprint %v, %v", f, err)
	}
	for _, row := range []struct {
		tenant tenant.ID
		want   int64
	}{{"a", 1}, {"a", 2}, {"b", 1}, {"a", 3}} {
		r, err := count.Run(runCtx(t, row.tenant, "7"), node.Args{"key": "runs"})
		if err != nil || r.Outputs[0] != row.want {
			t.Errorf("count of %s: %v, %v, want %d", row.tenant, r.Outputs, err, row.want)
		}
	}
}

func TestSchema(t *testing.T) {
	h := newHost(t, Config{})
	load(t, h, basic(t))
	reg, err := node.NewRegistry(h.All(t.Context())...)
	if err != nil {
		t.Fatal(err)
	}
	var info map[string]any
	if err := json.Unmarshal(node.ObjectInfo(t.Context(), reg), &info); err != nil {
		t.Fatal(err)
	}
	got := info["BasicNegative"].(map[string]any)
	want := map[string]any{"image": []any{"IMAGE"}, "strength": []any{"FLOAT", map[string]any{"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.01, "tooltip": "1 is the negative alone."}}}
	if d := cmp.Diff(want, got["input"].(map[string]any)["required"]); d != "" {
		t.Error(d)
	}
	if got["python_module"] != "custom_nodes.cocoon_basic" {
		t.Errorf("module %v", got["python_module"])
	}
}

// TestChoice: a node waits, a form that the browser posts chooses, another tenant's form does not reach it.
func TestChoice(t *testing.T) { everyLevel(t, seeChoice) }

func seeChoice(t *testing.T, h *Host) {
	load(t, h, basic(t))
	type result struct {
		r   node.Reply
		err error
	}
	post := func(id tenant.ID, message string) string {
		form := url.Values{"message": {message}, "node_id": {"42"}}
		r := httptest.NewRequest("POST", "/ext/cocoon.basic/choice", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(tenant.With(r.Context(), id)))
		return w.Body.String()
	}
	if got := post("b", "1"); got != "kept" {
		t.Errorf("another tenant's post: %q", got)
	}
	if got := post("a", "1"); got != "kept" { // before the node waits
		t.Errorf("an early post: %q", got)
	}
	done := make(chan result)
	img := ramp(3, 2, 2, 3)
	go func() {
		r, err := find(t, h, "BasicChoose").Run(runCtx(t, "a", "42"), node.Args{"images": img, "node": "42"})
		done <- result{r, err}
	}()
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	if d := cmp.Diff(img.Slice(0, 1, 2).Clone().F32(), got.r.Outputs[0].(value.Image).F32()); d != "" {
		t.Error(d)
	}
	ctx, cancel := context.WithCancel(runCtx(t, "c", "42"))
	go func() {
		r, err := find(t, h, "BasicChoose").Run(ctx, node.Args{"images": img, "node": "42"})
		done <- result{r, err}
	}()
	cancel()
	if got := <-done; got.err == nil {
		t.Error("a cancelled node gave a result")
	}
}

func TestRoutes(t *testing.T) { everyLevel(t, seeRoutes) }

func seeRoutes(t *testing.T, h *Host) {
	load(t, h, basic(t))
	for _, row := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/ext/cocoon.basic/hello/you?mark=!", 200, "hello you !"},
		{"GET", "/api/ext/cocoon.basic/hello/a%2Fb", 200, "hello a/b "},
		{"POST", "/ext/cocoon.basic/hello/you", 405, ""},
		{"GET", "/ext/cocoon.basic/nothing", 404, ""},
		{"GET", "/ext/other/hello/you", 404, ""},
		{"GET", "/ext/cocoon.basic/hello/../page", 404, ""},
		{"GET", "/ext/cocoon.basic/page", 200, "<!doctype html><title>basic</title><h1>Choose</h1>"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(row.method, row.path, nil))
		if w.Code != row.status || row.body != "" && w.Body.String() != row.body {
			t.Errorf("%s %s: %d %q", row.method, row.path, w.Code, w.Body.String())
		}
		if row.status == 200 && (w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: headers %v", row.path, w.Header())
		}
	}
}

func TestGrants(t *testing.T) {
	h := newHost(t, Config{})
	s := basic(t)
	s.Grant.Modules = []string{"tensor", "msg"}
	if _, err := h.Load(t.Context(), s); err == nil || !strings.Contains(err.Error(), "capability") {
		t.Errorf("loaded without the grants that it needs: %v", err)
	}
	s = basic(t)
	s.Grant.Routes = []string{"GET /page"}
	load(t, h, s)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/ext/cocoon.basic/hello/x", nil))
	if w.Code != 404 {
		t.Errorf("a route that was not granted: %d", w.Code)
	}
}

func TestReplaceAndRemove(t *testing.T) {
	h := newHost(t, Config{})
	load(t, h, basic(t))
	old := find(t, h, "BasicPick")
	load(t, h, basic(t))
	if _, err := find(t, h, "BasicPick").Run(runCtx(t, "a", "1"), node.Args{"second": false, "a": "x"}); err != nil {
		t.Error(err)
	}
	if _, err := old.Run(runCtx(t, "a", "1"), node.Args{"second": false, "a": "x"}); err != nil {
		t.Errorf("a prompt that began before loses its node: %v", err)
	}
	last := find(t, h, "BasicPick")
	if err := h.Remove(t.Context(), "", "cocoon.basic"); err != nil || len(h.All(t.Context())) != 0 {
		t.Errorf("remove: %v, %d nodes", err, len(h.All(t.Context())))
	}
	if _, err := last.Run(runCtx(t, "a", "1"), node.Args{"second": false, "a": "x"}); !errors.Is(err, fault.ExtensionFailed) || !strings.Contains(err.Error(), "was removed") {
		t.Errorf("what was removed still runs, or does not say why not: %v", err)
	}
}

func TestCacheAndJail(t *testing.T) {
	if raced {
		t.Skip("budgets of time do not hold under the race detector")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for i, want := range []string{"compiled in the jail", "from the cache", "after tampering"} {
		h := newHost(t, Config{Dir: dir, Jail: []string{exe}})
		load(t, h, basic(t))
		r, err := find(t, h, "BasicPick").Run(runCtx(t, "a", "1"), node.Args{"second": true, "b": "x"})
		if err != nil || r.Outputs[0] != "x" {
			t.Fatalf("%s: %v, %v", want, r.Outputs, err)
		}
		entries, _ := filepath.Glob(filepath.Join(dir, "code", "*"))
		if len(entries) != 3 { // the key, what was admitted and its code
			t.Fatalf("%s: %v", want, entries)
		}
		for _, e := range entries {
			if filepath.Base(e) == "key" || i != 1 {
				continue
			}
			b, _ := os.ReadFile(e)
			b[len(b)-100] ^= 1
			if err := os.WriteFile(e, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
